"""Constant-mean returns: the asset's own average is the expectation."""

from __future__ import annotations

import numpy as np

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, is_constant
from analysis.engine.statistic import NotApplicable


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """Return minus its estimation mean; s² with n − 1 and the error of the mean in the prediction variance."""
    y = data.returns[data.estimation]
    mean, sigma, length = float(y.mean()), float(y.std(ddof=1)), data.window.size
    if is_constant(y - mean, y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    return ModelFit(
        alpha=mean,
        beta=(),
        sigma=sigma,
        degrees_of_freedom=y.size - 1,
        residuals=y - mean,
        ar=data.returns[data.window] - mean,
        bar_variance=np.full(length, sigma**2),
        design=np.ones((length, 1)),
        gram=np.array([[1.0 / y.size]]),
    )


MODEL = ExpectedReturnModel(
    model_id="constant_mean",
    title="constant-mean returns",
    equation="AR = R − mean(R), s² with n − 1, var AR = s²(1 + 1/n)",
    reference="Brown & Warner (1980); Campbell, Lo & MacKinlay (1997), section 4.3",
    minimum_factors=0,
    maximum_factors=None,
    needs_donors=False,
    fit=fit,
)
