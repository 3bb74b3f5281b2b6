"""Market model with the Scholes-Williams beta for thin trading."""

from __future__ import annotations

import numpy as np

from analysis.engine.kernel import fit_line
from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, centred_design, fit_with_beta
from analysis.engine.statistic import NotApplicable

MINIMUM_TRIPLES = 10  # bars with both neighbours below which lag and lead slopes are noise


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """β from the slopes on the previous, same and next benchmark return; neighbours lie in the estimation window."""
    inside = np.isin(data.estimation - 1, data.estimation) & np.isin(data.estimation + 1, data.estimation)
    middle = data.estimation[inside]
    if middle.size < MINIMUM_TRIPLES:
        return NotApplicable(f"{middle.size} bars with both neighbours; scholes_williams needs {MINIMUM_TRIPLES}")
    x, y = data.factors[:, 0], data.returns[middle]
    before, now, after = x[middle - 1], x[middle], x[middle + 1]
    if not all(np.ptp(part) > 0 for part in (before, now, after)):
        return NotApplicable("constant benchmark in the estimation window: beta is not identified")
    slopes = [float(fit_line(y, part).beta[0]) for part in (before, now, after)]
    autocorrelation = float(np.corrcoef(now, before)[0, 1])
    if abs(1.0 + 2.0 * autocorrelation) < 1e-6:
        return NotApplicable("benchmark autocorrelation of -1/2: the Scholes-Williams beta does not exist")
    beta = sum(slopes) / (1.0 + 2.0 * autocorrelation)
    alpha = float(y.mean() - beta * now.mean())
    return fit_with_beta(data, alpha, beta, *centred_design(x[data.estimation], x[data.window]))


MODEL = ExpectedReturnModel(
    model_id="scholes_williams",
    title="market model (Scholes-Williams beta)",
    equation="β = (β₋₁ + β₀ + β₊₁) / (1 + 2ρ_m); prediction error as for least squares",
    reference="Scholes & Williams (1977), Journal of Financial Economics 5",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
