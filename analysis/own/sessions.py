"""The bar in which an event could first be seen, and how far that lies from its time."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.own.tables import BarEnd, OwnTable
from analysis.own.times import Instants, OwnDataError, check_place, local_to_utc
from warehouse.tables.bars import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR, MICROSECONDS_PER_MINUTE
from warehouse.tables.units import plain

ALWAYS_OPEN = "24/7"

# A bar this many steps after the event, where the table has no such pause as a rule, says nothing about the event.
FARTHEST_STEPS = 5
# Pauses that one gap in a hundred reaches (nights, weekends) are the table's rule, and half as much again is near it.
_USUAL_GAPS, _NEAR_USUAL = 0.99, 1.5
# Two rows at most this many steps apart are neighbours, so that months of 28 to 31 days are.
_NEIGHBOURS = 1.5

# Of a microsecond.
_NANOSECONDS = 1_000

# Sessions asked of a calendar beyond the first and last event, in days.
_MARGIN_DAYS = 31

_REMEDY = (
    "give --calendar (XNYS for New York stocks, 24/7 for coins), or --close 16:00 --zone America/New_York; "
    "or write plain dates"
)


@dataclass(frozen=True, slots=True)
class Dating:
    """How rows are dated: the end of a bar they name, and for daily bars when a day's trading closes."""

    label: BarEnd | None = None  # None is read as closes; a daily table needs the rest
    calendar: str | None = None
    close: str | None = None  # HH:MM on the clocks of `zone`
    zone: str | None = None

    def words(self, *, is_daily: bool) -> str:
        """The convention, for the conventions of a study."""
        if is_daily and self.calendar == ALWAYS_OPEN:
            return "daily bars from midnight to midnight UTC; an event belongs to the day that holds its time"
        if is_daily and self.calendar:
            return f"daily bars of {self.calendar} sessions; an event at or after the close belongs to the next session"
        if is_daily and self.close:
            return (
                f"daily bars that close at {self.close} {self.zone}; an event at or after the close belongs to the next"
            )
        if is_daily:
            return "daily bars; an event belongs to the first row on or after its date"
        if self.label == "open":
            return "rows are dated by their open; bar 0 holds the event (open <= event < next open)"
        return "rows are dated by their close; bar 0 is the first row at or after the event"


def choose_dating(asked: Dating, labels: dict[str, BarEnd | None], assets: OwnTable) -> Dating:
    """`asked`, with the label that the time columns of the tables name where none was asked for.

    A day dated by its open runs from midnight to midnight UTC. OwnDataError where two tables name different ends, and
    for options that contradict one another.
    """
    is_daily = assets.is_daily
    named = {source: label for source, label in labels.items() if label}
    if asked.label is None and len(set(named.values())) > 1:
        told = ", ".join(f"{source} by {label}s" for source, label in named.items())
        raise OwnDataError(f"tables are dated by different ends of a bar ({told}); convert one, or give --label")
    label = asked.label or next(iter(named.values()), None)
    if asked.calendar and (asked.close or asked.zone):
        raise OwnDataError("--calendar and --close say the same thing; give one of them")
    if bool(asked.close) != bool(asked.zone):
        raise OwnDataError("--close and --zone belong together, e.g. --close 16:00 --zone America/New_York")
    if not is_daily and (asked.calendar or asked.close):
        raise OwnDataError("--calendar and --close are for daily bars; rows with a time of day need --label at most")
    calendar = asked.calendar or (ALWAYS_OPEN if is_daily and label == "open" and not asked.close else None)
    return Dating(label, calendar, asked.close, asked.zone)


def find_days(events: Instants, dating: Dating) -> Integers:
    """The midnight (µs) that names the day of trading of each event; a plain date is its own.

    An event at or after a day's close belongs to the next day of trading. OwnDataError for an event with a time of day
    where nothing says when a day closes: the session it would be set to had often closed before.
    """
    days = events.at // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    # Programs write plain dates as midnights.
    clocked = np.flatnonzero(events.has_clock) if not events.is_midnight else np.zeros(0, dtype=np.int64)
    if not clocked.size or dating.calendar == ALWAYS_OPEN:
        return np.asarray(days)
    if dating.calendar:
        days[clocked] = _session_days(events.at[clocked], dating.calendar)
    elif dating.close and dating.zone:
        days[clocked] = [_local_day(int(at), dating.close, dating.zone) for at in events.at[clocked]]
    else:
        raise OwnDataError(
            f"events: row {int(clocked[0]) + 2} has a time of day and prices are daily: nothing says whether that "
            f"day's bar had closed; {_REMEDY}"
        )
    return np.asarray(days)


def place_events(times: Integers, events: Integers, label: BarEnd | None) -> Integers:
    """Position of bar 0 in the sorted row `times` for each event; -1 before the first row, their number past the end.

    Rows dated by their close (or by days, or unknown): the first at or after the event. Rows dated by their open: the
    bar that holds the event, and in a pause the first to open after it.
    """
    if not times.size:
        return np.full(events.size, -1, dtype=np.int64)
    if label == "open":
        places = np.searchsorted(find_ends(times), events, side="right")
    else:
        places = np.searchsorted(times, events, side="left")
    return np.where(events < times[0], -1, places).astype(np.int64)


def far_reason(times: Integers, place: int, event: int) -> str | None:
    """Why bar 0 at `place` lies too far after the event, or None; steps are the usual distance of two rows."""
    if not 0 <= place < times.size or times.size < 2:
        return None
    step, usual = _usual_gaps(times)
    gap = int(times[place]) - event
    if gap <= max(FARTHEST_STEPS * step, _NEAR_USUAL * usual):
        return None
    return (
        f"no bar near the event: the first at or after it lies {plain(gap / step, 3)} steps later, "
        f"at most {FARTHEST_STEPS} count; fill the hole in the table or leave the event out"
    )


def _usual_gaps(times: Integers) -> tuple[float, float]:
    gaps = np.diff(times)
    return float(np.median(gaps)), float(np.quantile(gaps, _USUAL_GAPS, method="lower"))


def find_ends(opens: Integers) -> Integers:
    """When each bar ends: the next open, or one step after its own where rows are missing."""
    if opens.size < 2:
        return np.asarray(opens + 1)
    gaps = np.diff(opens)
    step = int(np.median(gaps))
    return np.append(np.where(gaps <= _NEIGHBOURS * step, opens[1:], opens[:-1] + step), opens[-1] + step)


def _session_days(instants: Integers, name: str) -> Integers:
    """The session of each instant: the first whose close lies after it."""
    import exchange_calendars  # brings pandas: 0.5 s that no other command should pay

    first, last = (
        pl.Series([at]).cast(pl.Datetime("us")).dt.date()[0] for at in (int(instants.min()), int(instants.max()))
    )
    margin = np.timedelta64(_MARGIN_DAYS, "D")
    try:
        calendar = exchange_calendars.get_calendar(
            name, start=str(np.datetime64(first) - margin), end=str(np.datetime64(last) + margin)
        )
    except (exchange_calendars.errors.InvalidCalendarName, ValueError) as exc:
        raise OwnDataError(
            f"--calendar {name!r}: {exc}; expected a market of exchange-calendars, such as XNYS, XNAS, XLON, XTKS, "
            f"CMES or {ALWAYS_OPEN}"
        ) from exc
    sessions, closes = (np.asarray(nanos) // _NANOSECONDS for nanos in (calendar.sessions_nanos, calendar.closes_nanos))
    return np.asarray(sessions[np.searchsorted(closes, instants, side="right")])


def _local_day(at: int, close: str, zone: str) -> int:
    """The local date of an instant, or the next where its day has closed."""
    clock = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", close)
    if clock is None:
        raise OwnDataError(f"--close {close!r}; write a time of 24 hours, e.g. 16:00")
    check_place(zone, "--zone")
    local = pl.Series([at]).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone).dt.replace_time_zone(None)
    day = int(local.to_physical()[0]) // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    closing = int(clock[1]) * MICROSECONDS_PER_HOUR + int(clock[2]) * MICROSECONDS_PER_MINUTE
    closes_at = local_to_utc(day + closing, zone, "--close")
    return day if at < closes_at else day + MICROSECONDS_PER_DAY
