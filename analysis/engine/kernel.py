"""Abnormal returns of very many studies at once, from prefix sums of the estimation moments."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Model = Literal["market", "market_adjusted", "constant_mean"]

MODELS: dict[Model, int] = {"market": 0, "market_adjusted": 1, "constant_mean": 2}

# Prefix sums kept per bar: count, x, y, x², xy, y².
N_MOMENTS = 6

# Numbers per study that are not per bar: α, β, s, n, x̄, Sxx, CAR, var CAR.
N_SCALARS = 8

# Bytes of prefix sums held at once; more series are worked through in blocks.
BLOCK_BYTES = 64 * 2**20

# Studies per task of the thread pool.
CHUNK_STUDIES = 16_384

# Both cores of the smallest machine we run on.
N_THREADS = 2

# A residual sum of squares below this share of the series' total is rounding, not variation.
CONSTANT_SHARE = 1e-13


class Reason(IntEnum):
    """Why a study has no complete result; `REASON_WORDS` says it to people."""

    NONE = 0
    EVENT_OUTSIDE_DATA = 1
    WINDOW_OUTSIDE_DATA = 2
    ESTIMATION_SHORTFALL = 3
    WINDOW_MISSING_BAR = 4
    CONSTANT_SERIES = 5
    CONSTANT_BENCHMARK = 6


REASON_WORDS: dict[Reason, str] = {
    Reason.NONE: "",
    Reason.EVENT_OUTSIDE_DATA: "event outside the data: no bar at the event time",
    Reason.WINDOW_OUTSIDE_DATA: "window outside the data: bars before the first or after the last one are asked for",
    Reason.ESTIMATION_SHORTFALL: "shortfall of estimation bars: fewer usable bars than the minimum",
    Reason.WINDOW_MISSING_BAR: "missing bar inside the event window",
    Reason.CONSTANT_SERIES: "constant series in the estimation window: no residual variance",
    Reason.CONSTANT_BENCHMARK: "constant benchmark in the estimation window: beta is not identified",
}


@dataclass(frozen=True, slots=True)
class WindowResults:
    """One element (or row) per study, in the order asked for; NaN where `reason` says why.

    A study with `WINDOW_MISSING_BAR` has its model and the abnormal returns of the bars that exist, but no CAR.
    """

    alpha: Floats  # [N] intercept per bar, return units
    beta: Floats  # [N] slope on the benchmark
    sigma: Floats  # [N] residual standard deviation, degrees of freedom of the model
    n_estimation: Integers  # [N] usable estimation bars
    benchmark_mean: Floats  # [N] mean benchmark return of the estimation window
    benchmark_sxx: Floats  # [N] centred sum of squares of the benchmark over the estimation window
    ar: Floats  # [N, L2] abnormal returns
    ar_variance: Floats  # [N, L2] prediction-error variance of each abnormal return
    car: Floats  # [N] sum of the abnormal returns
    car_variance: Floats  # [N] exact variance of that sum, prediction covariance included
    reason: NDArray[np.int8]  # [N] a `Reason`

    @property
    def sar(self) -> Floats:
        """Abnormal returns over their prediction-error standard deviation, [N, L2]."""
        return self.ar / np.sqrt(self.ar_variance)

    @property
    def scar(self) -> Floats:
        """CAR over its exact standard deviation, [N]."""
        return self.car / np.sqrt(self.car_variance)

    @property
    def is_complete(self) -> Flags:
        """True where every number exists, [N]."""
        return np.asarray(self.reason == Reason.NONE)


def market_model_windows(
    asset_returns: Floats,
    benchmark_returns: Floats,
    series_index: Integers,
    event_index: Integers,
    *,
    estimation: tuple[int, int],
    window: tuple[int, int],
    mask: Flags | None = None,
    minimum_estimation: int = 30,
    model: Model = "market",
) -> WindowResults:
    """Model, abnormal returns and their variances of N studies on S series of T bars.

    `asset_returns` [S, T] and `benchmark_returns` [T] or [S, T] are returns per bar, NaN where there is none (nothing
    is filled). Study i belongs to row `series_index[i]` and has its bar 0 at column `event_index[i]`. `estimation`
    and `window` are half-open bar ranges relative to bar 0 and must not overlap. An estimation bar counts when both
    returns exist and `mask` [S, T] (True = leave out of estimation) is not set; `mask` does not touch the event window.
    An estimation window that begins before the data simply has fewer bars; fewer than `minimum_estimation` is a reason.

    market: y = α + βx + e, s² = RSS/(n−2), var AR = s²(1 + 1/n + d²/Sxx), var CAR = s²(L + L²/n + (Σd)²/Sxx).
    constant_mean: β = 0, s² with n−1, var AR = s²(1 + 1/n); a benchmark of zeros will do. market_adjusted: α = 0,
    β = 1, AR = y − x, s² of y − x around its mean with n−1, var AR = s². The series are centred before summing; the
    numbers agree with a direct least-squares fit to about 1e-13. To have the CAR and its exact variance of several
    windows, call once per window. Raises ValueError for shapes and ranges that make no sense.
    Source: Campbell, Lo & MacKinlay (1997), chapter 4, equations 4.4.9-4.4.18.
    """
    assets = np.ascontiguousarray(np.atleast_2d(asset_returns), dtype=np.float64)
    benchmark = np.ascontiguousarray(benchmark_returns, dtype=np.float64)
    series = np.ascontiguousarray(series_index, dtype=np.int64)
    events = np.ascontiguousarray(event_index, dtype=np.int64)
    _check_arguments(assets, benchmark, series, events, estimation, window, mask)
    ars, ar_variances = (np.empty((events.size, window[1] - window[0])) for _ in range(2))
    scalars, reasons = np.full((events.size, N_SCALARS), np.nan), np.zeros(events.size, dtype=np.int8)
    flags = np.zeros((0, 0), dtype=np.bool_) if mask is None else np.ascontiguousarray(mask)
    with ThreadPoolExecutor(N_THREADS) as pool:
        for rows, studies in _blocks(assets.shape, series):
            y = assets[rows]
            x = benchmark[rows] if benchmark.ndim == 2 else benchmark[np.newaxis, :]
            sums, centres = _prefix_sums(pool, y, x, None if mask is None else flags[rows])
            bounds = np.array([*estimation, *window, minimum_estimation, MODELS[model], rows.start], dtype=np.int64)
            data = (y, x, sums, centres, series, events)
            out = (bounds, scalars, ars, ar_variances, reasons)
            tasks = [pool.submit(_study_chunk, *data, part, *out) for part in _chunks(studies)]
            for task in tasks:
                task.result()
    alpha, beta, sigma, n, x_mean, sxx, car, car_variance = scalars.T
    n_estimation = np.nan_to_num(n).astype(np.int64)
    return WindowResults(alpha, beta, sigma, n_estimation, x_mean, sxx, ars, ar_variances, car, car_variance, reasons)


def _check_arguments(
    assets: Floats,
    benchmark: Floats,
    series: Integers,
    events: Integers,
    estimation: tuple[int, int],
    window: tuple[int, int],
    mask: Flags | None,
) -> None:
    if benchmark.shape not in ((assets.shape[1],), assets.shape):
        raise ValueError(f"benchmark_returns is {benchmark.shape}; expected ({assets.shape[1]},) or {assets.shape}")
    if mask is not None and mask.shape != assets.shape:
        raise ValueError(f"mask is {mask.shape}; expected {assets.shape}")
    if series.shape != events.shape or series.ndim != 1:
        raise ValueError(f"series_index {series.shape} and event_index {events.shape} must be equal vectors")
    if series.size and not (series.min() >= 0 and series.max() < assets.shape[0]):
        raise ValueError(f"series_index must lie in 0..{assets.shape[0] - 1}")
    if estimation[1] <= estimation[0] or window[1] <= window[0]:
        raise ValueError(f"empty range: estimation {estimation}, window {window} (half-open)")
    if estimation[0] < window[1] and window[0] < estimation[1]:
        raise ValueError(f"overlapping windows: estimation {estimation} and event window {window} (half-open)")


def _blocks(shape: tuple[int, ...], series: Integers) -> Iterator[tuple[slice, Integers]]:
    """Runs of series whose prefix sums fit the memory budget, each with the positions of its studies."""
    n_series, n_bars = shape
    step = max(1, BLOCK_BYTES // ((n_bars + 1) * N_MOMENTS * 8))
    for start in range(0, n_series, step):
        rows = slice(start, min(start + step, n_series))
        studies = np.flatnonzero((series >= rows.start) & (series < rows.stop))
        if studies.size:
            yield rows, studies


def _chunks(studies: Integers) -> list[Integers]:
    return [studies[start : start + CHUNK_STUDIES] for start in range(0, studies.size, CHUNK_STUDIES)]


@numba.njit(cache=True, nogil=True)
def _prefix_sums_of(y: Floats, x: Floats, mask: Flags, sums: Floats, centres: Floats) -> None:
    n_series, n_bars = y.shape
    for s in range(n_series):
        bench, asset = x[s if x.shape[0] > 1 else 0], y[s]
        count, total_x, total_y = 0, 0.0, 0.0
        for t in range(n_bars):
            if np.isfinite(asset[t]) and np.isfinite(bench[t]):
                count += 1
                total_x += bench[t]
                total_y += asset[t]
        centre_x = total_x / count if count else 0.0
        centre_y = total_y / count if count else 0.0
        centres[s, 0], centres[s, 1] = centre_x, centre_y
        n, sx, sy, sxx, sxy, syy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        sums[s, 0, :] = 0.0
        for t in range(n_bars):
            u, v = bench[t] - centre_x, asset[t] - centre_y
            is_masked = mask.shape[0] > 0 and mask[s, t]
            if np.isfinite(u) and np.isfinite(v) and not is_masked:
                n += 1.0
                sx += u
                sy += v
                sxx += u * u
                sxy += u * v
                syy += v * v
            row = sums[s, t + 1]
            row[0], row[1], row[2], row[3], row[4], row[5] = n, sx, sy, sxx, sxy, syy


def _prefix_sums(pool: ThreadPoolExecutor, y: Floats, x: Floats, mask: Flags | None) -> tuple[Floats, Floats]:
    n_series, n_bars = y.shape
    sums = np.empty((n_series, n_bars + 1, N_MOMENTS))
    centres = np.zeros((n_series, 2))
    nothing = np.zeros((0, 0), dtype=np.bool_)
    step = -(-n_series // N_THREADS)
    tasks = []
    for start in range(0, n_series, step):
        part = slice(start, start + step)
        bench = x[part] if x.shape[0] > 1 else x
        masked = nothing if mask is None else mask[part]
        tasks.append(pool.submit(_prefix_sums_of, y[part], bench, masked, sums[part], centres[part]))
    for task in tasks:
        task.result()
    return sums, centres


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _fit(
    moments: Floats, total: Floats, centre: Floats, minimum: int, model: int
) -> tuple[int, float, float, float, float, float]:
    """Reason, α, β, s², x̄ and Sxx of one estimation window."""
    n = moments[0]
    if n < minimum or n < (3 if model == 0 else 2):
        return 3, np.nan, np.nan, np.nan, np.nan, np.nan
    mean_x, mean_y = moments[1] / n, moments[2] / n
    sxx = moments[3] - n * mean_x * mean_x
    sxy = moments[4] - n * mean_x * mean_y
    syy = moments[5] - n * mean_y * mean_y
    x_bar, y_bar = centre[0] + mean_x, centre[1] + mean_y
    if model == 0:
        if sxx <= CONSTANT_SHARE * total[3]:
            return 6, np.nan, np.nan, np.nan, x_bar, sxx
        beta = sxy / sxx
        alpha = y_bar - beta * x_bar
        variance = (syy - beta * sxy) / (n - 2.0)
    elif model == 1:
        alpha, beta = 0.0, 1.0
        variance = (syy - 2.0 * sxy + sxx) / (n - 1.0)
    else:
        alpha, beta = y_bar, 0.0
        variance = syy / (n - 1.0)
    if variance * n <= CONSTANT_SHARE * total[5]:
        return 5, alpha, beta, np.nan, x_bar, sxx
    return 0, alpha, beta, variance, x_bar, sxx


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _study_chunk(
    y: Floats,
    x: Floats,
    sums: Floats,
    centres: Floats,
    series: Integers,
    events: Integers,
    part: Integers,
    bounds: Integers,
    scalars: Floats,
    ars: Floats,
    ar_variances: Floats,
    reasons: NDArray[np.int8],
) -> None:
    n_bars, length, model, first_series = y.shape[1], bounds[3] - bounds[2], bounds[5], bounds[6]
    moments = np.empty(N_MOMENTS)
    for i in part:
        s, zero = series[i] - first_series, events[i]
        if zero < 0 or zero >= n_bars:
            reasons[i] = 1
            ars[i, :], ar_variances[i, :] = np.nan, np.nan
            continue
        low = min(max(zero + bounds[0], 0), n_bars)
        high = min(max(zero + bounds[1], 0), n_bars)
        for m in range(N_MOMENTS):
            moments[m] = sums[s, high, m] - sums[s, low, m]
        reason, alpha, beta, variance, x_bar, sxx = _fit(moments, sums[s, n_bars], centres[s], bounds[4], model)
        reasons[i] = reason
        scalars[i, 0], scalars[i, 1], scalars[i, 2], scalars[i, 3] = alpha, beta, np.sqrt(variance), moments[0]
        scalars[i, 4], scalars[i, 5] = x_bar, sxx
        start = zero + bounds[2]
        if reason == 0 and (start < 0 or start + length > n_bars):
            reasons[i] = 2
        if reasons[i] != 0:
            ars[i, :], ar_variances[i, :] = np.nan, np.nan
            continue
        bench = x[s if x.shape[0] > 1 else 0, start : start + length]
        asset, ar, ar_variance = y[s, start : start + length], ars[i], ar_variances[i]
        parameter_error = 0.0 if model == 1 else 1.0 / moments[0]
        inverse_sxx = 1.0 / sxx if model == 0 else 0.0
        # No branch and no sum in this loop, so that it runs on vector registers.
        for j in range(length):
            d = bench[j] - x_bar
            ar[j] = asset[j] - alpha - beta * bench[j]
            ar_variance[j] = variance * (1.0 + parameter_error + d * d * inverse_sxx)
        car, total_d = 0.0, 0.0
        for j in range(length):
            car += ar[j]
            total_d += bench[j] - x_bar
        if np.isfinite(car):
            spread = length + length * length * parameter_error + total_d * total_d * inverse_sxx
            scalars[i, 6], scalars[i, 7] = car, variance * spread
            continue
        reasons[i] = 4
        for j in range(length):
            if not np.isfinite(ar[j]):
                ar[j], ar_variance[j] = np.nan, np.nan
