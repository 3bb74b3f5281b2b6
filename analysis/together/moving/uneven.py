"""Correlation and lead of prices that were observed at uneven times, without a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Integers
from analysis.engine.regressions.long_run import long_run_sum, newey_west_lags
from analysis.portable import expm1, log, log1p
from analysis.together.moving.intervals import MIN_BARS, Array, two_sided_p


@dataclass(frozen=True, slots=True)
class Observed:
    """A price at increasing integer times."""

    times: Integers
    prices: Array


@dataclass(frozen=True, slots=True)
class UnevenLags:
    """Correlation at each shift (positive: the first leads) and its standard error under no link.

    `p_lead` tests that leads and lags are alike: shifts shorter than the time between observations share most of
    their overlap with shift 0, so a large correlation beside it is no lead; a lopsided one is.
    """

    lags: Integers
    correlation: Array
    standard_error: Array
    p_lead: float
    n: int


def hayashi_yoshida(first: Observed, second: Observed, lags: Integers) -> UnevenLags:
    """Shifted Hayashi-Yoshida correlation; `lags` is in units of the times, symmetric around 0 and increasing.

    Every return of the first meets every overlapping return of the second, with no grid and no filled price (Hayashi
    and Yoshida 2005; shifted as in Hoffmann, Rosenbaum and Yoshida 2013). `p_lead` is that of the largest difference
    between a lead and the same lag, over all pairs of them (Sidak).
    """
    x, y = log(first.prices), log(second.prices)
    changes = np.diff(x)
    norm = float(np.sqrt((changes**2).sum() * (np.diff(y) ** 2).sum()))
    products = np.stack([_overlaps(first.times, changes, second.times, y, int(lag)) for lag in lags])
    n_lags = newey_west_lags(changes.size)
    n_met = (products != 0).sum(axis=1)
    is_usable = (n_met >= MIN_BARS) & (norm > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.where(is_usable, products.sum(axis=1) / norm, np.nan)
        error = np.where(is_usable, np.sqrt(long_run_sum(products, n_lags)) / norm, np.nan)
    middle = lags.size // 2
    lopsided = products[middle + 1 :] - products[:middle][::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(lopsided.sum(axis=1)) / np.sqrt(long_run_sum(lopsided, n_lags))
    p_one = float(np.nanmin(two_sided_p(z))) if np.isfinite(z).any() else float("nan")
    p_lead = -float(expm1(middle * log1p(-min(p_one, 1.0 - 1e-16))))
    return UnevenLags(lags, correlation, error, p_lead, int(changes.size))


def _overlaps(times: Integers, changes: Array, other_times: Integers, other_logs: Array, lag: int) -> Array:
    """Each change times the other's change over every interval that overlaps it after the shift; 0 outside."""
    starts, ends = times[:-1] + lag, times[1:] + lag
    is_inside = (starts >= other_times[0]) & (ends <= other_times[-1])
    opening = np.searchsorted(other_times, starts, side="right") - 1
    closing = np.searchsorted(other_times, ends, side="left")
    last = other_logs.size - 1
    return np.where(
        is_inside, changes * (other_logs[np.clip(closing, 0, last)] - other_logs[np.clip(opening, 0, last)]), 0
    )
