"""Rank of one event's move among the same move at ordinary times, each scaled to the volatility at the event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.apart import count_apart
from analysis.arrays import Floats, Integers
from analysis.results.rank import quantiles, rank_p

# Independent windows that a 95 % interval of scores needs, and that make a match of hours worth its loss: 1/(1 + 39)
# resolves 2.5 %.
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


def choose_starts(
    of_day: Integers, event_index: int, window: int, *, history: int, masked_before: Integers, bar_hours: float
) -> PlaceboStarts:
    """Starts of placebo windows that end before the event, away from other events, at the event's hour of day.

    The `history` bars before the event are searched. `of_day` (n,) numbers the place of each bar in its day; where
    windows at the event's own leave fewer than 39 independent ones, they begin at any hour. Kinds of days are not
    matched: scores are freed of the rhythm of the week. `masked_before` (n + 1,) counts the bars in
    the first hours after other events before each bar.
    """
    first = max(1, event_index - history)
    last = max(first, event_index - window + 1)
    reach = min(window, round(MASK_REACH_HOURS / bar_hours))
    # No window that ends before the event reaches beyond the record.
    is_free = masked_before[first + reach : last + reach] == masked_before[first:last]
    candidates = first + np.flatnonzero(is_free)
    same_hour = first + np.flatnonzero(is_free & (of_day[first:last] == of_day[event_index]))
    n_independent = count_independent(same_hour, window)
    if n_independent >= MINIMUM_MATCHED:
        return PlaceboStarts(same_hour, n_independent, "same hour of day")
    return PlaceboStarts(candidates, count_independent(candidates, window), "all hours (too short to match them)")


def count_independent(starts: Integers, window: int) -> int:
    """How many of the ascending `starts` can be kept so that no two windows overlap."""
    return int(count_apart(np.ascontiguousarray(starts), window))


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
    lower, upper = quantiles(known, (0.025, 0.975))
    return PlaceboRank(n_as_large, n, n_independent, p_value, lower, upper, scaled)
