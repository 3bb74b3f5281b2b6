"""A fresh event in the replay world: a headline, its six windows, a better clock, and what its page says each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.pipeline import NEWS_STEPS, PRICE_STEPS, run_pipeline
from flows.serve.windows import windows_ahead
from flows.settings import Settings
from flows.study_registry import load_studies
from tests.replay.feeds import empty_feed, rss_feed
from tests.torture.soak_world import FEEDS, FIRST_STORY_AT, furnish, soak_world
from warehouse.store.connection import open_reader
from warehouse.tables.news import EVENT, EVENT_REVISION
from warehouse.tables.studies import REACTION_STUDY, STUDY_RESULT

pytestmark = pytest.mark.slow
# The second day's story moves TAO.
STORY_AT = FIRST_STORY_AT + timedelta(days=1)
# Somebody submitted it, with a stamp of the site's own, before the newsrooms wrote; the site is read two hours later.
SUBMITTED_AT = STORY_AT - timedelta(minutes=25)
SUBMISSION = ("US orders AMD to halt chip exports to Gulf clouds", "https://one.example/amd", SUBMITTED_AT)
WINDOWS = (1.0, 4.0, 12.0, 24.0, 72.0, 168.0)
PRELIMINARY, REVISED = "Preliminary: the record ends before its longer windows do", "Timing revised"


def submissions(instant: datetime) -> bytes:
    is_read = instant >= STORY_AT + timedelta(hours=2)
    return rss_feed("Submissions", [SUBMISSION]) if is_read else empty_feed(instant)


def measured(settings: Settings, event_id: str) -> set[float]:
    """Hours of the windows of which the stored results hold a number for TAO."""
    with open_reader(settings.published_path) as reader:
        found = reader.frame(STUDY_RESULT, "event_id = $event and statistic = 'car'", event=event_id)
    is_told = pl.col("estimate").is_not_null() & pl.col("market_id").str.contains(":TAO/", literal=True)
    return set(found.filter(is_told)["window_end_hours"])


def fresh_event(settings: Settings) -> dict[str, object]:
    """The event of the second day's story."""
    near = {"since": STORY_AT - timedelta(hours=2), "until": STORY_AT + timedelta(hours=2)}
    with open_reader(settings.published_path) as reader:
        return reader.frame(EVENT, "best_at_utc between $since and $until", **near).row(0, named=True)


def test_a_fresh_event_is_measured_as_its_windows_complete_and_its_page_says_what_may_change(tmp_path: Path) -> None:
    home = tmp_path / "home"
    furnish(home, (*FEEDS, "ag_hnrss"))
    with soak_world() as world:
        world.feeds.sources["ag_hnrss"] = submissions
        settings = Settings(home, world.world.url, False, 5.0, None, None)

        def take(now: datetime, names: tuple[str, ...]) -> None:
            world.move_to(now)
            run_pipeline(settings, now, say=lambda _line: None, names=names)

        def page() -> str:
            return (settings.site_path / "events" / f"{event['event_id']}.html").read_text(encoding="utf-8")

        take(STORY_AT - timedelta(minutes=5), (*PRICE_STEPS, *NEWS_STEPS))
        found_at = STORY_AT + timedelta(minutes=12)
        take(found_at, (*PRICE_STEPS, *NEWS_STEPS))
        event = fresh_event(settings)
        event_id = str(event["event_id"])
        assert measured(settings, event_id) == set()
        assert PRELIMINARY in page()

        studies = {study.id: study.windows_hours for study in load_studies(settings.config_path)}
        assert studies[REACTION_STUDY] == WINDOWS
        with open_reader(settings.published_path) as reader:
            mine = reader.frame(EVENT, "event_id = $event", event=event_id)
        ends = windows_ahead(mine, WINDOWS, found_at)
        assert [end.hours for end in ends] == list(WINDOWS)
        for end in ends:
            take(end.due_at_utc, PRICE_STEPS)
            assert measured(settings, event_id) == {hours for hours in WINDOWS if hours <= end.hours}
            assert (PRELIMINARY in page()) == (end.hours < WINDOWS[-1])
            if end.hours == 4.0:
                assert REVISED not in page()
                take(end.due_at_utc + timedelta(minutes=2), NEWS_STEPS)
                told = page().partition(REVISED)[2]
                for instant in (SUBMITTED_AT, STORY_AT):
                    assert f'datetime="{instant:%Y-%m-%dT%H:%M:%SZ}"' in told
    with open_reader(settings.published_path) as reader:
        [revision] = reader.frame(EVENT_REVISION, "event_id = $event", event=event_id).to_dicts()
    assert (revision["before_at_utc"], revision["after_at_utc"]) == (STORY_AT, SUBMITTED_AT)
