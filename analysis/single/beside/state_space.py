"""State-space counterfactual: where the price would have gone had it kept its level and its tie to the benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.arrays import Floats
from analysis.engine.loops.local_level import fit_local_level

MINIMUM_BEFORE = 100  # bars; two variances and a slope from fewer are guesses
_UNSETTLED = 10  # bars after which the start, of which nothing is known, says nothing about fit
NORMAL_95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal


@dataclass(frozen=True, slots=True)
class StateSpaceCounterfactual:
    """Forecast log price after the event with its interval, and the fit before it."""

    expected: Floats  # log price relative to the last bar before the event, one per bar after it
    lower_95: Floats
    upper_95: Floats
    effect: float  # log points at the last bar
    standard_error: float
    p_value: float  # two-sided, normal
    beta: float
    one_step_error: float  # standard deviation of one-step forecasts before the event, log points
    n_before: int


def forecast_counterfactual(
    asset_price: Floats, benchmark_price: Floats, n_after: int
) -> StateSpaceCounterfactual | None:
    """Local level plus regression on the benchmark's log price, fitted before the event and forecast through it.

    Both are (n,) log prices without gaps, the last `n_after` after the event. None when the bars before are too few
    or follow the benchmark without an error. Null: the price follows the forecast; the interval holds level and
    observation noise, not the uncertainty of the estimated variances. Assumes normal shocks and that the event leaves
    the benchmark alone. Source: Harvey (1989); use for one intervention: Brodersen et al. (2015), Annals of Applied
    Statistics 9(1).
    """
    n_before = asset_price.size - n_after
    if n_before < MINIMUM_BEFORE:
        return None
    origin = asset_price[n_before - 1]
    y, x = asset_price - origin, benchmark_price - benchmark_price[n_before - 1]
    fit = fit_local_level(y[:n_before], x[:n_before])
    if fit is None:
        return None
    ahead = np.arange(1, n_after + 1)
    mean = fit.level + fit.beta * x[n_before:]
    error = np.sqrt(fit.level_variance + ahead * fit.step_variance + fit.noise_variance)
    residuals = fit.errors[_UNSETTLED:]
    effect = float(asset_price[-1] - origin - mean[-1])
    return StateSpaceCounterfactual(
        mean,
        mean - NORMAL_95 * error,
        mean + NORMAL_95 * error,
        effect,
        float(error[-1]),
        float(2.0 * ndtr(-abs(effect) / error[-1])),
        fit.beta,
        float(residuals.std(ddof=1)),
        n_before,
    )
