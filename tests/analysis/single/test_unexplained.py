"""A move without news is opened once, waits for its headline, and closes by it or by age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.single.timing.anytime import WATCH_LEVEL
from analysis.single.timing.unexplained import (
    AGED,
    BAR,
    EXPLAINED,
    FOLLOWS_BY,
    LEADS_BY,
    OPEN,
    STALE_AFTER,
    WAITS,
    find_unexplained_moves,
    stretch_start,
)
from warehouse.tables.moves import UNEXPLAINED_MOVE

MONDAY = datetime(2026, 6, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)
SIGMA = 0.002
PLANTED_AT = MONDAY + timedelta(days=2, hours=10)
PLANTED_BARS = 36
NO_EVENTS = pl.DataFrame(schema={"event_id": pl.String, "best_at_utc": pl.Datetime("us", "UTC")})


def make_candles(
    seed: int,
    end: datetime,
    *,
    planted: float = 0.0,
    begin: datetime = MONDAY - WEEK,
    tokens: tuple[str, ...] = ("TAO",),
) -> pl.DataFrame:
    """5-minute closes of Bitcoin and tokens that follow it one and a half times; the first token drifts for 3 hours."""
    n = int((end - begin) / BAR)
    opens = [begin + BAR * bar for bar in range(n)]
    rng = np.random.default_rng(seed)
    market = rng.standard_t(5, n) * SIGMA
    frames = [make_series("BTC", opens, market)]
    for number, token in enumerate(tokens):
        returns = 1.5 * market + rng.standard_t(5, n) * SIGMA
        if number == 0:
            first = int((PLANTED_AT - begin) / BAR)
            returns[first : first + PLANTED_BARS] += planted * SIGMA
        frames.append(make_series(token, opens, returns))
    return pl.concat(frames)


def make_series(asset_id: str, opens: list[datetime], returns: np.ndarray, venue: str = "okx") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "asset_id": asset_id,
            "market_id": f"{venue}:{asset_id}/USDT",
            "open_time_utc": pl.Series(opens, dtype=pl.Datetime("us", "UTC")),
            "close_quote": 100.0 * np.exp(np.cumsum(returns)),
        }
    )


def make_events(*times: datetime) -> pl.DataFrame:
    rows = [(f"event-{number}", at) for number, at in enumerate(times)]
    return pl.DataFrame(rows, schema=NO_EVENTS.schema, orient="row")


def test_weeks_in_which_nothing_is_moving_keep_the_promised_false_alarms() -> None:
    n = 20
    quiet = [make_candles(seed, MONDAY + WEEK, tokens=("TAO", "FET")) for seed in range(n)]
    false = sum(find_unexplained_moves(candles, NO_EVENTS)["asset_id"].len() for candles in quiet)
    # Two tokens in the week before, which has no slope behind it, and in this one.
    weeks = n * 2 * 2
    assert false / weeks <= WATCH_LEVEL + 3 * np.sqrt(WATCH_LEVEL * (1 - WATCH_LEVEL) / weeks)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_move_without_news_is_open_and_says_where_it_began(sign: int) -> None:
    row = only(make_candles(1, PLANTED_AT + timedelta(hours=12), planted=2.5 * sign), NO_EVENTS)
    assert (row["asset_id"], row["state"], row["direction"]) == ("TAO", OPEN, "up" if sign > 0 else "down")
    assert abs(row["began_at_utc"] - PLANTED_AT) <= timedelta(hours=1)
    assert PLANTED_AT < row["opened_at_utc"] <= PLANTED_AT + timedelta(hours=4)
    assert row["beta"] == pytest.approx(1.5, abs=0.1)
    assert np.sign(row["abnormal_return"]) == sign
    assert row["e_value"] >= 1 / WATCH_LEVEL


def only(candles: pl.DataFrame, events: pl.DataFrame) -> dict[str, object]:
    found = find_unexplained_moves(candles, events).filter(pl.col("week_from_utc") == MONDAY)
    assert found.height == 1
    return found.row(0, named=True)


def test_the_return_is_that_of_the_stored_closes_beyond_bitcoin() -> None:
    candles = make_candles(1, PLANTED_AT + timedelta(hours=12), planted=2.5)
    row = only(candles, NO_EVENTS)

    def move(asset: str) -> float:
        own = candles.filter(pl.col("asset_id") == asset).sort("open_time_utc")
        closes = dict(own.select(pl.col("open_time_utc") + BAR, "close_quote").iter_rows())
        return float(np.log(closes[row["opened_at_utc"]] / closes[row["began_at_utc"]]))

    assert row["abnormal_return"] == pytest.approx(np.expm1(move("TAO") - row["beta"] * move("BTC")))


@pytest.mark.parametrize(
    ("after_begin", "after_opened", "state"),
    [
        (-LEADS_BY, None, EXPLAINED),
        (-LEADS_BY - BAR, None, OPEN),
        (None, FOLLOWS_BY, EXPLAINED),
        (None, FOLLOWS_BY + BAR, OPEN),
    ],
)
def test_an_event_explains_within_its_bounds_and_no_further(
    after_begin: timedelta | None, after_opened: timedelta | None, state: str
) -> None:
    candles = make_candles(1, PLANTED_AT + timedelta(hours=12), planted=2.5)
    bare = only(candles, NO_EVENTS)
    at = bare["began_at_utc"] + after_begin if after_opened is None else bare["opened_at_utc"] + after_opened
    row = only(candles, make_events(at))
    assert row["state"] == state
    assert row["event_id"] == ("event-0" if state == EXPLAINED else None)
    assert {name: row[name] for name in UNEXPLAINED_MOVE.key} == {name: bare[name] for name in UNEXPLAINED_MOVE.key}


def test_of_two_events_the_one_public_first_is_named() -> None:
    candles = make_candles(1, PLANTED_AT + timedelta(hours=12), planted=2.5)
    row = only(candles, make_events(PLANTED_AT + timedelta(hours=2), PLANTED_AT))
    assert (row["event_id"], row["event_at_utc"]) == ("event-1", PLANTED_AT)


def test_a_move_that_no_headline_follows_is_closed_by_age() -> None:
    candles = make_candles(1, PLANTED_AT + WEEK, planted=2.5)
    opened = only(candles, NO_EVENTS)["opened_at_utc"]

    def state_at(end: datetime) -> object:
        return only(candles.filter(pl.col("open_time_utc") < end), NO_EVENTS)["state"]

    assert (state_at(opened + WAITS - BAR), state_at(opened + WAITS)) == (OPEN, AGED)


def test_more_bars_and_a_longer_record_leave_a_move_as_it_was() -> None:
    candles = make_candles(1, PLANTED_AT + WEEK, planted=2.5, begin=MONDAY - 2 * WEEK)

    def told(begin: datetime, end: datetime) -> dict[str, object]:
        held = candles.filter(pl.col("open_time_utc").is_between(begin, end, closed="left"))
        return {k: v for k, v in only(held, NO_EVENTS).items() if k not in ("state", "data_as_of_utc")}

    first = told(MONDAY - WEEK - BAR, PLANTED_AT + timedelta(hours=12))
    assert told(MONDAY - WEEK - BAR, PLANTED_AT + timedelta(hours=40)) == first
    assert told(MONDAY - 2 * WEEK, PLANTED_AT + WEEK) == first


def test_after_a_day_a_second_move_of_the_week_has_the_next_number() -> None:
    candles = make_candles(1, PLANTED_AT + timedelta(hours=60), planted=2.5)
    first = pl.col("open_time_utc") >= PLANTED_AT + timedelta(hours=40)
    is_second = first & (pl.col("open_time_utc") < PLANTED_AT + timedelta(hours=43)) & (pl.col("asset_id") == "TAO")
    pushed = candles.with_columns(
        (
            pl.col("close_quote")
            * (pl.when(is_second).then(-2.5 * SIGMA).otherwise(0.0)).cum_sum().over("asset_id").exp()
        ).alias("close_quote")
    )
    found = find_unexplained_moves(pushed, NO_EVENTS)
    assert found.select("move_number", "direction").rows() == [(1, "up"), (2, "down")]


def test_a_market_that_stopped_stands_for_no_token() -> None:
    end = PLANTED_AT + timedelta(hours=12)
    candles = make_candles(1, end, planted=2.5)
    is_token = pl.col("asset_id") == "TAO"
    late = candles.filter(~is_token | (pl.col("open_time_utc") < end - STALE_AFTER - BAR))
    assert find_unexplained_moves(late, NO_EVENTS).is_empty()
    on_time = candles.filter(~is_token | (pl.col("open_time_utc") < end - STALE_AFTER))
    assert find_unexplained_moves(on_time, NO_EVENTS).height == 1


def test_without_bitcoin_or_bars_nothing_is_watched() -> None:
    candles = make_candles(1, PLANTED_AT + timedelta(hours=12), planted=2.5)
    assert find_unexplained_moves(candles.filter(pl.col("asset_id") != "BTC"), NO_EVENTS).is_empty()
    assert find_unexplained_moves(candles.clear(), NO_EVENTS).is_empty()


def test_a_week_begins_on_its_monday() -> None:
    assert stretch_start(MONDAY) == MONDAY
    assert stretch_start(MONDAY - BAR) == MONDAY - WEEK
    assert stretch_start(MONDAY + timedelta(days=6, hours=23)) == MONDAY
