"""Whether the past of one series helps to predict another, with robust errors and a stated choice of lags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from analysis.engine.regressions.coefficients import RobustFit
from analysis.engine.regressions.long_run import newey_west_lags
from analysis.portable import log
from analysis.together.moving.intervals import Array

# Fewer bars than this leave a robust test of a dozen lags without size or power.
MIN_BARS_GRANGER = 1000
# Longest lag the information criterion may choose, in bars.
MAX_LAGS = 12


@dataclass(frozen=True, slots=True)
class GrangerTest:
    """Wald test that all lags of the cause are zero in the effect's equation of a VAR."""

    n_lags: int
    p_value: float
    added_r2: float
    n: int


def try_granger(cause: Array, effect: Array, control: Array | None = None) -> GrangerTest | None:
    """The test with 1 … MAX_LAGS lags chosen by BIC, or None with fewer than MIN_BARS_GRANGER complete rows.

    The equation has lags of the effect, of the cause and, when given, of `control` (a common driver such as Bitcoin),
    with Newey-West errors (Granger 1969; Newey and West 1987). Bars are equally spaced; rows with any absent bar are
    left out. `added_r2` is the in-sample share of variance that the cause's lags add.
    """
    drivers = [effect, cause] if control is None else [effect, cause, control]
    lagged = np.stack([_lags(series, MAX_LAGS) for series in drivers])  # driver, lag, time
    target = effect[MAX_LAGS:]
    is_complete = np.isfinite(target) & np.isfinite(lagged).all(axis=(0, 1))
    n = int(is_complete.sum())
    if n < MIN_BARS_GRANGER:
        return None
    target, lagged = target[is_complete], lagged[:, :, is_complete]
    n_lags = _choose_lags(target, lagged)
    full = _design(lagged[:, :n_lags])
    names = slice(1 + n_lags, 1 + 2 * n_lags)
    return _wald(target, full, names, n_lags)


def _wald(target: Array, full: Array, tested: slice, n_lags: int) -> GrangerTest:
    n, n_terms = full.shape
    fit, q = RobustFit.fit(target, full), tested.stop - tested.start
    covariance = fit.newey_west_covariance(newey_west_lags(n))[tested, tested]
    value = float(fit.estimates[tested] @ np.linalg.solve(covariance, fit.estimates[tested])) / q
    p_value = float(fdtrc(q, n - n_terms, value))
    rest = np.delete(full, np.arange(tested.start, tested.stop), axis=1)
    total = float(((target - target.mean()) ** 2).sum())
    return GrangerTest(n_lags, p_value, (_rss(target, rest) - _rss(target, full)) / total, n)


def _choose_lags(target: Array, lagged: Array) -> int:
    """Lags with the smallest BIC; every candidate is a corner of one set of normal equations."""
    n, n_drivers = target.size, lagged.shape[0]
    full = _design(lagged)
    gram, moment, total = full.T @ full, full.T @ target, float(target @ target)
    criteria = []
    for p in range(1, MAX_LAGS + 1):
        kept = np.concatenate([[0], *(1 + driver * MAX_LAGS + np.arange(p) for driver in range(n_drivers))])
        residual = total - moment[kept] @ np.linalg.solve(gram[np.ix_(kept, kept)], moment[kept])
        criteria.append(n * log(residual / n) + log(n) * kept.size)
    return int(np.argmin(criteria)) + 1


def _design(lagged: Array) -> Array:
    """Columns: constant, then all lags of the first driver, of the second, ..."""
    columns = lagged.reshape(-1, lagged.shape[2])
    return np.asarray(np.concatenate([np.ones((1, columns.shape[1])), columns]).T)


def _rss(target: Array, design: Array) -> float:
    gram, moment = design.T @ design, design.T @ target
    return float(target @ target - moment @ np.linalg.solve(gram, moment))


def _lags(series: Array, depth: int) -> Array:
    return np.stack([series[depth - lag : series.size - lag] for lag in range(1, depth + 1)])
