"""One projection and one quantile solver, held against an independent program and against the hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from analysis.engine.regressions.local_projections import (
    Controls,
    delay,
    project,
    project_locally,
    regress_clean,
    sum_ahead,
)
from analysis.engine.regressions.quantiles import fit_quantile, regress_quantiles, sandwich_covariance


def check_loss(values: np.ndarray, design: np.ndarray, coefficients: np.ndarray, quantile: float) -> float:
    residuals = values - design @ coefficients
    return float(np.sum(np.where(residuals > 0, quantile, quantile - 1.0) * residuals))


def test_a_projection_is_the_whole_regression_with_newey_west_errors() -> None:
    rng = np.random.default_rng(1)
    shock, controls = rng.normal(0, 1, 800), rng.normal(0, 1, (3, 800))
    shock = shock + 0.5 * controls[0]
    outcome = 0.3 * shock - 0.7 * controls[0] + np.convolve(rng.normal(0, 1, 803), np.ones(4), "valid")
    design = np.column_stack([np.ones(800), shock, controls.T])
    whole = sm.OLS(outcome, design).fit(cov_type="HAC", cov_kwds={"maxlags": 6}, use_t=True)
    found = project(shock, outcome, controls, n_lags=6)
    assert found.slope == pytest.approx(whole.params[1], rel=1e-11)
    assert found.standard_error == pytest.approx(whole.bse[1], rel=1e-11)


def test_a_projected_return_begins_with_the_bar_of_its_shock() -> None:
    rng = np.random.default_rng(2)
    shock = rng.normal(0, 1, 500)
    returns = 0.4 * shock + 0.3 * delay(np.where(np.isnan(shock), 0, shock), 1) + 0.1 * rng.normal(0, 1, 500)
    returns[0] = 0.0
    terms = project_locally(returns, shock, horizons=[0, 1], n_lags=2)
    rows = np.arange(2, 499)
    lags = [series[rows - lag] for lag in (1, 2) for series in (returns, shock)]
    design = np.column_stack([np.ones(rows.size), shock[rows], *lags])
    whole = sm.OLS(returns[rows] + returns[rows + 1], design).fit(cov_type="HAC", cov_kwds={"maxlags": 2}, use_t=True)
    assert terms[1].n == rows.size
    assert terms[1].estimate == pytest.approx(whole.params[1], rel=1e-11)
    assert terms[1].standard_error == pytest.approx(whole.bse[1], rel=1e-11)
    assert terms[1].p_value == pytest.approx(whole.pvalues[1], rel=1e-8)
    assert (terms[1].lower_95, terms[1].upper_95) == pytest.approx(tuple(whole.conf_int()[1]), rel=1e-10)
    assert terms[0].estimate == pytest.approx(0.4, abs=0.03)
    assert terms[1].estimate == pytest.approx(0.7, abs=0.05)


def test_sums_ahead_by_hand() -> None:
    values = np.array([1.0, 2.0, 4.0, np.nan, 8.0, 16.0])
    np.testing.assert_array_equal(sum_ahead(values, 0, 2), [3.0, 6.0, np.nan, np.nan, 24.0, np.nan])
    np.testing.assert_array_equal(sum_ahead(values, 1, 3), [6.0, np.nan, np.nan, 24.0, np.nan, np.nan])
    assert np.isnan(sum_ahead(values, 0, 9)).all()
    np.testing.assert_array_equal(delay(values, 2)[2:], values[:4])


def test_quantiles_by_hand() -> None:
    values = np.array([1.0, 2.0, 3.0, 10.0, 50.0])
    constant = np.ones((5, 1))
    assert fit_quantile(values, constant, 0.5) == pytest.approx([3.0], abs=1e-12)
    assert fit_quantile(values, constant, 0.9) == pytest.approx([50.0], abs=1e-12)
    assert fit_quantile(values, constant, 0.1) == pytest.approx([1.0], abs=1e-12)
    # Four points on y = 1 + 2x and one far above: the median goes through the four.
    design = np.column_stack([np.ones(5), [0.0, 1.0, 2.0, 3.0, 4.0]])
    assert fit_quantile(np.array([1.0, 3.0, 90.0, 7.0, 9.0]), design, 0.5) == pytest.approx([1.0, 2.0], abs=1e-12)


@pytest.mark.parametrize("quantile", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_no_coefficients_have_a_smaller_check_loss(quantile: float, size: float) -> None:
    rng = np.random.default_rng(3)
    design = np.column_stack([np.ones(400), rng.integers(1, 6, 400), 1e3 * rng.random(400)])
    values = size * (rng.standard_t(3, 400) + 0.1 * design[:, 1])
    found = fit_quantile(values, design, quantile)
    least = check_loss(values, design, found, quantile)
    sizes = size / np.abs(design).max(axis=0)
    for step in (1e-1, 1e-3, 1e-5, 1e-7):
        for move in rng.normal(0, 1, (200, 3)):
            assert check_loss(values, design, found + step * sizes * move, quantile) >= least * (1 - 1e-12)
    # At the optimum of a full-rank problem some three residuals are zero.
    assert np.sort(np.abs(values - design @ found))[2] < 1e-10 * size


def test_the_sandwich_is_that_of_an_independent_program() -> None:
    rng = np.random.default_rng(4)
    severity = rng.uniform(1, 5, 600)
    # Numbers of the size of one: the other program stops by absolute steps.
    car = severity * rng.normal(0, 1.0, 600)
    design = sm.add_constant(severity)
    theirs = sm.QuantReg(car, design).fit(q=0.75, p_tol=1e-12, max_iter=20_000)
    ours = regress_quantiles(pl.DataFrame({"severity": severity, "car": car}), "car", ["severity"], (0.75,))
    for place, term in enumerate(ours):
        assert term.estimate == pytest.approx(theirs.params[place], abs=1e-4)
        assert term.standard_error == pytest.approx(theirs.bse[place], rel=0.01)
        assert (term.lower_95, term.upper_95) == pytest.approx(tuple(theirs.conf_int()[place]), abs=4e-3)
    covariance = sandwich_covariance(car, design, np.asarray(theirs.params), 0.75)
    np.testing.assert_allclose(covariance, theirs.cov_params(), rtol=1e-9)
    best = check_loss(car, design, np.array([term.estimate for term in ours]), 0.75)
    assert best <= check_loss(car, design, np.asarray(theirs.params), 0.75) + 1e-12


def test_outcomes_that_do_not_vary_have_no_error() -> None:
    frame = pl.DataFrame({"severity": np.arange(60.0), "car": np.full(60, 0.02)})
    constant, slope = regress_quantiles(frame, "car", ["severity"], (0.5,))
    assert constant.reason is not None
    assert slope.estimate is None


def test_controls_kept_for_all_rows_clean_a_part_of_them_as_if_they_were_of_that_part_alone() -> None:
    rng = np.random.default_rng(8)
    controls = 5.0 + rng.normal(size=(4, 300)) * np.array([[1.0], [0.01], [30.0], [2.0]])
    values = rng.normal(size=(2, 300)) + controls[:2]
    is_row = np.ones(300, dtype=np.bool_)
    is_row[[3, 50, 51, 280]] = False
    values[1, ~is_row] = np.nan
    values[0, 120] = 7.0
    clean, answer = Controls(controls).take_out(values, is_row)
    alone = project(values[0, is_row], values[1, is_row], controls[:, is_row], n_lags=3)
    np.testing.assert_allclose(clean, alone.clean, atol=1e-11)
    np.testing.assert_allclose(answer, alone.answer, atol=1e-11)
    assert regress_clean(clean, answer, n_lags=3).slope == pytest.approx(alone.slope, rel=1e-9)
