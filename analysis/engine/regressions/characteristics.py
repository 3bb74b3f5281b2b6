"""Cumulative abnormal returns explained by what the events were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.engine.regressions.coefficients import RobustFit
from analysis.engine.regressions.terms import Term, absent_term

HC3 = "hc3"
TWO_WAY = "two_way_clustered"

# Rows per coefficient below which a regression fits noise.
_ROWS_PER_TERM = 5

# A clustered covariance from fewer clusters than this is known to be far too small.
_MINIMUM_CLUSTERS = 5


def regress_cars(
    frame: pl.DataFrame, outcome: str, regressors: Sequence[str], *, clusters: tuple[str, str]
) -> list[Term]:
    """Least squares of `outcome` on `regressors` with HC3 and with two-way clustered errors, a row per coefficient.

    `frame` has one row per (event, asset); rows with a null in any used column are left out and counted in
    `conventions`. A regressor that does not vary is left out and has its reason. Units are those of the columns.
    Sources: MacKinnon & White (1985) for HC3; Cameron, Gelbach & Miller (2011) for two-way clusters.
    """
    complete = frame.drop_nulls([outcome, *regressors]).filter(
        pl.all_horizontal(pl.col(outcome, *regressors).is_finite())
    )
    varying = [name for name in regressors if complete.height and complete[name].n_unique() > 1]
    n, names = complete.height, ["constant", *varying]
    words = (
        f"least squares of {outcome} on {', '.join(varying) or 'a constant'}; {frame.height - n} of {frame.height} "
        f"rows left out for a missing value; clusters: {' and '.join(clusters)}"
    )
    absent = [
        absent_term(name, kind, n, words, f"{name} does not vary over {n} rows")
        for name in regressors
        if name not in varying
        for kind in (HC3, TWO_WAY)
    ]
    if n < _ROWS_PER_TERM * len(names):
        reason = f"{n} complete rows; {len(names)} coefficients need at least {_ROWS_PER_TERM * len(names)}"
        return absent + [absent_term(name, kind, n, words, reason) for name in names for kind in (HC3, TWO_WAY)]
    design = np.column_stack([np.ones(n), *(complete[name].to_numpy() for name in varying)])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return absent + [absent_term(name, HC3, n, words, "collinear characteristics") for name in names]
    fit = RobustFit.fit(complete[outcome].to_numpy(), design)
    terms = absent + fit.list_terms(names, HC3, fit.hc3_covariance(), n - len(names), words)
    first, second = (complete[name].rank("dense").to_numpy().astype(np.int64) for name in clusters)
    fewest = min(np.unique(labels).size for labels in (first, second))
    if fewest < _MINIMUM_CLUSTERS:
        reason = f"{fewest} clusters in one direction; needs at least {_MINIMUM_CLUSTERS}"
        return terms + [absent_term(name, TWO_WAY, n, words, reason) for name in names]
    return terms + fit.list_terms(names, TWO_WAY, fit.two_way_covariance(first, second), fewest - 1, words)
