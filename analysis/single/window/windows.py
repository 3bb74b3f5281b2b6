"""What one market did over each window after one event: raw, expected, abnormal, and its rank among placebos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.results.row import ResultRow
from analysis.single.rows import absent_row
from analysis.single.window.block_model import measure_windows
from analysis.single.window.describe import describe_window
from analysis.single.window.pair import Pair
from analysis.single.window.placebo import PlaceboRank
from analysis.single.window.score import WindowScore, rank_score, score_window
from warehouse.tables.bars import bar_words
from warehouse.tables.units import hours_plain, iso_minute

_STATISTICS = ("raw_return", "expected_return", "car", "placebo_rank")


@dataclass(frozen=True, slots=True)
class WindowStudy:
    """One window of one pair; `car` and its error (by the month's volatility) are log points."""

    window_hours: float
    n_bars: int
    car: float
    standard_error: float
    placebos: WindowScore
    rank: PlaceboRank | None
    rows: tuple[ResultRow, ...]


def study_window(pair: Pair, window_hours: float) -> WindowStudy | tuple[ResultRow, ...]:
    """The window's numbers, or rows that say for each statistic why there is none."""
    n_bars = pair.bars(window_hours)
    reason = _find_obstacle(pair, window_hours, n_bars)
    if reason:
        return tuple(absent_row(pair, window_hours, statistic, reason) for statistic in _STATISTICS)
    measured = measure_windows(pair.sums, np.array([pair.index], dtype=np.int64), n_bars, pair.coefficients)
    if not np.isfinite(measured.car[0]):
        reason = "a bar of the token or of the benchmark is missing inside the window"
        return tuple(absent_row(pair, window_hours, statistic, reason) for statistic in _STATISTICS)
    score = score_window(pair.ground, measured, n_bars)
    rank = rank_score(score, n_bars)
    rows = describe_window(pair, window_hours, n_bars, measured, score, rank)
    return WindowStudy(window_hours, n_bars, score.car, float(measured.standard_error[0]), score, rank, rows)


def _find_obstacle(pair: Pair, window_hours: float, n_bars: int) -> str | None:
    if n_bars < 1 or abs(n_bars * pair.series.bar_hours - window_hours) > 1e-9:
        return f"{hours_plain(window_hours)} is not a whole number of {pair.series.bar_words} bars"
    if pair.index + n_bars > pair.series.close_us.size:
        last = pair.close_at(pair.series.close_us.size)
        record = f"the {bar_words(pair.series.bar_words)} record"
        return f"{record} ends at {iso_minute(last)} UTC, before the window does: fetch or import later bars"
    return None
