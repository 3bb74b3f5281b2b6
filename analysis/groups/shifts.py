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

    def earlier(self, index: int, first: int, last: int) -> Floats:
        """The known shifts of windows that begin in the bars [first, last) on the same kind of day as bar `index`."""
        bars, shifts = self.known[int(self.is_weekend[index])]
        start, stop = np.searchsorted(bars, (first, last))
        return shifts[start:stop]


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
