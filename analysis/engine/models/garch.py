"""Market model whose residual variance follows GARCH(1,1)."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats
from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput
from analysis.engine.statistic import NotApplicable
from analysis.engine.volatility_fit import VarianceProcess, fit_with_variance
from analysis.portable import exp, powers


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β with GARCH(1,1) residuals; each bar of the window has its own forecast variance."""
    return fit_with_variance(data, GARCH_PROCESS)


def _persistence(searched: Floats) -> float:
    """a + b."""
    return 1.0 / (1.0 + exp(-float(searched[1])))


def _forecast(searched: Floats, following: float, horizon: int) -> Floats:
    """Variance of each of the next `horizon` bars, of which the first is `following`."""
    persistence = _persistence(searched)
    decay = powers(persistence, np.arange(horizon, dtype=np.float64))
    added = np.concatenate([[0.0], np.cumsum(decay)[:-1]])
    return following * decay + exp(float(searched[0])) * added


# Long memory of small shocks, as hourly returns have it; longer still; and short memory of large ones.
GARCH_PROCESS = VarianceProcess(
    "garch",
    False,
    ((-3.0, 3.0, -2.2), (-4.0, 4.0, -3.0), (-1.6, 1.4, -0.8), (-4.5, 4.5, -2.0), (-3.5, 3.5, -3.5)),
    _persistence,
    _forecast,
)

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
