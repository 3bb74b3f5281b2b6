"""How many bars a duration is on a calendar that never closes."""

from __future__ import annotations

from datetime import datetime, timedelta


def count_bars(duration: timedelta, bar: timedelta) -> int:
    """Bars in `duration`; ValueError when it is not a whole number of bars, because a window is never rounded."""
    count, rest = divmod(duration, bar)
    if rest:
        raise ValueError(f"{duration} is not a whole number of bars of {bar}; choose a window that is")
    return count


def bar_position(instant: datetime, first_open: datetime, bar: timedelta) -> int:
    """Position of the bar that contains `instant` (open ≤ instant < close) on the grid that begins at `first_open`."""
    return (instant - first_open) // bar
