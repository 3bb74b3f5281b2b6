"""What else happened around an event is found, nearest first."""

from datetime import timedelta

import polars as pl
import pytest

from analysis.events.confounders import MARKET_MOVE, find_confounders
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


@pytest.mark.parametrize(("minutes", "is_named"), [(0, True), (1, False)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_event_two_days_away_to_the_minute_is_the_last_that_confounds(sign: int, minutes: int, is_named: bool):
    at = instant("2026-06-12T12:00:00Z") + sign * timedelta(days=2, minutes=minutes)
    events = make_events(make_event("one", "2026-06-12T12:00:00Z"), make_event("edge", at.isoformat()))
    assert (find_confounders(events, NO_MARKET)["event_id"].to_list() == ["edge", "one"]) is is_named


def make_market(**steps: float) -> pl.DataFrame:
    """Hourly closes of 100 from midnight on, changed for good by a share at some hours."""
    start, price, rows = instant("2026-06-12T00:00:00Z"), 100.0, []
    for hour in range(60):
        price *= 1 + steps.get(f"h{hour}", 0.0)
        rows.append((start + timedelta(hours=hour), price))
    return pl.DataFrame(rows, {"close_time_utc": UTC, "close_quote": pl.Float64}, orient="row")


def test_a_move_of_the_whole_market_is_named_with_its_size():
    found = find_confounders(make_events(make_event("one", "2026-06-12T12:00:00Z")), make_market(h30=0.06))
    assert found["kind"].to_list() == ["market_move"]
    assert found["detail"][0] == "the market's benchmark moved +6.0% within 12 h"


def test_of_several_moves_of_the_market_the_largest_is_named_whichever_way_it_went():
    market = make_market(h14=0.06, h34=-0.09, h50=0.07)
    found = find_confounders(make_events(make_event("one", "2026-06-12T12:00:00Z")), market)
    assert found["detail"].to_list() == ["the market's benchmark moved −9.0% within 12 h"]


@pytest.mark.parametrize(("size", "n"), [(MARKET_MOVE, 1), (-MARKET_MOVE, 1), (MARKET_MOVE * 0.99, 0)])
def test_a_market_that_moved_by_just_the_bound_is_named(size: float, n: int):
    closes = make_market().with_columns(
        close_quote=pl.when(pl.int_range(pl.len()) >= 30).then(1.0 + size).otherwise(1.0)
    )
    assert find_confounders(make_events(make_event("one", "2026-06-12T12:00:00Z")), closes).height == n
