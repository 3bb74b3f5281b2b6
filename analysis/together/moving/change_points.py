"""The levels that a noisy series holds, found exactly: the partition with the least penalised squared error."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats


def find_change_points(values: Floats, penalty: float, minimum_size: int) -> list[int]:
    """Positions in `values` (n,) at which a new level begins, ascending; empty when one level is best.

    The partition minimises the sum of squared deviations from the mean of each span plus `penalty` (squared units of
    `values`) per break, over all partitions into spans of at least `minimum_size`; of equals, that with the earliest
    last break. Values must be finite. Source: Jackson et al. (2005), optimal partitioning.
    """
    n = values.size
    if n < 2 * minimum_size:
        return []
    centred = values - values.mean()
    sums, squares = (np.concatenate([[0.0], np.cumsum(part)]) for part in (centred, centred**2))
    least, previous = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    least[0] = -penalty
    for end in range(minimum_size, n + 1):
        starts = np.arange(end - minimum_size + 1)
        spread = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        costs = least[starts] + spread + penalty
        previous[end] = int(np.argmin(costs))
        least[end] = costs[previous[end]]
    breaks: list[int] = []
    end = int(previous[n])
    while end > 0:
        breaks.append(end)
        end = int(previous[end])
    return breaks[::-1]
