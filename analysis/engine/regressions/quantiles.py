"""How the whole distribution of abnormal returns moves with what the events were."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import polars as pl
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import IterationLimitWarning

from analysis.engine.regressions.coefficients import list_terms
from analysis.engine.regressions.terms import Term, absent_term
from warehouse.tables.units import ascii_number, count

SANDWICH = "sandwich"

# Rows in the thinner tail per coefficient below which a quantile is a handful of points.
TAIL_ROWS_PER_TERM = 5


def regress_quantiles(
    frame: pl.DataFrame, outcome: str, regressors: Sequence[str], quantiles: Sequence[float]
) -> list[Term]:
    """Quantile regression of `outcome` on `regressors`, a row per quantile and coefficient, named `q0.1:severity`.

    Rows with a null are left out. Errors by the kernel sandwich (Epanechnikov, Hall-Sheather bandwidth), which assumes
    independent rows. Source: Koenker & Bassett (1978); Powell (1991).
    """
    complete = frame.drop_nulls([outcome, *regressors])
    n, names = complete.height, ["constant", *regressors]
    design = np.column_stack([np.ones(n), *(complete[name].to_numpy().astype(np.float64) for name in regressors)])
    terms: list[Term] = []
    for quantile in quantiles:
        words = f"quantile {ascii_number(quantile)} of {outcome}; {frame.height - n} of {frame.height} rows left out"
        labels = [f"q{ascii_number(quantile)}:{name}" for name in names]
        needed = TAIL_ROWS_PER_TERM * len(names)
        reason = None
        if n * min(quantile, 1.0 - quantile) < needed:
            n_least = count(needed / min(quantile, 1 - quantile))
            reason = f"{n} rows; {len(names)} coefficients at this quantile need {n_least}"
        elif np.linalg.matrix_rank(design) < design.shape[1]:
            reason = "collinear or constant characteristics"
        if reason:
            terms += [absent_term(label, SANDWICH, n, words, reason) for label in labels]
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error", IterationLimitWarning)
            try:
                fit = sm.QuantReg(complete[outcome].to_numpy(), design).fit(q=quantile)
            except IterationLimitWarning as exc:
                terms += [absent_term(label, SANDWICH, n, words, f"did not converge: {exc}") for label in labels]
                continue
        terms += list_terms(fit, labels, SANDWICH, n, words)
    return terms
