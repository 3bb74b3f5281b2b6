"""How far the abnormal return hangs on beta where the benchmark moved beyond its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.engine.kernel import Reason, fit_line
from analysis.single.window.score import Ground, WindowScore
from warehouse.tables.bars import HOURS_PER_WEEK

_MINIMUM_WEEKS = 4  # of the record before the window's own beta stands alone
_WEEK_RANGE = (0.025, 0.975)  # quantiles of the betas of weeks
_WINDOW_ERRORS = 2.0  # standard errors on each side of the window's own beta
_MINIMUM_WINDOW_BARS = 6  # of a beta from inside


@dataclass(frozen=True, slots=True)
class BetaRange:
    """The abnormal return over plausible betas; log points."""

    car: float
    lowest: float
    highest: float
    least: float  # the estimate under the beta that makes it smallest
    most: float
    lower: float  # union of the headline intervals
    upper: float
    n_weeks: int


def range_over_betas(ground: Ground, score: WindowScore, n_bars: int) -> BetaRange | None:
    """CAR and its interval over the betas of single weeks and of the window; None where the benchmark kept its range.

    In a crash beta itself may rise: nothing before it can show that, but the window's own bars do, because the
    benchmark moves most in them. Source of the idea: Ang & Chen (2002) on betas in falling markets.
    """
    if not score.is_benchmark_far:
        return None
    asset, benchmark = ground.sums.asset[0], ground.sums.benchmark[0]
    betas = [float(ground.coefficients.beta[0])]
    week = max(2 * _MINIMUM_WINDOW_BARS, round(HOURS_PER_WEEK / ground.bar_hours))
    ends = range(ground.index, max(0, ground.index - ground.history) + week - 1, -week)
    weekly = []
    for end in ends:
        part = slice(end - week, end)
        fitted = fit_line(asset[part], benchmark[part], ~ground.is_masked[part])
        if fitted.reason[0] == Reason.NONE:
            weekly.append(float(fitted.beta[0]))
    if len(weekly) >= _MINIMUM_WEEKS:
        betas += [float(value) for value in np.quantile(weekly, _WEEK_RANGE)]
    if n_bars >= _MINIMUM_WINDOW_BARS:
        part = slice(ground.index, ground.index + n_bars)
        own = fit_line(asset[part], benchmark[part])
        if own.reason[0] == Reason.NONE:
            error = float(np.sqrt(own.residual_variance[0] / own.benchmark_squares[0]))
            betas += [float(own.beta[0]) - _WINDOW_ERRORS * error, float(own.beta[0]) + _WINDOW_ERRORS * error]
    cars = [score.car + (betas[0] - beta) * score.benchmark_move for beta in betas]
    half = score.interval.half
    return BetaRange(
        score.car, min(betas), max(betas), min(cars), max(cars), min(cars) - half, max(cars) + half, len(weekly)
    )
