"""State-space counterfactual: where the price would have gone had it kept its level and its tie to the benchmark."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.arrays import Floats

MINIMUM_BEFORE = 100  # bars; two variances and a slope from fewer are guesses
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
    or the likelihood did not converge. Null: the price follows the forecast; the interval holds level and observation
    noise, not the uncertainty of the estimated variances. Assumes normal shocks and that the event leaves the
    benchmark alone. Source: Harvey (1989); use for one intervention: Brodersen et al. (2015), Annals of Applied
    Statistics 9(1).
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # seconds to import: only when asked for

    n_before = asset_price.size - n_after
    if n_before < MINIMUM_BEFORE:
        return None
    origin, scale = asset_price[n_before - 1], 100.0  # percent: the optimiser stalls on variances of 1e-5
    y, x = (asset_price - origin) * scale, (benchmark_price - benchmark_price[n_before - 1]) * scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence is read from the result below
        model = UnobservedComponents(y[:n_before], level="local level", exog=x[:n_before, None], mle_regression=True)
        fit = model.fit(disp=False, method="lbfgs", maxiter=200)
    if not fit.mle_retvals["converged"] or not np.isfinite(fit.params).all():
        return None
    forecast = fit.get_forecast(n_after, exog=x[n_before:, None])
    mean, error = np.asarray(forecast.predicted_mean) / scale, np.asarray(forecast.se_mean) / scale
    residuals = np.asarray(fit.resid)[10:] / scale  # the diffuse start says nothing about fit
    effect = float(asset_price[-1] - origin - mean[-1])
    return StateSpaceCounterfactual(
        mean,
        mean - NORMAL_95 * error,
        mean + NORMAL_95 * error,
        effect,
        float(error[-1]),
        float(2.0 * ndtr(-abs(effect) / error[-1])),
        float(fit.params[list(fit.model.param_names).index("beta.x1")]),
        float(residuals.std(ddof=1)),
        n_before,
    )
