"""A local level with a regression, fitted by maximum likelihood along the one line that cannot be solved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np

from analysis.arrays import Floats

# Log odds of the level's share of both variances: beyond them one of the two is as good as zero, which is tried too.
_FARTHEST, _STEPS = 14.0, 57
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_HALVINGS = 40  # of the bracket around the best, after which its width is lost in the likelihood's own digits


@dataclass(frozen=True, slots=True)
class LocalLevel:
    """The maximum: where the level stands after the last bar, and what the next bars will do."""

    beta: float
    level: float  # of y less β x after the last bar
    level_variance: float  # of that level
    step_variance: float  # of the level from bar to bar
    noise_variance: float
    errors: Floats  # (n,) one-step forecast errors; the first is NaN, for nothing is known before it


def fit_local_level(y: Floats, x: Floats) -> LocalLevel | None:
    """y (n,) as β x, a level that walks at random, and noise, from a level of which nothing is known.

    β and the scale have closed forms for a given share of the level's steps in both variances; that share is searched.
    None where y follows x without an error. Source: Harvey (1989), sections 3.4 and 4.2; loops call neither BLAS nor
    numpy's logarithm, so that every processor ends at the same bits.
    """
    errors = np.full(y.size, np.nan)
    share = _search_share(y, x, errors)
    value, beta, scale, level, spread = _filter(share, y, x, errors)
    if not math.isfinite(value) or scale <= 0.0:
        return None
    return LocalLevel(beta, level, spread * scale, share * scale, (1.0 - share) * scale, errors)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _search_share(y: Floats, x: Floats, errors: Floats) -> float:
    """The share of most likelihood: the best of a lattice, then the golden section between its neighbours."""
    best, width = 0.0, 2.0 * _FARTHEST / (_STEPS - 1)
    least = np.inf
    for step in range(_STEPS):
        odds = -_FARTHEST + step * width
        value = _filter(_share_at(odds), y, x, errors)[0]
        if value < least:
            least, best = value, odds
    low, high = best - width, best + width
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = _filter(_share_at(left), y, x, errors)[0], _filter(_share_at(right), y, x, errors)[0]
    for _ in range(_HALVINGS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = _filter(_share_at(left), y, x, errors)[0]
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = _filter(_share_at(right), y, x, errors)[0]
    share = _share_at((low + high) / 2.0)
    least = _filter(share, y, x, errors)[0]
    for end in (0.0, 1.0):
        if _filter(end, y, x, errors)[0] <= least:
            share, least = end, _filter(end, y, x, errors)[0]
    return share


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _share_at(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _filter(share: float, y: Floats, x: Floats, errors: Floats) -> tuple[float, float, float, float, float]:
    """Minus twice the log likelihood without its constant, β, scale, last level and its variance over the scale.

    The level's steps have variance `share` and the noise the rest of 1, times the scale. `errors` get the forecasts'.
    """
    noise = 1.0 - share
    level_y, level_x, spread = y[0], x[0], noise
    s_xx, s_xy, s_yy, logs = 0.0, 0.0, 0.0, 0.0
    for t in range(1, y.size):
        total = spread + share + noise
        gain = (spread + share) / total
        error_y, error_x = y[t] - level_y, x[t] - level_x
        level_y += gain * error_y
        level_x += gain * error_x
        spread = gain * noise
        s_xx += error_x * error_x / total
        s_xy += error_x * error_y / total
        s_yy += error_y * error_y / total
        logs += math.log(total)
    beta = s_xy / s_xx if s_xx > 0.0 else 0.0
    scale = (s_yy - beta * s_xy) / (y.size - 1)
    level_y, level_x, kept = y[0], x[0], noise
    for t in range(1, y.size):
        gain = (kept + share) / (kept + 1.0)
        errors[t] = (y[t] - level_y) - beta * (x[t] - level_x)
        level_y += gain * (y[t] - level_y)
        level_x += gain * (x[t] - level_x)
        kept = gain * noise
    value = (y.size - 1) * math.log(scale) + logs if scale > 0.0 else -np.inf
    return value, beta, scale, level_y - beta * level_x, spread
