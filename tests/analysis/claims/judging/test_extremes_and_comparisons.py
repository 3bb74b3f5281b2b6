"""Extremes are as old as they are said to be; comparisons stand on the same window and the same bars."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from analysis.claims.judging.judge import judge_statement, pose_question
from analysis.claims.judging.market import GROUP_MEMBERS
from analysis.claims.judging.rarity import count_as_large, count_searched
from analysis.claims.statement import StatedWindow
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


def peaked(days_ago: int, *, peak: float = 120.0, last: float = 110.0, n_days: int = 60, sign: int = 1) -> list[float]:
    """`n_days` at 100 with one higher close `days_ago`, and `last` as the last close (sign −1: lower)."""
    closes = [100.0] * (24 * n_days)
    closes[-24 * days_ago] = peak if sign > 0 else 200.0 - peak
    closes[-1] = last if sign > 0 else 200.0 - last
    return closes


@pytest.mark.parametrize(
    ("days_ago", "verdict"),
    [(22, "supported"), (27, "supported"), (40, "understated"), (15, "overstated"), (8, "not_supported")],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_three_week_high_has_not_been_seen_for_three_weeks(days_ago: int, verdict: str, sign: int) -> None:
    market = make_path("TAO", peaked(days_ago, sign=sign))
    assert verdict_of(market, "n_period_extreme", "up" if sign > 0 else "down", window="P3W") == verdict


def test_a_history_shorter_than_the_period_cannot_tell() -> None:
    judgement = judged(make_path("TAO", steady(110.0, n=240)), "n_period_extreme", window="P6M")
    assert judgement.verdict == "cannot_be_told"
    assert "begin only on" in (judgement.reason or "")


def test_an_extreme_with_a_price_must_have_reached_it() -> None:
    market = make_path("TAO", peaked(22))
    assert verdict_of(market, "n_period_extreme", window="P3W", price=110.0) == "supported"
    assert verdict_of(market, "n_period_extreme", window="P3W", price=118.0) == "not_supported"


def test_a_high_that_only_the_running_bar_made_cannot_be_told() -> None:
    closes = [*peaked(22, last=100.0, n_days=60), 115.0]
    market = make_path("TAO", closes, last_close=SAID_AT + HOUR / 2)
    assert verdict_of(market, "n_period_extreme", window="P2W") == "cannot_be_told"


def test_a_record_needs_a_year_of_history() -> None:
    long = [100.0] * (24 * 400)
    assert verdict_of(make_path("TAO", [*long, 101.0]), "all_time_extreme", window=None) == "supported"
    assert verdict_of(make_path("TAO", [*long[:2000], 101.0]), "all_time_extreme", window=None) == "cannot_be_told"
    assert verdict_of(make_path("TAO", [*long, 99.0]), "all_time_extreme", "down", window=None) == "supported"
    older = [130.0, *long, 101.0]
    assert verdict_of(make_path("TAO", older), "all_time_extreme", window=None) == "not_supported"


def test_daily_bars_reach_back_where_hourly_ones_do_not() -> None:
    hourly = make_bars("TAO", [*[100.0] * 100, 101.0])
    midnight = SAID_AT.replace(hour=0)
    daily = make_bars("TAO", [130.0, *[100.0] * 500], hours=24, last_close=midnight, market="kraken:TAO/USD")
    assert verdict_of(make_market(hourly, daily), "all_time_extreme", window=None) == "not_supported"


def test_a_drawdown_counts_from_the_peak_that_is_named_or_the_record() -> None:
    market = make_path("TAO", peaked(20, peak=200.0, last=100.0))
    assert verdict_of(market, "drawdown", "down", size=0.50, window=None) == "supported"
    assert verdict_of(market, "drawdown", "down", size=0.80, window=None) == "overstated"
    assert verdict_of(market, "drawdown", "down", size=0.75, peak=400.0, window=None) == "supported"
    low = make_path("TAO", peaked(20, peak=150.0, last=100.0, sign=-1))
    assert verdict_of(low, "drawdown", "up", size=1.0, size_quoted="100%", window=None) == "supported"


def test_what_was_given_back_in_a_window_is_measured_at_its_end() -> None:
    closes = [100.0] * 24 + [90.0] * 24 + [60.0] * 48
    earlier = SAID_AT - timedelta(hours=48)
    window = StatedWindow("P1D", earlier - timedelta(hours=36), earlier)
    said = make_statement("drawdown", "down", size=0.10, window=None)
    said = replace(said, window=window, as_of=earlier)
    assert judge_statement(said, make_path("TAO", closes)).verdict == "supported"


def test_outperforming_is_being_ahead_of_every_other_side() -> None:
    market = make_market(
        make_bars("TAO", steady(110.0)), make_bars("BTC", steady(105.0)), make_bars("ETH", steady(112.0))
    )
    assert verdict_of(market, "relative", versus=("BTC",)) == "supported"
    assert verdict_of(market, "relative", versus=("BTC", "ETH")) == "not_supported"
    assert verdict_of(market, "relative", "down", versus=("ETH",)) == "supported"
    assert verdict_of(market, "relative", versus=("BTC",), size=0.05, size_quoted="5%") == "supported"
    assert verdict_of(market, "relative", versus=("BTC",), size=0.30, size_quoted="30%") == "not_supported"
    assert verdict_of(market, "relative", versus=("GOLD",)) == "cannot_be_told"


def test_a_group_is_the_median_of_its_members() -> None:
    members = GROUP_MEMBERS["MEME"]
    ends = dict(zip(members, (90.0, 95.0, 103.0, 120.0, 150.0), strict=True))
    market = make_market(*(make_bars(name, steady(end)) for name, end in ends.items()))
    assert judged(market, "direction_only", asset="MEME").readings[0].value == pytest.approx(0.03)
    two = make_market(*(make_bars(name, steady(110.0)) for name in members[:2]))
    assert verdict_of(two, "direction_only", asset="MEME") == "cannot_be_told"


def test_sides_are_compared_on_bars_of_equal_length() -> None:
    """Hourly closes to 12:00 beside four-hourly ones to 08:00 would compare two windows."""
    said_at = SAID_AT.replace(hour=15)
    path = [float(price) for price in np.linspace(100, 130, 200)]
    hourly = make_bars("TAO", path, last_close=said_at)
    long = make_bars("TAO", path[2::4], hours=4, last_close=said_at.replace(hour=12))
    other = make_bars("FET", [100.0] * 50, hours=4, last_close=said_at.replace(hour=12))
    judgement = judged(make_market(hourly, long, other), "relative", versus=("FET",), said_at=said_at)
    assert "(4-hour bars)" in judgement.measured
    assert judgement.readings[0].value == pytest.approx(path[2::4][-1] / path[2::4][-7] - 1)


@pytest.mark.parametrize(("end", "verdict"), [(101.0, "supported"), (103.0, "overstated"), (106.0, "not_supported")])
def test_not_during_a_rally_is_a_market_that_stood(end: float, verdict: str) -> None:
    market = make_market(make_bars("TAO", steady(130.0)), make_bars("BTC", steady(end)))
    assert verdict_of(market, "not_broad_move", versus=("BTC",)) == verdict
    fallen = make_market(make_bars("TAO", steady(70.0)), make_bars("BTC", steady(200.0 - end)))
    assert verdict_of(fallen, "not_broad_move", "down", versus=("BTC",)) == verdict


def test_earlier_stretches_are_counted_side_by_side() -> None:
    days = [100.0 * (1.02 if day % 10 == 0 else 1.0) for day in range(300) for _ in range(24)]
    judgement = judged(make_path("TAO", [*days, *steady(101.5, n=1)[1:]]), "reacted_to", "up")
    share = next(reading for reading in judgement.readings if reading.name == "earlier_stretches")
    # One day in ten stands 2 % higher: it is gone up to and come down from.
    assert share.value == pytest.approx(0.2, abs=0.02)
    assert judgement.verdict == "not_supported"


def test_the_chance_of_a_swing_is_counted_as_it_was_looked_for() -> None:
    """Half of the days before hold a swing of 5 % within three hours; none closes away from where it began."""
    quiet, wild = [100.0] * 24, [100.0] * 10 + [105.0] + [100.0] * 13
    closes = [*(quiet + wild) * 100, *[100.0] * 10, 108.0, *[100.0] * 13]
    question = pose_question(
        make_statement("swing", size=0.08, window="PT24H", swing_hours=3.0), make_path("TAO", closes)
    )
    assert not isinstance(question, str)
    assert count_searched(question, 0.04) == (100, 200)
    assert count_searched(question, 0.08) == (0, 200)
    # The first stretch has no close before it.
    assert count_as_large(question, 0.04) == (0, 199)


@pytest.mark.parametrize(("days_ago", "verdict"), [(0.5, "supported"), (2, "another_reading"), (5, "not_supported")])
def test_an_extreme_set_in_the_days_before_is_another_reading_and_an_older_one_none(
    days_ago: float, verdict: str
) -> None:
    low_at = 24 * 60 - round(24 * days_ago) - 1
    closes = [90.0 if hour == low_at else 100.0 for hour in range(24 * 60)]
    closes = [price - 0.001 * hour / 1000 if price == 100.0 else price for hour, price in enumerate(closes)]
    judgement = judged(make_path("TAO", closes), "n_period_extreme", "down", window="P3W")
    assert judgement.verdict == verdict
    if verdict == "another_reading":
        assert judgement.readings[-1].name == "set_before"
        assert judgement.readings[-1].fits
