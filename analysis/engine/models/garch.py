"""Market model whose residual variance follows GARCH(1,1)."""

from __future__ import annotations

import numpy as np
from arch import arch_model

from analysis.arrays import Floats
from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput
from analysis.engine.statistic import NotApplicable
from analysis.engine.volatility_fit import fit_with_variance


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β with GARCH(1,1) residuals; each bar of the window has its own forecast variance."""
    return fit_with_variance(data, "GARCH", 0, _forecast)


def _forecast(residuals: Floats, parameters: Floats, horizon: int) -> Floats:
    """Variance of each of the next `horizon` bars, from the end of the estimation window."""
    model = arch_model(residuals, mean="Zero", vol="GARCH", p=1, o=0, q=1).fix(parameters)
    return np.asarray(model.forecast(horizon=horizon).variance.to_numpy()[-1], dtype=np.float64)


MODEL = ExpectedReturnModel(
    model_id="garch",
    title="market model with GARCH(1,1) residuals",
    equation="h_t = ω + a e²_t−1 + b h_t−1; var AR = ĥ_t + s²(1/n + d²/Sxx)",
    reference="Bollerslev (1986), J. of Econometrics 31; event studies: Savickas (2003), J. of Financial Research 26",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
