"""Products of chosen pairs of rows of a sparse matrix, without the table of all pairs."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Integers

Scores = NDArray[np.float32]
Places = NDArray[np.int32]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def multiply_rows(
    ends: Places, columns: Places, values: Scores, left: Integers, right: Integers, n_columns: int
) -> Scores:
    """For each pair the sum, in the order of the right row, of the products of what both rows have in one column.

    Row i has `values[ends[i]:ends[i + 1]]` in `columns`. Pairs of one left row that follow each other cost its length
    once; the sum is that of `matrix[left] @ matrix[right].T` to the bit where rows are in order of their columns.
    """
    out = np.empty(len(left), dtype=np.float32)
    spread = np.zeros(n_columns, dtype=np.float32)
    held = -1
    for pair in range(len(left)):
        if left[pair] != held:
            if held >= 0:
                for k in range(ends[held], ends[held + 1]):
                    spread[columns[k]] = 0.0
            held = left[pair]
            for k in range(ends[held], ends[held + 1]):
                spread[columns[k]] = values[k]
        total = np.float32(0.0)
        row = right[pair]
        for k in range(ends[row], ends[row + 1]):
            total += values[k] * spread[columns[k]]
        out[pair] = total
    return out
