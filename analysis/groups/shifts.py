"""How far every window of a series lies from what the bars before it predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.kernel import market_model_windows
from analysis.portable import log
from analysis.tape.series import AlignedSeries

# A window is predicted from half the bars before it, and never from fewer than this.
_LEAST_ESTIMATION = 10


@dataclass(frozen=True, slots=True)
class SeriesShifts:
    """The shift of the window that begins at each bar of a series, and those that are known, by kind of day."""

    shifts: Floats  # [n] NaN where impossible
    is_weekend: Flags  # [n]
    known: tuple[tuple[Integers, Floats], ...]  # first bars and shifts of windows on working days, and on weekends

    def count_earlier(self, index: Integers, reach: int, n_bars: int) -> tuple[Integers, Integers, Integers]:
        """Earlier windows of the kind of day of each bar of `index`: the bounds [first, stop) among them, and how many.

        They begin in the `reach` bars before it and end, `n_bars` long, before it begins; −1 of one without a shift.
        """
        first, stop, n = (np.zeros(index.size, dtype=np.int64) for _ in range(3))
        n -= 1
        inside = np.flatnonzero((index > 0) & (index <= self.shifts.size - n_bars))
        inside = inside[np.isfinite(self.shifts[index[inside]])]
        is_weekend = self.is_weekend[index[inside]]
        for kind, (bars, _) in enumerate(self.known):
            own = inside[is_weekend == bool(kind)]
            first[own] = np.searchsorted(bars, index[own] - reach)
            stop[own] = np.searchsorted(bars, index[own] - n_bars + 1)
        stop = np.maximum(stop, first)
        n[inside] = stop[inside] - first[inside]
        return first, stop, n

    def earlier(self, index: int, first: int, stop: int) -> Floats:
        """The shifts of the earlier windows of the one at bar `index` between the bounds of `count_earlier`."""
        return self.known[int(self.is_weekend[index])][1][first:stop]


def trace_shifts(series: AlignedSeries, n_bars: int, n_estimation: int, *, is_volatility: bool) -> SeriesShifts:
    """Shifts of all windows of `n_bars`: log points a bar, or with `is_volatility` the log of the mean square.

    Each is predicted by a market model on the `n_estimation` bars before it, half of which have to be there.
    """
    found = np.full(series.asset.size, np.nan)
    starts = np.arange(0, series.asset.size - n_bars + 1)
    if starts.size:
        results = market_model_windows(
            series.asset,
            series.benchmark,
            np.zeros(starts.size, dtype=np.int64),
            starts,
            estimation=(-n_estimation, 0),
            window=(0, n_bars),
            minimum_estimation=max(n_estimation // 2, _LEAST_ESTIMATION),
            first_bar=series.first_bar,
            keep_bars=False,
        )
        found[starts] = _finite_logs(results.mean_square) if is_volatility else results.car / n_bars
    is_weekend = series.is_weekend
    bars = [np.flatnonzero(np.isfinite(found) & (is_weekend == kind)) for kind in (False, True)]
    return SeriesShifts(found, is_weekend, tuple((own, found[own]) for own in bars))


def _finite_logs(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = log(values)
    return np.asarray(np.where(np.isfinite(logs), logs, np.nan))
