"""Linear, rank and distance dependence of two series, with block-jackknife intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.engine.loops.merge_sums import sums_below
from analysis.engine.tails import student_half
from analysis.portable import arctanh, tanh
from analysis.together.moving.intervals import MIN_BARS, Array

# Contiguous groups left out one at a time (Künsch 1989); each should be longer than the memory of the series.
N_GROUPS = 20

_Measure = Callable[[Array, Array, Sequence[slice]], Array]  # of all bars, and of all but each of the groups


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval; the ends are NaN when the jackknife has no spread to go by."""

    estimate: float
    lower: float
    upper: float


def measure_kendall(x: Array, y: Array) -> float:
    """Kendall's tau-b."""
    from scipy.stats import kendalltau

    return float(kendalltau(x, y).statistic)


def measure_distance(x: Array, y: Array) -> float:
    """Bias-corrected distance correlation, signed root of its square: 0 means independence, of any shape.

    Szekely and Rizzo (2014), computed in n log n as by Chaudhuri and Hu (2019). Small negative values are noise.
    """
    a, b = _distance_sums(x), _distance_sums(y)
    squared = _distance_covariance(x, y, a, b) / np.sqrt(
        _distance_covariance(x, x, a, a) * _distance_covariance(y, y, b, b)
    )
    return float(np.sign(squared) * np.sqrt(abs(squared)))


def _spearman_without(x: Array, y: Array, groups: Sequence[slice]) -> Array:
    """Spearman's correlation of all bars, and of all but each of the groups."""
    ranks = zip(_ranks_without(x, groups), _ranks_without(y, groups), strict=True)
    return np.array([np.corrcoef(*pair)[0, 1] for pair in ranks])


def _ranks_without(values: Array, groups: Sequence[slice]) -> Iterator[Array]:
    """Average ranks of all values, and among those outside each of the groups; values are put in order once."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    for group in (slice(0), *groups):
        left = counts - np.bincount(place[group], minlength=counts.size)
        yield (np.cumsum(left) - (left - 1) / 2.0)[np.delete(place, group)]


def _leave_out(measure: Callable[[Array, Array], float]) -> _Measure:
    def without(x: Array, y: Array, groups: Sequence[slice]) -> Array:
        parts = (measure(np.delete(x, group), np.delete(y, group)) for group in groups)
        return np.array([measure(x, y), *parts])

    return without


DEPENDENCE_MEASURES: dict[str, _Measure] = {
    "spearman": _spearman_without,
    "kendall": _leave_out(measure_kendall),
    "distance": _leave_out(measure_distance),
}


def measure_with_interval(x: Array, y: Array, measure: _Measure) -> Interval:
    """`measure` of the common bars with an interval by Fisher's z and a delete-group jackknife over time.

    Groups are contiguous, so autocorrelation inside a group widens the interval as it should. NaN estimate with fewer
    than MIN_BARS common bars or a constant series.
    """
    is_common = np.isfinite(x) & np.isfinite(y)
    a, b = x[is_common], y[is_common]
    nothing = float("nan")
    if a.size < MIN_BARS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Interval(nothing, nothing, nothing)
    n_groups = min(N_GROUPS, a.size // 4)
    borders = np.linspace(0, a.size, n_groups + 1).astype(int)
    found = measure(a, b, [slice(start, stop) for start, stop in pairwise(borders)])
    estimate, parts = float(found[0]), found[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        z, z_parts = arctanh(np.clip(estimate, -1, 1)), arctanh(np.clip(parts, -1, 1))
    if not np.isfinite(z) or not np.isfinite(z_parts).all():
        return Interval(estimate, nothing, nothing)
    error = float(np.sqrt((n_groups - 1) / n_groups * ((z_parts - z_parts.mean()) ** 2).sum()))
    half = student_half(error, n_groups - 1)
    return Interval(estimate, float(tanh(z - half)), float(tanh(z + half)))


def _distance_covariance(x: Array, y: Array, a: Array, b: Array) -> float:
    """Unbiased squared distance covariance, of series and their distance sums (Szekely and Rizzo 2014, eq. 3.1)."""
    n = x.size
    products = _product_sum(x, y)
    return float(
        products / (n * (n - 3))
        - 2.0 * float(a @ b) / (n * (n - 2) * (n - 3))
        + float(a.sum()) * float(b.sum()) / (n * (n - 1) * (n - 2) * (n - 3))
    )


def _distance_sums(x: Array) -> Array:
    """Sum of |x_i - x_j| over j, for each i."""
    order = np.argsort(x, kind="stable")
    ordered = x[order]
    before = np.concatenate([[0.0], np.cumsum(ordered)[:-1]])
    rank = np.arange(x.size)
    sums = ordered * rank - before + (ordered.sum() - before - ordered) - ordered * (x.size - 1 - rank)
    out = np.empty(x.size)
    out[order] = sums
    return out


def _product_sum(x: Array, y: Array) -> float:
    """Sum of |x_i - x_j| |y_i - y_j| over all ordered pairs; of squares when both are the same series."""
    if x is y:
        centred = x - x.mean()
        return float(2.0 * x.size * (centred @ centred))
    order = np.argsort(x, kind="stable")
    x, y = x[order] - x.mean(), y[order] - y.mean()
    terms = np.stack([np.ones_like(x), x, y, x * y])
    below = sums_below(y, terms)
    earlier = np.cumsum(terms, axis=1) - terms

    def contribution(sums: Array) -> float:
        count, s_x, s_y, s_xy = sums
        return float((x * y * count - x * s_y - y * s_x + s_xy).sum())

    return 2.0 * (2.0 * contribution(below) - contribution(earlier))
