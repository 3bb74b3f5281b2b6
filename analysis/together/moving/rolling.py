"""Correlation and beta of two series over moving windows."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analysis.arrays import Integers
from analysis.engine.loops.sums import sum_pair_windows
from analysis.together.moving.intervals import FROZEN_SHARE, MIN_BARS, Array, Association, associate, fisher_interval

# A window with a smaller share of its bars gives no number.
MIN_SHARE = 0.8
# Window elements held at once when intervals are computed.
CHUNK_ELEMENTS = 4_000_000


def rolling_correlation(x: Array, y: Array, window: int) -> Array:
    """Correlation of two series over the `window` bars that end at each bar; NaN where too few are present."""
    out = np.full(x.size, np.nan)
    if window > out.size:
        return out
    a, b = _standardise(np.stack([x, y]))
    n, s_x, s_y, s_xx, s_yy, s_xy = sum_pair_windows(a, b, window)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / n
        v_x = s_xx - s_x * s_x * inverse
        v_y = s_yy - s_y * s_y * inverse
        r = (s_xy - s_x * s_y * inverse) / np.sqrt(v_x * v_y)
    is_usable = (n >= max(MIN_BARS, MIN_SHARE * window)) & (v_x > FROZEN_SHARE * n) & (v_y > FROZEN_SHARE * n)
    out[window - 1 :] = np.where(is_usable, np.clip(r, -1.0, 1.0), np.nan)
    return out


def rolling_association(token: Array, benchmark: Array, window: int, ends: Integers) -> Association:
    """Correlation and beta with intervals over the `window` bars that end with each bar of `ends` (inclusive).

    Ends before the first full window and windows with fewer bars than MIN_BARS or MIN_SHARE of them are NaN, with
    their n.
    """
    padded = [np.concatenate([np.full(window - 1, np.nan), series]) for series in (token, benchmark)]
    views = [sliding_window_view(series, window) for series in padded]
    step = max(1, CHUNK_ELEMENTS // window)
    parts = [
        associate(views[0][ends[i : i + step]], views[1][ends[i : i + step]]) for i in range(0, ends.size, step)
    ] or [associate(np.empty((0, window)), np.empty((0, window)))]
    names = Association.__dataclass_fields__
    n = np.concatenate([part.n for part in parts])
    is_thin = n < max(MIN_BARS, MIN_SHARE * window)

    def join(name: str) -> Array:
        return np.where(is_thin, np.nan, np.concatenate([getattr(part, name) for part in parts]))

    return Association(n.astype(np.int64), *(join(name) for name in names if name != "n"))


def ewma_association(token: Array, benchmark: Array, half_life: float) -> Association:
    """Exponentially weighted correlation and beta at each bar, means taken as zero (RiskMetrics 1996).

    Absent bars carry no weight and do not age the rest. `n_effective` is (sum w)^2 / sum w^2, the interval is Fisher's
    with it; beta has no interval. NaN until MIN_BARS bars have been seen.
    """
    from scipy.signal import lfilter

    is_common = np.isfinite(token) & np.isfinite(benchmark)
    y, x = token[is_common], benchmark[is_common]
    decay = 0.5 ** (1.0 / half_life)

    def smooth(values: Array, rate: float) -> Array:
        return np.asarray(lfilter([1.0], [1.0, -rate], values), dtype=np.float64)

    weight, weight_square = smooth(np.ones_like(x), decay), smooth(np.ones_like(x), decay**2)
    s_xx, s_yy, s_xy = smooth(x * x, decay), smooth(y * y, decay), smooth(x * y, decay)
    is_ready = (np.arange(x.size) + 1 >= MIN_BARS) & (s_xx > 0) & (s_yy > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(is_ready, s_xy / np.sqrt(s_xx * s_yy), np.nan)
        beta = np.where(is_ready, s_xy / s_xx, np.nan)
    effective = np.where(is_ready, weight**2 / weight_square, np.nan)
    lower, upper = fisher_interval(r, effective)

    def place(values: Array) -> Array:
        out = np.full(token.size, np.nan)
        out[is_common] = values
        return out

    n = np.cumsum(is_common, dtype=np.int64)
    nothing = np.full(token.size, np.nan)
    return Association(n, place(effective), place(r), place(lower), place(upper), place(beta), nothing, nothing)


def _standardise(returns: Array) -> Array:
    """Rows centred and scaled by their own mean and standard deviation; NaN stays."""
    rows = np.ascontiguousarray(returns, dtype=np.float64)
    is_present = np.isfinite(rows)
    n = np.maximum(is_present.sum(axis=1, keepdims=True), 1)
    centred = rows - np.where(is_present, rows, 0.0).sum(axis=1, keepdims=True) / n
    scale = np.sqrt(np.where(is_present, centred**2, 0.0).sum(axis=1, keepdims=True) / n)
    return np.asarray(centred / np.where(scale > 0, scale, 1.0))


def trailing_beta(token: Array, benchmark: Array, window: int) -> Array:
    """Slope of the token on the benchmark over the `window` bars before each bar, which it therefore does not know.

    NaN until enough bars are present.
    """
    out = np.full(token.size, np.nan)
    if window >= token.size:
        return out
    n, s_x, s_y, s_xx, _, s_xy = sum_pair_windows(benchmark[:-1], token[:-1], window)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (s_xy - s_x * s_y / n) / (s_xx - s_x * s_x / n)
    out[window:] = np.where(n >= max(MIN_BARS, MIN_SHARE * window), slope, np.nan)
    return out
