"""Which market of an asset is measured, and which benchmark market beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from analysis.clock import TIMEFRAMES, bar_length

BENCHMARK_ASSET = "BTC"


@dataclass(frozen=True, slots=True)
class Pair:
    """A token's market with the benchmark's, at one bar length."""

    asset_id: str
    market_id: str
    benchmark_market_id: str
    timeframe: str

    @property
    def bar(self) -> timedelta:
        """Length of a bar."""
        return bar_length(self.timeframe)


def pair_markets(
    candles: pl.DataFrame, asset_ids: Sequence[str], coarsest: timedelta, benchmark: str = BENCHMARK_ASSET
) -> list[Pair]:
    """The longest common series with the benchmark per asset, the finer and then the same venue's when equally long.

    `candles` are core.candle rows with asset_id. Assets without bars of at most `coarsest`, or without a benchmark
    beside them, are left out.
    """
    usable = [name for name, length in TIMEFRAMES.items() if length <= coarsest]
    spans = (
        candles.filter(pl.col("timeframe").is_in(usable), pl.col("asset_id").is_in([*asset_ids, benchmark]))
        .group_by("asset_id", "market_id", "timeframe")
        .agg(pl.col("open_time_utc").min().alias("first"), pl.col("open_time_utc").max().alias("last"))
        .sort("asset_id", "market_id", "timeframe")
    )
    ours = spans.filter(pl.col("asset_id") != benchmark).rows(named=True)
    theirs = spans.filter(pl.col("asset_id") == benchmark).rows(named=True)
    pairs: dict[str, tuple[tuple[float, float, bool], Pair]] = {}
    for own in ours:
        for other in theirs:
            if own["timeframe"] != other["timeframe"]:
                continue
            common = (min(own["last"], other["last"]) - max(own["first"], other["first"])).total_seconds()
            is_same_venue = own["market_id"].partition(":")[0] == other["market_id"].partition(":")[0]
            pair = Pair(own["asset_id"], own["market_id"], other["market_id"], own["timeframe"])
            rank = (common, -pair.bar.total_seconds(), is_same_venue)
            if common > 0 and (pair.asset_id not in pairs or rank > pairs[pair.asset_id][0]):
                pairs[pair.asset_id] = (rank, pair)
    return [pair for _, pair in sorted(pairs.values(), key=lambda ranked: ranked[1].asset_id)]
