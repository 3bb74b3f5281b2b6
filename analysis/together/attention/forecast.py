"""Whether adding a predictor to a simple forecast lowers its error out of sample, and what that would be worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.arrays import Integers
from analysis.engine.regressions.long_run import long_run_sum, newey_west_lags
from analysis.together.attention.response import accumulate
from analysis.together.moving.intervals import Array

# Bars before the first forecast, and between refits (a week of hours).
MIN_FIRST_FIT = 2000
REFIT_BARS = 168
# Trader of the economic measure: mean-variance, risk aversion 5, never beyond 100 % long or short, 10 basis points a
# unit of turnover (a taker fee of 5 and half a spread of 5 on a liquid perpetual).
RISK_AVERSION = 5.0
COST_PER_TURNOVER = 0.001
# Keeps the normal equations solvable when two predictors are nearly the same.
_RIDGE = 1e-9


@dataclass(frozen=True, slots=True)
class ForecastTest:
    """Clark-West test of the larger model against the nested benchmark; `gain_per_year` is NaN unless asked for."""

    clark_west: float
    p_value: float
    r2_out_of_sample: float
    gain_per_year: float
    n: int
    n_first_fit: int


def try_forecast(
    outcome: Array,
    benchmark: Array,
    predictors: Array,
    horizon: int,
    *,
    is_return: bool,
    bars_per_year: float,
) -> ForecastTest | None:
    """Recursive forecasts of the next `horizon` bars with and without `predictors`, or None when the record is short.

    `outcome` is one number a bar; `benchmark` and `predictors` (kinds, time) hold what is known at the bar. Returns
    are summed, other outcomes averaged. Each fit uses only outcomes already complete. The statistic is one-sided with
    Newey-West errors over the overlap (Clark and West 2007).
    """
    ahead = accumulate(outcome, horizon, "sum" if is_return else "mean")
    small = np.concatenate([np.ones((1, outcome.size)), benchmark])
    large = np.concatenate([small, predictors])
    is_row = np.isfinite(ahead) & np.isfinite(large).all(axis=0)
    positions = np.flatnonzero(is_row).astype(np.int64)
    first = max(MIN_FIRST_FIT, positions.size // 2)
    if positions.size < first + REFIT_BARS:
        return None
    target = ahead[positions]
    plain = _forecast(target, small[:, positions], positions, first, horizon)
    rich = _forecast(target, large[:, positions], positions, first, horizon)
    realised = target[first:]
    loss = (realised - plain) ** 2 - ((realised - rich) ** 2 - (plain - rich) ** 2)
    n = loss.size
    centred = loss - loss.mean()
    error = float(np.sqrt(long_run_sum(centred, max(newey_west_lags(n), horizon)))) / n
    statistic = float(loss.mean()) / error if error > 0 else 0.0
    gain = (
        _yearly_gain(outcome, positions, first, plain / horizon, rich / horizon, bars_per_year)
        if is_return
        else float("nan")
    )
    r2 = 1.0 - float(((realised - rich) ** 2).sum() / ((realised - plain) ** 2).sum())
    return ForecastTest(statistic, float(ndtr(-statistic)), r2, gain, n, first)


def _forecast(target: Array, design: Array, positions: Integers, first: int, horizon: int) -> Array:
    """Forecasts of target[first:], each from a fit on rows whose outcome was complete at the last refit."""
    out = np.empty(target.size - first)
    size = design.shape[0]
    gram, moment, used = np.zeros((size, size)), np.zeros(size), 0
    for start in range(first, target.size, REFIT_BARS):
        complete = int(np.searchsorted(positions, positions[start] - horizon, side="right"))
        rows = design[:, used:complete]
        gram, moment, used = gram + rows @ rows.T, moment + rows @ target[used:complete], complete
        weights = np.linalg.solve(gram + _RIDGE * np.diag(np.diag(gram)), moment)
        stop = min(start + REFIT_BARS, target.size)
        out[start - first : stop - first] = weights @ design[:, start:stop]
    return out


def _yearly_gain(
    returns: Array, positions: Integers, first: int, plain: Array, rich: Array, bars_per_year: float
) -> float:
    """Certainty-equivalent difference a year between trading on the two forecasts of the next bar's return."""
    variance = _trailing_variance(returns)
    chosen = positions[first:]
    following = np.append(returns, np.nan)[chosen + 1]
    is_row = np.isfinite(variance[chosen]) & np.isfinite(following) & (variance[chosen] > 0)
    equivalents = []
    for forecast in (plain, rich):
        weight = np.clip(forecast[is_row] / (RISK_AVERSION * variance[chosen][is_row]), -1.0, 1.0)
        turnover = np.abs(np.diff(weight, prepend=0.0))
        profit = weight * following[is_row] - COST_PER_TURNOVER * turnover
        equivalents.append(float(profit.mean() - 0.5 * RISK_AVERSION * profit.var()) * bars_per_year)
    return equivalents[1] - equivalents[0]


def _trailing_variance(returns: Array) -> Array:
    squares, present = np.nan_to_num(returns) ** 2, np.isfinite(returns).astype(np.float64)
    sums, counts = (np.concatenate([[0.0], np.cumsum(row)]) for row in (squares, present))
    out = np.full(returns.size, np.nan)
    if returns.size > REFIT_BARS:
        n = counts[REFIT_BARS:] - counts[:-REFIT_BARS]
        out[REFIT_BARS - 1 :] = (sums[REFIT_BARS:] - sums[:-REFIT_BARS]) / np.maximum(n, 1.0)
    return out
