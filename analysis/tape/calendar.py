"""Which bars a duration, an event and a weekend are on a calendar that never closes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from analysis.arrays import Flags, Integers
from warehouse.tables.bars import DAY, MICROSECONDS_PER_DAY, WEEK

_DAYS_PER_WEEK = WEEK // DAY
_FIRST_SATURDAY = 2  # days after 1 January 1970, a Thursday


def count_bars(duration: timedelta, bar: timedelta) -> int:
    """Bars in `duration`; ValueError when it is not a whole number of bars, because a window is never rounded."""
    count, rest = divmod(duration, bar)
    if rest:
        raise ValueError(f"{duration} is not a whole number of bars of {bar}; choose a window that is")
    return count


def is_weekend(opens_us: Integers) -> Flags:
    """True for the bars that open on a Saturday or Sunday UTC, same shape; opens in microseconds since 1970.

    The one weekend of this project: a bar belongs to the day in which it opens, as it is named. Markets move less on
    such days, and news is rare.
    """
    return np.asarray((opens_us // MICROSECONDS_PER_DAY - _FIRST_SATURDAY) % _DAYS_PER_WEEK < 2)


def event_bar(event_time: datetime, first_open: datetime, bar: timedelta) -> int:
    """Position of relative bar 0 on the grid that begins at `first_open`; it may lie outside the grid.

    A return is known at the close of its bar: bar 0 is the first bar that closes after the event time (open ≤ event <
    close), so that the last close at or before the event is the base of the window. An event on a border belongs to
    the bar that opens there.
    """
    return (event_time - first_open) // bar


def event_bars(event_times: Sequence[datetime], first_open: datetime, bar: timedelta) -> Integers:
    """`event_bar` of each time, in order."""
    return np.array([event_bar(time, first_open, bar) for time in event_times], dtype=np.int64)


def spoiled_bars(n_bars: int, bars: Integers, spoils: tuple[int, int]) -> Flags:
    """True for the bars [e + spoils[0], e + spoils[1]) of every event bar e: leave them out of estimation, [n_bars]."""
    change = np.zeros(n_bars + 1, dtype=np.int64)
    np.add.at(change, np.clip(bars + spoils[0], 0, n_bars), 1)
    np.add.at(change, np.clip(bars + spoils[1], 0, n_bars), -1)
    return np.asarray(np.cumsum(change)[:-1] > 0)
