"""The loops of the kernel, compiled: moments by calendar blocks, the market model, abnormal returns."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Flags, Floats, Integers

BarMoments = tuple[float, float, float, float, float, float]
Place = tuple[int, int, int]

# Kept per bar: count, mean of x and of y, and the centred sums of x², xy and y².
N_MOMENTS = 6
# Bars per block. BarMoments never reach over a block's border, so that those of a window rest on its own bars alone.
BARS_PER_BLOCK = 128
# A sum of squares below this share of the values' own squares is rounding, not variation.
ROUNDING_SHARE = 1e-24
# A residual sum of squares below this share of the variation is rounding: asset and benchmark are the same.
PERFECT_SHARE = 1e-13
# Order of the numbers per study.
ALPHA, BETA, VARIANCE, N, X_BAR, SXX, CAR, CAR_VARIANCE, MEAN_SQUARE = range(9)
N_SCALARS = 9
# Codes of `kernel.MODELS` and `kernel.Reason`, which compiled code reads as numbers.
MARKET_MODEL, MARKET_ADJUSTED, CONSTANT_MEAN, MARKET_OR_MEAN = range(4)
NONE, EVENT_OUTSIDE, WINDOW_OUTSIDE, SHORTFALL, MISSING_BAR, CONSTANT_SERIES, CONSTANT_BENCHMARK = range(7)


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _add(m: BarMoments, shares: Floats, x: float, y: float) -> BarMoments:
    """BarMoments `m` with one more bar; `shares` are 1/n. Source: Welford (1962)."""
    n, mean_x, mean_y, sxx, sxy, syy = m
    dx, dy, share = x - mean_x, y - mean_y, shares[int(n)]
    mean_x += dx * share
    mean_y += dy * share
    rest = y - mean_y
    return n + 1.0, mean_x, mean_y, sxx + dx * (x - mean_x), sxy + dx * rest, syy + dy * rest


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _keep(m: BarMoments, row: Floats) -> None:
    row[0], row[1], row[2], row[3], row[4], row[5] = m


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fill_block_sums(
    y: Floats, x: Floats, mask: Flags, needed: Flags, first_bar: int, ahead: Floats, behind: Floats
) -> None:
    """BarMoments from each bar to the end of its block (`ahead`) and from the block's start up to the bar (`behind`).

    `y` [S, T], `x` [1 or S, T], `mask` [S, T] or empty; column t is bar `first_bar` + t of the calendar, and blocks
    begin where that number is a multiple of BARS_PER_BLOCK. Blocks that are not `needed` [S, blocks] are left as they
    are; empty, all are needed.
    """
    n_bars = y.shape[1]
    shares = 1.0 / np.arange(1, BARS_PER_BLOCK + 1)
    nothing = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for s in range(y.shape[0]):
        bench, asset = x[s if x.shape[0] > 1 else 0], y[s]
        start = -(first_bar % BARS_PER_BLOCK)
        for block in range((n_bars - start + BARS_PER_BLOCK - 1) // BARS_PER_BLOCK):
            if needed.shape[0] > 0 and not needed[s, block]:
                continue
            low = max(start + block * BARS_PER_BLOCK, 0)
            high = min(start + (block + 1) * BARS_PER_BLOCK, n_bars)
            m = nothing
            for t in range(low, high):
                if np.isfinite(bench[t]) and np.isfinite(asset[t]) and not (mask.shape[0] > 0 and mask[s, t]):
                    m = _add(m, shares, bench[t], asset[t])
                _keep(m, behind[s, t])
            m = nothing
            for t in range(high - 1, low - 1, -1):
                if np.isfinite(bench[t]) and np.isfinite(asset[t]) and not (mask.shape[0] > 0 and mask[s, t]):
                    m = _add(m, shares, bench[t], asset[t])
                _keep(m, ahead[s, t])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def needed_blocks(
    series: Integers,
    events: Integers,
    part: Integers,
    bounds: Integers,
    place: Place,
    shape: tuple[int, int],
    n_bars: int,
) -> Flags:
    """Which blocks [rows, blocks] of the bars `shape` at `place` the estimations of the studies of `part` lie in.

    Empty where the studies are more than the blocks, and so would need nearly all.
    """
    first_bar, first, row = place
    base, last = (first_bar + first) // BARS_PER_BLOCK, (first_bar + first + shape[1] - 1) // BARS_PER_BLOCK
    needed = np.zeros((shape[0], last - base + 1), dtype=np.bool_)
    if part.size > needed.size:
        return np.zeros((0, 0), dtype=np.bool_)
    for i in part:
        low = min(max(events[i] + bounds[0], 0), n_bars)
        high = min(max(events[i] + bounds[1], 0), n_bars)
        if low < high and 0 <= events[i] < n_bars:
            for block in range((first_bar + low) // BARS_PER_BLOCK, (first_bar + high - 1) // BARS_PER_BLOCK + 1):
                needed[series[i] - row, block - base] = True
    return needed


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def join_moments(a: BarMoments, b: BarMoments) -> BarMoments:
    """BarMoments of two stretches together. Source: Chan, Golub & LeVeque (1979)."""
    if a[0] == 0.0:
        return b
    if b[0] == 0.0:
        return a
    n = a[0] + b[0]
    share = b[0] / n
    weight, dx, dy = a[0] * share, b[1] - a[1], b[2] - a[2]
    return (
        n,
        a[1] + dx * share,
        a[2] + dy * share,
        a[3] + b[3] + dx * dx * weight,
        a[4] + b[4] + dx * dy * weight,
        a[5] + b[5] + dy * dy * weight,
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def moments_of(asset: Floats, bench: Floats, mask: Flags) -> BarMoments:
    """BarMoments of the bars of `asset` [n] and `bench` [n] that both exist and are not in `mask` [n] (or empty)."""
    n, total_x, total_y = 0.0, 0.0, 0.0
    for t in range(asset.size):
        if np.isfinite(bench[t]) and np.isfinite(asset[t]) and not (mask.size > 0 and mask[t]):
            n += 1.0
            total_x += bench[t]
            total_y += asset[t]
    if n == 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    mean_x, mean_y, sxx, sxy, syy = total_x / n, total_y / n, 0.0, 0.0, 0.0
    for t in range(asset.size):
        if np.isfinite(bench[t]) and np.isfinite(asset[t]) and not (mask.size > 0 and mask[t]):
            dx, dy = bench[t] - mean_x, asset[t] - mean_y
            sxx += dx * dx
            sxy += dx * dy
            syy += dy * dy
    return n, mean_x, mean_y, sxx, sxy, syy


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _row(rows: Floats, s: int, t: int) -> BarMoments:
    return rows[s, t, 0], rows[s, t, 1], rows[s, t, 2], rows[s, t, 3], rows[s, t, 4], rows[s, t, 5]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _moments_between(
    y: Floats, x: Floats, mask: Flags, ahead: Floats, behind: Floats, place: Place, s: int, low: int, high: int
) -> BarMoments:
    """BarMoments of the columns [low, high) of series `s`: the rest of a block, whole blocks, the start of the last.

    Whole arrays and numbers are handed on, not views of them: counting the owners of a view costs more than the sums.
    """
    first_bar, first, row = place[0], place[1], s - place[2]
    if high <= low:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    block, last_block = (first_bar + low) // BARS_PER_BLOCK, (first_bar + high - 1) // BARS_PER_BLOCK
    if block == last_block:
        if (first_bar + low) % BARS_PER_BLOCK == 0:
            return _row(behind, row, high - 1 - first)
        if (first_bar + high) % BARS_PER_BLOCK == 0:
            return _row(ahead, row, low - first)
        flags = mask[s, low:high] if mask.shape[0] > 0 else np.zeros(0, dtype=np.bool_)
        return moments_of(y[s, low:high], x[s if x.shape[0] > 1 else 0, low:high], flags)
    start = _row(ahead, row, low - first)
    stop, step = high - 1 - first, BARS_PER_BLOCK
    end = (block + 2) * BARS_PER_BLOCK - 1 - first_bar - first  # last column of the first whole block
    n, mean_x, mean_y = start[0], start[0] * start[1], start[0] * start[2]
    for t in range(end, end + (last_block - block) * step, step):
        piece = min(t, stop)
        n += behind[row, piece, 0]
        mean_x += behind[row, piece, 0] * behind[row, piece, 1]
        mean_y += behind[row, piece, 0] * behind[row, piece, 2]
    if n == 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    share = 1.0 / n
    mean_x, mean_y = mean_x * share, mean_y * share
    dx, dy = start[1] - mean_x, start[2] - mean_y
    sxx, sxy, syy = start[3] + start[0] * dx * dx, start[4] + start[0] * dx * dy, start[5] + start[0] * dy * dy
    for t in range(end, end + (last_block - block) * step, step):
        piece = min(t, stop)
        dx, dy = behind[row, piece, 1] - mean_x, behind[row, piece, 2] - mean_y
        sxx += behind[row, piece, 3] + behind[row, piece, 0] * dx * dx
        sxy += behind[row, piece, 4] + behind[row, piece, 0] * dx * dy
        syy += behind[row, piece, 5] + behind[row, piece, 0] * dy * dy
    return n, mean_x, mean_y, sxx, sxy, syy


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fit_moments(moments: BarMoments, minimum: int, model: int) -> tuple[int, float, float, float, float, float]:
    """Reason, α, β, s², x̄ and Sxx of the model on the bars of `moments`."""
    n, x_bar, y_bar, sxx, sxy, syy = moments
    is_sloped = model in (MARKET_MODEL, MARKET_OR_MEAN)
    if n < minimum or n < (3 if is_sloped else 2):
        return SHORTFALL, np.nan, np.nan, np.nan, np.nan, np.nan
    scale = syy
    if is_sloped and sxx > ROUNDING_SHARE * n * x_bar * x_bar:
        beta = sxy / sxx
        alpha = y_bar - beta * x_bar
        rss, freedom = syy - beta * sxy, n - 2.0
    elif model == MARKET_MODEL:
        return CONSTANT_BENCHMARK, np.nan, np.nan, np.nan, x_bar, sxx
    elif model == MARKET_OR_MEAN:
        alpha, beta, sxx = y_bar, 0.0, 0.0
        rss, freedom = syy, n - 2.0
    elif model == MARKET_ADJUSTED:
        alpha, beta, scale = 0.0, 1.0, syy + sxx
        rss, freedom = syy - 2.0 * sxy + sxx, n - 1.0
    else:
        alpha, beta = y_bar, 0.0
        rss, freedom = syy, n - 1.0
    if rss <= PERFECT_SHARE * scale or rss <= ROUNDING_SHARE * n * y_bar * y_bar:
        return CONSTANT_SERIES, alpha, beta, np.nan, x_bar, sxx
    return NONE, alpha, beta, rss / freedom, x_bar, sxx


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fit_studies(
    y: Floats,
    x: Floats,
    mask: Flags,
    ahead: Floats,
    behind: Floats,
    place: Place,
    series: Integers,
    events: Integers,
    limits: Integers,
    part: Integers,
    bounds: Integers,
    scalars: Floats,
    reasons: NDArray[np.int8],
) -> None:
    """The model of each study of `part`, into `scalars` and `reasons`.

    `place` is the calendar number of column 0, and the first column and row that `ahead` and `behind` hold. `bounds`
    are estimation, window, minimum and model. With `limits` [N] the bars after a window and before its limit replace
    those that the estimation lacks before the record.
    """
    n_bars = y.shape[1]
    for i in part:
        s, zero = series[i], events[i]
        if zero < 0 or zero >= n_bars:
            reasons[i] = EVENT_OUTSIDE
            continue
        low = min(max(zero + bounds[0], 0), n_bars)
        high = min(max(zero + bounds[1], 0), n_bars)
        moments = _moments_between(y, x, mask, ahead, behind, place, s, low, high)
        if limits.size > 0 and zero < limits[i]:
            resume = min(zero + bounds[3], limits[i])
            end = min(resume + bounds[1] - bounds[0] - (high - low), limits[i])
            more = _moments_between(y, x, mask, ahead, behind, place, s, resume, end)
            moments = join_moments(moments, more)
        reason, alpha, beta, variance, x_bar, sxx = fit_moments(moments, bounds[4], bounds[5])
        reasons[i] = reason
        scalars[i, ALPHA], scalars[i, BETA], scalars[i, VARIANCE] = alpha, beta, variance
        scalars[i, N], scalars[i, X_BAR], scalars[i, SXX] = moments[0], x_bar, sxx


@numba.njit(cache=True, nogil=True, error_model="numpy")
def measure_studies(
    y: Floats,
    x: Floats,
    series: Integers,
    events: Integers,
    part: Integers,
    bounds: Integers,
    scalars: Floats,
    ars: Floats,
    ar_variances: Floats,
    reasons: NDArray[np.int8],
) -> None:
    """Abnormal returns of each fitted study of `part`; `ars` and `ar_variances` have no row where bars are not kept."""
    n_bars, length, model = y.shape[1], bounds[3] - bounds[2], bounds[5]
    is_kept = ars.shape[0] == reasons.size
    ar, ar_variance = np.empty(length), np.empty(length)
    for i in part:
        if is_kept:
            ar, ar_variance = ars[i], ar_variances[i]
        start = events[i] + bounds[2]
        if reasons[i] == NONE and (start < 0 or start + length > n_bars):
            reasons[i] = WINDOW_OUTSIDE
        if reasons[i] != NONE:
            ar[:], ar_variance[:] = np.nan, np.nan
            continue
        s = series[i]
        alpha, beta, x_bar, sxx = scalars[i, ALPHA], scalars[i, BETA], scalars[i, X_BAR], scalars[i, SXX]
        variance = scalars[i, VARIANCE]
        bench = x[s if x.shape[0] > 1 else 0, start : start + length]
        asset = y[s, start : start + length]
        parameter_error = 0.0 if model == MARKET_ADJUSTED else 1.0 / scalars[i, N]
        is_sloped = model in (MARKET_MODEL, MARKET_OR_MEAN) and sxx > 0.0
        inverse_sxx = 1.0 / sxx if is_sloped else 0.0
        # No branch and no sum in this loop, so that it runs on vector registers.
        for j in range(length):
            d = bench[j] - x_bar
            ar[j] = asset[j] - alpha - beta * bench[j]
            ar_variance[j] = variance * (1.0 + parameter_error + d * d * inverse_sxx)
        car, total_d, squares = 0.0, 0.0, 0.0
        for j in range(length):
            car += ar[j]
            total_d += bench[j] - x_bar
        if np.isfinite(car):
            spread = length + length * length * parameter_error + total_d * total_d * inverse_sxx
            scalars[i, CAR], scalars[i, CAR_VARIANCE] = car, variance * spread
            if not is_kept:
                for j in range(length):
                    squares += ar[j] * ar[j] / ar_variance[j]
                scalars[i, MEAN_SQUARE] = squares / length
            continue
        reasons[i] = MISSING_BAR
        for j in range(length):
            if not np.isfinite(ar[j]):
                ar[j], ar_variance[j] = np.nan, np.nan


@numba.njit(cache=True, nogil=True, error_model="numpy")
def total_windows(asset: Floats, bench: Floats, starts: Integers, length: int, totals: Floats) -> None:
    """Sums of both returns over [start, start + length) into `totals` [N, 2]; NaN where a bar is missing or outside."""
    for i in range(starts.size):
        start, total_y, total_x = starts[i], 0.0, 0.0
        if start < 0 or start + length > asset.size:
            totals[i, :] = np.nan
            continue
        for j in range(start, start + length):
            total_y += asset[j]
            total_x += bench[j]
        is_whole = np.isfinite(total_y) and np.isfinite(total_x)
        totals[i, 0], totals[i, 1] = (total_y, total_x) if is_whole else (np.nan, np.nan)


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _median(values: Floats, n: int, room: Floats) -> float:
    """Median of the first `n` of a few `values`, sorted in `room`: numpy's allocates, which costs more than sorting."""
    for i in range(n):
        value, place = values[i], i
        while place > 0 and room[place - 1] > value:
            room[place] = room[place - 1]
            place -= 1
        room[place] = value
    half = n // 2
    return float(room[half] if n % 2 else (room[half - 1] + room[half]) / 2.0)


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _median_of_three(a: float, b: float, c: float) -> float:
    return max(min(a, b), min(max(a, b), c))


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _median_of_five(values: Floats) -> float:
    """Without a branch that depends on the values, which sorting has."""
    a, b, c, d = values[0], values[1], values[2], values[3]
    return _median_of_three(values[4], max(min(a, b), min(c, d)), min(max(a, b), max(c, d)))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def robust_variances(residuals: Floats, decays: Floats, cap: float, burn_in: int, floor: Floats) -> Floats:
    """Variances per bar known before each bar of `residuals` (n,), (decays, n), NaN before `burn_in` bars.

    Each residual is taken from the median of the last five, its size is the median of the last three such distances,
    and the square of that, at most `cap`² times the current variance, enters an average that forgets by a decay a bar.
    The result is not below a share of the same average of plain squares with a slower decay: `floor` (decay, share).
    """
    n_level, n_size = 5, 3
    recent, sizes, room = np.zeros(n_level), np.zeros(n_size), np.zeros(n_level)
    totals, weights = np.zeros(decays.size), np.zeros(decays.size)
    slow_total = slow_weight = 0.0
    seen = 0
    out = np.full((decays.size, residuals.size), np.nan)
    for t in range(residuals.size):
        if seen >= burn_in:
            least = floor[1] * slow_total / slow_weight
            for k in range(decays.size):
                out[k, t] = max(totals[k] / weights[k], least)
        value = residuals[t]
        if not np.isfinite(value):
            continue
        recent[seen % n_level] = value
        level = _median_of_five(recent) if seen >= n_level else _median(recent, min(seen + 1, n_level), room)
        sizes[seen % n_size] = abs(value - level)
        if seen >= n_size:
            size = _median_of_three(sizes[0], sizes[1], sizes[2])
        else:
            size = _median(sizes, min(seen + 1, n_size), room)
        for k in range(decays.size):
            square = size**2
            if seen >= burn_in:
                square = min(square, cap * cap * out[k, t])
            totals[k], weights[k] = decays[k] * totals[k] + square, decays[k] * weights[k] + 1.0
        slow_total, slow_weight = floor[0] * slow_total + value * value, floor[0] * slow_weight + 1.0
        seen += 1
    return out
