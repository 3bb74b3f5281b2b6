"""Pictures to share are drawn once and named by their pages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dashboards.shell.page import claim_path, event_path
from dashboards.shell.share import name_picture, share_cards, share_site
from dashboards.shell.site import read_frames
from tests.dashboards.browser import CHROMIUM
from tests.dashboards.rows import EVENT_ID

ADDRESS = "https://example.org/aftershock/"
PNG = b"\x89PNG"


def test_each_measured_event_and_judged_claim_with_bars_has_a_picture(bundled_home: Path) -> None:
    cards = dict(share_cards(read_frames(bundled_home / "aftershock.duckdb")))
    lead = next(page for page in cards if page.startswith("events/2026-06-12-fable"))
    assert "TAO rose 23% in a day" in cards[lead]["layout"]["title"]["text"]
    said = cards[claim_path("tao-30-percent-in-12-hours")]
    assert "Overstated: “TAO rose 30% within 12 hours.”" in said["layout"]["title"]["text"]
    assert "Claimed: $276.07" in [item["text"] for item in said["layout"]["annotations"]]
    assert event_path("2026-08-19-sec-proposal") not in cards
    assert "var(--" not in json.dumps(cards)


def test_a_page_names_one_picture_by_its_whole_address(site: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shutil.copy(site / event_path(EVENT_ID), page)
    for name in ("first.png", "second.png?a=1&b=2"):
        name_picture(page, ADDRESS + name)
    text = page.read_text(encoding="utf-8")
    assert text.count("og:image") == 1
    assert f'<meta property="og:image" content="{ADDRESS}second.png?a=1&amp;b=2">' in text
    assert '<meta name="twitter:card" content="summary_large_image">' in text


@pytest.mark.browser
def test_only_pictures_that_changed_are_drawn_again(site: Path, published: Path, tmp_path: Path) -> None:
    pytest.importorskip("kaleido", reason="pictures need the extra `cards`")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}: apt-get install chromium")
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    frames = read_frames(published)
    n_pictures, n_drawn = share_site(copy, frames, ADDRESS, str(CHROMIUM))
    assert n_pictures == n_drawn >= 1
    assert (copy / "share" / event_path(EVENT_ID)).with_suffix(".png").read_bytes().startswith(PNG)
    assert share_site(copy, frames, ADDRESS, str(CHROMIUM)) == (n_pictures, 0)
