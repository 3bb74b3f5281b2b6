"""Market model by Huber's robust regression."""

from __future__ import annotations

import warnings

import numpy as np
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from analysis.engine.model_fit import (
    ExpectedReturnModel,
    ModelFit,
    ModelInput,
    centred_design,
    fit_with_beta,
    is_constant,
)
from analysis.engine.statistic import NotApplicable


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β that a few wild bars cannot move; s² still counts those bars, because the event window may have them."""
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    if not np.ptp(x) > 0:
        return NotApplicable("constant benchmark in the estimation window: beta is not identified")
    if is_constant(y - y.mean(), y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            found = sm.RLM(y, np.column_stack([np.ones(x.size), x]), M=sm.robust.norms.HuberT()).fit()
        except (ConvergenceWarning, ZeroDivisionError) as exc:
            return NotApplicable(f"robust regression did not converge: {exc}")
    alpha, beta = (float(value) for value in found.params)
    return fit_with_beta(data, alpha, beta, *centred_design(x, data.factors[data.window, 0]))


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
