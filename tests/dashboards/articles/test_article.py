"""A checked text as a page and as ClaimReview."""

import json
import re

from dashboards.articles.article import draw_article
from dashboards.articles.claim_review import review_document

SOURCE = "TAO rose 30% <b>today</b>.\nNVDA fell 2%.\n"


def make_document() -> dict[str, object]:
    statement = {
        "id": "s1", "group_id": "g1", "start": 0, "end": 12, "text": "TAO rose 30%", "certainty": "unsure",
        "kind": "percent_move", "asset": "TAO", "verdict": "overstated", "measured": "TAO rose 15.5%.",
        "closest_true": "TAO rose 15.5% </script>.", "reason": None, "offer": None,
        "window": {"token": "today", "from_utc": "2026-06-13T00:00:00Z", "to_utc": "2026-06-13T12:00:00Z"},
        "readings": [{"name": "literal", "detail": "15.5%", "fits": False}],
    }  # fmt: skip
    other = {"start": 27, "end": 39, "text": "NVDA fell 2%", "reason": "other_market"}
    return {
        "said_at_utc": "2026-06-13T12:00:00Z", "data_as_of_utc": None, "statements": [statement], "not_judged": [other]
    }  # fmt: skip


def test_words_are_marked_by_verdict_and_the_proof_stands_in_their_row() -> None:
    page = draw_article(make_document(), SOURCE)
    assert '<mark class="overstated unsure">TAO rose 30%</mark>' in page
    assert '<i class="other">NVDA fell 2%</i><sup>other market</sup>' in page
    assert page.index("TAO rose 15.5%.") < page.index("NVDA fell 2%</i>")


def test_a_proof_gives_its_reason_once_and_its_window_in_words() -> None:
    document = make_document()
    told = {"measured": "It cannot be told: no prices of TAO.", "reason": "no prices of TAO", "timeframe": "1h"}
    document["statements"][0].update(told)  # type: ignore[index] # a plain document
    page = draw_article(document, SOURCE)
    assert page.count("no prices of TAO") == page.count("It cannot be told: no prices of TAO") > 0
    assert "TAO, 13 Jun 2026 00:00 to 13 Jun 2026 12:00 UTC, hourly bars" in page


def test_text_of_others_cannot_become_markup_or_end_the_embedded_data() -> None:
    page = draw_article(make_document(), SOURCE)
    assert "<b>today</b>" not in page
    assert "&lt;b&gt;today&lt;/b&gt;" in page
    embedded = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    assert json.loads(embedded.group(1))["@graph"][0]["claimReviewed"] == "TAO rose 30%"


def test_a_page_asks_nothing_of_the_network() -> None:
    page = draw_article(make_document(), SOURCE)
    assert not re.search(r'(?:src|href)="(?!#)', page)


def test_what_cannot_be_told_has_no_rating() -> None:
    document = make_document()
    document["statements"][0]["verdict"] = "cannot_be_told"  # type: ignore[index] # a plain document
    review = review_document(document)["@graph"][0]
    assert "ratingValue" not in review["reviewRating"]
    assert review_document(make_document())["@graph"][0]["reviewRating"]["ratingValue"] == 3
