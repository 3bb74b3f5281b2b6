"""When the market knew: the first significant abnormal bar, the drift before and after it, and how long half of it
lasted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.single.timing.jumps import BarJumps, detect_jumps, gumbel_critical_value

DRIFT_HOURS = 24.0  # how far drift before the event and after the first bar is measured
DRIFT_Z = 1.959963984540054  # two-sided 95 % quantile: smaller drifts are called "held"


@dataclass(frozen=True, slots=True)
class ReactionTime:
    """Hours count from the event; a bar is an interval, so times come in pairs. None where nothing was found."""

    first_open_hours: float | None  # the first significant bar opens
    first_close_hours: float | None  # and closes: the market moved in between
    first_return: float | None  # abnormal log return of that bar
    first_statistic: float | None  # Lee–Mykland statistic, signed
    critical_value: float
    n_tests: int  # bars searched
    onset_open_hours: float | None  # start of the unbroken same-sign run that ends in the first significant bar
    quiet_car: float | None  # CAR from the event to the onset
    drift_before: float | None  # CAR over the day before the event
    drift_before_z: float | None
    drift_after: float | None  # CAR over the day after the first significant bar
    drift_after_z: float | None
    drift_word: str  # no reaction, went on, reversed, held, or not measured
    peak_hours: float | None  # close of the bar with the largest CAR in the direction of the first bar
    peak_car: float | None
    half_life_hours: float | None  # from the peak to the first close at or below half of it; None: not within the data


def measure_reaction(
    abnormal: Floats,
    close_hours: Floats,
    *,
    bar_hours: float,
    horizon_hours: float,
    critical_value: float | None = None,
    jumps: BarJumps | None = None,
) -> ReactionTime:
    """Timing of one asset's reaction from abnormal log returns on a regular grid.

    `abnormal` (n,) NaN = missing bar; `close_hours` (n,) the hours from the event to each bar's close. Bars that close
    after the event and up to `horizon_hours` are searched for the first whose Lee–Mykland statistic passes
    `critical_value`, by default the Gumbel one with a family-wise chance of 5 % of a false alarm (which heavy tails
    exceed: calibrate on ordinary times where there are enough). The bar in which the event falls counts as after it.
    z values of drifts divide by the volatility just before the event. The half-life describes one path and has no
    interval. A missing bar inside a drift window makes that drift None. `jumps` are found where not given.
    """
    is_searched = (close_hours > 0) & (close_hours <= horizon_hours)
    n_tests = int(is_searched.sum())
    jumps = jumps or detect_jumps(abnormal, bar_hours=bar_hours, n_tests=n_tests)
    critical = gumbel_critical_value(n_tests) if critical_value is None else critical_value
    event_index = int(np.searchsorted(close_hours, 0.0, side="right"))  # first bar that closes after the event
    volatility = jumps.local_volatility[event_index] if event_index < abnormal.size else np.nan
    before = _drift(abnormal, close_hours, -DRIFT_HOURS, 0.0, volatility)
    with np.errstate(invalid="ignore"):
        hits = np.flatnonzero(is_searched & (np.abs(jumps.statistic) > critical))
    if not hits.size:
        return ReactionTime(
            None, None, None, None, critical, n_tests, None, None, *before, None, None,
            "no reaction" if is_searched.any() else "not measured", None, None, None,
        )  # fmt: skip
    first = int(hits[0])
    onset = _run_start(abnormal, first, event_index)
    closed = float(close_hours[first])
    after = _drift(abnormal, close_hours, closed, closed + DRIFT_HOURS, volatility)
    return ReactionTime(
        closed - bar_hours,
        closed,
        float(abnormal[first]),
        float(jumps.statistic[first]),
        critical,
        n_tests,
        float(close_hours[onset]) - bar_hours,
        float(np.nansum(abnormal[event_index:onset])),
        *before,
        *after,
        _drift_word(after, np.sign(abnormal[first])),
        *_peak_and_half_life(abnormal, close_hours, event_index, first),
    )


@dataclass(frozen=True, slots=True)
class Mover:
    """One market's reaction and its place behind the first mover."""

    market_id: str
    open_hours: float
    close_hours: float
    lag_lower_hours: float  # smallest lag behind the first mover that the bars allow; negative: the order is not proven
    lag_upper_hours: float
    is_order_proven: bool


def order_movers(reactions: Sequence[tuple[str, float, float]]) -> tuple[Mover, ...]:
    """Markets that reacted, `(market_id, open_hours, close_hours)` of the first significant bar, in order of that
    bar's close.

    The lag behind the first mover is an interval, because a bar only bounds the moment: its width is the sum of both
    bars.
    """
    ordered = sorted(reactions, key=lambda reaction: (reaction[2], reaction[1], reaction[0]))
    movers = []
    for market_id, opened, closed in ordered:
        _, first_open, first_close = ordered[0]
        is_first = market_id == ordered[0][0]
        lower, upper = (0.0, 0.0) if is_first else (opened - first_close, closed - first_open)
        movers.append(Mover(market_id, opened, closed, lower, upper, is_first or lower >= 0.0))
    return tuple(movers)


def _drift(
    abnormal: Floats, close_hours: Floats, start: float, end: float, volatility: float
) -> tuple[float | None, float | None]:
    inside = abnormal[(close_hours > start) & (close_hours <= end)]
    is_covered = close_hours.size > 0 and close_hours[0] <= start + DRIFT_HOURS and close_hours[-1] >= end
    if not inside.size or not is_covered or not np.isfinite(inside).all():
        return None, None
    total = float(inside.sum())
    z = total / (volatility * np.sqrt(inside.size))
    return total, float(z) if np.isfinite(z) else None


def _run_start(abnormal: Floats, first: int, event_index: int) -> int:
    start = first
    while start > event_index and abnormal[start - 1] * abnormal[first] > 0:
        start -= 1
    return start


def _drift_word(drift: tuple[float | None, float | None], direction: float) -> str:
    _, z = drift
    if z is None:
        return "not measured"
    if abs(z) <= DRIFT_Z:
        return "held"
    return "went on" if z * direction > 0 else "reversed"


def _peak_and_half_life(
    abnormal: Floats, close_hours: Floats, event_index: int, first: int
) -> tuple[float | None, float | None, float | None]:
    path = np.nancumsum(abnormal[event_index:])
    hours = close_hours[event_index:]
    signed = path * np.sign(abnormal[first])
    peak = int(np.argmax(signed))
    if signed[peak] <= 0:
        return None, None, None
    below = np.flatnonzero(signed[peak:] <= signed[peak] / 2.0)
    half_life = float(hours[peak + below[0]] - hours[peak]) if below.size else None
    return float(hours[peak]), float(path[peak]), half_life
