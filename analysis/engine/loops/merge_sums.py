"""Sums over all earlier and lower values, by a merge sort that adds up on its way."""

from __future__ import annotations

import numba
import numpy as np

from analysis.arrays import Floats


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sums_below(values: Floats, terms: Floats) -> Floats:
    """For each i of `values` (n,), the sums of `terms` (kinds, n) over earlier j with values_j <= values_i."""
    kinds, n = terms.shape
    order, merged, out = np.arange(n), np.empty(n, dtype=np.int64), np.zeros((kinds, n))
    running = np.zeros(kinds)
    half = 1
    while half < n:
        for start in range(0, n, 2 * half):
            middle, stop = min(start + half, n), min(start + 2 * half, n)
            left, right = start, middle
            running[:] = 0.0
            for place in range(start, stop):
                if right >= stop or (left < middle and values[order[left]] <= values[order[right]]):
                    merged[place] = order[left]
                    for kind in range(kinds):
                        running[kind] += terms[kind, order[left]]
                    left += 1
                else:
                    merged[place] = order[right]
                    for kind in range(kinds):
                        out[kind, order[right]] += running[kind]
                    right += 1
        order, merged = merged, order
        half *= 2
    return out
