"""Market model on the last bars of the estimation window only."""

from __future__ import annotations

from dataclasses import replace

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, linear_fit
from analysis.engine.statistic import NotApplicable

ROLLING_BARS = 60


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α, β and s² from the last 60 usable bars; residuals of all estimation bars against them."""
    x, last = data.factors[:, :1], data.estimation[-ROLLING_BARS:]
    found = linear_fit(data, data.returns[last], x[last], x[data.window])
    if isinstance(found, NotApplicable):
        return found
    residuals = data.returns[data.estimation] - found.alpha - x[data.estimation, 0] * found.beta[0]
    return replace(found, residuals=residuals)


MODEL = ExpectedReturnModel(
    model_id="rolling_beta",
    title="market model (OLS on the last 60 bars)",
    equation="α, β, s² from the last 60 usable bars of the estimation window",
    reference="Fama & MacBeth (1973) for rolling betas",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
