"""Seeded resampling weights, drawn once per sample size."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

from analysis.arrays import Floats
from analysis.engine.statistic import EQUAL_SHARE

# Resamples of every bootstrap and randomisation; the Monte-Carlo error of p = 0.05 is then 0.5 %.
N_RESAMPLES = 1999

# Draws kept: of a sample's events, and of its clusters. Those of thousands of events are 36 MB.
_KEPT = 2

# Up to here all 2^n sign patterns are enumerated.
EXACT_SIGNS = 12


@lru_cache(maxsize=_KEPT)
def sign_patterns(n: int, seed: int) -> Floats:
    """All 2^n sign patterns for n ≤ 12, else `N_RESAMPLES` random ones, [patterns, n]."""
    if n <= EXACT_SIGNS:
        return np.array(list(product((1.0, -1.0), repeat=n)))
    rng = np.random.default_rng([seed, n, 1])
    return np.asarray(rng.integers(0, 2, size=(N_RESAMPLES, n)) * 2.0 - 1.0)


@lru_cache(maxsize=_KEPT)
def bootstrap_counts(n: int, seed: int) -> Floats:
    """How often each of n items is drawn in each of `N_RESAMPLES` samples with replacement, [samples, n]."""
    rng = np.random.default_rng([seed, n, 2])
    return rng.multinomial(n, np.full(n, 1.0 / n), size=N_RESAMPLES).astype(np.float64)


def share_at_least(resampled: Floats, observed: float, *, is_exact: bool) -> float:
    """Share of |resampled| ≥ |observed|; with random draws the observed value counts as one more draw."""
    values = np.abs(resampled[np.isfinite(resampled)])
    # Rounding is that of the terms, not of their sum: an observed value near zero is a difference of large ones.
    slack = EQUAL_SHARE * max(float(values.max(initial=0.0)), abs(observed))
    n_as_large = int(np.sum(values >= abs(observed) - slack))
    return n_as_large / values.size if is_exact else (n_as_large + 1) / (values.size + 1)
