"""Ranks along rows that have holes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Floats
from analysis.portable import power

TUKEY_SCALE, TUKEY_POWER = 4.91, 0.14  # Tukey's lambda approximation to the normal quantile


def average_ranks(values: Floats) -> Floats:
    """Rank of each value along the last axis, 1 = smallest, ties averaged. Shape as given, of values without NaN.

    That of scipy.stats, whose import takes half a second.
    """
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    places = np.arange(values.shape[-1])
    is_first, is_last = np.ones(values.shape, dtype=bool), np.ones(values.shape, dtype=bool)
    is_first[..., 1:] = is_last[..., :-1] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(is_first, places, 0), axis=-1)
    last = np.minimum.accumulate(np.where(is_last, places, places.size)[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=-1)
    return ranks


def row_ranks(values: Floats) -> Floats:
    """Rank of each present value in its row, 1 = smallest, ties averaged; NaN stays NaN. Shape as given."""
    is_present = np.isfinite(values)
    ranks = average_ranks(np.where(is_present, values, np.inf))
    return np.asarray(np.where(is_present, ranks, np.nan))


def signed_rank_z(ranks: Floats, rank_sum: float) -> float:
    """The sum of the ranks of positive values less its mean under symmetry, in its deviations; `ranks` [n > 0] of all.

    Σr/2 and Σr²/4 are N(N + 1)/4 and N(N + 1)(2N + 1)/24 without ties, and hold with mid-ranks too.
    """
    return float((rank_sum - ranks.sum() / 2) / np.sqrt(np.sum(ranks**2) / 4))


def normal_scores(ranks: Floats) -> Floats:
    """Approximate normal scores of the ranks of each row; NaN stays NaN. Shape as given."""
    p = ranks / (np.isfinite(ranks).sum(axis=1, keepdims=True) + 1)
    return np.asarray(TUKEY_SCALE * (power(p, TUKEY_POWER) - power(1.0 - p, TUKEY_POWER)))


def generalised_rank_scores(residuals: Floats, cumulated: Floats) -> tuple[Floats, Floats]:
    """U = rank/(T + 1) − 1/2 of the T − 1 standardised residuals [n, L1] and of the one cumulated bar [n] of each row.

    Source: Kolari & Pynnönen (2011). NaN in `residuals` stays NaN and does not count in T.
    """
    scale = np.isfinite(residuals).sum(axis=1) + 2
    below = (residuals < cumulated[:, None]).sum(axis=1)
    ties = (residuals == cumulated[:, None]).sum(axis=1)
    shift = (residuals > cumulated[:, None]) + 0.5 * (residuals == cumulated[:, None])
    residual_scores = (row_ranks(residuals) + shift) / scale[:, None] - 0.5
    return np.asarray(residual_scores), np.asarray((1 + below + ties / 2) / scale - 0.5)


def middle(values: Floats) -> float:
    """The median of `values` (n > 0,) without NaN, to the bit that of numpy, which looks for NaN and axes first."""
    below, above = (values.size - 1) // 2, values.size // 2
    ordered = np.partition(values, (below, above))
    return float((ordered[below] + ordered[above]) / 2.0)


def quantiles(values: Floats, levels: Sequence[float]) -> tuple[float, ...]:
    """Quantiles of finite `values` (n > 0,), linear between neighbours: numpy's bits without its checks."""
    ordered = np.sort(values)
    found = []
    for level in levels:
        place = (ordered.size - 1) * level
        low = int(place)
        share, below, above = place - low, float(ordered[low]), float(ordered[min(low + 1, ordered.size - 1)])
        step = above - below
        found.append(above - step * (1.0 - share) if share >= 0.5 else below + step * share)
    return tuple(found)


def rank_p(n_as_large: float, n: int, n_independent: int | None = None) -> float:
    """p of a value that `n_as_large` of `n` others reach: (1 + m·k/n) / (1 + m), m of the others being independent.

    Without `n_independent` all are: the exact rank p (1 + k) / (1 + n). Others that overlap lend no more resolution
    than 1/(1 + m). `n` is positive. Source: the randomisation test of Fisher (1935).
    """
    m = n if n_independent is None else n_independent
    return float((1.0 + m * n_as_large / n) / (1.0 + m))


def two_sided_rank_p(n_as_large: int, n: int) -> float:
    """Two-sided rank p of a value that `n_as_large` of `n` others reach or pass: twice the smaller side, at most 1."""
    return min(1.0, 2.0 * min(rank_p(n_as_large, n), rank_p(n - n_as_large, n)))
