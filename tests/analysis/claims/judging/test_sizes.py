"""A size is judged on its own window and direction, to the digits and the word it was said with."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.market import MarketEvidence, PriceSeries, micros
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
from warehouse.tables.bars import DAY, HOUR

PATHS = st.lists(st.floats(-0.05, 0.05), min_size=60, max_size=60)
GOOD = {"supported", "another_reading"}


def as_it_stood(market: MarketEvidence, instant: datetime) -> MarketEvidence:
    """Without the bars that closed later."""
    us = micros(instant)

    def cut(series: PriceSeries) -> PriceSeries:
        known = slice(series.last_by(us) + 1)
        columns = ("close_us", "closes", "highs", "lows", "is_range_known")
        return replace(series, **{name: getattr(series, name)[known] for name in columns})

    return replace(market, series={name: tuple(map(cut, own)) for name, own in market.series.items()})


def path_of(returns: list[float]) -> list[float]:
    return [float(price) for price in 100 * np.cumprod(1 + np.array(returns))]


@pytest.mark.parametrize(
    ("last", "quoted", "verdict"),
    [
        (130.4, "30%", "supported"),
        (130.6, "30%", "understated"),
        (129.4, "30%", "overstated"),
        (130.04, "30.0%", "supported"),
        (130.06, "30.0%", "understated"),
        (116.0, "30%", "overstated"),
        (114.0, "30%", "not_supported"),
        (70.0, "30%", "not_supported"),
    ],
)
def test_an_exact_size_holds_to_the_last_digit_quoted(last: float, quoted: str, verdict: str) -> None:
    assert verdict_of(make_path("TAO", steady(last)), size=0.30, size_quoted=quoted) == verdict


@pytest.mark.parametrize(
    ("comparator", "last", "verdict"),
    [
        ("about", 132.9, "supported"),
        ("about", 134.0, "understated"),
        ("nearly", 127.0, "supported"),
        ("nearly", 126.0, "overstated"),
        ("nearly", 131.0, "understated"),
        ("more_than", 130.1, "supported"),
        ("more_than", 129.9, "overstated"),
        ("more_than", 180.0, "supported"),
        ("at_least", 130.0, "supported"),
        ("at_least", 129.9, "overstated"),
        ("up_to", 131.0, "supported"),
        ("up_to", 120.0, "overstated"),
    ],
)
def test_a_comparator_moves_what_is_allowed(comparator: str, last: float, verdict: str) -> None:
    market = make_path("TAO", steady(last))
    assert verdict_of(market, size=0.30, size_quoted="30%", comparator=comparator) == verdict


def test_half_a_percent_does_not_support_one_percent() -> None:
    assert verdict_of(make_path("TAO", steady(100.5)), size=0.01) == "overstated"
    assert verdict_of(make_path("TAO", steady(100.4)), size=0.01) == "not_supported"


def test_five_percent_said_of_fifteen_is_understated() -> None:
    assert verdict_of(make_path("TAO", steady(115.5)), size=0.05) == "understated"


def test_a_fall_is_judged_as_a_rise_turned_round() -> None:
    market = make_path("TAO", steady(70.0))
    assert verdict_of(market, direction="down", size=0.30) == "supported"
    assert verdict_of(market, direction="up", size=0.30) == "not_supported"


def test_twelve_hours_are_not_met_by_thirteen() -> None:
    closes = [100.0] * 60 + list(np.linspace(100, 130, 14)[1:])
    market = make_path("TAO", closes)
    assert verdict_of(market, size=0.30, window="PT13H") == "supported"
    assert verdict_of(market, size=0.30, window="PT12H") not in GOOD


def test_a_swing_elsewhere_earns_no_credit() -> None:
    swing = [100.0] * 30 + [130.0] * 20 + [100.0] * 30
    market = make_path("TAO", [*swing, *np.linspace(100, 97, 24)])
    assert verdict_of(market, size=0.30) == "not_supported"


def test_the_best_price_counts_only_when_the_net_move_has_the_sign() -> None:
    up = [100.0] * 48 + [130.0] + [110.0] * 23
    down = [100.0] * 48 + [130.0] + [97.0] * 23
    assert judged(make_path("TAO", up), size=0.30).verdict == "another_reading"
    assert verdict_of(make_path("TAO", down), size=0.30) == "not_supported"


def test_other_windows_count_only_where_none_is_said() -> None:
    closes = [100.0] * 400 + list(np.linspace(100, 140, 120)) + [140.0] * 30
    market = make_path("TAO", closes)
    assert verdict_of(market, size=0.40, size_quoted="40%", window=None) == "another_reading"
    assert verdict_of(market, size=0.40, size_quoted="40%", window="PT24H") not in GOOD


def test_a_doubling_and_a_halving_are_factors() -> None:
    assert verdict_of(make_path("TAO", steady(200.0)), "multiple", size=2.0, size_quoted="2x") == "supported"
    assert verdict_of(make_path("TAO", steady(160.0)), "multiple", size=2.0, size_quoted="2x") == "overstated"
    for last, said in ((178.0, "overstated"), (182.0, "supported")):
        assert verdict_of(make_path("TAO", steady(last)), "multiple", size=2.0, comparator="nearly") == said
    assert verdict_of(make_path("TAO", steady(50.0)), "multiple", "down", size=0.5) == "supported"
    assert verdict_of(make_path("TAO", steady(80.0)), "multiple", "down", size=0.5) == "not_supported"


def test_a_swing_runs_from_a_low_to_a_later_high() -> None:
    rising = [100.0] * 48 + [90.0, 95.0, 117.0] + [105.0] * 21
    falling = [100.0] * 48 + [117.0, 95.0, 90.0] + [105.0] * 21
    assert verdict_of(make_path("TAO", rising), "swing", size=0.30) == "supported"
    assert verdict_of(make_path("TAO", falling), "swing", size=0.30) not in GOOD
    assert verdict_of(make_path("TAO", falling), "swing", "down", size=0.23) == "supported"


def test_a_token_of_millionths_keeps_its_digits() -> None:
    closes = [price / 1e8 for price in steady(130.0)]
    assert "$0.0000013" in judged(make_path("TAO", closes), size=0.30).measured


def test_a_coin_without_prices_is_named() -> None:
    judgement = judge_statement(make_statement(asset="AGIX", size=0.1), make_path("TAO", steady(110.0)))
    assert judgement.verdict == "cannot_be_told"
    assert judgement.reason == "no prices of AGIX are stored"


def test_daily_bars_tell_a_calendar_day_and_no_afternoon() -> None:
    midnight = SAID_AT.replace(hour=0)
    daily = make_market(make_bars("TAO", [100.0, 100.0, 110.0, 120.0], hours=24, last_close=midnight + DAY))
    assert verdict_of(daily, size=0.10, window="day:2026-03-19") == "supported"
    afternoon = judged(daily, size=0.10, window="PT24H")
    assert afternoon.verdict == "cannot_be_told"
    assert "only daily bars" in (afternoon.reason or "")


@settings(max_examples=60, deadline=None)
@given(PATHS, st.sampled_from(["at_least", "more_than"]), st.floats(0.01, 0.5), st.floats(0.1, 1.0))
def test_a_smaller_size_is_supported_when_a_larger_one_is(
    returns: list[float], comparator: str, size: float, share: float
) -> None:
    market = make_path("TAO", path_of(returns))
    if verdict_of(market, size=size, comparator=comparator) == "supported":
        assert verdict_of(market, size=share * size, comparator=comparator) == "supported"


@settings(max_examples=60, deadline=None)
@given(PATHS, st.floats(0.01, 0.3))
def test_what_closes_after_it_was_said_supports_nothing(returns: list[float], size: float) -> None:
    market = make_path("TAO", path_of(returns))
    for hours in (3, 10, 20):
        said_at = SAID_AT - hours * HOUR
        window = StatedWindow("forward", SAID_AT - 30 * HOUR, SAID_AT)
        statement = make_statement(said_at=said_at, size=size, window=window)
        assert judge_statement(statement, market) == judge_statement(statement, as_it_stood(market, said_at))


@settings(max_examples=60, deadline=None)
@given(PATHS, st.floats(0.01, 0.3))
def test_a_longer_history_changes_no_verdict_on_size_or_direction(returns: list[float], size: float) -> None:
    closes = path_of(returns)
    short, long = make_path("TAO", closes[-30:]), make_path("TAO", closes)
    assert verdict_of(short, size=size) == verdict_of(long, size=size)
    assert verdict_of(short, "direction_only") == verdict_of(long, "direction_only")
    level = closes[-1] * (1 + size)
    assert verdict_of(short, "level_crossed", price=level) == verdict_of(long, "level_crossed", price=level)


@settings(max_examples=60, deadline=None)
@given(PATHS, st.floats(0.02, 0.3))
def test_readings_from_the_start_mirror_on_a_path_turned_over(returns: list[float], size: float) -> None:
    closes = np.array(path_of(returns))
    start = closes[-25]
    # Reflected about the close that begins the window: every simple return from there changes its sign.
    mirrored = 2 * start - closes
    if mirrored.min() <= 0:
        return
    up = judged(make_path("TAO", closes.tolist()), size=size)
    down = judged(make_path("TAO", mirrored.tolist()), direction="down", size=size)
    for name in ("literal", "to_extreme"):
        one, other = (next(r for r in side.readings if r.name == name) for side in (up, down))
        assert one.value == pytest.approx(-(other.value or 0.0))
        assert one.fits == other.fits


def test_of_random_falls_over_a_day_none_supports_a_rise() -> None:
    generator = np.random.default_rng(20260612)
    closes = 100 * np.exp(np.cumsum(generator.normal(0, 0.01, 6000)))
    market = make_path("TAO", closes.tolist())
    first = SAID_AT - 5900 * HOUR
    falls = 0
    for hours in generator.permutation(5800):
        said_at = first + int(hours) * HOUR
        statement = make_statement(said_at=said_at, size=0.05, size_quoted="5%", window="PT24H")
        judgement = judge_statement(statement, market)
        if (judgement.readings[0].value or 0.0) < 0:
            falls += 1
            assert judgement.verdict not in GOOD
        if falls == 1000:
            return
    pytest.fail(f"only {falls} falls")
