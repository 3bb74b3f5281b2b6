"""Market model whose residual variance follows EGARCH(1,1)."""

from __future__ import annotations

import math
from functools import lru_cache

import numba
import numpy as np

from analysis.arrays import Floats
from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput
from analysis.engine.statistic import NotApplicable
from analysis.engine.volatility_fit import VarianceProcess, fit_with_variance
from analysis.portable import log, tanh

SEED, PATHS = 20260612, 2_000  # variance beyond one bar has no closed form: simulated, reproducibly
_USUAL_SHOCK = float(np.sqrt(2.0 / np.pi))  # size of a standard normal one


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β with EGARCH(1,1) residuals; each bar of the window has its own forecast variance."""
    return fit_with_variance(data, EGARCH_PROCESS)


def _persistence(searched: Floats) -> float:
    """b."""
    return abs(tanh(float(searched[3])))


def _forecast(searched: Floats, following: float, horizon: int) -> Floats:
    """Variance of each of the next `horizon` bars, of which the first is `following`: means over simulated paths."""
    shocks = _draw_shocks(horizon - 1)
    return np.array([following, *_mean_variances(searched[:3], tanh(float(searched[3])), log(following), shocks)])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _mean_variances(searched: Floats, memory: float, level: float, shocks: Floats) -> Floats:
    """The mean variance after each row of `shocks` (bars, paths), of paths that begin at the log variance `level`."""
    levels, means = np.full(shocks.shape[1], level), np.zeros(shocks.shape[0])
    for bar in range(shocks.shape[0]):
        for path in range(shocks.shape[1]):
            shock = shocks[bar, path]
            drive = searched[1] * (abs(shock) - _USUAL_SHOCK) + searched[2] * shock
            levels[path] = searched[0] + drive + memory * levels[path]
            means[bar] += math.exp(levels[path])
        means[bar] /= shocks.shape[1]
    return means


@lru_cache(maxsize=8)
def _draw_shocks(n_bars: int) -> Floats:
    rng = np.random.default_rng(SEED)
    return rng.standard_normal((n_bars, PATHS))


# Long memory of small shocks, as hourly returns have it; longer still; and short memory of large ones.
EGARCH_PROCESS = VarianceProcess(
    "egarch",
    True,
    (
        (0.0, 0.1, 0.0, 1.83),
        (0.0, 0.15, 0.0, 2.0),
        (0.0, 0.2, 0.0, 1.1),
        (0.0, 0.3, -0.1, 0.55),
        (0.0, 0.2, 0.1, 1.5),
        (0.0, 0.2, -0.1, 1.5),
    ),
    _persistence,
    _forecast,
)

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
