"""Returns of the benchmark series from stored candles."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import polars as pl

from analysis.tape.benchmarks import BENCHMARKS, benchmark_returns, member_returns
from warehouse.store.connection import Reader
from warehouse.tables.bars import parse_bar


def open_benchmarks(reader: Reader) -> Callable[[str | None, str], dict[str, pl.DataFrame]]:
    """A function from (asset under study or None, timeframe) to the returns of every benchmark by id.

    Columns as from `benchmark_returns`. Candles of a timeframe are read once, and each series is built once.
    """
    markets = reader.query("study_markets")
    roles = dict(markets.select("asset_id", "role").iter_rows())
    by_id = {benchmark.benchmark_id: benchmark for benchmark in BENCHMARKS}

    @cache
    def members(timeframe: str) -> pl.DataFrame:
        candles = reader.query("study_candles", timeframe=timeframe, as_of=None)
        bars = candles.join(markets, on="market_id", how="inner", validate="m:1")
        return member_returns(bars, parse_bar(timeframe).seconds)

    @cache
    def series(benchmark_id: str, left_out: str | None, timeframe: str) -> pl.DataFrame:
        return benchmark_returns(members(timeframe), by_id[benchmark_id], left_out)

    def returns(asset_id: str | None, timeframe: str) -> dict[str, pl.DataFrame]:
        role = roles.get(asset_id) if asset_id is not None else None
        return {
            name: series(name, asset_id if role in benchmark.roles else None, timeframe)
            for name, benchmark in by_id.items()
        }

    return returns
