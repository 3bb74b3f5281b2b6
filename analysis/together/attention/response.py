"""Response of one series to shocks of another: local projections and distributed lags with placebo shocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.engine.regressions.local_projections import Controls, delay, regress_clean, sum_ahead
from analysis.engine.regressions.long_run import newey_west_lags
from analysis.results.rank import rank_p
from analysis.together.moving.intervals import Z95, Array, two_sided_p

Accumulation = Literal["sum", "mean"]

# Rows of a regression below which robust errors of many controls mean little.
MIN_ROWS = 1000
# A shock beyond this many standard deviations is counted as one.
SHOCK_DEVIATIONS = 2.0
# Keeps the normal equations solvable when two controls are nearly the same.
RIDGE = 1e-10
# Fewer shocks than this are a handful of anecdotes.
MIN_SHOCKS = 20


@dataclass(frozen=True, slots=True)
class Response:
    """Response at each horizon to a shock of one standard deviation, with its placebos.

    `placebo_lower`, `placebo_upper` and `p_placebo` come from shifting the shocks in time around the sample.
    """

    horizons: tuple[int, ...]
    estimate: Array
    standard_error: Array
    p_value: Array
    placebo_lower: Array
    placebo_upper: Array
    p_placebo: Array
    n_placebo: int
    n: int
    n_shocks: int


def trace_response(
    shock: Array,
    outcome: Array,
    controls: Array,
    horizons: Sequence[int],
    accumulation: Accumulation,
    placebo_step: int,
    first_shift: int,
) -> Response | None:
    """Local projections (Jordà 2005) of `outcome` on `shock`, or None with too few rows or shocks.

    Series are one number a bar, NaN absent; `controls` (kinds, time) hold what is known at the bar, and a constant is
    always among them. Horizon 0 is the outcome of the shock's own bar; horizon h > 0 sums (or averages) the h bars
    after it. Errors are Newey-West with at least h lags. Placebos shift the shocks by multiples of `placebo_step` bars
    (so that the hour of the day stays), at least `first_shift` bars either way, around the sample's end.
    """
    is_known = np.isfinite(shock) & np.isfinite(controls).all(axis=0)
    cleaner = Controls(controls[:, is_known], ridge=RIDGE)
    results = []
    n, n_shocks = 0, 0
    for horizon in horizons:
        ahead = accumulate(outcome, horizon, accumulation)
        is_row = is_known & np.isfinite(ahead)
        n = int(is_row.sum())
        if n < MIN_ROWS:
            return None
        both = cleaner.take_out(np.stack([shock[is_known], ahead[is_known]]), np.isfinite(ahead[is_known]))
        found = regress_clean(both[0], both[1], n_lags=max(newey_west_lags(n), horizon))
        scale = float(found.clean.std())
        if scale <= 0:
            return None
        clean = found.clean / scale
        n_shocks = int((clean > SHOCK_DEVIATIONS).sum())
        if n_shocks < MIN_SHOCKS:
            return None
        placebo = _placebo_slopes(clean, found.answer, is_row, placebo_step, first_shift)
        results.append((found.slope * scale, found.standard_error * scale, placebo))
    return _collect(tuple(horizons), results, n, n_shocks)


def distribute_lags(shock: Array, outcome: Array, controls: Array, horizons: Sequence[int]) -> Response | None:
    """Cumulative response from one regression of `outcome` on the shock's lags 0 … max(horizons), or None if too thin.

    `controls` (kinds, time) must be known before the bar. Newey-West errors of the running sums; no placebos.
    """
    depth = max(horizons)
    with_lags = np.stack([delay(shock, lag) for lag in range(depth + 1)])
    scale = float(np.nanstd(shock))
    design = np.concatenate([with_lags / scale if scale > 0 else with_lags, np.ones((1, shock.size)), controls])
    is_row = np.isfinite(outcome) & np.isfinite(design).all(axis=0)
    n_shocks = int((shock[is_row] > SHOCK_DEVIATIONS * scale).sum())
    if scale <= 0 or is_row.sum() < MIN_ROWS or n_shocks < MIN_SHOCKS:
        return None
    n = int(is_row.sum())
    rows = design[:, is_row]
    inverse = np.linalg.inv(rows @ rows.T)
    weights = inverse @ (rows @ outcome[is_row])
    scores = rows * (outcome[is_row] - weights @ rows)
    covariance = inverse @ _long_run_matrix(scores, newey_west_lags(n)) @ inverse
    size = depth + 1
    sums = np.tril(np.ones((size, size)))
    estimate = sums @ weights[:size]
    error = np.sqrt(np.diag(sums @ covariance[:size, :size] @ sums.T))
    nothing = np.empty(0)
    results = [(float(estimate[h]), float(error[h]), nothing) for h in horizons]
    return _collect(tuple(horizons), results, n, n_shocks)


def accumulate(outcome: Array, horizon: int, accumulation: Accumulation) -> Array:
    """The bar's own outcome for horizon 0, else the sum or mean of the next `horizon` bars; NaN if any is absent."""
    if horizon == 0:
        return outcome
    out = sum_ahead(outcome, 1, horizon + 1)
    return out / horizon if accumulation == "mean" else out


def own_past(series: Array, lags: Sequence[int] = (1, 2, 3), means: Sequence[int] = (24, 168)) -> Array:
    """Controls from a series' own past: single lags, and means of the bars before the present one (kinds, time)."""
    rows = [delay(series, lag) for lag in lags]
    filled, present = np.nan_to_num(series), np.isfinite(series).astype(np.float64)
    for window in means:
        sums = np.concatenate([[0.0], np.cumsum(filled)])
        counts = np.concatenate([[0.0], np.cumsum(present)])
        row = np.full(series.size, np.nan)
        if window < series.size:
            n = counts[window:-1] - counts[: -window - 1]
            with np.errstate(divide="ignore", invalid="ignore"):
                mean = (sums[window:-1] - sums[: -window - 1]) / n
            row[window:] = np.where(n >= 0.5 * window, mean, np.nan)
        rows.append(row)
    return np.stack(rows)


def remove_profile(series: Array, period: int, phase: int) -> Array:
    """`series` less its mean at each position of a cycle of `period` bars (an hour-of-week profile); NaN stays."""
    slot = (np.arange(series.size) + phase) % period
    is_present = np.isfinite(series)
    counts = np.bincount(slot[is_present], minlength=period)
    sums = np.bincount(slot[is_present], weights=series[is_present], minlength=period)
    return np.asarray(series - (sums / np.maximum(counts, 1))[slot])


def _long_run_matrix(scores: Array, n_lags: int) -> Array:
    """Bartlett-weighted sum of the autocovariance matrices of `scores` (kinds, time), times the number of bars."""
    total = scores @ scores.T
    for lag in range(1, n_lags + 1):
        crossed = scores[:, lag:] @ scores[:, :-lag].T
        total = total + (1.0 - lag / (n_lags + 1.0)) * (crossed + crossed.T)
    return np.asarray(total)


def _placebo_slopes(clean: Array, answer: Array, is_row: np.ndarray, step: int, first_shift: int) -> Array:
    """Slopes with the shocks moved by every multiple of `step`, from one circular cross-correlation."""
    from scipy.fft import prev_fast_len

    # A length without large prime factors; the few oldest bars it leaves out do not matter to a placebo.
    size = int(prev_fast_len(is_row.size, real=True))
    shocks, answers = np.zeros(is_row.size), np.zeros(is_row.size)
    shocks[is_row], answers[is_row] = clean, answer
    shocks, answers = shocks[-size:], answers[-size:]
    products = np.fft.irfft(np.fft.rfft(answers) * np.conj(np.fft.rfft(shocks)), n=size)
    shifts = np.arange(step, size, step)
    shifts = shifts[(shifts >= first_shift) & (shifts <= size - first_shift)]
    return np.asarray(products[shifts] / clean.size)


def _collect(horizons: tuple[int, ...], results: list[tuple[float, float, Array]], n: int, n_shocks: int) -> Response:
    estimate = np.array([slope for slope, _, _ in results])
    error = np.array([spread for _, spread, _ in results])
    n_placebo = int(results[0][2].size)
    lower, upper, p_placebo = (np.full(estimate.size, np.nan) for _ in range(3))
    if n_placebo:
        for k, (slope, _, placebo) in enumerate(results):
            lower[k], upper[k] = np.quantile(placebo, [0.025, 0.975])
            p_placebo[k] = rank_p(float((np.abs(placebo) >= abs(slope)).sum()), n_placebo)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = two_sided_p(estimate / error)
    return Response(horizons, estimate, error, p_value, lower, upper, p_placebo, n_placebo, n, n_shocks)


def interval_of(response: Response) -> tuple[Array, Array]:
    """The 95 % interval at each horizon."""
    half = Z95 * response.standard_error
    return response.estimate - half, response.estimate + half
