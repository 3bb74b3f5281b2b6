"""Cross-correlations at leads and lags with bands that allow for autocorrelation and changing volatility."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtri

from analysis.arrays import Integers
from analysis.engine.multiplicity import benjamini_yekutieli
from analysis.portable import expm1, log1p
from analysis.threads import on_threads
from analysis.together.moving.intervals import MIN_BARS, Z95, Array, two_sided_p

# Lags of each series' own autocorrelation that widen (or narrow) the bands.
MEMORY_BARS = 48
# Negative memory never takes more than three quarters of the products' own variance away.
MIN_VARIANCE_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class LagMatrices:
    """Element [k, i, j] relates row i at t with row j at t + k: positive k means that i leads by k bars.

    `standard_error` holds under the null that the two are unrelated at that lag.
    """

    correlation: Array
    standard_error: Array
    n: Integers


@dataclass(frozen=True, slots=True)
class LagPath:
    """One pair from -max_lag to +max_lag; positive lags: the first leads. Bands are half widths around zero."""

    lags: Integers
    correlation: Array
    band_pointwise: Array
    band_simultaneous: Array
    n: Integers
    best_lag: int
    p_value: float


def lag_matrices(returns: Array, max_lag: int) -> LagMatrices:
    """Correlation of every row with every row at lags 0 … max_lag; `returns` is (assets, time), NaN absent.

    Moments are those of the bars common to each pair at each lag. The variance under no link is mean(z_x^2 z_y^2) at
    that lag, which carries shared volatility clusters, plus Bartlett's (1946) sum of the products of both
    autocorrelations. Pairs with fewer than MIN_BARS common bars are NaN.
    """
    is_present = np.isfinite(returns)
    counts = np.maximum(is_present.sum(axis=1, keepdims=True), 1)
    centred = np.where(is_present, returns - np.where(is_present, returns, 0.0).sum(axis=1, keepdims=True) / counts, 0)
    scale = np.sqrt((centred**2).sum(axis=1, keepdims=True) / counts)
    values = centred / np.where(scale > 0, scale, 1.0)
    series = _Series(values, values**2, is_present.astype(np.float64), bool(is_present.all()))
    memory = _shared_memory(series)
    size = returns.shape[0]
    correlation, error = np.empty((max_lag + 1, size, size)), np.empty((max_lag + 1, size, size))
    n = np.empty((max_lag + 1, size, size), dtype=np.int64)

    def fill(lag: int) -> None:
        correlation[lag], error[lag], n[lag] = _correlate(series, memory, lag)

    on_threads(fill, range(max_lag + 1))
    is_thin = n < MIN_BARS
    return LagMatrices(np.where(is_thin, np.nan, correlation), np.where(is_thin, np.nan, error), n)


def lag_path(matrices: LagMatrices, first: int, second: int) -> LagPath:
    """The lead-lag path of two rows.

    The simultaneous band covers all non-zero lags together (Šidák 1967); `p_value` is that of the strongest non-zero
    lag, corrected for having searched them all. Lag 0 is ordinary co-movement and never the answer.
    """
    max_lag = matrices.correlation.shape[0] - 1
    lags = np.arange(-max_lag, max_lag + 1)

    def along(cube: Array) -> Array:
        return np.concatenate([cube[:0:-1, second, first], cube[:, first, second]])

    correlation, error = along(matrices.correlation), along(matrices.standard_error)
    n = along(matrices.n.astype(np.float64)).astype(np.int64)
    n_tried = max(2 * max_lag, 1)
    critical = float(ndtri(0.5 + 0.5 * 0.95 ** (1.0 / n_tried)))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(lags == 0, 0.0, np.abs(correlation) / error)
    z = np.where(np.isfinite(z), z, 0.0)
    best = int(np.argmax(z))
    p_one = float(two_sided_p(z[best : best + 1])[0])
    p_value = -float(expm1(n_tried * log1p(-min(p_one, 1.0 - 1e-16))))
    return LagPath(lags, correlation, Z95 * error, critical * error, n, int(lags[best]), p_value)


def control_false_discoveries(tests: pl.DataFrame) -> pl.DataFrame:
    """`tests` with p_adjusted beside their p_value: below q the false-discovery rate is q under any dependence.

    Null and NaN are no test and get null (Benjamini and Yekutieli 2001).
    """
    p_values = tests["p_value"].cast(pl.Float64).fill_nan(None).to_list()
    return tests.with_columns(pl.Series("p_adjusted", benjamini_yekutieli(p_values), dtype=pl.Float64))


@dataclass(frozen=True, slots=True)
class _Series:
    """Standardised rows with zeros for absent bars, their squares, and 1.0 where a bar is present."""

    values: Array
    squares: Array
    present: Array
    is_full: bool


def _correlate(series: _Series, memory: Array, lag: int) -> tuple[Array, Array, Integers]:
    stop = series.values.shape[1] - lag
    x, y = series.values[:, :stop], series.values[:, lag:]
    if series.is_full:
        n = np.full((x.shape[0],) * 2, float(stop))
        s_x, s_y = x.sum(axis=1)[:, None], y.sum(axis=1)[None, :]
        s_xx, s_yy = series.squares[:, :stop].sum(axis=1)[:, None], series.squares[:, lag:].sum(axis=1)[None, :]
    else:
        m, w = series.present[:, :stop], series.present[:, lag:].T
        n, s_x, s_y = m @ w, x @ w, m @ y.T
        s_xx, s_yy = series.squares[:, :stop] @ w, m @ series.squares[:, lag:].T
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (x @ y.T - s_x * s_y / n) / np.sqrt((s_xx - s_x**2 / n) * (s_yy - s_y**2 / n))
        own = series.squares[:, :stop] @ series.squares[:, lag:].T / n
        error = np.sqrt(np.maximum(own + memory, MIN_VARIANCE_SHARE * own) / n)
    return np.clip(r, -1.0, 1.0), error, n.astype(np.int64)


def _shared_memory(series: _Series) -> Array:
    """2 sum_k w_k rho_i(k) rho_j(k) for every pair of rows, k up to MEMORY_BARS."""
    size, n_bars = series.values.shape
    depth = max(min(MEMORY_BARS, n_bars - 2), 0)
    autocorrelations = np.zeros((size, depth))
    for k in range(1, depth + 1):
        common = np.maximum((series.present[:, k:] * series.present[:, :-k]).sum(axis=1), 1.0)
        autocorrelations[:, k - 1] = (series.values[:, k:] * series.values[:, :-k]).sum(axis=1) / common
    weights = 1.0 - np.arange(1, depth + 1) / (depth + 1.0)
    return np.asarray(2.0 * (autocorrelations * weights) @ autocorrelations.T)
