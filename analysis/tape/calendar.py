"""Bar lengths, and how many bars a duration is on a calendar that never closes."""

from __future__ import annotations

from datetime import datetime, timedelta

TIMEFRAMES: dict[str, timedelta] = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}


def bar_length(timeframe: str) -> timedelta:
    """Length of one bar of `timeframe` (1m, 5m, 15m, 30m, 1h, 4h, 1d); ValueError names the known ones."""
    if timeframe not in TIMEFRAMES:
        raise ValueError(f"timeframe {timeframe!r} is unknown; expected one of {', '.join(TIMEFRAMES)}")
    return TIMEFRAMES[timeframe]


def count_bars(duration: timedelta, bar: timedelta) -> int:
    """Bars in `duration`; ValueError when it is not a whole number of bars, because a window is never rounded."""
    count, rest = divmod(duration, bar)
    if rest:
        raise ValueError(f"{duration} is not a whole number of bars of {bar}; choose a window that is")
    return count


def bar_position(instant: datetime, first_open: datetime, bar: timedelta) -> int:
    """Position of the bar that contains `instant` (open ≤ instant < close) on the grid that begins at `first_open`."""
    return (instant - first_open) // bar
