"""Every row ends in exactly one place: a candle, quarantine with a reason, or counted as open bar or repeat."""

import json
import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.prices.candles import ROW_SCHEMA, CandleBatch, parse_candles
from ingest.source import Source
from warehouse.tables.prices import CANDLE, QUARANTINE

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
HOUR = datetime(2026, 6, 14, 8, tzinfo=UTC)
SOURCE = Source("exchange", "run", NOW)
GOOD = {
    "market_id": "binance:TAO/USDT",
    "timeframe": "1h",
    "open_time_utc": HOUR,
    "open_quote": 10.0,
    "high_quote": 12.0,
    "low_quote": 9.0,
    "close_quote": 11.0,
    "volume_base": 5.0,
}


def make_rows(*changes: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([GOOD | change for change in changes], schema=ROW_SCHEMA)


def parse(*changes: dict[str, object], **options: object) -> CandleBatch:
    return parse_candles(make_rows(*changes), SOURCE, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timeframe": "7h"}, "unknown_timeframe"),
        ({"open_time_utc": None}, "unreadable_time"),
        ({"open_time_utc": datetime(1970, 1, 21, tzinfo=UTC)}, "wrong_time_unit"),
        ({"close_quote": None}, "missing_close"),
        ({"close_quote": math.nan}, "not_finite"),
        ({"volume_base": math.inf}, "not_finite"),
        ({"low_quote": 0.0}, "not_positive"),
        ({"volume_base": -1.0}, "not_positive"),
        ({"high_quote": 8.0}, "high_below_low"),
        ({"close_quote": 12.5}, "price_outside_range"),
        ({"open_quote": 8.5}, "price_outside_range"),
        ({"open_time_utc": HOUR + timedelta(minutes=1)}, "out_of_grid"),
        ({"open_time_utc": HOUR + timedelta(hours=3)}, "from_the_future"),
        ({"open_time_utc": HOUR + timedelta(hours=2)}, "unfinished"),
    ],
)
def test_a_bad_row_is_kept_whole_with_its_reason(change: dict[str, object], reason: str) -> None:
    batch = parse(change)
    assert batch.candles.height == 0
    refused = batch.quarantined.row(0, named=True)
    assert refused["reason"] == reason
    payload = json.loads(refused["payload_json"])
    assert payload["market_id"] == "binance:TAO/USDT"
    assert set(payload) == set(ROW_SCHEMA)


def test_a_good_row_becomes_a_candle_with_its_stamp() -> None:
    candle = parse({}).candles.row(0, named=True)
    assert (candle["close_quote"], candle["source_id"], candle["first_seen_at_utc"]) == (11.0, "exchange", NOW)
    assert parse({}).candles.schema == CANDLE.schema
    assert parse({"timeframe": "x"}).quarantined.schema == QUARANTINE.schema


def test_a_row_with_only_a_close_is_a_candle() -> None:
    absent = dict.fromkeys(("open_quote", "high_quote", "low_quote", "volume_base"))
    candle = parse(absent).candles.row(0, named=True)
    assert (candle["open_quote"], candle["close_quote"], candle["volume_base"]) == (None, 11.0, None)


def test_the_open_bar_of_a_live_venue_is_left_out_without_quarantine() -> None:
    batch = parse({}, {"open_time_utc": HOUR + timedelta(hours=2)}, is_live=True)
    assert (batch.candles.height, batch.quarantined.height, batch.n_unfinished) == (1, 0, 1)


def test_a_bar_that_closes_exactly_now_is_closed() -> None:
    now = datetime(2026, 6, 14, 9, tzinfo=UTC)
    assert parse_candles(make_rows({}), Source("x", "r", now)).candles.height == 1


def test_an_exact_repeat_is_counted_and_a_contradiction_is_refused_on_both_sides() -> None:
    repeated = parse({}, {})
    assert (repeated.candles.height, repeated.n_repeated) == (1, 1)
    contradicting = parse({}, {"close_quote": 11.5}, {"open_time_utc": HOUR - timedelta(hours=1)})
    assert contradicting.candles.height == 1
    assert contradicting.quarantined["reason"].to_list() == ["conflicting_duplicate"] * 2


def test_bars_after_the_documented_end_of_a_market_are_refused() -> None:
    ends = pl.DataFrame({"market_id": ["binance:TAO/USDT"], "delisted_at_utc": [HOUR]})
    assert parse({}, ends=ends).quarantined["reason"].to_list() == ["after_delisting"]
    assert parse({"open_time_utc": HOUR - timedelta(hours=1)}, ends=ends).candles.height == 1


def test_the_same_bad_row_has_the_same_id_in_every_run() -> None:
    first = parse({"close_quote": -1.0}).quarantined["quarantine_id"].to_list()
    later = parse_candles(make_rows({"close_quote": -1.0}), Source("exchange", "other", NOW + timedelta(days=1)))
    assert later.quarantined["quarantine_id"].to_list() == first


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "open_time_utc": st.integers(-3, 40).map(lambda n: HOUR + timedelta(minutes=15 * n)),
                "close_quote": st.sampled_from([11.0, 11.5, 13.0, math.nan, -1.0, None]),
                "timeframe": st.sampled_from(["1h", "5m", "9m"]),
            }
        ),
        max_size=30,
    )
)
def test_every_row_is_accounted_for_once(changes: list[dict[str, object]]) -> None:
    batch = parse_candles(make_rows(*changes), SOURCE, is_live=True)
    distinct_refusals = batch.quarantined.height
    n_refused = len(changes) - batch.candles.height - batch.superseded.height - batch.n_unfinished - batch.n_repeated
    assert distinct_refusals <= n_refused  # identical bad rows are kept once
    assert (n_refused == 0) == (distinct_refusals == 0)
    CANDLE.conform(batch.candles)
