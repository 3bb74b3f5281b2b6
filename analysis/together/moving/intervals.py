"""Correlation and beta with intervals that allow for autocorrelation, heavy tails and changing volatility."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.loops.sums import sum_drawn
from analysis.engine.regressions.long_run import long_run_sum, newey_west_lags
from analysis.portable import arctanh, tanh

Array = Floats

# Two-sided 95 % quantile of the normal distribution.
Z95 = float(ndtri(0.975))
# Fewer common bars than this give no correlation.
MIN_BARS = 12
# Fisher's z has variance 1 / (n - 3); below this the interval would cover nearly everything.
MIN_EFFECTIVE = 4.0
# A sum of squares below this share of the series' own variance is a frozen price, not a correlation.
FROZEN_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Association:
    """Correlation and beta per window, NaN where a window holds too few bars or a frozen price.

    Every array has the windows' leading shape. `n` counts common bars; `n_effective` is the number of independent
    normal bars that would know the correlation as well.
    """

    n: Integers
    n_effective: Array
    correlation: Array
    correlation_lower: Array
    correlation_upper: Array
    beta: Array
    beta_lower: Array
    beta_upper: Array


def associate(token: Array, benchmark: Array, n_lags: int | None = None) -> Association:
    """Correlation of both and beta of `token` on `benchmark` along the last axis (time); NaN is an absent bar.

    The variance of r is the long-run variance of its influence function z_x z_y - r (z_x^2 + z_y^2) / 2, turned into
    an effective n for Fisher's z, which is never above n; beta has a Newey-West standard error and t quantiles with
    that n. Bars absent on one side are left out on both.
    """
    is_common = np.isfinite(token) & np.isfinite(benchmark)
    n = np.asarray(is_common.sum(axis=-1, dtype=np.int64))
    lags = newey_west_lags(token.shape[-1]) if n_lags is None else n_lags
    with np.errstate(divide="ignore", invalid="ignore"):
        y, x = _centre(token, is_common, n), _centre(benchmark, is_common, n)
        s_yy, s_xx, s_xy = _inner(y, y), _inner(x, x), _inner(x, y)
        is_usable = (n >= MIN_BARS) & (s_yy > 0) & (s_xx > 0)
        r = np.where(is_usable, np.clip(s_xy / np.sqrt(s_xx * s_yy), -1.0, 1.0), np.nan)
        z_y, z_x = y * np.sqrt(n / s_yy)[..., None], x * np.sqrt(n / s_xx)[..., None]
        influence = np.where(is_common, z_x * z_y - 0.5 * r[..., None] * (z_x**2 + z_y**2), 0.0)
        variance = long_run_sum(influence, lags) / n
        n_effective = np.where(is_usable, np.minimum((1.0 - r**2) ** 2 * n / variance, n), np.nan)
        lower, upper = fisher_interval(r, n_effective)
        beta = np.where(is_usable, s_xy / s_xx, np.nan)
        error = y - beta[..., None] * x
        beta_error = np.sqrt(long_run_sum(np.where(is_common, x * error, 0.0), lags) * n / (n - 2.0)) / s_xx
        half = beta_error * stdtrit(np.maximum(n_effective - 2.0, 1.0), 0.975)
    return Association(n, n_effective, r, lower, upper, beta, beta - half, beta + half)


def fisher_interval(correlation: Array, n_effective: Array) -> tuple[Array, Array]:
    """The 95 % interval of correlations by Fisher's z with `n_effective` observations; NaN below MIN_EFFECTIVE."""
    n = np.where(n_effective >= MIN_EFFECTIVE, n_effective, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = Z95 / np.sqrt(n - 3.0)
        z = arctanh(correlation)
        return tanh(z - half), tanh(z + half)


def block_length(n: int) -> int:
    """Bars per block of the bootstrap: the n^(1/3) rate with constant 1.5, at least 2 (Künsch 1989)."""
    return max(2, round(1.5 * math.pow(n, 1.0 / 3.0)))


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over common bars, one per bootstrap draw: count, x, y, xx, yy, xy (x is the benchmark)."""

    sums: Array  # (draws, 6)

    @property
    def correlation(self) -> Array:
        """Correlation of each draw, NaN where a draw has no variance."""
        n, s_x, s_y, s_xx, s_yy, s_xy = self.sums.T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((s_xy - s_x * s_y / n) / np.sqrt((s_xx - s_x**2 / n) * (s_yy - s_y**2 / n)))

    @property
    def beta(self) -> Array:
        """Slope of y on x of each draw."""
        n, s_x, s_y, s_xx, _, s_xy = self.sums.T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((s_xy - s_x * s_y / n) / (s_xx - s_x**2 / n))

    @property
    def benchmark_variance(self) -> Array:
        """Variance of x of each draw."""
        n, s_x, _, s_xx, _, _ = self.sums.T
        return np.asarray(s_xx / n - (s_x / n) ** 2)


def moments(token: Array, benchmark: Array) -> Moments:
    """The one row of sums of the observed series (bars absent on one side left out)."""
    return Moments(_terms(token, benchmark).sum(axis=0)[None, :])


def bootstrap_moments(
    token: Array, benchmark: Array, generator: np.random.Generator, n_draws: int, length: int | None = None
) -> Moments:
    """Moments of `n_draws` circular block bootstrap samples of both series together (Politis and Romano 1992).

    Blocks of `length` bars are drawn whole, so autocorrelation and volatility clusters inside a block survive.
    """
    terms = _terms(token, benchmark)
    n = terms.shape[0]
    size = min(length or block_length(n), n)
    prefix = np.concatenate([np.zeros((1, 6)), np.cumsum(np.concatenate([terms, terms[: size - 1]]), axis=0)])
    blocks = prefix[size:] - prefix[:-size]
    starts = generator.integers(0, n, size=(n_draws, -(-n // size)))
    return Moments(sum_drawn(blocks, starts))


def percentile_interval(draws: Array) -> tuple[float, float]:
    """The middle 95 % of bootstrap draws; NaN when fewer than half of them are numbers."""
    finite = draws[np.isfinite(draws)]
    if finite.size * 2 < draws.size or not finite.size:
        return float("nan"), float("nan")
    lower, upper = np.quantile(finite, [0.025, 0.975])
    return float(lower), float(upper)


def two_sided_p(z: Array) -> Array:
    """Two-sided normal p of z values."""
    return np.asarray(2.0 * ndtr(-np.abs(z)))


def _terms(token: Array, benchmark: Array) -> Array:
    is_common = np.isfinite(token) & np.isfinite(benchmark)
    x, y = np.where(is_common, benchmark, 0.0), np.where(is_common, token, 0.0)
    return np.stack([is_common.astype(np.float64), x, y, x * x, y * y, x * y], axis=1)


def _centre(values: Array, is_common: Flags, n: Integers) -> Array:
    kept = np.where(is_common, values, 0.0)
    return np.where(is_common, kept - (kept.sum(axis=-1) / n)[..., None], 0.0)


def _inner(a: Array, b: Array) -> Array:
    return np.asarray(np.einsum("...t,...t->...", a, b))
