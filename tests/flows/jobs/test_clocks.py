"""A clock that was wrong is refused, named, and cured."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.errors import CommandError
from flows.jobs.clocks import cure_clock, name_future_stamps, refuse_earlier_clock
from flows.serve.last_run import note_run, read_last_run
from flows.settings import Settings
from ingest.news.fetch.schedule import LONGEST_RETRY_AFTER, FeedState, is_due
from warehouse.store.connection import open_writer
from warehouse.tables.claims import CLAIM_HISTORY
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.news import FETCH
from warehouse.tables.ops import ASKED_SERIES, NOTIFICATION
from warehouse.tables.prices import OBSERVATION

NOW = datetime(2026, 7, 1, tzinfo=UTC)
AHEAD = NOW + timedelta(days=90)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, None, True, 5, None, None)


def make_fetch(at: datetime) -> pl.DataFrame:
    row = {"source_id": "feed", "attempted_at_utc": at, "outcome": "new", "n_new": 1, "n_failures": 0}
    return FETCH.conform(
        pl.DataFrame([row | {"seconds": 1.0, "run_id": "r"}], schema_overrides={"attempted_at_utc": UTC_TYPE})
    )


def make_observation(seen: datetime) -> pl.DataFrame:
    row = {"source_id": "x", "asset_id": "TAO", "observed_at_utc": NOW, "price_quote": 1.0}
    row |= {"first_seen_at_utc": seen, "run_id": "r"}
    instants = dict.fromkeys(("observed_at_utc", "first_seen_at_utc"), UTC_TYPE)
    return OBSERVATION.conform(pl.DataFrame([row], schema_overrides=instants))


def test_a_feed_whose_next_attempt_lies_beyond_every_pause_is_due() -> None:
    assert is_due(FeedState(next_attempt=AHEAD), NOW)
    assert not is_due(FeedState(next_attempt=NOW + LONGEST_RETRY_AFTER), NOW)
    assert not is_due(FeedState(next_attempt=NOW + timedelta(minutes=1)), NOW)


def test_a_run_before_the_newest_one_is_refused_with_the_remedy(settings: Settings) -> None:
    refuse_earlier_clock(settings, NOW)  # nothing ran yet
    note_run(settings.home, "newest", "done", AHEAD, 0)
    refuse_earlier_clock(settings, AHEAD - timedelta(minutes=1))
    with pytest.raises(CommandError, match="--accept-clock") as refusal:
        refuse_earlier_clock(settings, NOW)
    assert "newest" in str(refusal.value)


def test_stamps_from_the_future_are_named_and_cured_without_losing_what_was_seen(settings: Settings) -> None:
    note_run(settings.home, "newest", "done", AHEAD, 0)
    with open_writer(settings.warehouse_path, 5) as warehouse:
        warehouse.merge(FETCH, pl.concat([make_fetch(NOW), make_fetch(AHEAD)]))
        warehouse.merge(OBSERVATION, make_observation(AHEAD))
        named = name_future_stamps(warehouse, NOW)
    assert named == [
        "core.observation.first_seen_at_utc: 1 row from the future",
        "ops.fetch.attempted_at_utc: 1 row from the future",
    ]
    assert cure_clock(settings, NOW) == 2
    with open_writer(settings.warehouse_path, 5) as warehouse:
        assert name_future_stamps(warehouse, NOW) == []
        assert warehouse.frame(OBSERVATION)["first_seen_at_utc"].to_list() == [NOW]
        assert warehouse.frame(FETCH)["attempted_at_utc"].to_list() == [NOW]
    assert read_last_run(settings.home) is None
    assert cure_clock(settings, NOW) == 0


def test_the_cure_ends_what_a_clock_ahead_would_have_waited_for(settings: Settings) -> None:
    asked = {"market_id": "x:TAO/USDT", "timeframe": "1h", "asked_from_utc": NOW - timedelta(days=1)}
    asked |= {"asked_until_utc": AHEAD, "outcome": "answered"}
    told = {"notification_id": "n", "rule_id": "desk", "kind": "event", "subject": "e", "title": "t", "body": "b"}
    told |= {"page": "index.html", "state": "sent", "noticed_at_utc": AHEAD, "sent_at_utc": AHEAD}
    judged = {"claim_id": "c", "run_id": "r", "judged_at_utc": AHEAD, "verdict": "supported", "measured": "m"}
    with open_writer(settings.warehouse_path, 5) as warehouse:
        for table, row in ((ASKED_SERIES, asked), (NOTIFICATION, told), (CLAIM_HISTORY, judged)):
            instants = {name: UTC_TYPE for name in row if name.endswith("_utc")}
            warehouse.merge(table, pl.DataFrame([row], schema_overrides=instants))
    assert cure_clock(settings, NOW) == 4
    with open_writer(settings.warehouse_path, 5) as warehouse:
        # Else a series would miss bars, a rule be at its most an hour, and a verdict be the last, for three months.
        assert warehouse.frame(ASKED_SERIES)["asked_until_utc"].to_list() == [NOW]
        assert warehouse.frame(NOTIFICATION).select("noticed_at_utc", "sent_at_utc").row(0) == (NOW, NOW)
        assert warehouse.frame(CLAIM_HISTORY)["judged_at_utc"].to_list() == [NOW]


def test_the_cure_leaves_a_newest_run_of_the_past_noted(settings: Settings) -> None:
    note_run(settings.home, "good", "done", NOW - timedelta(days=1), 0)
    cure_clock(settings, NOW)
    assert read_last_run(settings.home) is not None
