"""Several factors, each cleared of those before it."""

from __future__ import annotations

import numpy as np

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, fit_least_squares, linear_fit
from analysis.engine.statistic import NotApplicable


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and one β per factor, factor k taken as its residual on factors 1 … k − 1 over the estimation bars.

    Abnormal returns and their variance are those of the plain multi-factor model; β₁ is that of the market model.
    """
    x = np.array(data.factors, dtype=np.float64)
    for k in range(1, x.shape[1]):
        solved = fit_least_squares(data.factors[data.estimation, k], data.factors[data.estimation, :k])
        if isinstance(solved, NotApplicable):
            return NotApplicable("collinear factors in the estimation window: betas are not identified")
        alpha, beta, *_ = solved
        x[:, k] = data.factors[:, k] - alpha - data.factors[:, :k] @ beta
    return linear_fit(data, data.returns[data.estimation], x[data.estimation], x[data.window])


MODEL = ExpectedReturnModel(
    model_id="multi_factor_orthogonal",
    title="multi-factor model (OLS), each factor orthogonal to those before it",
    equation="R = α + Σ β_k F⊥_k + e, F⊥_k the residual of F_k on F_1 … F_k−1 in the estimation window",
    reference="Campbell, Lo & MacKinlay (1997), section 4.3; Elton & Gruber, Modern Portfolio Theory",
    minimum_factors=1,
    maximum_factors=None,
    needs_donors=False,
    fit=fit,
)
