"""Abnormal returns of very many studies at once, from moments by calendar blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Flags, Floats, Integers
from analysis.engine import compiled
from analysis.threads import N_THREADS, start_threads
from warehouse.tables.units import file_size

Model = Literal["market", "market_adjusted", "constant_mean", "market_or_mean"]

_MODELS: dict[Model, int] = {
    "market": compiled.MARKET_MODEL,
    "market_adjusted": compiled.MARKET_ADJUSTED,
    "constant_mean": compiled.CONSTANT_MEAN,
    "market_or_mean": compiled.MARKET_OR_MEAN,
}

# Bytes of moments held at once: more bars or series are worked through one stretch after another.
MEMORY_BYTES = 64 * 2**20

# Bytes of moments that stay in the cache of a core: calls of few studies hold no more, and touch no fresh memory.
_CACHE_BYTES = 4 * 2**20

# Bars per study from which a call has few studies; with more of them, going over the results once a batch costs more.
_BARS_PER_STUDY = 4

BAR_BYTES = 2 * 8 * compiled.N_MOMENTS  # of one bar's moments, from both ends of its block

# Bytes of single abnormal returns and their variances that one call may return.
RESULT_BYTES = 2**30

CHUNK_STUDIES = 4_096  # studies per task of the thread pool

_NOTHING = np.zeros((0, 0), dtype=np.bool_)  # no bar is masked, or no block is left out


class Reason(IntEnum):
    """Why a study has no complete result; `REASON_WORDS` says it to people."""

    NONE = compiled.NONE
    EVENT_OUTSIDE_DATA = compiled.EVENT_OUTSIDE
    WINDOW_OUTSIDE_DATA = compiled.WINDOW_OUTSIDE
    ESTIMATION_SHORTFALL = compiled.SHORTFALL
    WINDOW_MISSING_BAR = compiled.MISSING_BAR
    CONSTANT_SERIES = compiled.CONSTANT_SERIES
    CONSTANT_BENCHMARK = compiled.CONSTANT_BENCHMARK


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
class BlockSums:
    """Moments of S series from `first_column` on, so that the sums of any stretch of bars are a few additions."""

    asset: Floats  # [S', T] returns of all series
    benchmark: Floats  # [1 or S', T]
    mask: Flags  # [S', T] bars left out of the moments; empty for none
    ahead: Floats  # [S, T', 6] from the bar to the end of its block
    behind: Floats  # [S, T', 6] from the start of its block up to the bar
    first_bar: int  # calendar number of column 0
    first_column: int
    first_row: int

    @property
    def place(self) -> tuple[int, int, int]:
        """Calendar number of column 0, first column and first row held."""
        return self.first_bar, self.first_column, self.first_row


@dataclass(frozen=True, slots=True)
class MarketModels:
    """One market model per study; NaN where `reason` says why."""

    alpha: Floats  # [N] per bar, units of the returns
    beta: Floats  # [N]
    residual_variance: Floats  # [N] squared units of the returns, degrees of freedom of the model
    n: Integers  # [N] usable estimation bars
    benchmark_mean: Floats  # [N] over the estimation bars
    benchmark_squares: Floats  # [N] Σ(x − x̄)² over the estimation bars
    reason: NDArray[np.int8]  # [N] a `Reason`


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
    ar: Floats  # [N, L2] abnormal returns; no row without `keep_bars`
    ar_variance: Floats  # [N, L2] prediction-error variance of each abnormal return; no row without `keep_bars`
    car: Floats  # [N] sum of the abnormal returns
    car_variance: Floats  # [N] exact variance of that sum, prediction covariance included
    mean_square: Floats  # [N] mean of AR² over its variance; NaN with `keep_bars`, where it can be had from the bars
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
    first_bar: int = 0,
    keep_bars: bool = True,
    memory_bytes: int = MEMORY_BYTES,
) -> WindowResults:
    """Model, abnormal returns and their variances of N studies on S series of T bars.

    `asset_returns` [S, T] and `benchmark_returns` [T] or [S, T] are returns per bar, NaN where there is none (nothing
    is filled). Study i belongs to row `series_index[i]` and has its bar 0 at column `event_index[i]`. `estimation`
    and `window` are half-open bar ranges relative to bar 0 and must not overlap. An estimation bar counts when both
    returns exist and `mask` [S, T] (True = leave out of estimation) is not set; `mask` does not touch the event window.
    An estimation window that begins before the data simply has fewer bars; fewer than `minimum_estimation` is a reason.

    market: y = α + βx + e, s² = RSS/(n−2), var AR = s²(1 + 1/n + d²/Sxx), var CAR = s²(L + L²/n + (Σd)²/Sxx).
    constant_mean: β = 0, s² with n−1, var AR = s²(1 + 1/n); a benchmark of zeros will do. market_adjusted: α = 0,
    β = 1, AR = y − x, s² of y − x around its mean with n−1, var AR = s². market_or_mean: market, with β = 0 where the
    benchmark does not move.

    A study's bits rest on its own bars and their places in the calendar (`first_bar` numbers column 0): later bars, and
    earlier ones than it asks for, change nothing. Without `keep_bars` single bars are not returned: a call then holds
    `memory_bytes` of moments (or twice the bars of one study) beside its data and 73 bytes a study. To have the CAR and
    its exact variance of several windows, call once per window. Raises ValueError for shapes and ranges that make no
    sense, and for single bars beyond RESULT_BYTES.
    Source: Campbell, Lo & MacKinlay (1997), chapter 4, equations 4.4.9-4.4.18.
    """
    assets = np.ascontiguousarray(np.atleast_2d(asset_returns), dtype=np.float64)
    benchmark = np.ascontiguousarray(benchmark_returns, dtype=np.float64)
    series = np.ascontiguousarray(series_index, dtype=np.int64)
    events = np.ascontiguousarray(event_index, dtype=np.int64)
    _check_arguments(assets, benchmark, series, events, estimation, window, mask)
    length = window[1] - window[0]
    if keep_bars:
        _check_size(events.size, length)
    ars, ar_variances = (np.empty((events.size if keep_bars else 0, length)) for _ in range(2))
    scalars, reasons = _no_results(events.size)
    flags = _NOTHING if mask is None else np.ascontiguousarray(mask)
    bounds = np.array([*estimation, *window, minimum_estimation, _MODELS[model]], dtype=np.int64)
    data = (assets, np.atleast_2d(benchmark), flags)
    with start_threads(is_worth=events.size > CHUNK_STUDIES or assets.size * BAR_BYTES > _CACHE_BYTES) as pool:
        for sums, studies in _summed(pool, data, series, events, bounds, first_bar, memory_bytes):
            tasks = [
                pool.submit(_study_chunk, sums, series, events, part, bounds, scalars, (ars, ar_variances), reasons)
                for part in np.split(studies, range(CHUNK_STUDIES, studies.size, CHUNK_STUDIES))
            ]
            for task in tasks:
                task.result()
    return _window_results(scalars, ars, ar_variances, reasons)


def sum_blocks(asset_returns: Floats, benchmark_returns: Floats, mask: Flags, first_bar: int) -> BlockSums:
    """The moments of one series: asset, benchmark and mask (n,), of which bar 0 has the calendar number `first_bar`."""
    asset, benchmark = (
        np.ascontiguousarray(values, dtype=np.float64)[np.newaxis] for values in (asset_returns, benchmark_returns)
    )
    flags = np.ascontiguousarray(mask)[np.newaxis]
    ahead, behind = (np.empty((*asset.shape, compiled.N_MOMENTS)) for _ in range(2))
    compiled.fill_block_sums(asset, benchmark, flags, _NOTHING, first_bar, ahead, behind)
    return BlockSums(asset, benchmark, flags, ahead, behind, first_bar, 0, 0)


def fit_around(
    sums: BlockSums, starts: Integers, window: int, *, limit: int, length: int, minimum: int
) -> MarketModels:
    """The market model of each window of `window` bars, on the `length` bars before it, in the order of `starts`.

    Where the record begins too late for that, the bars after the window and before `limit` (the event) fill the
    shortfall, so that a short record still gives every ordinary window a model that has not seen it. Fewer than
    `minimum` usable bars, or a series that does not move, have a reason; β is 0 on a benchmark that does not.
    Source of the closed form: Campbell, Lo & MacKinlay (1997), section 4.4.
    """
    scalars, reasons = _no_results(starts.size)
    bounds = np.array([-length, 0, 0, window, minimum, compiled.MARKET_OR_MEAN], dtype=np.int64)
    data = (sums.asset, sums.benchmark, sums.mask, sums.ahead, sums.behind, sums.place)
    which = np.zeros_like(starts), starts, np.full_like(starts, limit), np.arange(starts.size)
    compiled.fit_studies(*data, *which, bounds, scalars, reasons)
    return _models(scalars, reasons)


def fit_line(asset_returns: Floats, benchmark_returns: Floats, is_used: Flags | None = None) -> MarketModels:
    """The market model (one element) over all bars of `asset_returns` and `benchmark_returns` (n,) that are `is_used`.

    Bars without one of the two returns are left out. Fewer than three bars, or a benchmark that does not move, have a
    reason.
    """
    mask = np.zeros(0, dtype=np.bool_) if is_used is None else ~is_used
    asset, benchmark = (np.ascontiguousarray(v, dtype=np.float64) for v in (asset_returns, benchmark_returns))
    moments = compiled.moments_of(asset, benchmark, mask)
    reason, alpha, beta, variance, mean, squares = compiled.fit_moments(moments, 0, compiled.MARKET_MODEL)
    scalars, reasons = _no_results(1)
    scalars[0, : compiled.SXX + 1] = alpha, beta, variance, moments[0], mean, squares
    reasons[0] = reason
    return _models(scalars, reasons)


def total_returns(sums: BlockSums, starts: Integers, length: int) -> tuple[Floats, Floats]:
    """Summed returns of asset and benchmark over [start, start + length), masked bars included.

    NaN where one of them is missing, or outside the record.
    """
    totals = np.empty((starts.size, 2))
    compiled.total_windows(sums.asset[0], sums.benchmark[0], starts, length, totals)
    return totals[:, 0], totals[:, 1]


def _no_results(n: int) -> tuple[Floats, NDArray[np.int8]]:
    scalars = np.full((n, compiled.N_SCALARS), np.nan)
    scalars[:, compiled.N] = 0.0
    return scalars, np.zeros(n, dtype=np.int8)


def _models(scalars: Floats, reasons: NDArray[np.int8]) -> MarketModels:
    names = (compiled.ALPHA, compiled.BETA, compiled.VARIANCE, compiled.N, compiled.X_BAR, compiled.SXX)
    alpha, beta, variance, n, mean, squares = (scalars[:, k] for k in names)
    return MarketModels(alpha, beta, variance, n.astype(np.int64), mean, squares, reasons)


def _window_results(scalars: Floats, ars: Floats, ar_variances: Floats, reasons: NDArray[np.int8]) -> WindowResults:
    models = _models(scalars, reasons)
    return WindowResults(
        models.alpha,
        models.beta,
        np.sqrt(models.residual_variance),
        models.n,
        models.benchmark_mean,
        models.benchmark_squares,
        ars,
        ar_variances,
        scalars[:, compiled.CAR],
        scalars[:, compiled.CAR_VARIANCE],
        scalars[:, compiled.MEAN_SQUARE],
        reasons,
    )


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


def _check_size(n_studies: int, length: int) -> None:
    asked = 16 * n_studies * length
    if asked > RESULT_BYTES:
        raise ValueError(
            f"{n_studies} studies of {length} bars return {file_size(asked)} of single abnormal returns, more "
            f"than {file_size(RESULT_BYTES)}: ask with keep_bars=False, or for fewer studies a call"
        )


def _batches(
    shape: tuple[int, ...], series: Integers, events: Integers, estimation: tuple[int, int], memory_bytes: int
) -> Iterator[tuple[slice, slice, Integers]]:
    """Rows and columns whose moments fit the memory, each with the positions of its studies."""
    n_series, n_bars = shape
    most = max(memory_bytes // BAR_BYTES, 1)
    step = max(1, most // max(n_bars, 1))
    for start in range(0, n_series, step):
        rows = slice(start, min(start + step, n_series))
        studies = np.flatnonzero((series >= rows.start) & (series < rows.stop))
        if studies.size and n_bars <= most:
            yield rows, slice(0, n_bars), studies
        elif studies.size:
            yield from ((rows, *part) for part in _stretches(n_bars, events, studies, estimation, most))


def _stretches(
    n_bars: int, events: Integers, studies: Integers, estimation: tuple[int, int], most: int
) -> Iterator[tuple[slice, Integers]]:
    """Columns, at most `most` or twice the estimation, that hold the estimations of studies close to each other."""
    ordered = studies[np.argsort(events[studies], kind="stable")]
    low = np.clip(events[ordered] + estimation[0], 0, n_bars)
    high = np.clip(events[ordered] + estimation[1], 0, n_bars)
    most = max(most, 2 * (estimation[1] - estimation[0]))
    first = 0
    while first < ordered.size:
        last = int(np.searchsorted(high, low[first] + most, side="right"))
        yield slice(int(low[first]), int(high[last - 1])), ordered[first:last]
        first = last


def _summed(
    pool: Executor,
    data: tuple[Floats, Floats, Flags],
    series: Integers,
    events: Integers,
    bounds: Integers,
    first_bar: int,
    memory_bytes: int,
) -> Iterator[tuple[BlockSums, Integers]]:
    """The moments of one batch after another, in the same memory, each with the positions of its studies."""
    extent = data[0].shape
    if _BARS_PER_STUDY * events.size < data[0].size:
        memory_bytes = min(memory_bytes, _CACHE_BYTES)
    room = np.empty((2, 0))
    for rows, columns, studies in _batches(extent, series, events, (bounds[0], bounds[1]), memory_bytes):
        shape = (rows.stop - rows.start, columns.stop - columns.start, compiled.N_MOMENTS)
        size, place = math.prod(shape), (first_bar, columns.start, rows.start)
        room = room if room.shape[1] >= size else np.empty((2, size))
        ahead, behind = (half[:size].reshape(shape) for half in room)
        sums = BlockSums(*data, ahead, behind, *place)
        needed = compiled.needed_blocks(series, events, studies, bounds, place, shape[:2], extent[1])
        _fill_part(pool, sums, needed)
        yield sums, studies


def _fill_part(pool: Executor, sums: BlockSums, needed: Flags) -> None:
    """The moments of the `needed` blocks of the rows and columns that `sums` holds, by all threads."""
    n_rows, n_columns = sums.ahead.shape[:2]
    columns, step, tasks = slice(sums.first_column, sums.first_column + n_columns), -(-n_rows // N_THREADS), []
    for start in range(0, n_rows, step):
        stop = min(start + step, n_rows)
        part, own = slice(start, stop), slice(sums.first_row + start, sums.first_row + stop)
        bench = sums.benchmark[own if sums.benchmark.shape[0] > 1 else slice(None), columns]
        masked = sums.mask[own, columns] if sums.mask.size else sums.mask
        wanted = needed[part] if needed.size else needed
        data = (sums.asset[own, columns], bench, masked, wanted, sums.first_bar + columns.start)
        tasks.append(pool.submit(compiled.fill_block_sums, *data, sums.ahead[part], sums.behind[part]))
    for task in tasks:
        task.result()


def _study_chunk(
    sums: BlockSums,
    series: Integers,
    events: Integers,
    part: Integers,
    bounds: Integers,
    scalars: Floats,
    bars: tuple[Floats, Floats],
    reasons: NDArray[np.int8],
) -> None:
    y, x, no_limits = sums.asset, sums.benchmark, np.zeros(0, dtype=np.int64)
    held = (sums.mask, sums.ahead, sums.behind, sums.place)
    compiled.fit_studies(y, x, *held, series, events, no_limits, part, bounds, scalars, reasons)
    compiled.measure_studies(y, x, series, events, part, bounds, scalars, *bars, reasons)
