"""A claim's own page: verdict, bars, readings, venues, history, and what machines read of it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dashboards.figures.claim_bars import draw_claim_bars
from dashboards.marks import bare
from dashboards.pages.claim import compose_claim
from dashboards.shell.frames import Frames
from dashboards.shell.page import claim_path, render_page
from dashboards.shell.proof import prove_site
from dashboards.shell.site import build_site
from tests.dashboards.figures.test_drawn_numbers import FLOAT32, read, traces_of
from tests.dashboards.material import NOW, frame_of, make_tables
from tests.dashboards.publication import publish_tables
from warehouse.tables.claims import CLAIM, CLAIM_BAR, CLAIM_HISTORY, CLAIM_VERDICT
from warehouse.tables.contract import Table
from warehouse.tables.news import EVENT

STARTED_AT = datetime(2026, 6, 12, 23, 56, tzinfo=UTC)
MARKET_ID = "binanceusdm:TAO/USDT:USDT"


def make_bars(*closes: float, claim_id: str = "rise", asset_id: str = "TAO") -> pl.DataFrame:
    """Hourly bars a dollar high and two dollars low around their closes; the first closes before the claim's window."""
    rows = [
        {
            "claim_id": claim_id,
            "asset_id": asset_id,
            "market_id": MARKET_ID.replace("TAO", asset_id),
            "timeframe": "1h",
            "close_time_utc": datetime(2026, 6, 12, 23, tzinfo=UTC) + timedelta(hours=number),
            "high_quote": close + 1,
            "low_quote": close - 2,
            "close_quote": close,
        }
        for number, close in enumerate(closes)
    ]
    return frame_of(CLAIM_BAR, rows)


def make_claims(**verdict: object) -> dict[Table, pl.DataFrame]:
    """The tables of the episode with bars and two verdicts of the first claim."""
    changes = {
        "rarity": "3 of 383 earlier stretches of that length moved at least as far",
        "elsewhere": "Measured on perpetual. Elsewhere: spot +15.1% (it holds on 0 of 2 markets).",
        "timeframe": "1h",
        "said_at_utc": STARTED_AT + timedelta(days=3),
        "window_from_utc": STARTED_AT,
        **verdict,
    }
    schema = CLAIM_VERDICT.schema
    is_it = pl.col("claim_id") == "rise"
    values = {name: pl.lit(value, dtype=schema[name]) for name, value in changes.items()}
    history = [
        {
            "claim_id": "rise",
            "run_id": run_id,
            "judged_at_utc": datetime(2026, 7, day, tzinfo=UTC),
            "verdict": word,
            "measured": measured,
        }
        for day, run_id, word, measured in (
            (1, "run-1", "supported", "It rose 30.0%."),
            (2, "run-2", "overstated", "It rose 15.5%."),
        )
    ]
    tables = make_tables()
    verdicts = tables[CLAIM_VERDICT].with_columns(
        pl.when(is_it).then(value).otherwise(pl.col(name)).alias(name) for name, value in values.items()
    )
    return {
        **tables,
        CLAIM_VERDICT: verdicts,
        CLAIM_BAR: make_bars(212.0, 220.0, 245.0),
        CLAIM_HISTORY: frame_of(CLAIM_HISTORY, history),
    }


def compose(tables: dict[Table, pl.DataFrame], claim_id: str = "rise") -> str:
    page = compose_claim(Frames({table.name: frame for table, frame in tables.items()}), claim_id)
    return bare(render_page(page))


def test_the_page_holds_verdict_chance_venues_readings_and_both_verdicts_newest_first() -> None:
    text = re.sub(r"<[^>]+>", "", compose(make_claims()))
    assert "Overstated: “" in text
    for words in ("Overstated", "3 of 383 earlier stretches", "spot +15.1% (it holds on 0 of 2 markets)"):
        assert words in text
    assert text.index("It rose 15.5%.") < text.index("It rose 30.0%.")
    assert "by run run-1" in text


def test_the_bars_are_a_figure_and_a_file_with_the_claimed_price_over_the_close_before_the_window() -> None:
    page = compose_claim(Frames({table.name: frame for table, frame in make_claims().items()}), "rise")
    [(path, text)] = page.files.items()
    assert path == "data/claims/rise/bars-tao.csv"
    assert [float(line.split(",")[3]) for line in text.splitlines()[1:]] == [212.0, 220.0, 245.0]
    assert f"Claimed: ${212 * 1.3:.2f}" in bare(str(page.body))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_claims_asset_is_drawn_first_and_has_the_claimed_price_however_bars_are_stored(seed: int) -> None:
    tables = make_claims()
    beside = make_bars(60_000.0, 61_000.0, asset_id="BTC")
    wanted = compose({**tables, CLAIM_BAR: pl.concat([tables[CLAIM_BAR], beside])})
    bars = pl.concat([beside, tables[CLAIM_BAR]]).sample(fraction=1.0, shuffle=True, seed=seed)
    assert compose({**tables, CLAIM_BAR: bars}) == wanted
    assert wanted.index('id="bars-tao"') < wanted.index(f"Claimed: ${212 * 1.3:.2f}") < wanted.index('id="bars-btc"')


def test_a_claim_of_a_price_draws_that_price() -> None:
    tables = make_claims(claimed_value=283.0, unit="quote currency")
    assert "Claimed: $283.00" in compose(tables)


def test_the_figure_draws_the_bars_it_was_given_and_names_their_ends() -> None:
    figure = draw_claim_bars(make_bars(212.0, 220.0, 245.0, 240.0))
    low, high, close = (read(trace["y"]) for trace in traces_of(figure))
    assert close == pytest.approx([212, 220, 245, 240], abs=FLOAT32)
    assert (high, low) == ([213.0, 221.0, 246.0, 241.0], [210.0, 218.0, 243.0, 238.0])
    title = bare(figure.title)
    assert title == "TAO went from $212.00 to $240.00; the highest price was $246.00"
    assert ": hourly bars of TAO" in figure.subtitle


def test_machines_read_the_review_of_the_claim_with_who_said_it() -> None:
    tables = make_claims(quote='He said </script> "up"')
    claims = tables[CLAIM].with_columns(said_by=pl.lit("A paper"), url=pl.lit("https://example.org/story"))
    html = compose({**tables, CLAIM: claims})
    [found] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    review = json.loads(found)
    assert review["@type"] == "ClaimReview"
    assert review["claimReviewed"] == 'He said </script> "up"'
    assert review["itemReviewed"]["author"]["name"] == "A paper"
    assert review["itemReviewed"]["appearance"]["url"] == "https://example.org/story"
    assert review["reviewRating"]["alternateName"] == "overstated"
    assert 'property="og:title"' in html
    assert 'name="twitter:title"' in html


def test_every_claim_has_a_page_that_event_token_and_list_lead_to(tmp_path: Path) -> None:
    published = publish_tables(make_claims(), tmp_path)
    site = tmp_path / "site"
    build_site(published, site, now=NOW)
    assert {path.name for path in (site / "claims").iterdir()} == {
        "rise.html", "own.html", "lasted.html", "cause.html",
    }  # fmt: skip
    path = claim_path("rise")
    assert f'href="{path}"' in (site / "claims.html").read_text()
    assert f'href="../{path}"' in (site / "tokens" / "TAO.html").read_text()
    assert any(f'href="../{path}"' in page.read_text() for page in (site / "events").glob("*.html"))
    proof = prove_site(site, published)
    assert [loose for loose in proof.loose if loose.page.startswith("claims/")] == []
    assert proof.differences == []


def test_what_the_ledger_sets_against_a_claim_is_offered_and_no_verdict(tmp_path: Path) -> None:
    tables = make_claims()
    event_id = tables[EVENT]["event_id"][0]
    against = json.dumps({"hours": 12, "against": [event_id, "2020-01-01-not-there"]})
    tables[CLAIM] = tables[CLAIM].with_columns(
        parameters_json=pl.when(pl.col("claim_id") == "rise").then(pl.lit(against)).otherwise("parameters_json")
    )
    site = tmp_path / "site"
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    page = (site / claim_path("rise")).read_text(encoding="utf-8")
    offered = re.search(r'<ul id="against">.*?</ul>', page, re.DOTALL)
    assert offered is not None
    assert f'href="../events/{event_id}.html"' in offered[0]
    assert "2020-01-01-not-there, not in the record" in offered[0]
    # The halt of a network contradicts no sentence on prices; it contradicts what such a sentence presumes.
    assert "against what the sentence says or takes for granted" in page
    assert "contradict the sentence" not in page
    others = [path for path in (site / "claims").glob("*.html") if path.name != "rise.html"]
    assert others
    assert not any("sets beside it" in path.read_text(encoding="utf-8") for path in others)
