"""The model around a window: least squares, never on the window itself."""

import numpy as np
import pytest

from analysis.engine.kernel import fit_around, market_model_windows
from analysis.single.window.block_model import measure_windows, sum_returns
from tests.analysis.single.simulated_markets import make_series, simulate_returns


def fit_by_hand(token: np.ndarray, benchmark: np.ndarray, at: np.ndarray) -> tuple[float, float, float]:
    design = np.column_stack([np.ones(at.size), benchmark[at]])
    coefficients, rss, _, _ = np.linalg.lstsq(design, token[at], rcond=None)
    return float(coefficients[0]), float(coefficients[1]), float(rss[0]) / (at.size - 2)


def test_coefficients_are_least_squares_on_the_bars_before() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(1), 300)
    sums = sum_returns(make_series(token, benchmark), np.zeros(300, dtype=bool))
    fitted = fit_around(sums, np.array([200]), 24, limit=300, length=100, minimum=50)
    alpha, beta, variance = fit_by_hand(token, benchmark, np.arange(100, 200))
    assert fitted.alpha[0] == pytest.approx(alpha, abs=1e-12)
    assert fitted.beta[0] == pytest.approx(beta, rel=1e-10)
    assert fitted.residual_variance[0] == pytest.approx(variance, rel=1e-10)
    assert fitted.n[0] == 100


def test_a_short_record_is_completed_after_the_window_and_never_by_it() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(2), 300)
    sums = sum_returns(make_series(token, benchmark), np.zeros(300, dtype=bool))
    fitted = fit_around(sums, np.array([41]), 24, limit=300, length=100, minimum=50)
    used = np.concatenate([np.arange(1, 41), np.arange(65, 124)])  # bar 0 has no return
    alpha, beta, _ = fit_by_hand(token, benchmark, used)
    assert fitted.n[0] == used.size
    assert fitted.beta[0] == pytest.approx(beta, rel=1e-10)
    assert fitted.alpha[0] == pytest.approx(alpha, abs=1e-12)


def test_nothing_from_the_event_on_enters_a_placebo_model() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(3), 300)
    masked = np.zeros(300, dtype=bool)
    starts = np.arange(1, 176)
    before = fit_around(
        sum_returns(make_series(token, benchmark), masked), starts, 24, limit=200, length=150, minimum=50
    )
    token[200:] += 5.0
    after = fit_around(
        sum_returns(make_series(token, benchmark), masked), starts, 24, limit=200, length=150, minimum=50
    )
    assert np.nanmax(np.abs(before.beta - after.beta)) < 1e-9


def test_masked_bars_are_left_out_of_estimation_and_kept_in_windows() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(4), 300)
    masked = np.zeros(300, dtype=bool)
    masked[150:170] = True
    sums = sum_returns(make_series(token, benchmark), masked)
    fitted = fit_around(sums, np.array([200]), 0, limit=200, length=100, minimum=50)
    used = np.setdiff1d(np.arange(100, 200), np.arange(150, 170))
    assert fitted.n[0] == 80
    assert fitted.beta[0] == pytest.approx(fit_by_hand(token, benchmark, used)[1], rel=1e-10)
    measured = measure_windows(sums, np.array([155]), 3, fitted)
    assert measured.car[0] == pytest.approx(
        float(np.sum(token[155:158] - fitted.beta[0] * benchmark[155:158])), abs=1e-12
    )


def test_the_model_agrees_with_the_many_event_kernel() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(5), 400)
    series = make_series(token, benchmark)
    starts = np.array([250, 300, 370])
    fitted = fit_around(sum_returns(series, np.zeros(400, dtype=bool)), starts, 0, limit=0, length=120, minimum=60)
    kernel = market_model_windows(
        series.asset, series.benchmark, np.zeros(3, dtype=np.int64), starts, estimation=(-120, 0), window=(0, 24)
    )
    assert fitted.alpha == pytest.approx(kernel.alpha, abs=1e-13)
    assert fitted.beta == pytest.approx(kernel.beta, rel=1e-11)
    assert np.sqrt(fitted.residual_variance) == pytest.approx(kernel.sigma, rel=1e-11)


def test_prediction_error_holds_noise_and_the_uncertainty_of_beta() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(6), 300)
    sums = sum_returns(make_series(token, benchmark), np.zeros(300, dtype=bool))
    fitted = fit_around(sums, np.array([200]), 0, limit=200, length=100, minimum=50)
    measured = measure_windows(sums, np.array([200]), 24, fitted)
    moved = benchmark[200:224].sum()
    spread = np.sum((benchmark[100:200] - benchmark[100:200].mean()) ** 2)
    expected = np.sqrt(fitted.residual_variance[0] * (24 + moved**2 / spread))
    assert measured.standard_error[0] == pytest.approx(expected, rel=1e-10)


def test_a_missing_bar_inside_the_window_gives_no_car() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(7), 300)
    series = make_series(token, benchmark)
    series.asset[210] = np.nan
    sums = sum_returns(series, np.zeros(300, dtype=bool))
    fitted = fit_around(sums, np.array([200, 211]), 0, limit=200, length=100, minimum=50)
    measured = measure_windows(sums, np.array([200, 211]), 24, fitted)
    assert np.isnan(measured.car[0])
    assert np.isfinite(measured.car[1])


def test_too_few_bars_give_no_model() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(8), 60)
    sums = sum_returns(make_series(token, benchmark), np.zeros(60, dtype=bool))
    assert np.isnan(fit_around(sums, np.array([40]), 0, limit=40, length=100, minimum=50).beta[0])
