"""Tidy rows from a fitted statsmodels regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.engine.regressions.terms import Term, absent_term

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
