"""Panel event study: the response bar by bar around the event, with unit and time effects taken out."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import fdtrc

from analysis.arrays import Floats, Integers
from analysis.engine.loops.sums import take_out_means
from analysis.engine.regressions.coefficients import RobustFit, is_certain
from analysis.engine.regressions.terms import Term, absent_term

CLUSTERED = "clustered"
JOINT = "joint_f"
ALL_LEADS = "all leads"
REFERENCE_BAR = -1  # the last bar before the event; every coefficient is relative to it

# Fewer clusters than this give a covariance that is far too small.
_MINIMUM_CLUSTERS = 5

TOLERANCE, MOST_ROUNDS = 1e-12, 500  # of alternating demeaning, in units of the column's deviation


def panel_event_study(frame: pl.DataFrame, *, leads: int, lags: int) -> list[Term]:
    """Coefficients of relative bars −leads … lags against bar −1, then the joint test that all leads are zero.

    `frame` has unit, time, outcome, relative_bar (bars since the unit's event; null for a unit without one) and
    optionally cluster (the unit where absent), one row per unit and time. Bars outside the range are the base together
    with bar −1. Unit and time effects are removed exactly by alternating demeaning; errors are clustered with
    t(clusters − 1). Rows with a missing outcome are left out and counted. Leads that differ from zero say that the
    paths were apart before the event. Source: Freyaldenhoven, Hansen, Perez & Shapiro (2021). Where dates are staggered
    and times shared between events, coefficients mix bars (Sun & Abraham 2021): give every event times of its own, as
    `stack_events` does.
    """
    complete = frame.filter(pl.col("outcome").is_not_null() & pl.col("outcome").is_finite())
    bars = [bar for bar in range(-leads, lags + 1) if bar != REFERENCE_BAR]
    names = [f"bar {bar}" for bar in bars]
    units = complete["unit"].rank("dense").to_numpy().astype(np.int64) - 1
    times = complete["time"].rank("dense").to_numpy().astype(np.int64) - 1
    clusters = complete["cluster" if "cluster" in frame.columns else "unit"].rank("dense").to_numpy().astype(np.int64)
    n_clusters = int(clusters.max()) if complete.height else 0
    words = (
        f"two-way fixed effects, bars {-leads}..{lags} relative to bar -1 and the bars outside them, "
        f"{frame.height - complete.height} rows without an outcome left out, {n_clusters} clusters"
    )
    if n_clusters < _MINIMUM_CLUSTERS:
        reason = f"{n_clusters} clusters; clustered errors need at least {_MINIMUM_CLUSTERS}"
        return _absent(names, complete.height, words, reason)
    relative = complete["relative_bar"].fill_null(lags + 1).to_numpy()
    columns = np.column_stack([complete["outcome"].to_numpy(), *((relative == bar).astype(np.float64) for bar in bars)])
    demeaned = _demean(columns, units, times)
    if not _has_full_rank(demeaned[:, 1:]):
        reason = (
            "relative bars cannot be told from unit and time effects: dates do not differ, or no unit is without event"
        )
        return _absent(names, complete.height, words, reason)
    fit = RobustFit.fit(demeaned[:, 0], demeaned[:, 1:])
    covariance = fit.clustered_covariance(clusters)
    return [
        *fit.list_terms(names, CLUSTERED, covariance, n_clusters - 1, words),
        _joint(fit.estimates, covariance, bars, complete.height, n_clusters, words),
    ]


def _has_full_rank(design: Floats) -> bool:
    """Whether no column of `design` [n, k] follows from the others, by all its rows only where its products are close.

    The products' condition is that of the columns squared, and rounding blurs no more than machine precision of it.
    """
    squares = np.asarray(np.linalg.eigvalsh(design.T @ design))
    return is_certain(squares) or int(np.linalg.matrix_rank(design)) == design.shape[1]


def _absent(names: list[str], n: int, words: str, reason: str) -> list[Term]:
    terms = [absent_term(name, CLUSTERED, n, words, reason) for name in names]
    return [*terms, absent_term(ALL_LEADS, JOINT, n, words, reason)]


def _joint(estimates: Floats, covariance: Floats, bars: list[int], n: int, n_clusters: int, words: str) -> Term:
    """Test that the coefficients of all leads are zero.

    With few clusters their covariance is itself uncertain, which the plain F form leaves out: with 11 leads and 15
    clusters it rejects three times in four. Where every cluster weighs the same, the coefficients are means over
    clusters and the Wald statistic is Hotelling's T²: F = T² (G − q) / (q (G − 1)) with q and G − q degrees of freedom.
    Source: Hotelling (1931); Anderson (2003), section 5.2.
    """
    leads = [place for place, bar in enumerate(bars) if bar < REFERENCE_BAR]
    if not leads:
        return absent_term(ALL_LEADS, JOINT, n, words, "no lead beside the reference bar; ask for two or more")
    estimates, covariance, q = estimates[leads], covariance[np.ix_(leads, leads)], len(leads)
    if n_clusters <= q or np.linalg.matrix_rank(covariance, hermitian=True) < q:
        reason = f"{q} leads and {n_clusters} clusters: too few events for a joint test"
        return absent_term(ALL_LEADS, JOINT, n, words, reason)
    wald = float(estimates @ np.linalg.solve(covariance, estimates))
    value = wald * (n_clusters - q) / (q * (n_clusters - 1))
    words = f"{words}; joint test as Hotelling's T-squared, F({q}, {n_clusters - q})"
    p_value = float(fdtrc(q, n_clusters - q, value))
    return Term(ALL_LEADS, JOINT, None, None, None, None, value, p_value, n, words)


def _demean(columns: Floats, units: Integers, times: Integers) -> Floats:
    """`columns` [n, k] without unit and time means, by alternating projections."""
    result = columns.copy()
    scale = np.maximum(columns.std(axis=0), np.finfo(float).tiny)
    take_out_means(result, units, times, scale, TOLERANCE, MOST_ROUNDS)
    return result
