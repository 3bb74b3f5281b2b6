"""Whether something is moving, in a statement that may be looked at again after every bar.

A test that is repeated every five minutes finds something every day. An e-process does not: under the null its value
exceeds 1/α at any time of its life with probability α at most, however often one looks and whenever one stops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.portable import exp

# Largest chance that a stretch (of a week, say) ever says "moving" where nothing is.
WATCH_LEVEL = 0.05

# Bars count as at most this many of their forecast deviations: one print is not a move, and clipping at a level that is
# known before the bar keeps symmetry.
CLIP = 4.0

# Variance (in squared deviations, thus in bars) of the moves that the mixture is best for: two hours of 5 minutes.
BEST_VARIANCE = 24.0

# Half-life in bars of the forecast deviation, and the bars that must lie behind its first value.
_HALF_LIFE_BARS = 72
MINIMUM_BEHIND = 24


@dataclass(frozen=True, slots=True)
class Watch:
    """e-value after each bar of one stretch (1 at its begin), and the first bar at which it said "moving"."""

    e_values: Floats  # [n]
    first_moving: int | None
    direction: int  # of the move at that bar: 1 up, −1 down, 0 where nothing was seen
    began: int  # the start with the most evidence at that bar; 0 where nothing was seen


def scale_bars(returns: Floats) -> Floats:
    """Abnormal returns [n] over a deviation known before each bar, clipped; NaN where too little lies behind.

    The deviation is the root of an exponentially weighted mean square (half-life 72 bars) of the bars before, itself
    clipped at 4 deviations, so that one print does not blind it. A missing bar is passed over.
    """
    keep = 0.5 ** (1.0 / _HALF_LIFE_BARS)
    scaled = np.full(returns.size, np.nan)
    present = np.flatnonzero(np.isfinite(returns))
    behind = returns[present[:MINIMUM_BEHIND]]
    if behind.size < MINIMUM_BEHIND:
        return scaled
    variance = float(np.mean(behind**2))
    for bar in present[MINIMUM_BEHIND:]:
        if variance <= 0.0:
            variance = float(returns[bar] ** 2)
            continue
        scaled[bar] = min(max(float(returns[bar]) / variance**0.5, -CLIP), CLIP)
        variance = keep * variance + (1.0 - keep) * variance * float(scaled[bar] ** 2)
    return scaled


def watch_stretch(scaled: Floats, bars_between_starts: int) -> Watch:
    """The e-process of one stretch of scaled bars [n], for a drift that begins at any of its starts.

    Null: each bar is symmetric around zero given the past, whatever its size; volatility may cluster, rise and fall,
    and tails may be heavy. For one start the e-value is the normal mixture √(ρ/(V+ρ)) exp(S²/(2(V+ρ))) of the
    supermartingales exp(λS − λ²V/2), with S = Σx and V = Σx²; starts every `bars_between_starts` bars have equal
    weights, fixed before the stretch begins. NaN bars add nothing. A move needs some ten bars of one direction: one
    bar, however large, is no evidence without a belief about tails.
    Sources: de la Peña (1999); Howard, Ramdas, McAuliffe & Sekhon (2021); Ramdas, Grünwald, Vovk & Shafer (2023).
    """
    x = np.where(np.isfinite(scaled), scaled, 0.0)
    starts = np.arange(0, max(x.size, 1), bars_between_starts)
    total, squares = np.concatenate([[0.0], np.cumsum(x)]), np.concatenate([[0.0], np.cumsum(x * x)])
    # [starts, bars]; before its start an e-process stands at 1.
    behind = np.arange(1, x.size + 1)[np.newaxis, :] <= starts[:, np.newaxis]
    s = np.where(behind, 0.0, total[np.newaxis, 1:] - total[starts][:, np.newaxis])
    v = np.where(behind, 0.0, squares[np.newaxis, 1:] - squares[starts][:, np.newaxis]) + BEST_VARIANCE
    own = np.sqrt(BEST_VARIANCE / v) * exp(s * s / (2.0 * v))
    e_values, evidence = own.mean(axis=0), (own * np.sign(s)).sum(axis=0)
    alarms = np.flatnonzero(e_values >= 1.0 / WATCH_LEVEL)
    first = int(alarms[0]) if alarms.size else None
    if first is None:
        return Watch(e_values, None, 0, 0)
    return Watch(e_values, first, int(np.sign(evidence[first])), int(starts[own[:, first].argmax()]))
