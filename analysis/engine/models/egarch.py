"""Market model whose residual variance follows EGARCH(1,1)."""

from __future__ import annotations

import numpy as np
from arch import arch_model

from analysis.arrays import Floats
from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput
from analysis.engine.statistic import NotApplicable
from analysis.engine.volatility_fit import fit_with_variance

SEED, PATHS = 20260612, 2_000  # variance beyond one bar has no closed form: simulated, reproducibly


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β with EGARCH(1,1) residuals; each bar of the window has its own forecast variance."""
    return fit_with_variance(data, "EGARCH", 1, _forecast)


def _forecast(residuals: Floats, parameters: Floats, horizon: int) -> Floats:
    """Variance of each of the next `horizon` bars, from the end of the estimation window."""
    model = arch_model(residuals, mean="Zero", vol="EGARCH", p=1, o=1, q=1).fix(parameters)
    if horizon == 1:
        return np.asarray(model.forecast(horizon=1).variance.to_numpy()[-1], dtype=np.float64)
    draw = np.random.default_rng(SEED).standard_normal
    simulated = model.forecast(horizon=horizon, method="simulation", simulations=PATHS, rng=draw)
    return np.asarray(simulated.variance.to_numpy()[-1], dtype=np.float64)


MODEL = ExpectedReturnModel(
    model_id="egarch",
    title="market model with EGARCH(1,1) residuals",
    equation="log h_t = ω + a(|z_t−1| − E|z|) + g z_t−1 + b log h_t−1; var AR = ĥ_t + s²(1/n + d²/Sxx)",
    reference="Nelson (1991)",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
