"""Market model with a variance process for its residuals, fitted by maximum likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np
from arch import arch_model
from arch.utility.exceptions import ConvergenceWarning

from analysis.model_fit import Floats, ModelFit, ModelInput, centred_design, is_constant
from analysis.statistic import NotApplicable

MINIMUM_BARS = 100  # below which a variance process cannot be told from noise

# Variance of each of the next `horizon` bars, from residuals and the parameters of their variance process.
Forecast = Callable[[Floats, Floats, int], Floats]


def fit_with_variance(
    data: ModelInput, process: Literal["GARCH", "EGARCH"], n_asymmetric: int, forecast_variance: Forecast
) -> ModelFit | NotApplicable:
    """α and β with residuals whose variance follows `process` (arch's name) with one lag and `n_asymmetric` terms.

    Each bar of the window has its own forecast variance. Too few bars, a constant series or benchmark, or a fit that
    does not converge is NotApplicable with the reason.
    """
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    if y.size < MINIMUM_BARS:
        return NotApplicable(f"{y.size} estimation bars; {process.lower()} needs at least {MINIMUM_BARS}")
    if not np.ptp(x) > 0:
        return NotApplicable("constant benchmark in the estimation window: beta is not identified")
    if is_constant(y - y.mean(), y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    scale = float(y.std())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the flag below says the same
        model = arch_model(y / scale, x=x[:, None] / scale, mean="LS", vol=process, p=1, o=n_asymmetric, q=1)
        found = model.fit(disp="off", show_warning=False)
    if found.convergence_flag != 0:
        return NotApplicable(f"{process.lower()} did not converge on the estimation window")
    alpha, beta = float(found.params.iloc[0]) * scale, float(found.params.iloc[1])
    residuals = y - alpha - beta * x
    horizon = int(data.window[-1] - data.estimation[-1])
    forecast = forecast_variance(residuals / scale, np.asarray(found.params.iloc[2:]), max(horizon, 1)) * scale**2
    variance = float(np.mean(np.asarray(found.conditional_volatility) ** 2)) * scale**2
    ahead = np.clip(data.window - data.estimation[-1] - 1, 0, forecast.size - 1)
    design, gram = centred_design(x, data.factors[data.window, 0])
    return ModelFit(
        alpha=alpha,
        beta=(beta,),
        sigma=float(np.sqrt(variance)),
        degrees_of_freedom=y.size - 2,
        residuals=residuals,
        ar=data.returns[data.window] - alpha - beta * data.factors[data.window, 0],
        bar_variance=forecast[ahead],
        design=design,
        gram=gram,
    )
