"""Market model by Huber's robust regression."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats
from analysis.engine.model_fit import (
    ExpectedReturnModel,
    ModelFit,
    ModelInput,
    centred_design,
    fit_with_beta,
    is_constant,
)
from analysis.engine.statistic import NotApplicable
from analysis.results.rank import middle

_BEND = 1.345  # deviations beyond which a bar counts linearly: 95 % efficient where errors are normal, Huber (1964)
_NORMAL_MEDIAN = 0.6744897501960817  # median size of a standard normal: of median sizes to deviations
_ITERATIONS, _STILL = 50, 1e-8  # of reweighting at most; change of Σ ρ that ends it


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β that a few wild bars cannot move; s² still counts those bars, because the event window may have them."""
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    if not np.ptp(x) > 0:
        return NotApplicable("constant benchmark in the estimation window: beta is not identified")
    if is_constant(y - y.mean(), y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    line = fit_huber_line(y, x)
    if line is None:
        return NotApplicable("robust regression did not converge: half of the bars lie on one line")
    return fit_with_beta(data, *line, *centred_design(x, data.factors[data.window, 0]))


def fit_huber_line(y: Floats, x: Floats) -> tuple[float, float] | None:
    """Intercept and slope of `y` (n,) on `x` (n,) by least squares reweighted until Σ ρ stands still.

    After fifty rounds the last line stands, as in the program it is held to (rarely, on few and wild bars: the last
    round then moved the slope by less than 2e-4). The scale is the median absolute residual over that of a standard
    normal; None where it vanishes.
    """
    alpha, beta = _weighted_line(y, x, np.ones(y.size))
    lost = np.inf
    for number in range(_ITERATIONS):
        residuals = y - alpha - beta * x
        scale = middle(np.abs(residuals)) / _NORMAL_MEDIAN
        if scale == 0.0:
            return None
        sizes = np.abs(residuals / scale)
        before, lost = lost, float(np.where(sizes <= _BEND, sizes**2 / 2.0, _BEND * (sizes - _BEND / 2.0)).sum())
        if number > 1 and abs(lost - before) <= _STILL:
            break
        alpha, beta = _weighted_line(y, x, np.minimum(1.0, _BEND / np.maximum(sizes, _BEND)))
    return alpha, beta


def _weighted_line(y: Floats, x: Floats, weights: Floats) -> tuple[float, float]:
    """Intercept and slope of least weighted squares."""
    total = float(weights.sum())
    x_mean, y_mean = float((weights * x).sum()) / total, float((weights * y).sum()) / total
    tilt = weights * (x - x_mean)
    beta = float((tilt * (y - y_mean)).sum()) / float((tilt * (x - x_mean)).sum())
    return y_mean - beta * x_mean, beta


MODEL = ExpectedReturnModel(
    model_id="huber",
    title="market model (Huber regression, c = 1.345)",
    equation="min Σ ρ((R − α − β R_m)/s); s² = RSS/(n − 2), prediction error as for least squares",
    reference="Huber (1964)",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
