"""Market model with a variance process for its residuals, fitted by maximum likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np
from arch import arch_model
from arch.univariate import Normal
from arch.utility.exceptions import ConvergenceWarning

from analysis.arrays import Floats
from analysis.engine.model_fit import LeastSquares, ModelFit, ModelInput, centred_design, fit_least_squares
from analysis.engine.statistic import NotApplicable
from analysis.portable import log
from warehouse.tables.units import count, number, plain

_LOG_TWO_PI = log(2.0 * np.pi)
_MINIMUM_BARS = 100  # below which a variance process cannot be told from noise

# Screens of a fit that the optimiser calls converged. Likelihoods of variance processes, EGARCH's above all, have
# spurious maxima where deviations vanish or explode. The limits are wide on purpose.
LARGEST_PERSISTENCE = 1.0 + 1e-6  # 1 is an integrated process, where fits often end; its next bars have a variance
LARGEST_SIGMA_RATIO = 2.0  # in-sample deviation of the process over that of least squares, either way
LARGEST_BETA_SHIFT = 10.0  # of β from least squares, in its standard errors
SMALLEST_FORECAST = 0.1  # a forecast deviation over the median absolute residual; the largest residual is the top

# Variance of each of the next `horizon` bars, from residuals and the parameters of their variance process.
Forecast = Callable[[Floats, Floats, int], Floats]


class _PortableNormal(Normal):
    """The normal likelihood by the portable logarithm: an optimiser magnifies its last digit to 1e-5."""

    def loglikelihood(  # type: ignore[override]  # the parent takes sequences too, which no fit passes
        self, parameters: Floats, resids: Floats, sigma2: Floats, individual: bool = False
    ) -> float | Floats:
        each = -0.5 * (_LOG_TWO_PI + log(np.asarray(sigma2)) + resids * resids / sigma2)
        return each if individual else float(each.sum())


def fit_with_variance(
    data: ModelInput, process: Literal["GARCH", "EGARCH"], n_asymmetric: int, forecast_variance: Forecast
) -> ModelFit | NotApplicable:
    """α and β with residuals whose variance follows `process` (arch's name) with one lag and `n_asymmetric` terms.

    Each bar of the window has its own forecast variance. Too few bars, a constant series or benchmark, a fit that does
    not converge, and one that converges on something no variance can be, is NotApplicable with the reason.
    """
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    if y.size < _MINIMUM_BARS:
        return NotApplicable(f"{y.size} estimation bars; {process.lower()} needs at least {_MINIMUM_BARS}")
    simple = fit_least_squares(y, x[:, None])
    if isinstance(simple, NotApplicable):
        return simple
    scale = float(y.std())
    horizon = max(int(data.window[-1] - data.estimation[-1]), 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the flag below says the same
        warnings.simplefilter("ignore", RuntimeWarning)  # an overflow fails the screens below
        model = arch_model(y / scale, x=x[:, None] / scale, mean="LS", vol=process, p=1, o=n_asymmetric, q=1)
        model.distribution = _PortableNormal()
        found = model.fit(disp="off", show_warning=False)
        parameters = np.asarray(found.params, dtype=np.float64)
        if found.convergence_flag != 0 or not np.isfinite(parameters).all():
            return NotApplicable(f"{process.lower()} did not converge on the estimation window")
        alpha, beta = float(parameters[0]) * scale, float(parameters[1])
        residuals = y - alpha - beta * x
        forecast = forecast_variance(residuals / scale, parameters[2:], horizon) * scale**2
    variance = float(np.mean(np.asarray(found.conditional_volatility) ** 2)) * scale**2
    persistence = abs(parameters[-1]) if process == "EGARCH" else float(parameters[3:].sum())
    problem = find_implausibility(simple, beta, persistence, variance, forecast, residuals)
    if problem:
        return NotApplicable(f"{process.lower()} is implausible on the estimation window: {problem}")
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


def find_implausibility(
    simple: LeastSquares, beta: float, persistence: float, variance: float, forecast: Floats, residuals: Floats
) -> str | None:
    """What no variance process of these residuals can have, in words; None when the fit may stand."""
    _, slopes, _, rss, inverse = simple
    simple_variance = rss / (residuals.size - 2)
    if not (np.isfinite(variance) and np.isfinite(forecast).all()):
        return "variance without bound"
    if persistence > LARGEST_PERSISTENCE:
        return f"explosive variance, persistence {number(persistence, 4)}"
    ratio = float(np.sqrt(variance / simple_variance))
    if not 1.0 / LARGEST_SIGMA_RATIO <= ratio <= LARGEST_SIGMA_RATIO:
        return f"deviation {plain(ratio, 3)} times that of least squares"
    shift = abs(beta - float(slopes[0])) / float(np.sqrt(simple_variance * inverse[0, 0]))
    if shift > LARGEST_BETA_SHIFT:
        return f"beta {count(shift)} standard errors from least squares"
    sizes, deviations = np.abs(residuals), np.sqrt(forecast)
    if deviations.max() > sizes.max():
        return f"forecast deviation {plain(deviations.max(), 3)} above the largest residual {plain(sizes.max(), 3)}"
    median = float(np.median(sizes))
    if deviations.min() < SMALLEST_FORECAST * median:
        return f"forecast deviation {plain(deviations.min(), 3)} far below the median residual {plain(median, 3)}"
    return None
