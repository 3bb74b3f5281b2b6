"""Robust covariances of least squares are those of an independent program."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from analysis.engine.regressions.coefficients import NO_VARIANCE, RobustFit
from analysis.together.leads.granger import try_granger

N = 400
NAMES = ("constant", "one", "two", "three")


def make_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, design of columns of very different sizes, and two kinds of clusters that share shocks."""
    rng = np.random.default_rng(5)
    first, second = rng.integers(0, 30, N), rng.integers(3, 12, N)
    design = np.column_stack([np.ones(N), rng.normal(size=N), 1e4 * rng.random(N), 1e-3 * rng.standard_t(5, N)])
    noise = rng.normal(size=30)[first] + rng.normal(size=12)[second] + rng.normal(size=N)
    return design @ np.array([0.1, 0.4, 2e-4, 30.0]) + noise, design, first, second


def test_every_covariance_is_that_of_statsmodels() -> None:
    outcome, design, first, second = make_rows()
    fit, model, both = RobustFit.fit(outcome, design), OLS(outcome, design), np.column_stack([first, second])
    for covariance, df, theirs in (
        (fit.hc3_covariance(), N - 4, model.fit(cov_type="HC3", use_t=True)),
        (fit.clustered_covariance(first), 29, model.fit(cov_type="cluster", cov_kwds={"groups": first}, use_t=True)),
        (
            fit.two_way_covariance(first, second),
            8,
            model.fit(cov_type="cluster", cov_kwds={"groups": both}, use_t=True),
        ),
        (
            fit.newey_west_covariance(6),
            N - 4,
            model.fit(cov_type="HAC", cov_kwds={"maxlags": 6, "use_correction": True}, use_t=True),
        ),
    ):
        assert covariance == pytest.approx(theirs.cov_params(), rel=1e-9)
        terms = fit.list_terms(NAMES, "kind", covariance, df, "words")
        assert [term.estimate for term in terms] == pytest.approx(theirs.params, rel=1e-11)
        assert [term.p_value for term in terms] == pytest.approx(theirs.pvalues, rel=1e-9)
        assert np.array([(term.lower_95, term.upper_95) for term in terms]) == pytest.approx(
            theirs.conf_int(), rel=1e-9
        )


def test_columns_that_are_nearly_the_same_keep_their_digits() -> None:
    outcome, design, *_ = make_rows()
    design[:, 2] = design[:, 1] + 1e-6 * np.random.default_rng(7).normal(size=N)
    found, expected = RobustFit.fit(outcome, design), OLS(outcome, design).fit()
    assert found.residuals == pytest.approx(expected.resid, abs=1e-8)


def test_a_row_that_alone_decides_a_coefficient_leaves_no_variance() -> None:
    outcome, design, *_ = make_rows()
    for row in range(0, N, 7):
        design[:, 3] = np.arange(N) == row
        fit = RobustFit.fit(outcome, design)
        terms = fit.list_terms(NAMES, "kind", fit.hc3_covariance(), 9, "words")
        assert {term.reason for term in terms} == {NO_VARIANCE}


def test_a_negative_variance_of_two_way_clusters_is_a_reason() -> None:
    outcome, design, *_ = make_rows()
    fit = RobustFit.fit(outcome, design)
    [_, term, *_] = fit.list_terms(NAMES, "kind", np.diag([1.0, -1.0, 1.0, 1.0]), 9, "words")
    assert (term.estimate, term.reason) == (None, NO_VARIANCE)


def test_the_test_of_who_moves_first_is_the_wald_test_of_statsmodels() -> None:
    rng = np.random.default_rng(6)
    cause, effect = rng.normal(size=2_000), rng.normal(size=2_000)
    effect[1:] += 0.05 * cause[:-1]
    found = try_granger(cause, effect)
    assert found is not None
    lags = range(1, found.n_lags + 1)
    drivers = [series[12 - lag : 2_000 - lag] for series in (effect, cause) for lag in lags]
    design = np.column_stack([np.ones(1_988), *drivers])
    kinds = {"maxlags": 7, "use_correction": True}
    theirs = OLS(effect[12:], design).fit(cov_type="HAC", cov_kwds=kinds, use_t=True)
    tested = np.eye(design.shape[1])[1 + found.n_lags :]
    assert found.p_value == pytest.approx(float(theirs.wald_test(tested, scalar=True).pvalue), rel=1e-9)
    assert found.p_value < 0.5
