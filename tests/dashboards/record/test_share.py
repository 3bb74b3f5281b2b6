"""Pictures to share are drawn once and named by their pages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from dashboards.shell.frames import Frames
from dashboards.shell.page import claim_path, event_path, picture_path
from dashboards.shell.share import (
    Drawing,
    Shared,
    share_cards,
    share_site,
    sweep_pictures,
    with_picture,
    worth_sharing,
)
from dashboards.shell.site import SiteError, SiteReport, build_site, read_frames
from flows.desk import pictures
from flows.desk.pictures import share_drawn
from flows.settings import Settings
from tests.dashboards.browser import CHROMIUM
from tests.dashboards.material import NOW
from tests.dashboards.rows import EVENT_ID
from warehouse.tables.news import EVENT

ADDRESS = "https://example.org/aftershock/"
Patch = pytest.MonkeyPatch
PNG = b"\x89PNG"


def test_each_measured_event_and_judged_claim_with_bars_has_a_picture(bundled_home: Path) -> None:
    cards = dict(share_cards(read_frames(bundled_home / "aftershock.duckdb")))
    lead = next(page for page in cards if page.startswith("events/2026-06-12-fable"))
    assert "TAO rose 23.4% in a day" in cards[lead]["layout"]["title"]["text"]
    said = cards[claim_path("tao-30-percent-in-12-hours")]
    assert "Overstated: “TAO rose 30% within 12 hours.”" in said["layout"]["title"]["text"]
    assert "Claimed: $276.07" in [item["text"] for item in said["layout"]["annotations"]]
    assert event_path("2026-08-19-sec-proposal") not in cards
    assert "var(--" not in json.dumps(cards)


def test_a_page_names_one_picture_by_its_whole_address(site: Path) -> None:
    text = (site / event_path(EVENT_ID)).read_text(encoding="utf-8")
    for name in ("first.png", "second.png?a=1&b=2"):
        text = with_picture(text, ADDRESS + name)
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
    done = share_site(copy, frames, ADDRESS, str(CHROMIUM))
    assert done.n_pictures == done.n_drawn >= 1
    assert (copy / picture_path(event_path(EVENT_ID))).read_bytes().startswith(PNG)
    assert share_site(copy, frames, ADDRESS, str(CHROMIUM)) == Drawing(done.n_pictures, 0)


def test_the_picture_of_a_page_that_is_gone_goes_with_it(site: Path, published: Path, tmp_path: Path) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    kept, gone = (copy / picture_path(page) for page in (event_path(EVENT_ID), event_path("2020-01-01-withdrawn")))
    for picture in (kept, gone):
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(PNG)
    names = [str(picture.relative_to(copy)) for picture in (kept, gone)]
    Shared(ADDRESS, dict.fromkeys(names, "drawn")).write(copy)
    build_site(shutil.copy(published, tmp_path / "aftershock.duckdb"), copy, now=NOW)
    assert kept.exists()
    assert not gone.exists()
    # A page that returns names no picture before one is drawn of it again.
    assert Shared.read(copy) == Shared(ADDRESS, {names[0]: "drawn"})


def test_a_picture_that_the_disk_keeps_is_told_as_what_the_disk_refuses(tmp_path: Path) -> None:
    gone = tmp_path / picture_path(event_path("2020-01-01-withdrawn"))
    gone.mkdir(parents=True)  # a folder in its place is not unlinked
    with pytest.raises(SiteError, match=f"cannot write {gone}: "):
        sweep_pictures(tmp_path)


@pytest.fixture
def home(published: Path, site: Path, tmp_path: Path) -> Settings:
    shutil.copy(published, tmp_path / "aftershock.duckdb")
    shutil.copytree(site, tmp_path / "site")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "alerts.toml").write_text(f'[[rule]]\nid = "me"\nto = "ME_URL"\npages = "{ADDRESS}"\n')
    return Settings(tmp_path, None, True, 1.0, None, None)


def make_report(*pages: str) -> SiteReport:
    return SiteReport(len(pages), len(pages), 0, 0, Path("index.html"), frozenset(pages))


def test_a_page_that_is_drawn_anew_keeps_its_picture_in_its_tags(home: Settings) -> None:
    page = event_path(EVENT_ID)
    Shared(ADDRESS, {picture_path(page): "as it was"}).write(home.site_path)
    for name in (page, "now.html"):
        (home.site_path / name).unlink()
    report = build_site(home.published_path, home.site_path, now=NOW)
    assert {page, "now.html"} <= report.rendered
    named = f'<meta property="og:image" content="{ADDRESS}{picture_path(page)}">'
    assert named in (home.site_path / page).read_text(encoding="utf-8")
    assert "og:image" not in (home.site_path / "now.html").read_text(encoding="utf-8")


def test_why_there_is_no_picture_is_said_once_and_its_page_waits(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "BROWSERS", ())
    page = event_path(EVENT_ID)
    assert share_drawn(home, make_report(page)).startswith("; no picture to share: ")
    assert share_drawn(home, make_report("index.html")) == ""
    assert Shared.read(home.site_path).waiting == {page, "index.html"}


def test_nothing_is_drawn_for_pages_that_no_address_is_known_of(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "BROWSERS", ())
    (home.config_path / "alerts.toml").unlink()
    assert share_drawn(home, make_report(event_path(EVENT_ID))) == ""
    assert not (home.site_path / "share").exists()


def test_events_of_high_relevance_claims_and_what_has_a_picture_are_worth_one(published: Path) -> None:
    frames = read_frames(published)
    events = frames.get(EVENT)
    high = events.filter(pl.col("event_id") == EVENT_ID).with_columns(relevance=pl.lit("high"))
    low = high.with_columns(event_id=pl.lit("other"), relevance=pl.lit("low"))
    frames = Frames({**dict(frames.by_name), EVENT.name: pl.concat([high, low])})
    rendered = {event_path(EVENT_ID), event_path("other"), "index.html"}
    assert worth_sharing(frames, rendered, Shared()) == {event_path(EVENT_ID)}
    drawn = Shared(ADDRESS, {picture_path(event_path("other")): ""})
    assert worth_sharing(frames, rendered, drawn) == {event_path(EVENT_ID), event_path("other")}


@pytest.mark.browser
def test_a_pass_draws_the_pictures_of_its_pages_while_it_has_time(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("kaleido", reason="pictures need the extra `cards`")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}: apt-get install chromium")
    page = event_path(EVENT_ID)
    Shared(ADDRESS, {picture_path(page): "as it was"}).write(home.site_path)
    (home.site_path / picture_path(page)).parent.mkdir(parents=True, exist_ok=True)
    (home.site_path / picture_path(page)).write_bytes(b"of other numbers")
    with monkeypatch.context() as hurried:
        hurried.setattr(pictures, "PASS_SECONDS", 0.0)
        assert share_drawn(home, make_report(page)) == "; 0 pictures to share drawn, 1 wait for the next pass"
    assert share_drawn(home, make_report()) == "; 1 picture to share drawn"
    assert (home.site_path / picture_path(page)).read_bytes().startswith(PNG)
    assert "og:image" in (home.site_path / page).read_text(encoding="utf-8")
    assert share_drawn(home, make_report()) == ""
