"""The robust market model: the same line as another program's, that wild bars cannot move."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.engine.models.huber import fit_huber_line


@pytest.mark.parametrize("seed", range(5))
def test_the_line_is_that_of_an_independent_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_t(4, 720) * 0.01
    y = 0.001 + 1.3 * x + rng.standard_t(3, 720) * 0.02
    expected = sm.RLM(y, np.column_stack([np.ones(720), x]), M=sm.robust.norms.HuberT()).fit().params
    assert fit_huber_line(y, x) == pytest.approx(tuple(expected), rel=1e-7)


def test_a_few_wild_bars_do_not_move_the_line() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(0, 0.01, 400)
    y = 1.3 * x + rng.normal(0, 0.002, 400)
    y[np.argsort(x)[-3:]] += 5.0
    calm = fit_huber_line(y, x)
    assert calm is not None
    assert calm[1] == pytest.approx(1.3, abs=0.1)
    assert np.polyfit(x, y, 1)[0] > 2.0


def test_bars_of_which_most_lie_on_one_line_have_no_scale() -> None:
    x = np.linspace(-1.0, 1.0, 40)
    y = 2.0 * x
    assert fit_huber_line(y, x) is None
