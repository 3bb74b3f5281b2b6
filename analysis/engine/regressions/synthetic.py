"""Synthetic controls: weighted mixes of untreated assets that moved most like the treated one before the event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats

MINIMUM_DONORS = 2  # one donor is a benchmark, not a mix
MINIMUM_BEFORE_PER_DONOR = 5  # bars before the event per donor; fewer fit noise
_PERIOD_RIDGE = 1e-6  # of the donors' noise: settles which weights of periods stand, and moves none


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


@dataclass(frozen=True, slots=True)
class Mix:
    """What a mix says of the last period, and how far it lay off before; the units of the data."""

    effect: float
    error_before: float  # root mean square of the gap in the periods before
    weights: Floats  # of the donors


def mix_difference(treated: Floats, donors: Floats) -> Mix:
    """Synthetic difference-in-differences of `treated` (periods,) beside `donors` (periods, k), treated in the last.

    Weights of donors make their mix run parallel to the treated unit, weights of periods make the past like the last
    period, both non-negative with sum one; the ridge on donors is ζ² T with ζ the deviation of the donors' first
    differences, that on periods a millionth of it. Source: Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021),
    American Economic Review 111(12), algorithm 1, with one unit and one period treated.
    """
    before, last = donors[:-1], donors[-1]
    noise = _noise(before)
    weights = _simplex_least_squares(
        before - before.mean(axis=0), treated[:-1] - treated[:-1].mean(), noise * np.sqrt(before.shape[0])
    )
    across = before.T  # a row a donor, a column a period
    periods = _simplex_least_squares(
        across - across.mean(axis=0), last - last.mean(), _PERIOD_RIDGE * noise * np.sqrt(across.shape[0])
    )
    gap = treated - donors @ weights
    level = gap[:-1] - gap[:-1].mean()
    return Mix(float(gap[-1] - periods @ gap[:-1]), float(np.sqrt(np.mean(level**2))), weights)


def mix_augmented(treated: Floats, donors: Floats) -> Mix:
    """Synthetic control of `treated` (periods,) beside `donors` (periods, k) with the bias of its fit taken out.

    The weights of the mix are moved by a ridge regression of what they leave before the last period, so that they may
    be negative; the ridge is that of `mix_difference`. Source: Ben-Michael, Feller & Rothstein (2021), JASA 116(536),
    equation 8, without their cross-validation.
    """
    before = donors[:-1]
    weights = _simplex_least_squares(before, treated[:-1])
    ridge = _noise(before) ** 2 * before.shape[0]
    left = treated[:-1] - before @ weights
    weights = weights + np.linalg.solve(before.T @ before + ridge * np.eye(before.shape[1]), before.T @ left)
    gap = treated - donors @ weights
    return Mix(float(gap[-1]), float(np.sqrt(np.mean(gap[:-1] ** 2))), weights)


def _noise(before: Floats) -> float:
    """Standard deviation of the first differences of all donors before the treatment."""
    return float(np.diff(before, axis=0).std(ddof=1))


def _simplex_least_squares(design: Floats, target: Floats, ridge: float = 0.0) -> Floats:
    """min ‖design·w − target‖² + ridge²‖w‖² with w ≥ 0 and Σw = 1, the sum held by a heavy extra row."""
    from scipy.optimize import nnls

    n, k = design.shape
    heavy = 1e3 * float(np.linalg.norm(design))  # against the data rows; leaves the sum within 1e-6 of one
    stacked, wanted = np.zeros((n + 1 + k * bool(ridge), k)), np.zeros(n + 1 + k * bool(ridge))
    stacked[:n], stacked[n], wanted[:n], wanted[n] = design, heavy, target, heavy
    np.fill_diagonal(stacked[n + 1 :], ridge)
    weights, _ = nnls(stacked, wanted)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
