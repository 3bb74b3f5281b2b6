"""How much events depend on one another through the calendar they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.loops.sums import pair_up, share_windows
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
        known, share = pair_up(self.matrix, members, first, last)
        overlapping = known[(share > 0) & np.isfinite(known)]
        if not (share > 0).any():
            return 0.0
        if not overlapping.size:
            return None
        return float(np.mean(np.where(np.isfinite(known), known, overlapping.mean()) * share))

    @one_blas_thread()
    def overlap_means(self, sets: Flags, first: Integers, last: Integers) -> list[float | None]:
        """`overlap_mean` of many sets of members [S, N] at once, None where it has none.

        On one thread: products that several threads add up differ in their last bits from those of one.
        """
        share = share_windows(first, last)
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
def pair_correlations(
    kinds: Sequence[Floats], bars: Integers, first: Integers, last: Integers, raw: Floats
) -> list[PairCorrelations]:
    """Correlation of each of `kinds` [N, L1] over the calendar bars [N, L1] that two events share, for every pair.

    A pair counts with at least 20 common bars that are present in both. Two events whose `raw` series [N, L1] are
    identical on the common bars (the same asset twice) count as uncorrelated when their event windows [first, last] are
    apart in calendar time: the correlation near 1 is one of shared estimation bars, not of what is tested. NaN in
    a kind marks a missing or masked bar. Source: Kolari & Pynnönen (2010), with pairs aligned by calendar time.
    """
    n = raw.shape[0]
    matrices = [np.full((n, n), np.nan) for _ in kinds]
    order = np.argsort(bars[:, 0], kind="stable")
    blocks = [order[start : start + BLOCK_EVENTS] for start in range(0, n, BLOCK_EVENTS)]
    *spreads, spread = ([_Spread.of(kind, bars, block) for block in blocks] for kind in (*kinds, raw))
    for i, left in enumerate(blocks):
        for j, right in enumerate(blocks[i:], start=i):
            low, high = max(spread[i].low, spread[j].low), min(spread[i].high, spread[j].high)
            if spread[j].low > spread[i].high - 1:
                continue
            found = [_correlate(own[i].cut(low, high), own[j].cut(low, high)) for own in spreads]
            overlap = (first[left][:, None] <= last[right][None, :]) & (first[right][None, :] <= last[left][:, None])
            apart = np.isfinite(found).any(axis=0) & ~overlap
            if apart.any():
                apart &= _are_repeated(spread[i].cut(low, high), spread[j].cut(low, high), apart)
            for matrix, block in zip(matrices, found, strict=True):
                block[np.isfinite(block) & apart] = 0.0
                matrix[np.ix_(left, right)] = block
                matrix[np.ix_(right, left)] = block.T
    for matrix in matrices:
        np.fill_diagonal(matrix, np.nan)
    return [PairCorrelations(matrix) for matrix in matrices]


@dataclass(frozen=True, slots=True)
class _Spread:
    """A block of events on the calendar bars [low, high): values, zero where absent, and their presence as 0 or 1."""

    low: int
    high: int
    dense: Floats
    present: Floats

    @classmethod
    def of(cls, values: Floats, bars: Integers, block: Integers) -> _Spread:
        """The events `block` of `values` [N, L1] over the bars [N, L1]."""
        own, places = values[block], bars[block]
        low, high = int(places.min()), int(places.max()) + 1
        dense = np.zeros((block.size, high - low))
        present = np.zeros_like(dense)
        rows, columns = np.nonzero(np.isfinite(own))
        where = places[rows, columns] - low
        dense[rows, where] = own[rows, columns]
        present[rows, where] = 1.0
        return cls(low, high, dense, present)

    def cut(self, low: int, high: int) -> tuple[Floats, Floats]:
        """Values and presence over the bars [low, high), which it holds."""
        part = slice(low - self.low, high - self.low)
        return self.dense[:, part], self.present[:, part]


def _correlate(left: tuple[Floats, Floats], right: tuple[Floats, Floats]) -> Floats:
    """Correlation of every event of one block with every one of another over the bars both have, NaN below 20."""
    (a, a_present), (b, b_present) = left, right
    n = a_present @ b_present.T
    with np.errstate(invalid="ignore", divide="ignore"):
        a_mean, b_mean = (a @ b_present.T) / n, (a_present @ b.T) / n
        covariance = (a @ b.T) / n - a_mean * b_mean
        a_variance = ((a * a) @ b_present.T) / n - a_mean**2
        b_variance = (a_present @ (b * b).T) / n - b_mean**2
        correlation = covariance / np.sqrt(a_variance * b_variance)
    return np.asarray(np.where(n >= MINIMUM_COMMON_BARS, correlation, np.nan))


def _are_repeated(left: tuple[Floats, Floats], right: tuple[Floats, Floats], apart: Flags) -> Flags:
    """Pairs of the same return series; only those that are `apart` are asked for."""
    (a, a_present), (b, b_present) = left, right
    # Residuals of one series can differ much between two fits, its returns cannot. Sums are the cheap screen.
    is_near = np.abs(a @ b_present.T - a_present @ b.T) <= EQUAL_SUMS * (np.abs(a) @ b_present.T)
    if not (is_near & apart).any():
        return is_near & apart
    return np.asarray(is_near & (_correlate(left, right) > SAME_SERIES))
