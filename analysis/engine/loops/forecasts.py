"""Forecasts of many windows by their market models, and the paths that many windows take, compiled."""

from __future__ import annotations

import math

import numba
import numpy as np

from analysis.arrays import Floats, Integers


@numba.njit(cache=True, nogil=True, error_model="numpy")
def forecast_windows(moves: Floats, models: Floats, counts: Integers, n_bars: int, has_drift: bool) -> Floats:
    """Abnormal return of each window and its prediction error, (2, N).

    `moves` (2, N) are the summed returns of asset and benchmark over `n_bars`, `models` (5, N) α, β, the residual
    variance, the benchmark's mean and one over its Sxx, `counts` (N,) the estimation bars. Without `has_drift` the
    constant is left out.
    """
    found = np.empty(moves.shape)
    alpha, beta, variance, mean, weight = models
    for i in range(moves.shape[1]):
        asset, benchmark = moves[0, i], moves[1, i]
        if has_drift:
            distance = benchmark - n_bars * mean[i]
            found[0, i] = asset - alpha[i] * n_bars - beta[i] * benchmark
            spread = n_bars + n_bars * n_bars / counts[i] + distance * distance * weight[i]
        else:
            found[0, i] = asset - beta[i] * benchmark
            spread = n_bars + benchmark * benchmark * weight[i]
        found[1, i] = math.sqrt(variance[i] * spread)
    return found


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sum_paths(
    asset: Floats, benchmark: Floats, starts: Integers, betas: Floats, times: Floats, end: int, n_bars: int
) -> Floats:
    """Summed abnormal returns of the first 1, 2, … bars from each start, times that start's factor, (n_bars, starts).

    NaN from the first missing bar on, and in windows that reach beyond bar `end`.
    """
    found = np.full((n_bars, starts.size), np.nan)
    for i in range(starts.size):
        total = 0.0
        for h in range(min(n_bars, end - starts[i])):
            bar = starts[i] + h
            total += asset[bar] - betas[i] * benchmark[bar]
            if not np.isfinite(total):
                break
            found[h, i] = total * times[i]
    return found
