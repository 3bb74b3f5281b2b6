"""How many windows can be kept so that no two overlap, compiled."""

from __future__ import annotations

import numba
import numpy as np

from analysis.arrays import Flags, Integers


@numba.njit(cache=True, nogil=True, error_model="numpy")
def count_apart(starts: Integers, window: int) -> int:
    """How many of the ascending `starts` (n,) can be kept so that no two windows of `window` bars overlap."""
    count, free_from = 0, 0
    for i in range(starts.size):
        if count == 0 or starts[i] >= free_from:
            count, free_from = count + 1, starts[i] + window
    return count


@numba.njit(cache=True, nogil=True, error_model="numpy")
def are_apart(starts: Integers, is_usable: Flags, minimum: int) -> Flags:
    """Of windows of 1, 2, … h bars, those of which `minimum` can be kept, (h,), where starts are usable [n, h]."""
    n, n_horizons = is_usable.shape
    found = np.zeros(n_horizons, dtype=np.bool_)
    counts = np.zeros(n_horizons, dtype=np.int64)
    free_from = np.zeros(n_horizons, dtype=np.int64)
    for i in range(n):
        for h in range(n_horizons):
            if is_usable[i, h] and (counts[h] == 0 or starts[i] >= free_from[h]):
                counts[h], free_from[h] = counts[h] + 1, starts[i] + h + 1
    for h in range(n_horizons):
        found[h] = counts[h] >= minimum
    return found
