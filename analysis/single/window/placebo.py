"""Rank of one event's move among the same move at ordinary times, each scaled to the volatility at the event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.results.rank import rank_p
from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import MICROSECONDS_PER_HOUR

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

VOLATILITY_BURN_IN_HOURS = 24.0  # of residuals before the first estimate: fewer hours explode the scale
VOLATILITY_HALF_LIFE_HOURS = 24.0  # of the EWMA: three days after a change, seven eighths of it are in
MINIMUM_HALF_LIFE_BARS = 12.0  # long bars need more hours for an estimate that is not mostly noise
# Independent windows that make the calendar match worth its loss: 1/(1 + 39) resolves 2.5 %.
MINIMUM_MATCHED = 39
MASK_REACH_HOURS = 24.0  # a placebo may not hold another event in its first day; later days of the event hold some too


@dataclass(frozen=True, slots=True)
class PlaceboStarts:
    """Where the placebo windows begin, and how they were chosen."""

    indices: Integers
    n_independent: int  # windows that do not overlap
    matching: str  # in words


@dataclass(frozen=True, slots=True)
class PlaceboRank:
    """The rank of the event's CAR; `lower` and `upper` hold 95 % of the scaled placebos."""

    n_as_large: int
    n: int
    n_independent: int
    p_value: float
    lower: float  # log points
    upper: float
    scaled: Floats  # CAR of each placebo at the event's volatility, log points


def measure_volatility(residuals: Floats, bar_hours: float) -> Floats:
    """Standard deviation per bar known before each bar: EWMA of squared residuals, shape (n,), log points.

    A missing residual leaves the estimate where it was. Before a day (and twelve bars) of residuals it is NaN.
    Source: RiskMetrics (1996), with the half-life above in place of λ = 0.94 per day.
    """
    squares = pl.Series(residuals**2).fill_nan(None)
    half_life = max(VOLATILITY_HALF_LIFE_HOURS / bar_hours, MINIMUM_HALF_LIFE_BARS)
    burn_in = max(12, round(VOLATILITY_BURN_IN_HOURS / bar_hours))
    smooth = squares.ewm_mean(half_life=half_life, adjust=True, ignore_nulls=True, min_samples=burn_in)
    smooth = smooth.forward_fill().shift(1)
    return smooth.cast(pl.Float64).fill_null(float("nan")).to_numpy() ** 0.5


def choose_starts(
    series: AlignedSeries, event_index: int, window: int, *, history: int, is_masked: Flags
) -> PlaceboStarts:
    """Starts of placebo windows that end before the event, away from other events, at a like time of the week.

    The `history` bars before the event are searched. Windows begin at the event's hour of day on the same kind of day
    (weekday or weekend, by the day in which the bar opens); where that leaves fewer than 39 independent windows, at the
    same hour on any day; else at any hour. `is_masked` (n,) marks the first hours after other events.
    """
    first = max(1, event_index - history)
    candidates = np.arange(first, max(first, event_index - window + 1), dtype=np.int64)
    reach = min(window, round(MASK_REACH_HOURS / series.bar_hours))
    counts = np.concatenate([[0], np.cumsum(is_masked)])
    candidates = candidates[counts[np.minimum(candidates + reach, is_masked.size)] == counts[candidates]]
    hours = series.close_us // MICROSECONDS_PER_HOUR
    is_weekend = series.is_weekend
    same_hour = candidates[hours[candidates] % 24 == hours[event_index] % 24]
    same_kind = same_hour[is_weekend[same_hour] == is_weekend[event_index]]
    day = "weekend" if is_weekend[event_index] else "weekday"
    for chosen, words in (
        (same_kind, f"same hour of day, {day}s"),
        (same_hour, "same hour of day, all days"),
    ):
        n_independent = count_independent(chosen, window)
        if n_independent >= MINIMUM_MATCHED:
            return PlaceboStarts(chosen, n_independent, words)
    return PlaceboStarts(
        candidates, count_independent(candidates, window), "all hours (too short for a calendar match)"
    )


def count_independent(starts: Integers, window: int) -> int:
    """How many of the ascending `starts` can be kept so that no two windows overlap."""
    count, free_from = 0, -1
    for start in starts.tolist():
        if start >= free_from:
            count, free_from = count + 1, start + window
    return count


def rank_among_placebos(
    car: float, placebo_cars: Floats, scale: Floats, *, starts: Integers, window: int
) -> PlaceboRank | None:
    """Rank of |`car`| among |placebo CAR × scale|, or None without a placebo.

    `scale` is the volatility at the event over the volatility at each placebo's start. p = (1 + m·k/n) / (1 + m) with
    k of n windows as large and m of them independent: with windows that do not overlap this is the exact rank
    p-value, and overlap never lends it more resolution than 1/(1 + m). Null: the event's window is an ordinary one.
    Assumes scaled windows that are exchangeable with the event's. Source: the randomisation test of Fisher (1935)
    over time, with windows put on the volatility at the event.
    """
    scaled = placebo_cars * scale
    is_known = np.isfinite(scaled)
    known = scaled[is_known]
    if not known.size or not np.isfinite(car):
        return None
    n_as_large, n = int(np.sum(np.abs(known) >= abs(car))), int(known.size)
    n_independent = count_independent(starts[is_known], window)
    p_value = rank_p(n_as_large, n, n_independent)
    lower, upper = np.quantile(known, [0.025, 0.975])
    return PlaceboRank(n_as_large, n, n_independent, p_value, float(lower), float(upper), scaled)
