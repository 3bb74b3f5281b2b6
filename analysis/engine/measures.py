"""Abnormal volume, range and volatility: measures that go through the same models and tests as returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from analysis.engine.standardise import EventResult

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VarianceRatio:
    """Variance of the abnormal returns of a window over that of the estimation window."""

    ratio: float
    p_value: float  # one-sided: variance has risen
    n: int  # bars of the window


def log_volume(volume: Floats) -> Floats:
    """Log of traded volume, same shape; NaN where there was none. Use it with the constant-mean model.

    Log volume is near normal and its abnormal part is a share of the usual volume. Source: Ajinkya & Jain (1989).
    """
    return np.log(np.where(volume > 0, volume, np.nan))


def log_range(high: Floats, low: Floats) -> Floats:
    """Log of the log range ln(high/low) per bar, same shape; NaN for a bar without range or with a price ≤ 0.

    The log of the range is near normal, which the range is not. Source: Alizadeh, Brandt & Diebold (2002).
    """
    usable = (high > low) & (low > 0)
    width = np.log(np.where(usable, high, np.nan) / np.where(usable, low, np.nan))
    return np.asarray(np.log(width))


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
