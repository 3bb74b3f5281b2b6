"""What stands beside a verdict: its bars, the other markets, how often a move as large came by chance."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analysis.claims.judging.beside import Beside, look_beside, market_kind
from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.market import MarketEvidence
from tests.analysis.claims.judging.market_builders import (
    SAID_AT,
    make_bars,
    make_market,
    make_path,
    make_statement,
    steady,
)
from warehouse.tables.bars import HOUR

SPOT, PERPETUAL = "kraken:TAO/USD", "binanceusdm:TAO/USDT:USDT"


def beside(market: MarketEvidence, kind: str = "percent_move", direction: str = "up", **keys: object) -> Beside:
    statement = make_statement(kind, direction, **keys)
    return look_beside(statement, judge_statement(statement, market), market)


def test_spot_and_perpetual_say_apart_whether_the_reading_holds_there() -> None:
    market = make_market(
        make_bars("TAO", steady(120.0, n=400)),
        make_bars("TAO", steady(119.9), market=PERPETUAL),
        make_bars("TAO", steady(108.0), market=SPOT),
        make_bars("TAO", steady(110.0), market="bybit:TAO/USDT"),
    )
    found = beside(market, size=0.20)
    assert found.elsewhere == (
        "Measured on spot, binance:TAO/USDT. Elsewhere: spot +8.0% to +10.0% (it holds on 0 of 2 markets) and "
        "perpetual +19.9% (it holds on 1 of 1 market)."
    )


@pytest.mark.parametrize("kind", ["direction_only", "level_crossed", "n_period_extreme"])
def test_every_kind_of_statement_asks_the_other_markets(kind: str) -> None:
    own, other = [100.0] * 700 + [120.0], [100.0] * 690 + [95.0]
    market = make_market(make_bars("TAO", own), make_bars("TAO", other, market=PERPETUAL))
    keys = {"level_crossed": {"price": 118.0}, "n_period_extreme": {"window": "P1W"}}.get(kind, {})
    found = beside(market, kind, **keys)
    assert found.elsewhere is not None
    assert "(it holds on 0 of 1 market)" in found.elsewhere


def test_a_market_with_longer_bars_says_nothing_of_the_same_window() -> None:
    long = make_bars("TAO", steady(110.0), hours=4, market=PERPETUAL)
    assert beside(make_market(make_bars("TAO", steady(120.0, n=400)), long), size=0.20).venues == ()


@pytest.mark.parametrize(
    ("market_id", "kind"), [(SPOT, "spot"), (PERPETUAL, "perpetual"), ("observed:TAO/USD", "observed prices")]
)
def test_a_symbol_that_names_its_settlement_is_a_perpetual(market_id: str, kind: str) -> None:
    assert market_kind(market_id) == kind


def test_the_bars_are_those_of_the_window_with_the_close_before_it() -> None:
    closes = [float(price) for price in np.linspace(100, 120, 60)]
    bars = beside(make_path("TAO", closes), size=0.05, window="PT12H").bars
    assert bars["close_quote"].to_list() == pytest.approx(closes[-13:])
    assert bars["close_time_utc"][0] == SAID_AT - 12 * HOUR


def test_the_bars_of_a_comparison_are_those_of_both_sides() -> None:
    market = make_market(make_bars("TAO", steady(120.0)), make_bars("BTC", steady(101.0)))
    bars = beside(market, "relative", versus=("BTC",)).bars
    assert bars.group_by("asset_id").len().sort("asset_id").rows() == [("BTC", 25), ("TAO", 25)]


def test_a_high_and_low_that_are_not_known_are_null() -> None:
    unknown = make_bars("TAO", steady(120.0)).with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name) for name in ("high_quote", "low_quote")
    )
    assert beside(make_market(unknown), size=0.20).bars["high_quote"].null_count() == 25


WILD = [100.0] * 10 + [106.0] + [100.0] * 13


def test_what_was_taken_at_the_best_price_is_compared_with_the_best_price_of_earlier_stretches() -> None:
    """Half of the days before held 6 % at their best price; none closed away from where it began."""
    last = [100.0] * 10 + [105.0] + [102.0] * 13
    market = make_path("TAO", [100.0, *([100.0] * 24 + WILD) * 100, *last])
    at_best = beside(market, size=0.05, window="PT24H").rarity
    assert at_best is not None
    assert (at_best.n_as_large, at_best.n_stretches) == (100, 200)
    assert at_best.words.endswith("went at least as far to their best price")
    closed = beside(market, size=0.02, window="PT24H").rarity
    assert closed is not None
    assert closed.n_as_large == 0


def test_levels_have_no_count() -> None:
    assert beside(make_path("TAO", steady(120.0, n=4000)), "level_crossed", price=118.0).rarity is None


def test_an_extreme_names_the_bars_it_was_set_on_though_longer_ones_reach_further_back() -> None:
    hourly = make_bars("TAO", [*[100.0] * 100, 130.0])
    daily = make_bars("TAO", [100.0] * 60, hours=24, market=PERPETUAL)
    found = beside(make_market(hourly, daily), "n_period_extreme", window="P3W")
    assert found.bar_name == "1h"
    assert found.bars["timeframe"].unique().to_list() == ["1h"]
