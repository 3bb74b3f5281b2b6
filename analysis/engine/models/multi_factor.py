"""Several factors by ordinary least squares."""

from __future__ import annotations

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, linear_fit
from analysis.engine.statistic import NotApplicable


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and one β per factor; abnormal returns with their prediction-error variance."""
    x = data.factors
    return linear_fit(data, data.returns[data.estimation], x[data.estimation], x[data.window])


MODEL = ExpectedReturnModel(
    model_id="multi_factor",
    title="multi-factor model (OLS)",
    equation="R = α + Σ β_k F_k + e, s² = RSS/(n − K − 1), var AR = s²(1 + f'(X'X)⁻¹f)",
    reference="Campbell, Lo & MacKinlay (1997), section 4.3",
    minimum_factors=1,
    maximum_factors=None,
    needs_donors=False,
    fit=fit,
)
