"""Market-adjusted returns: the benchmark itself is the expectation.

No parameter is estimated, so that there is no prediction error; R EventStudy adds 1/n to the variance all the same.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, is_constant
from analysis.engine.statistic import NotApplicable


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """Return minus benchmark; the variance is that of the same difference over the estimation window, n − 1."""
    difference = data.returns - data.factors[:, 0]
    residuals = difference[data.estimation]
    sigma = float(residuals.std(ddof=1))
    if is_constant(residuals - residuals.mean(), data.returns[data.estimation]):
        return NotApplicable("constant series in the estimation window: no residual variance")
    length = data.window.size
    return ModelFit(
        alpha=0.0,
        beta=(1.0,),
        sigma=sigma,
        degrees_of_freedom=residuals.size - 1,
        residuals=residuals,
        ar=difference[data.window],
        bar_variance=np.full(length, sigma**2),
        design=np.zeros((length, 1)),
        gram=np.zeros((1, 1)),
    )


MODEL = ExpectedReturnModel(
    model_id="market_adjusted",
    title="market-adjusted returns",
    equation="AR = R − R_m, s² of R − R_m around its mean with n − 1, no parameter error",
    reference="Brown & Warner (1980)",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
