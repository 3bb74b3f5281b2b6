"""A price is reached, passed, held or kept to as it was said, and near misses are told apart."""

import numpy as np
import polars as pl
import pytest

from analysis.claims.judging.judge import judge_statement
from tests.analysis.claims.judging.market_builders import (
    SAID_AT,
    judged,
    make_bars,
    make_market,
    make_path,
    make_statement,
    steady,
    verdict_of,
)
from warehouse.tables.bars import HOUR


def topped(high: float, last: float = 100.0) -> list[float]:
    """A day at 100 with one close at `high`, 12 hours before the end."""
    return [100.0] * 60 + [high] + [last] * 12


@pytest.mark.parametrize(
    ("price", "comparator", "verdict"),
    [
        (110.0, None, "supported"),
        (110.0, "more_than", "cannot_be_told"),
        (109.9, "more_than", "supported"),
        (110.3, None, "supported"),
        (110.8, None, "overstated"),
        (112.0, None, "overstated"),
        (113.0, None, "not_supported"),
        (112.0, "about", "supported"),
    ],
)
def test_a_level_is_reached_to_its_last_digit_passed_strictly_and_near_within_two_percent(
    price: float, comparator: str | None, verdict: str
) -> None:
    quoted = f"${price:.0f}" if price == 110.3 else f"${price}"
    market = make_path("TAO", topped(110.0))
    assert verdict_of(market, "level_crossed", price=price, price_quoted=quoted, comparator=comparator) == verdict


def test_a_level_missed_by_less_than_venues_differ_cannot_be_told() -> None:
    judgement = judged(make_path("TAO", topped(110.0)), "level_crossed", price=110.3, price_quoted="$110.30")
    assert judgement.verdict == "cannot_be_told"
    assert "venues differ" in (judgement.reason or "")


def test_falling_to_a_level_is_judged_from_the_low() -> None:
    market = make_path("TAO", topped(90.0))
    assert verdict_of(market, "level_crossed", "down", price=90.0) == "supported"
    assert verdict_of(market, "level_crossed", "down", price=85.0) == "not_supported"
    assert verdict_of(market, "level_crossed", "up", price=110.0) == "not_supported"


@pytest.mark.parametrize(
    ("closes", "direction", "price", "verdict"),
    [
        ([100.0] * 80, "up", 80.0, "not_supported"),  # above it all the time
        ([100.0] * 80, "down", 130.0, "not_supported"),
        ([100.0] * 60 + [110.0] * 12, "down", 105.0, "not_supported"),  # passed on the way up
        ([110.0] * 60 + [100.0] * 12, "up", 105.0, "not_supported"),
        ([110.0] * 60 + [100.0] * 3 + [106.0] * 9, "up", 105.0, "supported"),  # left and come back to
        ([100.0] * 60 + [106.0] + [99.0] * 11, "down", 105.0, "supported"),
        ([100.2] * 80, "up", 100.0, "supported"),  # venues differ by as much
    ],
)
def test_a_level_is_reached_from_its_other_side(
    closes: list[float], direction: str, price: float, verdict: str
) -> None:
    market = make_path("TAO", closes)
    assert verdict_of(market, "level_crossed", direction, price=price) == verdict
    assert verdict_of(market, "level_crossed", direction, price=price, comparator="more_than") == verdict


def test_a_level_passed_in_the_week_before_is_another_reading_where_no_window_is_said() -> None:
    market = make_path("TAO", [70.0] * 100 + [100.0] * 60)
    judgement = judged(market, "level_crossed", price=80.0, window=None)
    assert judgement.verdict == "another_reading"
    assert "it stood above $80.00 before, at $100.00 at the lowest" in judgement.measured
    assert verdict_of(market, "level_crossed", price=80.0, window="PT24H") == "not_supported"
    assert verdict_of(market, "level_crossed", price=60.0, window=None) == "not_supported"


def test_a_level_reached_before_the_window_is_not_reached_in_it() -> None:
    market = make_path("TAO", topped(110.0))
    assert verdict_of(market, "level_crossed", price=110.0, window="PT24H") == "supported"
    assert verdict_of(market, "level_crossed", price=110.0, window="PT6H") == "not_supported"


def test_only_the_bar_still_running_reaches_the_level() -> None:
    closes = [*[100.0] * 60, 120.0]
    market = make_path("TAO", closes, last_close=SAID_AT + HOUR / 2)
    judgement = judge_statement(make_statement("level_crossed", price=115.0, window=None), market)
    assert judgement.verdict == "cannot_be_told"
    assert "still running" in (judgement.reason or "")
    assert verdict_of(market, "level_crossed", price=125.0, window=None) == "not_supported"


def test_what_one_venue_alone_printed_stands_beside() -> None:
    own = make_bars("TAO", [100.0] * 80, market="binance:TAO/USDT")
    other = make_bars("TAO", topped(110.0), market="kraken:TAO/USD")
    judgement = judged(make_market(own, other), "level_crossed", price=110.0)
    assert judgement.verdict == "not_supported"
    assert [(venue.market_id, venue.fits) for venue in judgement.venues] == [("kraken:TAO/USD", True)]


@pytest.mark.parametrize(
    ("direction", "price", "verdict"),
    [
        ("up", 95.0, "supported"),
        ("up", 100.0, "supported"),
        ("down", 111.0, "supported"),
        ("down", 105.0, "another_reading"),
        ("none", 100.0, "supported"),
        ("none", 105.0, "another_reading"),
        ("none", 130.0, "not_supported"),
    ],
)
def test_a_level_is_held_through_the_window_or_only_at_its_end(direction: str, price: float, verdict: str) -> None:
    assert verdict_of(make_path("TAO", topped(110.0)), "level_held", direction, price=price) == verdict


def test_never_below_is_broken_by_one_low() -> None:
    market = make_path("TAO", topped(90.0))
    assert verdict_of(market, "level_held", "up", price=95.0) == "another_reading"
    assert verdict_of(market, "level_held", "up", price=95.0, is_negated=True) == "not_supported"
    missed = make_path("TAO", topped(94.9))  # passed "below $95" too: no slack for the digit
    assert verdict_of(missed, "level_held", "up", price=95.0, price_quoted="$95", is_negated=True) == "overstated"


def test_a_range_holds_the_whole_window() -> None:
    swinging = make_path("TAO", [100.0, 104.0, 96.0, 100.0] * 20)
    assert verdict_of(swinging, "range", "none", price=95.0, price_high=105.0) == "supported"
    assert verdict_of(swinging, "range", "none", price=97.5, price_high=105.0) == "overstated"
    assert verdict_of(swinging, "range", "none", price=99.5, price_high=100.5) == "not_supported"
    assert verdict_of(swinging, "range", "none", price=99.5, price_high=100.5, window=None) == "another_reading"


def test_flat_grows_with_the_root_of_time() -> None:
    assert verdict_of(make_path("TAO", steady(100.9)), "direction_only", "none") == "supported"
    assert verdict_of(make_path("TAO", steady(101.5)), "direction_only", "none") == "overstated"
    assert verdict_of(make_path("TAO", steady(102.5)), "direction_only", "none") == "not_supported"
    assert verdict_of(make_path("TAO", steady(102.5)), "direction_only", "none", window="P7D") == "supported"


@pytest.mark.parametrize(("width", "verdict"), [(0.08, "supported"), (0.14, "overstated"), (0.25, "not_supported")])
def test_range_bound_is_the_width_of_a_week(width: float, verdict: str) -> None:
    market = make_path("TAO", [100.0, 100.0 * (1 + width)] * 120)
    assert verdict_of(market, "direction_only", "none", is_range_bound=True, window=None) == verdict


def test_a_direction_without_a_window_may_be_that_of_the_week() -> None:
    closes = [*np.linspace(100, 150, 180), *np.linspace(150, 149, 25)[1:]]
    market = make_path("TAO", [float(price) for price in closes])
    assert verdict_of(market, "direction_only", window=None) == "another_reading"
    assert verdict_of(market, "direction_only", window="PT24H") == "not_supported"
    assert verdict_of(market, "direction_only", "down", window=None) == "supported"


@pytest.mark.parametrize("kind", ["level_crossed", "level_held", "n_period_extreme"])
def test_a_price_of_zero_cannot_be_told_and_ends_nothing(kind: str) -> None:
    judgement = judged(topped(110.0), kind=kind, direction="down", price=0.0, window="P1W")
    assert judgement.verdict == "cannot_be_told"
    assert judgement.reason == "no coin trades at a price of zero"


def test_longer_bars_of_the_same_market_are_no_other_venue() -> None:
    closes = topped(110.0)
    bars = [make_bars("TAO", closes), make_bars("TAO", closes[::4], hours=4)]
    market = make_market(*bars, make_bars("TAO", closes[::4], hours=4, market="kraken:TAO/USD"))
    judgement = judged(market, kind="level_crossed", direction="up", price=110.0, window=None)
    assert [item.market_id for item in judgement.venues] == ["kraken:TAO/USD"]


@pytest.mark.parametrize(
    ("direction", "begun", "price", "verdict"),
    [
        ("up", 100.0, 110.0, "supported"),
        ("up", 98.5, 110.0, "supported"),
        ("up", 95.0, 110.0, "overstated"),
        ("up", 10.0, 110.0, "not_supported"),
        ("up", 90.0, 110.0, "not_supported"),  # 90 came after 110
        ("up", 120.0, 110.0, "not_supported"),
        ("down", 110.0, 90.0, "supported"),
        ("down", 125.0, 90.0, "overstated"),
        ("down", 900.0, 90.0, "not_supported"),
    ],
)
def test_a_move_to_a_level_began_at_the_price_it_is_said_to_come_from(
    direction: str, begun: float, price: float, verdict: str
) -> None:
    market = make_path("TAO", [100.0] * 60 + [110.0, 100.0] + [90.0] * 11)
    assert verdict_of(market, "level_crossed", direction, price=price, peak=begun) == verdict


def test_a_move_without_a_window_may_have_begun_in_the_week_before() -> None:
    market = make_path("TAO", [80.0] * 40 + topped(110.0))
    assert verdict_of(market, "level_crossed", price=110.0, peak=80.0, window=None) == "another_reading"
    assert verdict_of(market, "level_crossed", price=110.0, peak=80.0, window="PT24H") == "not_supported"
    assert verdict_of(market, "level_crossed", price=110.0, peak=70.0, window=None) == "not_supported"


def test_one_bar_does_not_tell_which_of_two_prices_came_first() -> None:
    is_wide = (pl.col("high_quote") == 110.0) & (pl.col("close_quote") == 100.0)  # the last bar at 110
    bars = make_bars("TAO", topped(110.0)).with_columns(
        pl.when(is_wide).then(80.0).otherwise("low_quote").alias("low_quote")
    )
    judgement = judged(make_market(bars), "level_crossed", price=110.0, peak=80.0)
    assert judgement.verdict == "cannot_be_told"
    assert "one bar holds both" in (judgement.reason or "")


@pytest.mark.parametrize(
    ("price", "direction", "verdict"),
    [
        (120.0, "down", "not_supported"),
        (140.0, "down", "cannot_be_told"),
        (95.0, "up", "cannot_be_told"),
        (105.0, "up", "not_supported"),
    ],
)
def test_never_asks_all_stored_bars_which_can_only_contradict_it(price: float, direction: str, verdict: str) -> None:
    hourly = make_bars("TAO", [100.0] * 100)
    daily = make_bars("TAO", [130.0, *[100.0] * 400], hours=24, last_close=SAID_AT.replace(hour=0))
    market = make_market(hourly, daily)
    assert verdict_of(market, "level_held", direction, price=price, is_negated=True, window="ever") == verdict
