"""Correlation that changes from bar to bar: the DCC-GARCH model of two series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.portable import exp, log
from analysis.together.moving.intervals import Array

# Bars below which a GARCH and two correlation parameters are not told apart from noise.
MIN_BARS_DCC = 1000
# GARCH fits want returns of about one: log points x 100.
SCALE = 100.0


@dataclass(frozen=True, slots=True)
class DynamicCorrelation:
    """Correlation and beta of the token on the benchmark in force at each bar, given earlier bars only; NaN if absent.

    `shock_weight` and `memory` are a and b of Q(t) = (1 - a - b) S + a z z' + b Q(t - 1).
    """

    correlation: Array
    beta: Array
    shock_weight: float
    memory: float
    n: int


def fit_dcc(token: Array, benchmark: Array) -> DynamicCorrelation | None:
    """DCC(1,1) on GARCH(1,1) residuals with t errors, by two-step likelihood (Engle 2002), or None below MIN_BARS_DCC.

    Bars absent on one side are left out, so a gap counts as one bar. The parameters see the whole span; only the path
    given them is causal.
    """
    from scipy.optimize import minimize

    is_common = np.isfinite(token) & np.isfinite(benchmark)
    n = int(is_common.sum())
    if n < MIN_BARS_DCC:
        return None
    z_token, sigma_token = _standardise(token[is_common])
    z_benchmark, sigma_benchmark = _standardise(benchmark[is_common])
    z = np.stack([z_token, z_benchmark])

    def loss(parameters: Array) -> float:
        rho = _path(z, *_weights(parameters))
        inner = 1.0 - rho**2
        return float(
            (log(inner) + (z[0] ** 2 - 2.0 * rho * z[0] * z[1] + z[1] ** 2) / inner - (z**2).sum(axis=0)).sum()
        )

    found = minimize(loss, np.array([-3.0, 3.0]), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4})
    shock_weight, memory = _weights(found.x)
    rho = _path(z, shock_weight, memory)
    correlation, beta = np.full(token.size, np.nan), np.full(token.size, np.nan)
    correlation[is_common] = rho
    beta[is_common] = rho * sigma_token / sigma_benchmark
    return DynamicCorrelation(correlation, beta, shock_weight, memory, n)


def _standardise(returns: Array) -> tuple[Array, Array]:
    from arch import arch_model

    model = arch_model(SCALE * returns, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    fit = model.fit(disp="off", show_warning=False)
    sigma = np.asarray(fit.conditional_volatility, dtype=np.float64)
    z = np.asarray(fit.resid, dtype=np.float64) / sigma
    return z / z.std(), sigma


def _weights(parameters: Array) -> tuple[float, float]:
    """a and b from two free numbers: b is a share of what a leaves of 0.9999, so the recursion is stationary."""
    shock = 0.5 / (1.0 + exp(-parameters[0]))
    memory = (0.9999 - shock) / (1.0 + exp(-parameters[1]))
    return float(shock), float(memory)


def _path(z: Array, shock_weight: float, memory: float) -> Array:
    """Correlation before each bar, from the bars before it."""
    from scipy.signal import lfilter

    target = float(np.mean(z[0] * z[1]))
    parts = []
    for product, level in ((z[0] * z[1], target), (z[0] ** 2, 1.0), (z[1] ** 2, 1.0)):
        driven = (1.0 - shock_weight - memory) * level + shock_weight * np.concatenate([[level], product[:-1]])
        filtered, _ = lfilter([1.0], [1.0, -memory], driven, zi=np.array([memory * level]))
        parts.append(filtered)
    return np.asarray(np.clip(parts[0] / np.sqrt(parts[1] * parts[2]), -0.9999, 0.9999))
