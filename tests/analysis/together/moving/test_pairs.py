"""Which markets are compared with which: the token's own venue first, another where it reaches much further back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.tape.returns import ReturnGrid
from analysis.tape.series import lay_beside
from analysis.together.moving.intervals import MIN_BARS
from analysis.together.moving.pairs import (
    BASKET_MARKET,
    MIN_BASKET,
    ReturnPanel,
    bitcoin_pairs,
    build_return_panel,
    other_pairs,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
N_BARS = 60


def make_panel(bars: dict[str, int]) -> ReturnPanel:
    """Hourly markets `venue:ASSET`, each with returns in its last so many bars; TAO and the FET family are tokens."""
    returns = np.full((len(bars), N_BARS), np.nan)
    for row, n in enumerate(bars.values()):
        returns[row, N_BARS - n :] = np.random.default_rng(row).normal(size=n)
    grid = ReturnGrid(
        tuple(bars), START, timedelta(hours=1), "log", np.ones(returns.shape), returns, returns + 9.0, pl.DataFrame()
    )
    rows = [(name, name.partition(":")[2], name.partition(":")[0]) for name in bars]
    markets = pl.DataFrame(rows, ["market_id", "asset_id", "exchange"], orient="row")
    roles = {asset: "ai_token" for _, asset, _ in rows if asset not in ("BTC", "ETH")}
    return build_return_panel(grid, "1h", markets, roles)


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (40, 60, ["okx:BTC", "binance:BTC"]),  # exactly half as much again
        (40, 59, ["okx:BTC"]),
        (60, 60, ["okx:BTC"]),
        (MIN_BARS, 17, ["okx:BTC"]),
        (MIN_BARS - 1, 60, ["binance:BTC"]),
        (0, 60, ["binance:BTC"]),
    ],
)
def test_bitcoin_of_the_own_venue_is_joined_by_another_that_reaches_half_as_far_again(
    own: int, other: int, expected: list[str]
) -> None:
    pairs = bitcoin_pairs(make_panel({"okx:TAO": 60, "okx:BTC": own, "binance:BTC": other}))
    assert [pair.benchmark_ids for pair in pairs] == [(name,) for name in expected]


def test_a_pair_is_cut_to_the_bars_that_both_have_and_names_both_sides() -> None:
    [pair] = bitcoin_pairs(make_panel({"okx:TAO": 50, "okx:BTC": 20}))
    assert pair.labels() == {
        "market_id": "okx:TAO",
        "other_market_id": "okx:BTC",
        "asset_id": "TAO",
        "other_asset_id": "BTC",
        "timeframe": "1h",
    }
    assert (pair.first_open, pair.last_close) == (START + timedelta(hours=40), START + timedelta(hours=60))
    assert (pair.n_common, pair.asset.size, pair.volume_base.size) == (20, 20, 20)
    assert [pair.position_at(START + timedelta(hours=hours)) for hours in (39.5, 40, 59.9, 60)] == [-1, 0, 19, 20]
    np.testing.assert_array_equal(pair.volume_base, pair.asset + 9.0)


def test_a_bar_without_the_benchmark_names_none_of_its_markets() -> None:
    grid = make_panel({"okx:TAO": N_BARS}).grid
    benchmark = np.where(np.arange(N_BARS) % 2, 0.01, np.nan)
    series = lay_beside(grid, "okx:TAO", ["okx:BTC"], benchmark)
    assert series.benchmark_source.tolist() == [-1, 0] * (N_BARS // 2)
    assert series.benchmark_words(0, N_BARS) == f"okx:BTC ({N_BARS // 2} bars)"


def test_a_basket_needs_enough_others_and_leaves_the_token_out() -> None:
    names = [f"okx:T{number}" for number in range(MIN_BASKET)]
    few = other_pairs(make_panel(dict.fromkeys(["okx:TAO", *names[1:]], 60)))
    assert BASKET_MARKET not in {pair.benchmark_ids[0] for pair in few}
    panel = make_panel(dict.fromkeys(["okx:TAO", *names], 60))
    [basket] = [p for p in other_pairs(panel) if (p.market_id, p.benchmark_ids[0]) == ("okx:TAO", BASKET_MARKET)]
    np.testing.assert_allclose(basket.benchmark, panel.grid.returns[1:].mean(axis=0))
