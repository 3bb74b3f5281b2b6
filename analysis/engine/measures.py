"""Abnormal volume, range and volatility: measures that go through the same models and tests as returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from analysis.arrays import Floats
from analysis.engine.resampling import N_RESAMPLES
from analysis.engine.standardise import EventResult
from analysis.engine.statistic import Sample
from analysis.portable import log

# Fewer ordinary windows than this, over all events, give no ratio of variances.
MINIMUM_ORDINARY = 20


@dataclass(frozen=True, slots=True)
class VarianceRatio:
    """Variance of the abnormal returns of a window over that of the estimation window."""

    ratio: float
    p_value: float  # one-sided: variance has risen
    n: int  # bars of the window; of a group, ordinary windows


def log_volume(volume: Floats) -> Floats:
    """Log of traded volume, same shape; NaN where there was none. Use it with the constant-mean model.

    Log volume is near normal and its abnormal part is a share of the usual volume. Source: Ajinkya & Jain (1989).
    """
    return log(np.where(volume > 0, volume, np.nan))


def log_range(high: Floats, low: Floats) -> Floats:
    """Log of the log range ln(high/low) per bar, same shape; NaN for a bar without range or with a price ≤ 0.

    The log of the range is near normal, which the range is not. Source: Alizadeh, Brandt & Diebold (2002).
    """
    usable = (high > low) & (low > 0)
    width = log(np.where(usable, high, np.nan) / np.where(usable, low, np.nan))
    return np.asarray(log(width))


def variance_ratio(event: EventResult) -> VarianceRatio | None:
    """Mean squared standardised abnormal return of an event's window with its F test; None without an abnormal return.

    Each AR is divided by its own prediction error, so that the ratio is 1 without a change; F(L, df of s²). Assumes
    normal, uncorrelated residuals: with fat tails the p-value is too small. Source: after Beaver (1968).
    """
    if event.fit is None:
        return None
    scaled = event.fit.ar / event.ar_sd
    present = scaled[np.isfinite(scaled)]
    if not present.size:
        return None
    ratio = float(np.mean(present**2))
    return VarianceRatio(ratio, float(fdtrc(present.size, event.fit.degrees_of_freedom, ratio)), int(present.size))


def group_variance_ratio(sample: Sample) -> VarianceRatio | None:
    """Mean square of the SCARs over that of ordinary windows of the same length; None below 20 ordinary windows.

    Ordinary windows are the stretches of estimation residuals that do not overlap, each sum over s√L. The p value draws
    one of its own ordinary windows for each event, at one place for events of a cluster, 1,999 times. A ratio k says
    that 1/k of what moved in the event windows is ordinary: identification by heteroskedasticity, and reading the mean
    reaction as the event's, need it large. Source: Rigobon (2003); Casini & McCloskey, relative exogeneity (2025).
    """
    ordinary = [
        _ordinary_squares(row, sample.length) / sigma**2
        for row, sigma in zip(sample.residuals, sample.sigma, strict=True)
    ]
    counts = np.array([squares.size for squares in ordinary])
    usable = np.flatnonzero(counts)
    if not usable.size or counts.sum() < MINIMUM_ORDINARY:
        return None
    usual = float(np.mean([ordinary[event].mean() for event in usable]))
    observed = float(np.mean(sample.scar[usable] ** 2)) / usual
    rng = np.random.default_rng([sample.seed, sample.n, 3])
    places = rng.random((N_RESAMPLES, int(sample.clusters.max()) + 1))[:, sample.clusters[usable]]
    drawn = np.zeros(N_RESAMPLES)
    for column, event in enumerate(usable):
        drawn += ordinary[event][(places[:, column] * counts[event]).astype(np.int64)]
    n_as_large = int(np.sum(drawn / usable.size / usual >= observed))
    return VarianceRatio(observed, (n_as_large + 1) / (N_RESAMPLES + 1), int(counts.sum()))


def _ordinary_squares(residuals: Floats, length: int) -> Floats:
    """Squared sums over √L of the stretches of `length` bars, none of them missing, one after another."""
    whole = residuals[: residuals.size // length * length].reshape(-1, length)
    return np.asarray((whole[np.isfinite(whole).all(axis=1)].sum(axis=1) ** 2) / length)
