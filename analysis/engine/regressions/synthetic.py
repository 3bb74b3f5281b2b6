"""Synthetic control: the weighted mix of untreated assets that moved most like the treated one before the event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from analysis.arrays import Floats

MINIMUM_DONORS = 2  # one donor is a benchmark, not a mix
MINIMUM_BEFORE_PER_DONOR = 5  # bars before the event per donor; fewer fit noise


@dataclass(frozen=True, slots=True)
class SyntheticControl:
    """Weights, fit before the event and the gap after it; `weights` follows the order of the donors."""

    weights: Floats  # ≥ 0, sum 1
    root_mean_square_before: float  # per bar, log points
    r_squared_before: float
    expected: Floats  # mixed return of every bar, log points
    gap: Floats  # treated minus mix, log points
    effect: float  # gap summed over the bars after the event


def fit_synthetic_control(treated: Floats, donors: Floats, n_after: int) -> SyntheticControl | None:
    """Fit the mix on the bars before the event, or None with too few donors or bars.

    `treated` (n,) and `donors` (n, k) are aligned bar returns without gaps, log points; the last `n_after` bars are
    after the event. Weights minimise the squared gap of the bar *returns* (price levels of random walks fit each
    other by accident), non-negative and summing to one, without a constant. Assumes that the event does not touch the
    donors and that the mix would have gone on moving with the asset. Source: Abadie, Diamond & Hainmueller (2010),
    JASA 105(490).
    """
    n_before, k = treated.size - n_after, donors.shape[1]
    if k < MINIMUM_DONORS or n_before < MINIMUM_BEFORE_PER_DONOR * k:
        return None
    weights = _simplex_least_squares(donors[:n_before], treated[:n_before])
    expected = donors @ weights
    gap = treated - expected
    before = gap[:n_before]
    total = float(np.sum((treated[:n_before] - treated[:n_before].mean()) ** 2))
    r_squared = 1.0 - float(np.sum((before - before.mean()) ** 2)) / total if total > 0 else 0.0
    return SyntheticControl(
        weights, float(np.sqrt(np.mean(before**2))), r_squared, expected, gap, float(gap[n_before:].sum())
    )


def _simplex_least_squares(design: Floats, target: Floats) -> Floats:
    """min ‖design·w − target‖² with w ≥ 0 and Σw = 1, the sum held by a heavy extra row."""
    heavy = 1e3 * float(np.linalg.norm(design))  # against the data rows; leaves the sum within 1e-6 of one
    stacked = np.vstack([design, np.full((1, design.shape[1]), heavy)])
    weights, _ = nnls(stacked, np.append(target, heavy))
    return np.asarray(weights / weights.sum(), dtype=np.float64)
