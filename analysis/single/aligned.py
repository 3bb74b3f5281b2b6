"""One market's bars and its benchmark's on one regular grid, with gaps left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MICROSECONDS_PER_HOUR = 3_600_000_000
BAR_HOURS = {"1m": 1 / 60, "5m": 1 / 12, "15m": 0.25, "30m": 0.5, "1h": 1.0, "2h": 2.0, "4h": 4.0, "1d": 24.0}


@dataclass(frozen=True, slots=True)
class AlignedSeries:
    """Bars of one market on a grid without holes in time; all arrays have one element per bar."""

    market_id: str
    timeframe: str
    bar_hours: float
    close_us: Integers  # when the bar's close was known, microseconds since 1970 UTC
    close_quote: Floats  # NaN = no bar, or a frozen one
    asset: Floats  # log return over the bar; NaN across a gap
    benchmark: Floats  # log return of the benchmark over the same bar; NaN where no venue has it
    benchmark_source: Integers  # which of `benchmark_ids` the return comes from, −1 none
    benchmark_ids: tuple[str, ...]

    def first_bar_after(self, instant_us: int) -> int:
        """Index of the first bar whose close is later than `instant_us`: the bar in which the instant falls."""
        return int(np.searchsorted(self.close_us, instant_us, side="right"))

    def benchmark_words(self, start: int, end: int) -> str:
        """The benchmark markets used in bars [start, end), most used first."""
        used = self.benchmark_source[start:end]
        counts = [(int(np.sum(used == number)), name) for number, name in enumerate(self.benchmark_ids)]
        named = [f"{name} ({count} bars)" for count, name in sorted(counts, reverse=True) if count]
        return ", ".join(named) if named else "none"


def align_series(
    market_id: str, timeframe: str, candles: pl.DataFrame, benchmarks: Sequence[tuple[str, pl.DataFrame]]
) -> AlignedSeries | None:
    """Put one market and its benchmark on a regular grid, or None when the market has fewer than two bars.

    `candles` and each benchmark frame: `open_time_utc`, `close_quote`, `volume_base`, in any order, one row per bar.
    The benchmark's return of a bar comes from the first frame of `benchmarks` that has it: venues are mixed by
    return, never by price, so no splice can look like a move. A bar with zero volume and an unchanged close counts as
    missing (a frozen price is not trading). Returns across a missing bar are NaN. Raises ValueError on a repeated or
    off-grid bar or a price that is not positive.
    """
    step = round(BAR_HOURS[timeframe] * MICROSECONDS_PER_HOUR)
    opens, closes = _read_bars(market_id, candles)
    if opens.size < 2:
        return None
    n = int((opens[-1] - opens[0]) // step) + 1
    grid = opens[0] + step * np.arange(n, dtype=np.int64)
    price = _place(market_id, grid, step, opens, closes)
    benchmark, source = np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
    for number, (name, frame) in enumerate(benchmarks):
        candidate = _log_returns(_place(name, grid, step, *_read_bars(name, frame)))
        is_new = np.isnan(benchmark) & np.isfinite(candidate)
        benchmark[is_new], source[is_new] = candidate[is_new], number
    names = tuple(name for name, _ in benchmarks)
    asset = _log_returns(price)
    return AlignedSeries(
        market_id, timeframe, step / MICROSECONDS_PER_HOUR, grid + step, price, asset, benchmark, source, names
    )


def _read_bars(name: str, candles: pl.DataFrame) -> tuple[Integers, Floats]:
    rows = candles.sort("open_time_utc")
    opens = rows["open_time_utc"].cast(pl.Int64).to_numpy()
    closes = rows["close_quote"].to_numpy().astype(np.float64)
    if (np.diff(opens) <= 0).any():
        repeated = rows["open_time_utc"][int(np.flatnonzero(np.diff(opens) <= 0)[0])]
        raise ValueError(f"{name}: the bar of {repeated} appears twice; expected one row per bar: deduplicate upstream")
    if not (closes > 0).all():
        bad = rows["open_time_utc"][int(np.flatnonzero(~(closes > 0))[0])]
        raise ValueError(f"{name}: the close of {bad} is not a positive price: quarantine the row upstream")
    volume = rows["volume_base"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    is_frozen = np.zeros(opens.size, dtype=bool)
    is_frozen[1:] = (volume[1:] == 0.0) & (closes[1:] == closes[:-1])
    return opens, np.where(is_frozen, np.nan, closes)


def _place(name: str, grid: Integers, step: int, opens: Integers, closes: Floats) -> Floats:
    """Closes at their grid places, NaN elsewhere."""
    is_inside = (opens >= grid[0]) & (opens <= grid[-1])
    offsets = opens[is_inside] - grid[0]
    if (offsets % step).any():
        raise ValueError(f"{name}: bars do not open on the grid of {step // 60_000_000} minutes: check the timeframe")
    placed = np.full(grid.size, np.nan)
    placed[offsets // step] = closes[is_inside]
    return placed


def _log_returns(price: Floats) -> Floats:
    returns = np.full(price.size, np.nan)
    returns[1:] = np.diff(np.log(price))
    return returns
