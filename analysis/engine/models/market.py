"""Market model by ordinary least squares."""

from __future__ import annotations

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, linear_fit
from analysis.engine.statistic import NotApplicable


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β of the asset on one benchmark; abnormal returns with their prediction-error variance."""
    x = data.factors[:, :1]
    return linear_fit(data, data.returns[data.estimation], x[data.estimation], x[data.window])


MODEL = ExpectedReturnModel(
    model_id="market",
    title="market model (OLS)",
    equation="R = α + β R_m + e, s² = RSS/(n − 2), var AR = s²(1 + 1/n + d²/Sxx)",
    reference="Campbell, Lo & MacKinlay (1997), section 4.3",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
