"""Cumulative abnormal returns explained by what the events were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.engine.regressions.coefficients import list_terms
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
    from statsmodels.regression.linear_model import OLS  # brings pandas: nothing that only reads should pay it

    model = OLS(complete[outcome].to_numpy(), design)
    terms = absent + list_terms(model.fit(cov_type="HC3", use_t=True), names, HC3, n, words)
    labels = np.column_stack([complete[name].rank("dense").to_numpy() for name in clusters]).astype(np.int64)
    fewest = min(np.unique(labels[:, side]).size for side in range(2))
    if fewest < _MINIMUM_CLUSTERS:
        reason = f"{fewest} clusters in one direction; needs at least {_MINIMUM_CLUSTERS}"
        return terms + [absent_term(name, TWO_WAY, n, words, reason) for name in names]
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": labels}, use_t=True)
    return terms + list_terms(clustered, names, TWO_WAY, n, words)
