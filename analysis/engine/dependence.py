"""How much events depend on one another through the calendar they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.threads import one_blas_thread

# Fewer common bars than this say nothing about a correlation.
MINIMUM_COMMON_BARS = 20

# Events per block of pairs: small blocks skip most pairs that share no bar, and keep the dense arrays small.
BLOCK_EVENTS = 32

# Two return series this close are the same series, seen from two events of one asset.
SAME_SERIES = 1.0 - 1e-9

# Sums over common bars that differ by less than this share of a sum of absolute values are equal up to rounding.
EQUAL_SUMS = 1e-9


@dataclass(frozen=True, slots=True)
class PairCorrelations:
    """Correlation per pair of events; NaN where a pair does not count, [N, N]."""

    matrix: Floats

    def mean(self, members: Integers) -> tuple[float | None, int]:
        """Mean over the pairs among `members` and their number; None where no pair counts."""
        part = self.matrix[np.ix_(members, members)]
        upper = part[np.triu_indices(members.size, 1)]
        known = upper[np.isfinite(upper)]
        return (float(known.mean()) if known.size else None), int(known.size)

    def overlap_mean(self, members: Integers, first: Integers, last: Integers) -> float | None:
        """Mean over all pairs among `members` of correlation × share of the (longer) window in common.

        Windows [first, last] that do not overlap in calendar time contribute zero: their abnormal returns have nothing
        in common. `first` and `last` are those of all events. A pair of overlapping windows whose correlation is not
        known counts with the mean of the known ones; None where windows overlap and none is known. Source: Kolari,
        Pape & Pynnönen (2018), a working paper.
        """
        share = _shares(first[members], last[members])[np.triu_indices(members.size, 1)]
        known = self.matrix[np.ix_(members, members)][np.triu_indices(members.size, 1)]
        overlapping = known[(share > 0) & np.isfinite(known)]
        if not (share > 0).any():
            return 0.0
        if not overlapping.size:
            return None
        return float(np.mean(np.where(np.isfinite(known), known, overlapping.mean()) * share))

    def overlap_means(self, sets: Flags, first: Integers, last: Integers) -> list[float | None]:
        """`overlap_mean` of many sets of members [S, N] at once, None where it has none."""
        share = _shares(first, last)
        np.fill_diagonal(share, 0.0)
        is_known = np.isfinite(self.matrix)
        known = np.where(is_known, self.matrix, 0.0)
        inside = sets.astype(np.float64)

        def totals(pairs: Floats) -> Floats:
            """Sum over the pairs inside each set."""
            return np.asarray(((inside @ pairs) * inside).sum(axis=1) / 2.0)

        overlaps = is_known & (share > 0)
        counts, sums = totals(overlaps.astype(np.float64)), totals(np.where(overlaps, known, 0.0))
        common, of_known = totals(share), totals(known * share)
        of_unknown = totals(np.where(is_known, 0.0, share)) * sums / np.maximum(counts, 1.0)
        sizes = inside.sum(axis=1)
        means = (of_known + of_unknown) / np.maximum(sizes * (sizes - 1.0) / 2.0, 1.0)
        return [
            0.0 if shared <= 0 else None if count < 1 else float(mean)
            for shared, count, mean in zip(common, counts, means, strict=True)
        ]


def _shares(first: Integers, last: Integers) -> Floats:
    """Share of the longer of two windows that they have in common, [N, N]."""
    common = np.minimum(last[:, None], last[None, :]) - np.maximum(first[:, None], first[None, :]) + 1
    length = last - first + 1
    return np.asarray(np.clip(common / np.maximum(length[:, None], length[None, :]), 0.0, 1.0))


def overlap_clusters(first: Integers, last: Integers) -> Integers:
    """Number of the cluster of each event: windows [first, last] that overlap in calendar time, also in a chain."""
    order = np.lexsort((last, first))
    clusters = np.empty(first.size, dtype=np.int64)
    reach, number = -1, -1
    for event in order:
        if first[event] > reach or number < 0:
            number += 1
        clusters[event] = number
        reach = max(reach, int(last[event]))
    return clusters


@one_blas_thread()
def pair_correlations(values: Floats, bars: Integers, first: Integers, last: Integers, raw: Floats) -> PairCorrelations:
    """Correlation of `values` [N, L1] over the calendar bars [N, L1] that two events share, for every pair.

    A pair counts with at least 20 common bars that are present in both. Two events whose `raw` series [N, L1] are
    identical on the common bars (the same asset twice) count as uncorrelated when their event windows [first, last] are
    apart in calendar time: the correlation near 1 is one of shared estimation bars, not of what is tested. NaN in
    `values` marks a missing or masked bar. Source: Kolari & Pynnönen (2010), with pairs aligned by calendar time.
    """
    n = values.shape[0]
    matrix = np.full((n, n), np.nan)
    order = np.argsort(bars[:, 0], kind="stable")
    blocks = [order[start : start + BLOCK_EVENTS] for start in range(0, n, BLOCK_EVENTS)]
    for i, left in enumerate(blocks):
        for right in blocks[i:]:
            if bars[right].min() > bars[left].max():
                continue
            block = _block_correlations(values, bars, left, right)
            block[_is_repeated(raw, bars, left, right, block, first, last)] = 0.0
            matrix[np.ix_(left, right)] = block
            matrix[np.ix_(right, left)] = block.T
    np.fill_diagonal(matrix, np.nan)
    return PairCorrelations(matrix)


def _spread(values: Floats, bars: Integers, low: int, high: int) -> tuple[Floats, Floats]:
    """Values on the calendar [n, high − low], zero where absent, and their presence as 0 or 1."""
    dense = np.zeros((values.shape[0], high - low))
    present = np.zeros_like(dense)
    rows, columns = np.nonzero(np.isfinite(values) & (bars >= low) & (bars < high))
    where = bars[rows, columns] - low
    dense[rows, where] = values[rows, columns]
    present[rows, where] = 1.0
    return dense, present


def _block_correlations(values: Floats, bars: Integers, left: Integers, right: Integers) -> Floats:
    low, high = _common_range(bars, left, right)
    a, a_present = _spread(values[left], bars[left], low, high)
    b, b_present = _spread(values[right], bars[right], low, high)
    n = a_present @ b_present.T
    with np.errstate(invalid="ignore", divide="ignore"):
        a_mean, b_mean = (a @ b_present.T) / n, (a_present @ b.T) / n
        covariance = (a @ b.T) / n - a_mean * b_mean
        a_variance = ((a * a) @ b_present.T) / n - a_mean**2
        b_variance = (a_present @ (b * b).T) / n - b_mean**2
        correlation = covariance / np.sqrt(a_variance * b_variance)
    return np.asarray(np.where(n >= MINIMUM_COMMON_BARS, correlation, np.nan))


def _is_repeated(
    raw: Floats, bars: Integers, left: Integers, right: Integers, block: Floats, first: Integers, last: Integers
) -> Flags:
    """Pairs of the same return series whose event windows are apart."""
    overlap = (first[left][:, None] <= last[right][None, :]) & (first[right][None, :] <= last[left][:, None])
    apart = np.isfinite(block) & ~overlap
    if not apart.any():
        return apart
    # Residuals of one series can differ much between two fits, its returns cannot. Sums are the cheap screen.
    low, high = _common_range(bars, left, right)
    a, a_present = _spread(raw[left], bars[left], low, high)
    b, b_present = _spread(raw[right], bars[right], low, high)
    apart &= np.abs(a @ b_present.T - a_present @ b.T) <= EQUAL_SUMS * (np.abs(a) @ b_present.T)
    if not apart.any():
        return apart
    return np.asarray(apart & (_block_correlations(raw, bars, left, right) > SAME_SERIES))


def _common_range(bars: Integers, left: Integers, right: Integers) -> tuple[int, int]:
    low = int(max(bars[left].min(), bars[right].min()))
    return low, int(min(bars[left].max(), bars[right].max())) + 1
