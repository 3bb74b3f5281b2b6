"""Returns of several markets on one regular grid of bars, with holes left as holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.portable import log
from warehouse.tables.bars import EPOCH, MICROSECOND
from warehouse.tables.contract import UTC

ReturnKind = Literal["log", "simple"]


@dataclass(frozen=True)
class ReturnGrid:
    """S markets × T bars; NaN where there is no bar, no previous bar, or a bar that cannot be used.

    `returns[s, t]` runs from the close of bar t−1 to the close of bar t and is known at `first_open + (t + 1)·bar`.
    """

    market_ids: tuple[str, ...]
    first_open: datetime
    bar: timedelta
    kind: ReturnKind
    close: Floats  # [S, T] quote currency
    returns: Floats  # [S, T] log points or fractions, by `kind`
    volume: Floats  # [S, T] base currency
    problems: pl.DataFrame  # market_id, open_time_utc, reason: bars that exist and were not used

    @property
    def n_bars(self) -> int:
        """Bars of the grid, T."""
        return int(self.close.shape[1])

    @property
    def first_bar(self) -> int:
        """Bars of this length between 1970 and `first_open`: its number whatever record lies before it."""
        return (self.first_open - EPOCH) // self.bar

    @cached_property
    def close_us(self) -> Integers:
        """When the close of each bar was known, microseconds since 1970 UTC, [T]: one array for all its markets."""
        step = self.bar // MICROSECOND
        return (self.first_open - EPOCH) // MICROSECOND + step * np.arange(1, self.n_bars + 1, dtype=np.int64)

    def row(self, market_id: str) -> int:
        """Row of `market_id`; KeyError names the markets there are."""
        if market_id not in self.market_ids:
            raise KeyError(f"market {market_id!r} is not in the grid; it has {', '.join(self.market_ids)}")
        return self.market_ids.index(market_id)

    def first_available(self, market_ids: Sequence[str]) -> tuple[Floats, Integers]:
        """Return per bar of the first of `market_ids` that has one, and its number there; NaN and −1 without.

        Venues are mixed by return, never by price, so no splice can look like a move. KeyError for an unknown market.
        """
        returns, source = np.full(self.n_bars, np.nan), np.full(self.n_bars, -1, dtype=np.int64)
        for number, market_id in enumerate(market_ids):
            own = self.returns[self.row(market_id)]
            is_new = np.isnan(returns) & np.isfinite(own)
            returns[is_new], source[is_new] = own[is_new], number
        return returns, source

    def open_time(self, position: int) -> datetime:
        """Open of the bar at `position`."""
        return self.first_open + position * self.bar

    def close_time(self, position: int) -> datetime:
        """When the close of the bar at `position` was known."""
        return self.first_open + (position + 1) * self.bar


def returns_of(close: Floats, kind: ReturnKind) -> Floats:
    """Log or simple returns along the last axis, same shape; NaN first and at a close missing, infinite or ≤ 0."""
    usable = np.where((close > 0) & np.isfinite(close), close, np.nan)
    returns = np.full(usable.shape, np.nan)
    ratio = usable[..., 1:] / usable[..., :-1]
    returns[..., 1:] = log(ratio) if kind == "log" else ratio - 1.0
    return returns


def build_return_grid(candles: pl.DataFrame, bar: timedelta, kind: ReturnKind = "log") -> ReturnGrid:
    """Align candles of several markets on one grid of bars; never fills, never bridges a gap.

    `candles` has market_id, open_time_utc, close_quote and optionally high_quote, low_quote, volume_base (any order,
    one timeframe). The grid spans the earliest to the latest bar of all markets. A bar with a non-positive or missing
    close, and a frozen bar (zero volume and high = low), leaves a hole and is named in `problems`. Duplicate bars and
    bars off the grid are errors (ValueError with the first example), because no choice between them is right.
    """
    if not candles.height:
        raise ValueError("no candles: nothing to build returns from")
    markets = tuple(sorted(candles["market_id"].unique().to_list()))
    first, last = candles["open_time_utc"].min(), candles["open_time_utc"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise ValueError("open_time_utc must be a column of UTC times")
    rows, columns = _locate(candles, markets, first, bar)
    shape = (len(markets), (last - first) // bar + 1)
    if (np.diff(rows * shape[1] + columns) <= 0).any():  # bars in order repeat none
        _refuse_duplicates(candles)
    reasons = _bar_problems(candles)
    is_usable = reasons.is_null().to_numpy()
    close, volume = np.full(shape, np.nan), np.full(shape, np.nan)
    close[rows[is_usable], columns[is_usable]] = candles["close_quote"].to_numpy()[is_usable]
    if "volume_base" in candles.columns:
        volume[rows, columns] = _numbers(candles["volume_base"])
    problems = (
        candles.select("market_id", pl.col("open_time_utc").cast(UTC))
        .with_columns(reasons)
        .filter(pl.col("reason").is_not_null())
    )
    return ReturnGrid(markets, first, bar, kind, close, returns_of(close, kind), volume, problems)


def place_on_grid(grid: ReturnGrid, candles: pl.DataFrame, names: Sequence[str]) -> list[Floats]:
    """The named columns of `candles` on the bars of their `grid`, [S, T] each; NaN where there is none."""
    rows, columns = _locate(candles, grid.market_ids, grid.first_open, grid.bar)
    placed = [np.full(grid.close.shape, np.nan) for _ in names]
    for values, name in zip(placed, names, strict=True):
        values[rows, columns] = _numbers(candles[name])
    return placed


def _locate(
    candles: pl.DataFrame, market_ids: Sequence[str], first: datetime, bar: timedelta
) -> tuple[Integers, Integers]:
    """Row and column on the grid of each candle."""
    rows = candles["market_id"].replace_strict(market_ids, range(len(market_ids)), return_dtype=pl.Int64)
    return rows.to_numpy(), _positions(candles, first, bar)


def _numbers(values: pl.Series) -> Floats:
    return np.asarray(values.cast(pl.Float64).fill_null(float("nan")).to_numpy())


def _refuse_duplicates(candles: pl.DataFrame) -> None:
    repeated = candles.filter(pl.struct("market_id", "open_time_utc").is_duplicated())
    if repeated.height:
        row = repeated.row(0, named=True)
        raise ValueError(
            f"duplicate bars: {repeated.height} rows repeat a bar, e.g. {row['market_id']} at {row['open_time_utc']}; "
            "keep one row per market and open time"
        )


def _positions(candles: pl.DataFrame, first: datetime, bar: timedelta) -> Integers:
    offsets = (candles["open_time_utc"] - first).dt.total_microseconds().to_numpy()
    length = bar // MICROSECOND
    if np.any(offsets % length):
        row = candles.row(int(np.flatnonzero(offsets % length)[0]), named=True)
        raise ValueError(
            f"bar off the grid: {row['market_id']} opens at {row['open_time_utc']}, not a multiple of {bar}"
        )
    return np.asarray(offsets // length, dtype=np.int64)


def _bar_problems(candles: pl.DataFrame) -> pl.Series:
    is_frozen = pl.lit(value=False)
    if {"volume_base", "high_quote", "low_quote"} <= set(candles.columns):
        is_frozen = (pl.col("volume_base") == 0) & (pl.col("high_quote") == pl.col("low_quote"))
    close = pl.col("close_quote")
    return candles.select(
        pl.when(close.is_null() | close.is_nan())
        .then(pl.lit("missing close"))
        .when(close <= 0)
        .then(pl.lit("non-positive price"))
        .when(is_frozen.fill_null(value=False))
        .then(pl.lit("frozen bar: no volume and no range"))
        .otherwise(pl.lit(None, dtype=pl.String))
        .alias("reason")
    )["reason"]
