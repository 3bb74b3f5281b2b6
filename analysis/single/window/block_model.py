"""Market model for many windows at once: each fitted on the bars around it, never on the window itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.tape.series import AlignedSeries

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ReturnSums:
    """Prefix sums of one aligned series, shape (n + 1,): element i covers the bars before i."""

    asset: Floats  # of returns, missing bars as zero
    benchmark: Floats
    n_missing: Integers  # bars without one of the two returns
    moments: Floats  # (6, n + 1) over the bars that may be used for estimation: 1, m, r, m², m·r, r², centred
    centre: tuple[float, float]  # of benchmark and asset, taken off the moments for precision


@dataclass(frozen=True, slots=True)
class Coefficients:
    """One market model per window; NaN where the bars are too few."""

    alpha: Floats  # log points per bar; not carried into the forecast
    beta: Floats
    residual_variance: Floats  # RSS / (n − 2), squared log points per bar
    benchmark_squares: Floats  # Σ(m − m̄)² over the estimation bars
    benchmark_mean: Floats  # m̄, log points per bar
    n: Integers  # estimation bars


@dataclass(frozen=True, slots=True)
class WindowMeasures:
    """Cumulative abnormal log returns of many windows with their prediction-error standard deviation."""

    car: Floats
    standard_error: Floats
    expected: Floats  # β·Σm, log points
    coefficients: Coefficients


def sum_returns(series: AlignedSeries, is_masked: Flags) -> ReturnSums:
    """Prefix sums of `series`; bars in `is_masked` (n,) (other events) count in windows but not in estimation."""
    is_present = np.isfinite(series.asset) & np.isfinite(series.benchmark)
    asset, benchmark = np.where(is_present, series.asset, 0.0), np.where(is_present, series.benchmark, 0.0)
    is_used = is_present & ~is_masked
    centre_m = float(benchmark[is_used].mean()) if is_used.any() else 0.0
    centre_r = float(asset[is_used].mean()) if is_used.any() else 0.0
    m, r, w = np.where(is_used, benchmark - centre_m, 0.0), np.where(is_used, asset - centre_r, 0.0), is_used * 1.0
    moments = np.stack([w, m, r, m * m, m * r, r * r])
    return ReturnSums(
        _prefix(asset),
        _prefix(benchmark),
        _prefix(~is_present).astype(np.int64),
        _prefix(moments),
        (centre_m, centre_r),
    )


def fit_around(
    sums: ReturnSums, starts: Integers, window: int, *, limit: int, length: int, minimum: int
) -> Coefficients:
    """Least squares per window on the `length` bars before it, in the order of `starts`.

    Where the record begins too late for that, the bars after the window and before `limit` (the event) fill the
    shortfall, so that a short record still gives every ordinary window a model that has not seen it. NaN below
    `minimum` bars. Source of the closed form: Campbell, Lo & MacKinlay (1997), section 4.4.
    """
    low = np.clip(starts - length, 0, None)
    shortfall = length - (starts - low)
    resume = np.clip(starts + window, 0, limit)
    end = np.clip(resume + shortfall, 0, limit)
    total = sums.moments[:, starts] - sums.moments[:, low]
    total = total + np.where(starts < limit, sums.moments[:, end] - sums.moments[:, resume], 0.0)
    n, m, r, mm, mr, rr = total
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = mm - m * m / n
        beta = np.where(squares > 0, (mr - m * r / n) / squares, 0.0)
        alpha = (r / n + sums.centre[1]) - beta * (m / n + sums.centre[0])
        mean = m / n + sums.centre[0]
        variance = np.clip(rr - r * r / n - beta * beta * squares, 0.0, None) / (n - 2)
    is_fit = (n >= minimum) & (variance > 0)
    bare = np.where(is_fit, 1.0, np.nan)
    return Coefficients(alpha * bare, beta * bare, variance * bare, squares * bare, mean * bare, n.astype(np.int64))


def measure_windows(sums: ReturnSums, starts: Integers, window: int, coefficients: Coefficients) -> WindowMeasures:
    """CAR of the bars [start, start + window) with its prediction error; NaN where a bar of the window is missing.

    Expected return is β·Σm without the constant: a drift fitted on a few weeks piles up over a long window. Variance is
    s²·(window + (Σm)²/Σ(m − m̄)²): new noise plus the uncertainty of β.
    Source: Campbell, Lo & MacKinlay (1997), eq. 4.4.9, with the constant left out.
    """
    ends = starts + window
    is_inside = ends < sums.asset.size
    ends = np.clip(ends, 0, sums.asset.size - 1)
    is_whole = is_inside & (sums.n_missing[ends] == sums.n_missing[starts])
    moved = sums.benchmark[ends] - sums.benchmark[starts]
    expected = coefficients.beta * moved
    car = sums.asset[ends] - sums.asset[starts] - expected
    with np.errstate(invalid="ignore", divide="ignore"):
        lever = np.where(coefficients.benchmark_squares > 0, moved**2 / coefficients.benchmark_squares, 0.0)
        error = np.sqrt(coefficients.residual_variance * (window + lever))
    gap = np.where(is_whole, 0.0, np.nan)
    return WindowMeasures(car + gap, error + gap, expected + gap, coefficients)


def _prefix(values: NDArray[np.generic]) -> Floats:
    totals = np.cumsum(values, axis=-1, dtype=np.float64)
    padding = [(0, 0)] * (totals.ndim - 1) + [(1, 0)]
    return np.pad(totals, padding)
