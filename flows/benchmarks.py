"""Returns of the benchmark series from stored candles."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import polars as pl

from analysis.benchmarks import benchmark_returns
from analysis.clock import bar_length
from warehouse.store.connection import Reader


def open_benchmarks(reader: Reader) -> Callable[[str | None, str], pl.DataFrame]:
    """A function from (asset under study or None, timeframe) to the returns of every benchmark.

    Columns: benchmark_id, open_time_utc, log_return, n_members; see `benchmark_returns`. Candles of a timeframe are
    read once, and each answer is built once. No candles give no rows.
    """
    markets = reader.query("study_markets")

    @cache
    def bars(timeframe: str) -> pl.DataFrame:
        candles = reader.query("study_candles", timeframe=timeframe, as_of=None)
        return candles.join(markets, on="market_id", how="inner", validate="m:1")

    @cache
    def returns(asset_id: str | None, timeframe: str) -> pl.DataFrame:
        return benchmark_returns(bars(timeframe), asset_id, round(bar_length(timeframe).total_seconds()))

    return returns
