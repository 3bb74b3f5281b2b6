"""One market's bars and its benchmark's on one regular grid, with gaps left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from analysis.arrays import Flags, Floats, Integers
from analysis.tape.calendar import is_weekend
from analysis.tape.returns import ReturnGrid
from warehouse.tables.bars import HOUR, MICROSECOND, MICROSECONDS_PER_HOUR, bar_of_hours, utc_instant
from warehouse.tables.contract import UTC

_MINIMUM_BARS = 2  # one return
SpanTimes = Sequence[tuple[int, int]] | Integers  # [start, end) each, microseconds since 1970; (spans, 2)


@dataclass(frozen=True, slots=True)
class AlignedSeries:
    """Bars of one market on a grid without holes in time; all arrays have one element per bar.

    Returns are log points, but where whoever laid the series out asked for simple ones. Assets and volumes are told
    where tables name them; a study that knows its markets leaves them out.
    """

    market_id: str
    bar_hours: float
    close_us: Integers  # when the bar's close was known, microseconds since 1970 UTC
    close_quote: Floats  # NaN = no bar, or a frozen one
    asset: Floats  # return over the bar; NaN across a gap
    benchmark: Floats  # return of the benchmark over the same bar; NaN where no venue has it
    benchmark_source: Integers  # which of `benchmark_ids` the return comes from, −1 none
    benchmark_ids: tuple[str, ...]
    asset_id: str = ""
    benchmark_asset_id: str = ""
    volume_base: Floats = field(default_factory=lambda: np.empty(0))  # of the market; NaN without a bar

    @property
    def bar_words(self) -> str:
        """The bar length as people write it, e.g. 1h."""
        return bar_of_hours(self.bar_hours).name

    @property
    def step_us(self) -> int:
        """The bar length in microseconds."""
        return round(self.bar_hours * MICROSECONDS_PER_HOUR)

    @property
    def bar(self) -> timedelta:
        """The bar length."""
        return self.step_us * MICROSECOND

    @property
    def first_open(self) -> datetime:
        """Open of the first bar."""
        return utc_instant(int(self.close_us[0]) - self.step_us)

    @property
    def last_close(self) -> datetime:
        """Close of the last bar."""
        return utc_instant(int(self.close_us[-1]))

    @property
    def n_common(self) -> int:
        """Bars over which both have a return."""
        return int((np.isfinite(self.asset) & np.isfinite(self.benchmark)).sum())

    @property
    def is_weekend(self) -> Flags:
        """Whether each bar is of the weekend, shape (n,): the rule of `calendar.is_weekend`."""
        return is_weekend(self.close_us - self.step_us)

    @property
    def first_bar(self) -> int:
        """Bars of this length between 1970 and the first bar's open: its number whatever record lies before it."""
        return int(self.close_us[0]) // round(self.bar_hours * MICROSECONDS_PER_HOUR) - 1

    def first_bar_after(self, instant_us: int) -> int:
        """Index of the first bar whose close is later than `instant_us`: the bar in which the instant falls."""
        return int(np.searchsorted(self.close_us, instant_us, side="right"))

    def position_at(self, instant: datetime) -> int:
        """The bar that contains `instant`, counted on where that lies outside the series."""
        return (instant - self.first_open) // self.bar

    def close_time(self, position: int) -> datetime:
        """When the bar at `position` was known; it may lie outside the series."""
        return self.first_open + (position + 1) * self.bar

    def close_times(self, positions: Integers) -> pl.Series:
        """Closes of several bars of the series."""
        return pl.Series(self.close_us[positions], dtype=pl.Int64).cast(UTC)

    def labels(self) -> dict[str, str]:
        """The columns that name both sides in tables of pairs; the market beside it is the first that was asked."""
        return {
            "market_id": self.market_id,
            "other_market_id": self.benchmark_ids[0],
            "asset_id": self.asset_id,
            "other_asset_id": self.benchmark_asset_id,
            "timeframe": self.bar_words,
        }

    def benchmark_words(self, start: int, end: int) -> str:
        """The benchmark markets used in bars [start, end), most used first."""
        used = self.benchmark_source[start:end]
        counts = [(int(np.sum(used == number)), name) for number, name in enumerate(self.benchmark_ids)]
        named = [f"{name} ({count} bars)" for count, name in sorted(counts, reverse=True) if count]
        return ", ".join(named) if named else "none (raw returns)"


def align_series(grid: ReturnGrid, market_id: str, benchmark_ids: Sequence[str]) -> AlignedSeries | None:
    """One market of `grid` (log returns) beside its benchmark, cut to the market's own life; None below two bars.

    The benchmark's return of a bar comes from the first of `benchmark_ids` that has it; without benchmarks it is zero
    everywhere. Raises ValueError for a grid of simple returns and KeyError for a market that is not in it.
    """
    if grid.kind != "log":
        raise ValueError(f"the grid holds {grid.kind} returns; sums over windows need log returns")
    row = grid.row(market_id)
    present = np.flatnonzero(np.isfinite(grid.close[row]))
    if present.size < _MINIMUM_BARS:
        return None
    return cut_series(lay_beside(grid, market_id, benchmark_ids), int(present[0]), int(present[-1]) + 1)


def lay_beside(
    grid: ReturnGrid, market_id: str, benchmark_ids: Sequence[str], benchmark: Floats | None = None
) -> AlignedSeries:
    """One market of `grid` over all its bars, beside `benchmark` or, without it, the first that has each bar's return.

    Without benchmarks theirs is zero everywhere. KeyError for a market that is not in the grid.
    """
    row, source = grid.row(market_id), np.zeros(grid.n_bars, dtype=np.int64)
    if benchmark is not None:
        source = np.where(np.isfinite(benchmark), source, -1)
    elif benchmark_ids:
        benchmark, source = grid.first_available(benchmark_ids)
    else:
        benchmark, source = np.zeros(grid.n_bars), source - 1
    return AlignedSeries(
        market_id,
        grid.bar / HOUR,
        grid.close_us,
        grid.close[row],
        grid.returns[row],
        benchmark,
        source,
        tuple(benchmark_ids),
    )


def cut_series(series: AlignedSeries, first: int, last: int) -> AlignedSeries:
    """Bars [first, last) of `series`."""
    return replace(
        series,
        close_us=series.close_us[first:last],
        close_quote=series.close_quote[first:last],
        asset=series.asset[first:last],
        benchmark=series.benchmark[first:last],
        benchmark_source=series.benchmark_source[first:last],
        volume_base=series.volume_base[first:last],
    )


def mark_spans(series: AlignedSeries, spans_us: SpanTimes) -> Flags:
    """True for every bar that touches one of the [start, end) spans, shape (n,)."""
    return count_spans(find_bars(series, spans_us), series.close_us.size) > 0


def count_spans(bars: Integers, n_bars: int) -> Integers:
    """How many of the spans [first, stop) of bars, shape (spans, 2), touch each of `n_bars`."""
    steps = np.zeros(n_bars + 1, dtype=np.int64)
    first, stop = bars[bars[:, 1] > bars[:, 0]].T
    np.add.at(steps, first, 1)
    np.add.at(steps, stop, -1)
    return np.cumsum(steps)[:-1]


def find_bars(series: AlignedSeries, spans_us: SpanTimes) -> Integers:
    """The bars [first, stop) that each [start, end) span touches, shape (spans, 2); stop ≤ first where it touches none.

    Instants are microseconds since 1970.
    """
    spans = np.asarray(spans_us, dtype=np.int64).reshape(-1, 2)
    first = np.searchsorted(series.close_us, spans[:, 0], side="right")
    stop = np.searchsorted(series.close_us - series.step_us, spans[:, 1], side="left")
    return np.stack([first, stop], axis=1)
