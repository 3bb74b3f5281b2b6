"""Tidy rows from a fitted statsmodels regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.engine.regressions.terms import Term, absent_term
from analysis.engine.tails import student_interval

NO_VARIANCE = "the covariance is not positive for this coefficient"


def list_terms(fit: Any, names: Sequence[str], covariance: str, n: int, conventions: str) -> list[Term]:
    """A row per coefficient with its 95 % interval; one without a variance has its reason."""
    # A two-way clustered variance can be negative; statsmodels then takes its root.
    with np.errstate(invalid="ignore"):
        intervals = np.asarray(fit.conf_int())
    return [
        _term(fit, intervals, place, name, covariance, n, conventions)
        if np.isfinite(fit.bse[place])
        else absent_term(name, covariance, n, conventions, NO_VARIANCE)
        for place, name in enumerate(names)
    ]


def _term(fit: Any, intervals: Any, place: int, name: str, covariance: str, n: int, conventions: str) -> Term:
    return Term(
        name=name,
        covariance=covariance,
        estimate=float(fit.params[place]),
        standard_error=float(fit.bse[place]),
        lower_95=float(intervals[place, 0]),
        upper_95=float(intervals[place, 1]),
        t=float(fit.tvalues[place]),
        p_value=float(fit.pvalues[place]),
        n=n,
        conventions=conventions,
    )


def student_term(
    name: str, covariance: str, estimate: float, standard_error: float, df: int, n: int, conventions: str
) -> Term:
    """A coefficient with Student's interval of `df` degrees of freedom; without a variance it has its reason."""
    if not (np.isfinite(standard_error) and standard_error > 0):
        return absent_term(name, covariance, n, conventions, NO_VARIANCE)
    found = student_interval(estimate, standard_error, df)
    return Term(
        name, covariance, estimate, standard_error, found.lower, found.upper, found.t, found.p_value, n, conventions
    )
