"""The one vocabulary of bar lengths: which there are, how long each is, and what people call it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import SupportsInt

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # instants and bars are counted from here
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
HOURS_PER_DAY = DAY // HOUR
HOURS_PER_WEEK = WEEK // HOUR
SECONDS_PER_MINUTE = MINUTE // SECOND
SECONDS_PER_HOUR = HOUR // SECOND
SECONDS_PER_DAY = DAY // SECOND
MICROSECONDS_PER_SECOND = SECOND // MICROSECOND
MICROSECONDS_PER_MINUTE = MINUTE // MICROSECOND
MICROSECONDS_PER_HOUR = HOUR // MICROSECOND
MICROSECONDS_PER_DAY = DAY // MICROSECOND
# 1970-01-01 was a Thursday: weeks open on the Monday after it.
FIRST_MONDAY = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class BarLength:
    """One length of bars; `view_of` names the stored length whose bars it is made of, None when it is stored itself."""

    name: str
    length: timedelta
    words: str  # before a noun: "hourly bars"
    view_of: str | None = None

    @property
    def is_stored(self) -> bool:
        """Whether bars of this length are kept; others are views of finer ones."""
        return self.view_of is None

    @property
    def seconds(self) -> int:
        """Length in seconds."""
        return self.length // SECOND

    @property
    def microseconds(self) -> int:
        """Length in microseconds."""
        return self.length // MICROSECOND

    @property
    def hours(self) -> float:
        """Length in hours."""
        return self.length / HOUR

    @property
    def offset(self) -> timedelta:
        """How long after 1970-01-01 00:00 UTC the first bar opens: zero but for weeks, which open on a Monday."""
        return FIRST_MONDAY if self.length == WEEK else timedelta(0)


# Finest first.
BAR_LENGTHS = (
    BarLength("1m", MINUTE, "1-minute"),
    BarLength("5m", 5 * MINUTE, "5-minute"),
    BarLength("15m", 15 * MINUTE, "15-minute", "5m"),
    BarLength("30m", 30 * MINUTE, "30-minute", "5m"),
    BarLength("1h", HOUR, "hourly"),
    BarLength("4h", 4 * HOUR, "4-hour"),
    BarLength("8h", 8 * HOUR, "8-hour", "4h"),
    BarLength("1d", DAY, "daily"),
    BarLength("1w", WEEK, "weekly", "1d"),
)
STORED = tuple(bar.name for bar in BAR_LENGTHS if bar.is_stored)
NAMES = tuple(bar.name for bar in BAR_LENGTHS)
_BY_NAME = {bar.name: bar for bar in BAR_LENGTHS}
_BY_LENGTH = {bar.length: bar for bar in BAR_LENGTHS}
LENGTHS = {bar.name: bar.length for bar in BAR_LENGTHS}
STORED_SECONDS = {name: _BY_NAME[name].seconds for name in STORED}
# Bar lengths as sites write them, lower case; minutes, seconds or milliseconds where there is only a number.
_SPELLINGS = {
    **{str(bar.length // MINUTE): bar.name for bar in BAR_LENGTHS},
    **{str(bar.seconds): bar.name for bar in BAR_LENGTHS if bar.length >= HOUR},
    **{str(bar.length // MILLISECOND): bar.name for bar in BAR_LENGTHS},
    **{f"{bar.length // MINUTE}min": bar.name for bar in BAR_LENGTHS},
    **{f"{bar.length // HOUR}hour": bar.name for bar in BAR_LENGTHS if bar.length >= HOUR},
    **{f"{bar.length // HOUR}h": bar.name for bar in BAR_LENGTHS if bar.length >= HOUR},
    "minute": "1m",
    "1minute": "1m",
    "60m": "1h",
    "hour": "1h",
    "hourly": "1h",
    "d": "1d",
    "day": "1d",
    "1day": "1d",
    "daily": "1d",
    "w": "1w",
    "week": "1w",
    "weekly": "1w",
    "7d": "1w",
    **{name: name for name in NAMES},
}
# Bars of these lengths are joined from whole stretches of stored finer ones, the longest first.
_JOINED_FROM = {"15m": ("5m", "1m"), "30m": ("5m", "1m"), "4h": ("1h",), "8h": ("4h", "1h"), "1w": ("1d",)}
# By the name of a view: why bars of it are not taken in, and what to do instead.
NOT_KEPT = {
    bar.name: f"{bar.name} is not kept; resample it to {' or '.join(STORED)}, or bring {bar.view_of} bars: "
    f"a study sees {bar.name} as a view of them"
    for bar in BAR_LENGTHS
    if not bar.is_stored
}


def spelled_bar(text: str) -> str:
    """The name of a bar length in any spelling of a site, `60`, `1hour` or `1D`; what is none stays as it is.

    A capital M means months, of which there are no bars here.
    """
    stripped = text.strip()
    return stripped if stripped.endswith("M") else _SPELLINGS.get(stripped.lower(), stripped)


def parse_bar(name: str) -> BarLength:
    """The bar length of that name; ValueError names all there are."""
    if name not in _BY_NAME:
        raise ValueError(f"bar length {name!r} is unknown; expected one of {', '.join(NAMES)}")
    return _BY_NAME[name]


def parse_stored_bar(name: str) -> BarLength:
    """The stored bar length of that name; ValueError says which are kept, and the remedy for one that is a view."""
    if name in NOT_KEPT:
        raise ValueError(NOT_KEPT[name])
    if name not in STORED:
        raise ValueError(f"bar length {name!r} is unknown; expected one of {', '.join(STORED)}")
    return _BY_NAME[name]


def bar_length(name: str) -> timedelta:
    """Length of one bar of that name; ValueError names all there are."""
    return parse_bar(name).length


def joined_from(name: str) -> tuple[BarLength, ...]:
    """Stored lengths whose bars make up bars of that length where a market has none, the longest first."""
    return tuple(_BY_NAME[source] for source in _JOINED_FROM.get(parse_bar(name).name, ()))


def bar_words(name: str) -> str:
    """The bar length as an adjective: "hourly", "4-hour"; a name that is unknown stands for itself."""
    return _BY_NAME[name].words if name in _BY_NAME else name


def step_words(hours: float | None) -> str:
    """The usual distance between the rows of a frame, as an adjective: "hourly", "4-hour", "2-hour"; "" for none."""
    if hours is None:
        return ""
    bar = _BY_LENGTH.get(timedelta(hours=hours))
    return bar.words if bar is not None else f"{hours:g}-hour"


def bar_of(length: timedelta) -> BarLength:
    """The bar length of that duration; ValueError names all there are."""
    if length not in _BY_LENGTH:
        raise ValueError(f"no bars last {length}; bar lengths are {', '.join(NAMES)}")
    return _BY_LENGTH[length]


def bar_of_hours(hours: float) -> BarLength:
    """The bar length of that many hours, to the microsecond; ValueError names all there are."""
    return bar_of(timedelta(hours=hours))


def floor_to_bar(instant: datetime, bar: BarLength) -> datetime:
    """Open of the bar that contains `instant` (UTC-aware)."""
    first = datetime.fromtimestamp(0, tz=instant.tzinfo) + bar.offset
    return first + (instant - first) // bar.length * bar.length


def utc_instant(microseconds: SupportsInt) -> datetime:
    """The instant a whole number of `microseconds` after 1970 UTC."""
    return EPOCH + int(microseconds) * MICROSECOND
