"""Synthetic control, state space and placebo in space on cases whose answer is known."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from analysis.engine.regressions.synthetic import fit_synthetic_control
from analysis.single.beside.space import rank_in_space
from analysis.single.beside.state_space import NORMAL_95, forecast_counterfactual


def test_the_mix_finds_the_weights_it_was_made_of() -> None:
    rng = np.random.default_rng(1)
    donors = rng.normal(0, 0.01, (240, 4))
    treated = donors @ np.array([0.6, 0.4, 0.0, 0.0])
    treated[-24:] += 0.1 / 24
    fitted = fit_synthetic_control(treated, donors, 24)
    assert fitted is not None
    assert fitted.weights == pytest.approx([0.6, 0.4, 0.0, 0.0], abs=1e-6)
    assert fitted.effect == pytest.approx(0.1, abs=1e-6)
    assert fitted.r_squared_before == pytest.approx(1.0)


def test_weights_are_a_mix_even_when_a_short_sale_would_fit_better() -> None:
    rng = np.random.default_rng(2)
    donors = rng.normal(0, 0.01, (240, 3))
    fitted = fit_synthetic_control(1.5 * donors[:, 0] - 0.5 * donors[:, 1], donors, 24)
    assert fitted is not None
    assert (fitted.weights >= 0).all()
    assert fitted.weights.sum() == pytest.approx(1.0)


def test_one_donor_is_no_mix() -> None:
    assert fit_synthetic_control(np.zeros(100), np.zeros((100, 1)), 24) is None


def test_the_state_space_forecast_follows_the_benchmark_and_leaves_the_effect() -> None:
    rng = np.random.default_rng(3)
    benchmark = rng.normal(0, 0.005, 400)
    token = 1.5 * benchmark + rng.normal(0, 0.006, 400)
    token[-24:] += 0.2 / 24
    found = forecast_counterfactual(np.cumsum(token), np.cumsum(benchmark), 24)
    assert found is not None
    assert found.beta == pytest.approx(1.5, abs=0.2)
    assert found.standard_error == pytest.approx(0.006 * np.sqrt(24), rel=0.3)
    assert abs(found.effect - 0.2) < 3 * found.standard_error
    assert (np.diff(found.upper_95 - found.lower_95) > 0).all()


@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_the_state_space_forecast_is_that_of_an_independent_program(noise: float) -> None:
    rng = np.random.default_rng(4)
    benchmark = np.cumsum(rng.normal(0, 0.5, 264))
    token = 0.8 * benchmark + np.cumsum(rng.normal(0, 0.4, 264)) + rng.normal(0, 100 * noise, 264)
    found = forecast_counterfactual(token, benchmark, 24)
    model = UnobservedComponents(token[:240], level="local level", exog=benchmark[:240, None])
    reference = model.fit(disp=False, method="lbfgs", maxiter=200)
    forecast = reference.get_forecast(24, exog=benchmark[240:, None])
    assert found is not None
    assert found.beta == pytest.approx(reference.params[-1], rel=1e-4)
    assert found.expected == pytest.approx(forecast.predicted_mean - token[239], rel=1e-3)
    assert found.upper_95 - found.expected == pytest.approx(NORMAL_95 * forecast.se_mean, rel=1e-3)
    assert found.one_step_error == pytest.approx(reference.resid[10:].std(ddof=1), rel=1e-4)


def test_a_price_that_is_its_benchmark_has_no_forecast_with_an_error() -> None:
    benchmark = np.cumsum(np.random.default_rng(5).normal(0, 0.01, 200))
    assert forecast_counterfactual(np.zeros(200), benchmark, 24) is None


def test_a_hundred_bars_are_needed_before_the_event() -> None:
    assert forecast_counterfactual(np.zeros(110), np.zeros(110), 24) is None


def test_rank_in_space_counts_sizes_and_leaves_gaps_out() -> None:
    rank = rank_in_space(2.5, np.array([1.0, -3.0, np.nan, 2.6, 0.1]))
    assert rank is not None
    assert (rank.n_as_large, rank.n) == (2, 4)
    assert rank.p_value == pytest.approx(3 / 5)
    assert rank.largest_other == -3.0
    assert rank_in_space(2.5, np.array([np.nan])) is None
