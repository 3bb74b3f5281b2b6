"""Ranks and what is made of them are those of scipy, which no pass imports for them."""

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from analysis.engine.tails import normal_p
from analysis.results.rank import average_ranks, middle, row_ranks, signed_rank_z


@pytest.mark.parametrize("shape", [(1, 1), (3, 0), (4, 9), (20, 60)])
def test_average_ranks_are_those_of_scipy_with_ties_and_infinities(shape):
    generator = np.random.default_rng(3)
    tied = generator.integers(0, 5, shape) / 7.0
    for values in (tied, generator.normal(size=shape), np.where(tied > 0.5, np.inf, tied)):
        assert np.array_equal(average_ranks(values), rankdata(values, axis=1))


def test_ranks_of_a_row_leave_holes_out():
    found = row_ranks(np.array([[0.2, np.nan, 0.1, 0.2]]))
    assert np.array_equal(found, [[2.5, np.nan, 1.0, 2.5]], equal_nan=True)


@pytest.mark.parametrize("decimals", [1, 12])
def test_the_normal_p_of_many_signed_ranks_is_that_of_scipy(decimals):
    values = np.round(np.random.default_rng(4).normal(0.2, 1.0, 80), decimals)
    values = values[values != 0]
    ranks = average_ranks(np.abs(values))
    found = normal_p(signed_rank_z(ranks, float(ranks[values > 0].sum())))
    assert found == pytest.approx(wilcoxon(values).pvalue, rel=1e-12)


def test_the_middle_is_the_median_of_numpy_to_the_bit():
    generator = np.random.default_rng(5)
    for n in (1, 2, 3, 4, 719, 720):
        for values in (generator.normal(size=n), generator.integers(0, 3, n) / 7.0):
            before = values.copy()
            assert middle(values) == np.median(values)
            assert np.array_equal(values, before)
