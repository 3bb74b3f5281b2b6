"""Jumps in one series of bar returns: Lee–Mykland bar by bar, bipower variation for a whole window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.arrays import Floats, Integers
from analysis.portable import exp, expm1, log, power

_HOURS_PER_YEAR = 365.0 * 24.0  # crypto trades on every day of the year
ABSOLUTE_NORMAL_MEAN = np.sqrt(2.0 / np.pi)  # E|Z| of a standard normal, "c" in Lee & Mykland (2008)
TRIPOWER_MOMENT = 0.8308609  # E|Z|^(4/3) = 2^(2/3) Γ(7/6) / Γ(1/2), Barndorff-Nielsen & Shephard (2004)
BIPOWER_VARIANCE = (np.pi / 2.0) ** 2 + np.pi - 5.0  # asymptotic variance of 1 − BV/RV, Huang & Tauchen (2005), eq. 13


@dataclass(frozen=True, slots=True)
class BarJumps:
    """Lee–Mykland results, one element per bar; NaN where the bar or its volatility window is missing."""

    statistic: Floats  # |return| / local volatility, signed like the return
    local_volatility: Floats  # per bar, log points
    critical_value: float
    n_tests: int

    def p_values(self, at: Integers) -> Floats:
        """Chance that the largest of `n_tests` bars without a jump is at least as large as each of the bars `at`."""
        location, spread = _gumbel_constants(self.n_tests)
        with np.errstate(over="ignore"):
            return np.asarray(-expm1(-exp(-(np.abs(self.statistic[at]) - location) / spread)))


@dataclass(frozen=True, slots=True)
class WindowVariation:
    """Realised and bipower variation of one window and the test of their ratio."""

    realised: float  # squared log points
    bipower: float  # squared log points
    jump_share: float  # max(0, 1 − bipower / realised)
    z: float
    p_value: float  # one-sided: only an excess of realised variation is a jump
    n: int


def volatility_window_bars(bar_hours: float) -> int:
    """Bars of the local volatility window: the smallest integer above √(bars per year), Lee & Mykland (2008)."""
    return int(np.ceil(np.sqrt(_HOURS_PER_YEAR / bar_hours)))


def local_bipower_volatility(returns: Floats, window: int) -> Floats:
    """Volatility per bar from the `window` bars before each bar, which a single jump cannot inflate.

    σ̂²ᵢ = mean of |rⱼ||rⱼ₋₁| over the pairs that end before bar i, divided by c² (Lee & Mykland 2008, eq. 7, whose
    statistic leaves the constant out; here it is in, so that the statistic is standard normal without jumps). Shape
    (n,), log points. A pair with a missing bar is left out; NaN where fewer than half of the pairs exist.
    """
    products = np.abs(returns[1:]) * np.abs(returns[:-1])
    is_present = np.isfinite(products)
    sums = np.concatenate([[0.0], np.cumsum(np.where(is_present, products, 0.0))])
    counts = np.concatenate([[0], np.cumsum(is_present)])
    last = np.clip(np.arange(returns.size) - 1, 0, None)  # pairs (j, j−1) with j ≤ i−1 come first
    first = np.clip(last - (window - 2), 0, None)
    n_pairs = counts[last] - counts[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (sums[last] - sums[first]) / n_pairs / ABSOLUTE_NORMAL_MEAN**2
    return np.where((n_pairs >= (window - 2) / 2) & (variance > 0), np.sqrt(np.clip(variance, 0.0, None)), np.nan)


def hour_shape(returns: Floats, hour_of_day: Integers, volatility: Floats) -> Floats:
    """Typical size of the standardised return at each bar's hour of day, mean square 1; ones where days are too few.

    Intraday patterns raise false alarms in busy hours (Boudt, Croux & Laurent 2011); the median of absolute
    standardised returns per hour keeps jumps out of the shape. Shape (n,), no unit.
    """
    minimum_days = 20  # days per hour of day; fewer make the shape noisier than the pattern it removes
    standardised = np.abs(returns / volatility)
    counts = np.bincount(hour_of_day, minlength=24)
    order = np.argsort(hour_of_day.astype(np.uint8), kind="stable")  # small numbers are put in order without comparing
    present = np.flatnonzero(counts)
    sizes = np.ones(24)
    for hour, values in zip(range(24), np.split(standardised[order], np.cumsum(counts)[:-1]), strict=True):
        known = np.sort(values[np.isfinite(values)])
        if counts[hour] and known.size < minimum_days:
            return np.ones(returns.size)
        if counts[hour]:
            sizes[hour] = (known[(known.size - 1) // 2] + known[known.size // 2]) / 2.0
    root_mean_square = np.sqrt(np.mean(sizes[present] ** 2))
    if root_mean_square <= 0 or (sizes[present] <= 0).any():
        return np.ones(returns.size)
    return np.asarray((sizes / root_mean_square)[hour_of_day])


def gumbel_critical_value(n_tests: int, level: float = 0.05) -> float:
    """The size that the largest of `n_tests` jump-free standardised bars passes with chance `level`.

    Lee & Mykland (2008), lemma 1, rescaled by c because our statistic is standard normal without jumps.
    """
    location, scale = _gumbel_constants(n_tests)
    return float(location - scale * log(-log(1.0 - level)))


def detect_jumps(
    returns: Floats, *, bar_hours: float, n_tests: int, level: float = 0.05, shape: Floats | None = None
) -> BarJumps:
    """Lee–Mykland test of every bar of a regular grid of log returns (NaN = missing bar).

    Null: no jump in the bar, returns locally normal with slowly moving volatility. Assumes that volatility changes
    little within the window, which a busy hour breaks: pass `shape` from `hour_shape`. `n_tests` is the number of
    bars the reader looks at (the search window), over which the chance of a false alarm is `level`. Source: Lee &
    Mykland (2008), Review of Financial Studies 21(6).
    """
    scale = np.ones(returns.size) if shape is None else shape
    flat = returns / scale
    volatility = local_bipower_volatility(flat, volatility_window_bars(bar_hours)) * scale
    statistic = returns / volatility
    return BarJumps(statistic, volatility, gumbel_critical_value(n_tests, level), n_tests)


def measure_variation(returns: Floats) -> WindowVariation | None:
    """Realised against bipower variation of one window of log returns, or None with fewer than six bars.

    Null: the window holds no jump. z is the ratio statistic of Huang & Tauchen (2005), eq. 15, with tripower
    quarticity; with few bars (24 hourly ones) its size is only approximate. Missing bars are left out together with
    their pairs.
    """
    minimum_bars = 6  # three lagged products of three bars
    values = np.abs(returns[np.isfinite(returns)])
    n = values.size
    if n < minimum_bars or not values.any():
        return None
    realised = float(np.sum(values**2))
    bipower = float(np.sum(values[1:] * values[:-1]) * n / (n - 1) / ABSOLUTE_NORMAL_MEAN**2)
    triples = power(values[2:] * values[1:-1] * values[:-2], 4.0 / 3.0)
    quarticity = float(np.sum(triples) * n * n / (n - 2) / TRIPOWER_MOMENT**3)
    spread = np.sqrt(BIPOWER_VARIANCE / n * max(1.0, quarticity / bipower**2)) if bipower > 0 else np.inf
    z = float((1.0 - bipower / realised) / spread)
    return WindowVariation(realised, bipower, max(0.0, 1.0 - bipower / realised), z, float(ndtr(-z)), n)


def _gumbel_constants(n_tests: int) -> tuple[float, float]:
    root = np.sqrt(2.0 * log(max(n_tests, 2)))
    inner = log(np.pi) + log(log(max(n_tests, 3)))
    return float(root - inner / (2.0 * root)), float(1.0 / root)
