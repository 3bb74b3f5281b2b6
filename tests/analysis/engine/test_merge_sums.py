"""Sums over earlier and lower values are those that two loops find."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.engine.loops.merge_sums import sums_below


@pytest.mark.parametrize("n", [0, 1, 2, 3, 17, 64])
def test_equal_and_lower_values_that_stand_earlier_are_added_up(n: int) -> None:
    rng = np.random.default_rng(n)
    values, terms = rng.integers(0, 5, n).astype(np.float64), rng.integers(0, 9, (3, n)).astype(np.float64)
    expected = np.zeros((3, n))
    for i in range(n):
        for j in range(i):
            if values[j] <= values[i]:
                expected[:, i] += terms[:, j]
    np.testing.assert_array_equal(sums_below(values, terms), expected)
