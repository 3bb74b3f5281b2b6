"""Responses to a shock horizon by horizon, by Jorda's local projections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Flags, Floats
from analysis.engine.regressions.coefficients import student_term
from analysis.engine.regressions.long_run import long_run_sum
from analysis.engine.regressions.terms import Term, absent_term
from warehouse.tables.units import plural

HAC = "hac"

# Rows per coefficient below which a projection fits noise.
_ROWS_PER_TERM = 5

# Robust errors of a sparse shock are too small: at moved dates of real events fewer than 60 reject 9 to 12 % at 5 %,
# more of them 4 to 7 %.
MINIMUM_SHOCKS = 60


@dataclass(frozen=True, slots=True)
class Projection:
    """The response to one unit of a shock, and both sides as they are without the controls, (n,)."""

    slope: float
    standard_error: float
    clean: Floats
    answer: Floats


def project_locally(returns: Floats, shock: Floats, *, horizons: Sequence[int], n_lags: int) -> list[Term]:
    """Cumulative response of `returns` [T] to a unit of `shock` [T] over the bars 0 … h of each horizon h, a row each.

    Regression of Σ returns over bars t … t + h on shock t and `n_lags` lags of both; overlapping sums are serially
    correlated by construction, so errors are Newey-West with h + 1 lags (Bartlett). Rows with a missing value are left
    out. Assumes that the shock is not caused by the returns of its own bar. Fewer than 60 bars with a shock are
    a reason. Source: Jorda (2005); Newey & West (1987).
    """
    terms = []
    lagged = [delay(series, lag) for lag in range(1, n_lags + 1) for series in (returns, shock)]
    design = np.stack([np.ones(shock.size), shock, *lagged])
    is_known = np.isfinite(design).all(axis=0)
    for horizon in horizons:
        outcome = sum_ahead(returns, 0, horizon + 1)
        used = is_known & np.isfinite(outcome)
        n, name = int(used.sum()), f"horizon {horizon}"
        words = f"sum over {horizon + 1} bars on the shock with {n_lags} lags; Newey-West, {horizon + 1} lags"
        x = design[:, used]
        n_shocks = int(np.count_nonzero(x[1]))
        reason = _obstacle(x.T, n_shocks)
        if reason:
            terms.append(replace(absent_term(name, HAC, n, words, reason), n_shocks=n_shocks))
            continue
        found = project(x[1], outcome[used], x[2:], n_lags=horizon + 1)
        term = student_term(name, HAC, found.slope, found.standard_error, n - x.shape[0], n, words)
        terms.append(replace(term, n_shocks=n_shocks))
    return terms


def project(shock: Floats, outcome: Floats, controls: Floats, *, n_lags: int) -> Projection:
    """Least squares of `outcome` (n,) on `shock` (n,), a constant and `controls` (k, n), all finite; Newey-West error.

    The shock and the outcome are cleaned of the constant and the controls, then of each other (Frisch, Waugh & Lovell):
    the same slope and error as from the whole regression. The slope is NaN when the controls explain the shock.
    """
    clean, answer = _partial_out(np.stack([shock, outcome]), controls)
    return regress_clean(clean, answer, n_lags=n_lags)


def regress_clean(clean: Floats, answer: Floats, *, n_lags: int) -> Projection:
    """Slope of `answer` (n,) on `clean` (n,), both cleaned of everything else, and its Newey-West error."""
    square = float(clean @ clean)
    slope = float(clean @ answer) / square if square > 0 else float("nan")
    scores = clean * (answer - slope * clean)
    error = float(np.sqrt(long_run_sum(scores, n_lags))) / square if square > 0 else float("nan")
    return Projection(slope, error, clean, answer)


class Controls:
    """A constant and controls (k, n), all finite, that several series are cleaned of over nearly the same rows.

    The normal equations of all rows are kept; a series without some rows takes those out of them again, which costs
    what the rows that are missing cost. `ridge` keeps the
    equations solvable when two controls are nearly the same, in units of their variance.
    """

    def __init__(self, controls: Floats, *, ridge: float = 0.0) -> None:
        centred = controls - controls.mean(axis=1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=1, keepdims=True))
        centred /= np.where(scale > 0, scale, 1.0)
        self._rows = np.concatenate([np.ones((1, controls.shape[1])), centred])
        self._gram = self._rows @ self._rows.T
        self._ridge = np.diag(np.append(0.0, np.full(controls.shape[0], ridge)))

    def take_out(self, values: Floats, is_row: Flags) -> Floats:
        """Residuals (m, rows) of `values` (m, n) on the constant and the controls, over the rows where `is_row`."""
        absent = self._rows[:, ~is_row]
        gram = self._gram - absent @ absent.T + self._ridge * np.count_nonzero(is_row)
        present = np.where(is_row, values, 0.0)
        weights = np.linalg.solve(gram, self._rows @ present.T)
        return np.asarray((present - weights.T @ self._rows)[:, is_row])


def sum_ahead(values: Floats, first: int, last: int) -> Floats:
    """Sum of the bars t + first … t + last − 1 at each bar t of `values` (n,); NaN where one is missing or outside."""
    out = np.full(values.size, np.nan)
    n = values.size - last + 1
    if n > 0:
        sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
        missing = np.concatenate([[0], np.cumsum(~np.isfinite(values))])
        is_whole = missing[last : last + n] == missing[first : first + n]
        out[:n] = np.where(is_whole, sums[last : last + n] - sums[first : first + n], np.nan)
    return out


def delay(series: Floats, lag: int) -> Floats:
    """`series` (n,) seen `lag` bars later; NaN before its first value."""
    return np.concatenate([np.full(lag, np.nan), series[: series.size - lag]])


def _partial_out(values: Floats, controls: Floats) -> Floats:
    """Residuals of each row of `values` on a constant and the rows of `controls`.

    Normal equations of centred, scaled rows: a dozen controls need no more, and it is far cheaper than a QR of the
    whole matrix.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    if not controls.shape[0]:
        return np.asarray(centred)
    rows = controls - controls.mean(axis=1, keepdims=True)
    scale = np.sqrt((rows**2).mean(axis=1, keepdims=True))
    rows = rows / np.where(scale > 0, scale, 1.0)
    gram = rows @ rows.T
    return np.asarray(centred - np.linalg.solve(gram, rows @ centred.T).T @ rows)


def _obstacle(design: Floats, n_shocks: int) -> str | None:
    """Why the projection on these rows (constant, shock, lags) cannot be fitted."""
    n, n_terms = design.shape
    if n < _ROWS_PER_TERM * n_terms:
        return f"{n} complete bars; {n_terms} coefficients need at least {_ROWS_PER_TERM * n_terms}"
    if n_shocks < MINIMUM_SHOCKS:
        return f"{plural(n_shocks, 'bar')} with a shock; needs at least {MINIMUM_SHOCKS}"
    if np.linalg.matrix_rank(design) < n_terms:
        return "the shock does not vary beside its lags"
    return None
