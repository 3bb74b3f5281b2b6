"""Which market of an asset is measured, and which benchmark markets beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.tape.returns import ReturnGrid
from warehouse.tables.bars import HOUR, bar_length

BENCHMARK_ASSET = "BTC"
# Finer bars are worth losing this much of the history, not more.
LEAST_SHARE_OF_SPAN = 0.8


@dataclass(frozen=True, slots=True)
class Pair:
    """A token's market with the benchmark's markets, preferred first, at one bar length."""

    asset_id: str
    market_id: str
    benchmark_market_ids: tuple[str, ...]
    timeframe: str

    @property
    def bar(self) -> timedelta:
        """Length of a bar."""
        return bar_length(self.timeframe)

    @property
    def bar_hours(self) -> float:
        """Length of a bar in hours."""
        return self.bar / HOUR

    def candles_in(self, candles: pl.DataFrame) -> pl.DataFrame:
        """The rows of these markets at this bar length."""
        return candles.filter(
            pl.col("market_id").is_in([self.market_id, *self.benchmark_market_ids]),
            pl.col("timeframe") == self.timeframe,
        )


def pair_markets(
    candles: pl.DataFrame, asset_ids: Sequence[str], timeframes: Sequence[str], benchmark: str = BENCHMARK_ASSET
) -> list[Pair]:
    """One pair per asset: the longest series beside the benchmark, on the finest bars that keep most of its length.

    `candles` are core.candle rows with asset_id. Assets without a benchmark beside them are left out.
    """
    spans = (
        candles.filter(pl.col("timeframe").is_in(list(timeframes)), pl.col("asset_id").is_in([*asset_ids, benchmark]))
        .group_by("asset_id", "market_id", "timeframe")
        .agg(pl.col("open_time_utc").min().alias("first"), pl.col("open_time_utc").max().alias("last"))
        .sort("asset_id", "market_id", "timeframe")
    )
    theirs = spans.filter(pl.col("asset_id") == benchmark).rows(named=True)
    pairs = []
    for asset_id in sorted(set(asset_ids) - {benchmark}):
        candidates = []
        for own in spans.filter(pl.col("asset_id") == asset_id).rows(named=True):
            others = [other for other in theirs if other["timeframe"] == own["timeframe"]]
            if others and (common := _common(own, others)) > timedelta(0):
                candidates.append((common, _pair(own, others)))
        if candidates:
            longest = max(common for common, _ in candidates)
            kept = [(common, pair) for common, pair in candidates if common >= LEAST_SHARE_OF_SPAN * longest]
            pairs.append(min(kept, key=lambda ranked: (ranked[1].bar, -ranked[0], ranked[1].market_id))[1])
    return pairs


def benchmark_returns(grid: ReturnGrid, pair: Pair) -> NDArray[np.float64]:
    """The benchmark's return per bar from the first of its markets that has one; no return spans two markets."""
    returns = np.full(grid.n_bars, np.nan)
    for market_id in pair.benchmark_market_ids:
        own = grid.returns[grid.row(market_id)]
        returns = np.where(np.isnan(returns), own, returns)
    return returns


def _common(own: dict[str, Any], others: list[dict[str, Any]]) -> timedelta:
    first: datetime = max(own["first"], min(other["first"] for other in others))
    last: datetime = min(own["last"], max(other["last"] for other in others))
    return last - first


def _pair(own: dict[str, Any], others: list[dict[str, Any]]) -> Pair:
    venue = own["market_id"].partition(":")[0]
    preferred = sorted(
        others,
        key=lambda other: (
            other["market_id"].partition(":")[0] != venue,
            other["first"] - other["last"],
            other["market_id"],
        ),
    )
    ids = tuple(other["market_id"] for other in preferred)
    return Pair(own["asset_id"], own["market_id"], ids, own["timeframe"])
