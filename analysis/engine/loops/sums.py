"""Sums over draws, groups and pairs that numpy would lay out as large tables first."""

from __future__ import annotations

import math

import numba
import numpy as np

from analysis.arrays import Floats, Integers


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sum_drawn(rows: Floats, drawn: Integers) -> Floats:
    """The sums of the `rows` (n, k) of each draw (draws, rows a draw): (draws, k), added up in the order drawn."""
    out = np.zeros((drawn.shape[0], rows.shape[1]))
    for draw in range(drawn.shape[0]):
        for place in range(drawn.shape[1]):
            for kind in range(rows.shape[1]):
                out[draw, kind] += rows[drawn[draw, place], kind]
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def take_out_means(
    columns: Floats, units: Integers, times: Integers, scale: Floats, tolerance: float, rounds: int
) -> None:
    """Subtract from the rows of `columns` (n, k) the means of their units, then of their times, in turn, in place.

    Until nothing moves by `tolerance` times the `scale` (k,) of its column, `rounds` times at most.
    """
    n_units, n_times, before = units.max() + 1, times.max() + 1, np.empty_like(columns)
    for _ in range(rounds):
        before[:] = columns
        _take_out(columns, units, n_units)
        _take_out(columns, times, n_times)
        largest = 0.0
        for row in range(columns.shape[0]):
            for column in range(columns.shape[1]):
                largest = max(largest, abs(columns[row, column] - before[row, column]) / scale[column])
        if largest < tolerance:
            break


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _take_out(columns: Floats, groups: Integers, n_groups: int) -> None:
    means, counts = np.zeros((n_groups, columns.shape[1])), np.zeros(n_groups)
    for row in range(columns.shape[0]):
        counts[groups[row]] += 1.0
        for column in range(columns.shape[1]):
            means[groups[row], column] += columns[row, column]
    for group in range(n_groups):
        for column in range(columns.shape[1]):
            means[group, column] /= counts[group]
    for row in range(columns.shape[0]):
        for column in range(columns.shape[1]):
            columns[row, column] -= means[groups[row], column]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _share_window(first: int, last: int, other_first: int, other_last: int) -> float:
    """What two windows have in common of the longer one."""
    common = min(last, other_last) - max(first, other_first) + 1
    longer = max(last - first, other_last - other_first) + 1
    return min(max(common / longer, 0.0), 1.0)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def pair_up(matrix: Floats, members: Integers, first: Integers, last: Integers) -> tuple[Floats, Floats]:
    """The entry in `matrix` (n, n) and the shared part of the windows [first, last] (n,) of each pair among `members`.

    Pairs stand row by row; the part is of the longer window.
    """
    size = members.size
    known, share = np.empty(size * (size - 1) // 2), np.empty(size * (size - 1) // 2)
    place = 0
    for i in range(size - 1):
        one = members[i]
        for j in range(i + 1, size):
            other = members[j]
            share[place] = _share_window(first[one], last[one], first[other], last[other])
            known[place] = matrix[one, other]
            place += 1
    return known, share


@numba.njit(cache=True, nogil=True, error_model="numpy")
def share_windows(first: Integers, last: Integers) -> Floats:
    """The shared part of the windows [first, last] (n,) of each with each other (n, n); zero with itself."""
    out = np.zeros((first.size, first.size))
    for one in range(first.size):
        for other in range(one):
            out[one, other] = out[other, one] = _share_window(first[one], last[one], first[other], last[other])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sum_pair_windows(x: Floats, y: Floats, window: int) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Count, x, y, xx, yy and xy (n - window + 1,) over the bars of every window that `x` and `y` (n,) both have.

    Differences of running sums, so that all windows together cost one walk over the bars.
    """
    size = x.size + 1
    n, s_x, s_y, s_xx, s_yy, s_xy = (
        np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size),
    )  # fmt: skip
    for bar in range(x.size):
        a, b, present = x[bar], y[bar], 1.0
        if not (math.isfinite(a) and math.isfinite(b)):
            a, b, present = 0.0, 0.0, 0.0
        n[bar + 1] = n[bar] + present
        s_x[bar + 1] = s_x[bar] + a
        s_y[bar + 1] = s_y[bar] + b
        s_xx[bar + 1] = s_xx[bar] + a * a
        s_yy[bar + 1] = s_yy[bar] + b * b
        s_xy[bar + 1] = s_xy[bar] + a * b
    last = size - window
    return (
        n[window:] - n[:last], s_x[window:] - s_x[:last], s_y[window:] - s_y[:last],
        s_xx[window:] - s_xx[:last], s_yy[window:] - s_yy[:last], s_xy[window:] - s_xy[:last],
    )  # fmt: skip
