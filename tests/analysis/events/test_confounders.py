"""What else happened around an event is found, nearest first."""

from datetime import timedelta

import polars as pl

from analysis.events.confounders import find_confounders
from tests.analysis.events.headline_frames import instant
from tests.analysis.events.recorded.test_merging import make_event, make_events
from warehouse.tables.contract import UTC

NO_MARKET = pl.DataFrame(schema={"close_time_utc": UTC, "close_quote": pl.Float64})


def test_events_within_two_days_confound_and_later_ones_do_not():
    events = make_events(
        make_event("one", "2026-06-12T12:00:00Z"),
        make_event("near", "2026-06-12T18:00:00Z", category="network_token_news"),
        make_event("far", "2026-06-15T12:00:00Z"),
    )
    found = find_confounders(events, NO_MARKET).filter(pl.col("event_id") == "one")
    assert found.select("kind", "other_event_id", "offset_hours").rows() == [("token_news", "near", 6.0)]


def test_minor_outages_and_rejected_events_confound_nothing():
    events = make_events(
        make_event("one", "2026-06-12T12:00:00Z"),
        make_event("small", "2026-06-12T13:00:00Z", severity=1),
        make_event("no", "2026-06-12T14:00:00Z", status="rejected"),
    )
    assert find_confounders(events, NO_MARKET).filter(pl.col("event_id") == "one").is_empty()


def test_a_move_of_the_whole_market_is_named_with_its_size():
    start = instant("2026-06-12T00:00:00Z")
    closes = [100.0] * 30 + [106.0] * 30
    market = pl.DataFrame(
        {"close_time_utc": [start + timedelta(hours=n) for n in range(60)], "close_quote": closes},
        schema={"close_time_utc": UTC, "close_quote": pl.Float64},
    )
    found = find_confounders(make_events(make_event("one", "2026-06-12T12:00:00Z")), market)
    assert found["kind"].to_list() == ["market_move"]
    assert found["detail"][0] == "the market's benchmark moved +6.0% within 12 h"
