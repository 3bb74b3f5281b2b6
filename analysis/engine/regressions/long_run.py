"""Long-run sums of serially correlated scores, and how many lags they take."""

from __future__ import annotations

import math

import numpy as np

from analysis.arrays import Floats


def newey_west_lags(n: int) -> int:
    """The usual truncation lag, floor(4 (n / 100)^(2/9)) (Newey and West 1994)."""
    return math.floor(4.0 * math.pow(max(n, 1) / 100.0, 2.0 / 9.0))


def long_run_sum(scores: Floats, n_lags: int) -> Floats:
    """Bartlett-weighted sum of autocovariances of `scores` (..., time), times the number of bars; absent scores are 0.

    Dividing by the number of bars gives the long-run variance (Newey and West 1987). Never negative.
    """
    total = np.einsum("...t,...t->...", scores, scores)
    for lag in range(1, min(n_lags, scores.shape[-1] - 1) + 1):
        weight = 1.0 - lag / (n_lags + 1.0)
        total = total + 2.0 * weight * np.einsum("...t,...t->...", scores[..., lag:], scores[..., :-lag])
    return np.asarray(np.maximum(total, 0.0))
