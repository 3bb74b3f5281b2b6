"""Adjusted p-values against statsmodels and by simulation."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from analysis.engine.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm, romano_wolf
from analysis.engine.resampling import sign_patterns

P_VALUES = [0.001, 0.04, 0.03, 0.5, 0.04, 0.9]


@pytest.mark.parametrize(
    ("adjust", "name"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh"), (benjamini_yekutieli, "fdr_by")]
)
def test_adjusted_p_equals_statsmodels(adjust: object, name: str) -> None:
    expected = multipletests(P_VALUES, method=name)[1]
    found = adjust([*P_VALUES[:2], None, *P_VALUES[2:]])  # type: ignore[operator]
    assert found[2] is None
    np.testing.assert_allclose([p for p in found if p is not None], expected)


def test_nothing_to_adjust_stays_nothing() -> None:
    assert holm([None, None]) == [None, None]


def test_romano_wolf_holds_the_family_error_where_hypotheses_move_together() -> None:
    rng = np.random.default_rng(4)
    signs = sign_patterns(20, 1)
    smallest = []
    for _ in range(300):
        shared = rng.standard_normal((20, 1))
        smallest.append(romano_wolf(0.9**0.5 * shared + 0.1**0.5 * rng.standard_normal((20, 10)), signs).min())
    assert 0.02 < np.mean(np.array(smallest) <= 0.05) < 0.09


def test_romano_wolf_finds_the_one_that_moves() -> None:
    effects = np.random.default_rng(5).standard_normal((30, 5))
    effects[:, 3] += 1.5
    adjusted = romano_wolf(effects, sign_patterns(30, 1))
    assert adjusted[3] < 0.01
    assert np.all(np.delete(adjusted, 3) > 0.05)


@pytest.mark.parametrize("n", [4, 12])
def test_romano_wolf_of_one_hypothesis_is_its_exact_sign_flip_p(n: int) -> None:
    effects = np.random.default_rng(n).normal(0.5, 1.0, n)
    signs = sign_patterns(n, 1)
    exact = np.mean(np.abs(signs @ effects) >= abs(effects.sum()) * (1 - 1e-12))
    assert romano_wolf(effects[:, None], signs)[0] == pytest.approx(exact)
