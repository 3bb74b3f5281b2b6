"""Place the windows that people say on the calendar."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from analysis.claims.statement import StatedWindow, Statement
from warehouse.tables.bars import DAY, HOUR, WEEK

UNSAID = "trailing_24h_unsaid"
# Tokens after which other plain windows may be meant.
OPEN_TOKENS = (UNSAID, "recent")
SINCE_EVENT = "since_event"
WHOLE_RECORD = "ever"  # "never": from the first stored price on
NEW_YORK = ZoneInfo("America/New_York")
_NEW_YORK_CLOSE = time(16)  # local time; the weekend of index desks begins here
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FRIDAY = DAY_NAMES.index("Friday")
_OVERNIGHT_FROM, _OVERNIGHT_TO = time(21), time(12)  # UTC
_MONTHS_PER_QUARTER, _MONTHS_PER_YEAR = 3, 12

_LENGTH = re.compile(r"^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$")
_QUARTER = re.compile(r"^q([1-4])_(\d{4})$")

Span = tuple[datetime | None, datetime | None]


class WindowError(ValueError):
    """A window token that is no word of the vocabulary."""


def resolve_window(statement: Statement) -> StatedWindow:
    """The window of `statement` with both ends, UTC, cut at the time of saying.

    Without a window the day before the time of saying. `from_utc` stays None where the start is not known
    (`since_event` without its time; `ever`, which begins with the stored prices). A token may end in `@Zone`
    (`day:2026-05-13@America/New_York`); calendars are UTC without it. WindowError for a token that is no word of the
    vocabulary or for a statement without a time of saying whose window needs one.
    """
    window = statement.window or StatedWindow(UNSAID)
    start, end = window.from_utc, window.to_utc
    said_at = statement.said_at or statement.as_of
    if start is None or end is None:
        if said_at is None:
            raise WindowError(f"the window {window.token} ends when it is said; give said_at")
        placed = place_token(window.token, said_at, statement.event_utc)
        start, end = start or placed[0], end or placed[1]
    is_clipped = said_at is not None and end is not None and end > said_at
    return replace(window, from_utc=start, to_utc=said_at if is_clipped else end, is_clipped=is_clipped)


def is_window_open(statement: Statement) -> bool:
    """Whether no window is said, so that other plain windows may be meant."""
    return statement.window is None or statement.window.token in OPEN_TOKENS


def place_token(token: str, said_at: datetime, event_utc: datetime | None = None) -> Span:
    """Start and end of one token, not yet cut at the time of saying."""
    name, _, zone_name = token.partition("@")
    zone: tzinfo = ZoneInfo(zone_name) if zone_name else UTC
    local = said_at.astimezone(zone)
    if name in OPEN_TOKENS:
        return said_at - DAY, said_at
    if name in (SINCE_EVENT, "since_launch"):
        return event_utc, said_at
    if name == WHOLE_RECORD:
        return None, said_at
    if name in _CALENDAR:
        start, end = _CALENDAR[name](local)
        return _utc(start), _utc(end)
    if (match := _QUARTER.match(name)) is not None:
        month = _MONTHS_PER_QUARTER * (int(match[1]) - 1) + 1
        start = datetime(int(match[2]), month, 1, tzinfo=zone)
        return _utc(start), _utc(_add_months(start, _MONTHS_PER_QUARTER))
    if "/" in name:
        return _between(name, zone)
    kind, _, rest = name.partition(":")
    if kind in _DATED and rest:
        first, last = _DATED[kind](rest, zone)
        return _utc(first), said_at if last is None else _utc(last)
    return _back(said_at, name), said_at


def _back(end: datetime, length: str) -> datetime:
    years, months, rest = _parse_length(length)
    return _add_months(end, -(_MONTHS_PER_YEAR * years + months)) - rest


def _parse_length(text: str) -> tuple[int, int, timedelta]:
    match = _LENGTH.match(text)
    if match is None or not any(match.groups()):
        raise WindowError(f"{text!r} is no window; expected one such as PT24H, P7D, weekend, ytd or day:2026-06-12")
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
    return years, months, timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


def _add_months(at: datetime, months: int) -> datetime:
    """`at` so many months later, on the last day of a month that is shorter."""
    year, month = divmod(at.year * _MONTHS_PER_YEAR + at.month - 1 + months, _MONTHS_PER_YEAR)
    for day in range(at.day, 0, -1):
        try:
            return at.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise WindowError(f"{months} months from {at} lie outside the calendar")


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _just_before(at: datetime) -> datetime:
    """The moment before: said at midnight, "today" is the day that ends."""
    return at - timedelta(microseconds=1)


def _monday(at: datetime) -> datetime:
    return _midnight(at) - timedelta(days=at.weekday())


def _weekend(at: datetime) -> tuple[datetime, datetime]:
    """From the last Friday 16:00 New York to the time of saying, at most to the end of the Monday after it."""
    local = at.astimezone(NEW_YORK)
    friday = local.date() - timedelta(days=(local.weekday() - _FRIDAY) % 7)
    start = datetime.combine(friday, _NEW_YORK_CLOSE, NEW_YORK)
    if start >= local:
        start = datetime.combine(friday - WEEK, _NEW_YORK_CLOSE, NEW_YORK)
    monday_end = datetime.combine(start.date() + timedelta(days=4), time(0), UTC)
    return start, min(at.astimezone(UTC), monday_end)


def last_new_york_close(at: datetime) -> datetime:
    """The last 16:00 of New York before `at`, weekends too, UTC."""
    local = at.astimezone(NEW_YORK)
    close = datetime.combine(local.date(), _NEW_YORK_CLOSE, NEW_YORK)
    return _utc(close if close < local else datetime.combine(local.date() - DAY, _NEW_YORK_CLOSE, NEW_YORK))


def _overnight(at: datetime) -> tuple[datetime, datetime]:
    midnight = _midnight(at)
    end = midnight.replace(hour=_OVERNIGHT_TO.hour)
    return midnight - DAY + timedelta(hours=_OVERNIGHT_FROM.hour), min(at, end)


_CALENDAR: dict[str, Callable[[datetime], tuple[datetime, datetime]]] = {
    "today": lambda at: (_midnight(_just_before(at)), at),
    "yesterday": lambda at: (_midnight(_midnight(at) - HOUR), _midnight(at)),
    "overnight": _overnight,
    "weekend": _weekend,
    "since_monday": lambda at: (_monday(_just_before(at)), at),
    "this_week": lambda at: (_monday(_just_before(at)), at),
    "last_week": lambda at: (_monday(at) - WEEK, _monday(at)),
    "month_to_date": lambda at: (_midnight(_just_before(at)).replace(day=1), at),
    "ytd": lambda at: (_midnight(_just_before(at)).replace(month=1, day=1), at),
}


def _date_part(text: str, zone: tzinfo) -> tuple[datetime, int]:
    """A year, month, day or minute, and how many of these parts were given."""
    parts = re.split(r"[-T]", text, maxsplit=3)
    try:
        day = date(*(int(part) for part in (*parts[:3], "1", "1")[:3]))
        clock = time.fromisoformat(parts[3].removesuffix("Z")) if len(parts) > 3 else time(0)
    except ValueError as exc:
        raise WindowError(f"{text!r} is no date; expected one such as 2026-06-12 or 2026-06-12T16:00") from exc
    return datetime.combine(day, clock, zone), len(parts)


def period_of(text: str, zone: tzinfo = UTC) -> tuple[datetime, datetime]:
    """Start and end of the year, month, day or instant that `text` names."""
    start, n_parts = _date_part(text, zone)
    if n_parts == 1:
        return start, _add_months(start, _MONTHS_PER_YEAR)
    if n_parts == 2:
        return start, _add_months(start, 1)
    return start, start + DAY if n_parts == 3 else start


def _since(text: str, zone: tzinfo) -> tuple[datetime, None]:
    return period_of(text, zone)[0], None


_DATED: dict[str, Callable[[str, tzinfo], tuple[datetime, datetime | None]]] = {
    "month": period_of,
    "year": period_of,
    "day": period_of,
    "at": lambda text, zone: (_date_part(text, zone)[0],) * 2,
    "since": _since,
}


def _between(text: str, zone: tzinfo) -> Span:
    first, _, last = text.partition("/")
    if first.startswith("P"):
        end = _utc(_date_part(last, zone)[0])
        return _back(end, first), end
    start = _date_part(first, zone)[0]
    if last.startswith("P"):
        years, months, rest = _parse_length(last)
        return _utc(start), _utc(_add_months(start, _MONTHS_PER_YEAR * years + months) + rest)
    return _utc(start), _utc(_date_part(last, zone)[0])
