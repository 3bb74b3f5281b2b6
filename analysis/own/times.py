"""Times as people write them, a column of text to instants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl

from analysis.arrays import Flags, Floats, Integers
from warehouse.tables.bars import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR

DATE_FORMATS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
# Day and month stand in either order; a column may be read only where one order is possible.
TWO_WAY_FORMATS = (("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"))
_TIME_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
)

# A date before this is a two-digit year that was taken for a whole one; one after is a slip of the pen.
FIRST_YEAR, LAST_YEAR = 1800, 2100

# So many rows that cannot be read are named.
NAMED_ROWS = 10

# Units of epoch numbers by the range in which they say March 1973 to 2100, and the microseconds of one.
_EPOCH_UNITS = (("s", 1e8, 1e6), ("ms", 1e11, 1e3), ("µs", 1e14, 1.0), ("ns", 1e17, 1e-3))
_EPOCH_RANGE = 41.1  # 2100 is 4.1e9 s: the upper bound over the lower one

# Days since 1899-12-30 from 1950 to 2100: what a spreadsheet stores for a date.
_EXCEL_SERIALS = (18_264.0, 73_415.0)

# Hours east of Greenwich. Letters that stand for several zones (CST, BST, IST) are refused.
_ZONE_HOURS = {
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "SGT": 8,
    "HKT": 8,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
}
_ZONE_PLACES = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}

_WEEKDAY = r"(?i)^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
_CLOCK = (
    r"(?i)^(?P<date>.*?\d)[T,]?\s*(?:\bat\s+)?(?:\b|T|\s)(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?"
    r"(?::(?P<second>\d{2}(?:\.\d+)?))?\s*(?P<half>[AP]\.?M\.?)?\s*\(?(?P<zone>[A-Z][A-Z_/]*|)\s*"
    r"(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?\)?$"
)


class OwnDataError(ValueError):
    """A user's table cannot be read; the message names file, row, what was expected and the remedy."""


@dataclass(frozen=True, slots=True)
class Instants:
    """Microseconds since 1970 (UTC) per row, and whether the row gave a time of day beside its date."""

    at: Integers
    has_clock: Flags

    @property
    def is_daily(self) -> bool:
        """Only dates."""
        return not self.has_clock.any()

    @property
    def is_midnight(self) -> bool:
        """Only dates and midnights, as a program writes the dates of daily bars."""
        return bool((self.at % MICROSECONDS_PER_DAY == 0).all())


def parse_times(column: pl.Series, source: str) -> Instants:
    """The instant of each text, UTC where it names no zone. One form for a whole column; dates may stand among times.

    ISO dates and instants, dd.mm.yyyy, yyyymmdd, yyyy/mm/dd, 11 Nov 2026, Nov 11, 2026, day and month with slashes or
    dashes where one order only is possible; times of day with 24 hours or AM and PM; zones as Z, an offset, common
    letters or a place (Europe/Berlin); epoch seconds, ms, µs and ns. OwnDataError for a year of two digits or after
    2100, a spreadsheet's serial number, letters of several zones, and everything else.
    """
    empty = column.is_null()
    if empty.any():
        raise OwnDataError(f"{source}: row {int(empty.arg_true()[0]) + 2} has no {column.name}")
    found = _parse_dates(column, source)
    if found is not None:
        return _checked(Instants(found, np.zeros(found.size, dtype=np.bool_)), column, source)
    found = _parse_instants(column)
    if found is not None:
        is_date = _to_dates(column, DATE_FORMATS[0]).is_not_null().to_numpy()
        return _checked(Instants(found, ~is_date), column, source)
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.null_count() == 0:
        epochs = _parse_epochs(column, numbers.to_numpy(), source)
        return Instants(epochs, np.ones(epochs.size, dtype=np.bool_))
    clocks = _parse_clocks(column, source)
    if clocks is not None:
        return _checked(clocks, column, source)
    raise OwnDataError("\n".join(islice(_unread_rows(column, source), NAMED_ROWS)))


def _unread_rows(column: pl.Series, source: str) -> Iterator[str]:
    """A sentence for each row that is no date, or one of another form than the first row that is."""
    is_known = [_are_alike([text], source) for text in column]
    first = is_known.index(True) if any(is_known) else -1
    n_told = 0
    for row, text in enumerate(column):
        if not is_known[row]:
            said = "is not a known date; write 2026-06-12 or 2026-06-12T23:56:41Z"
        elif not _are_alike([column[first], text], source):
            said = f"has another form than {column[first]!r} in row {first + 2}; write all as 2026-06-12T23:56:41Z"
        else:
            continue
        n_told += 1
        yield f"{source} row {row + 2}: {column.name} {text!r} {said}"
    if not n_told:
        yield f"{source}: {column.name} has several forms, {column[0]!r} in row 2; write all as 2026-06-12T23:56:41Z"


def _are_alike(texts: list[str], source: str) -> bool:
    """Whether the texts would be read if all of their column were like them."""
    alone = pl.Series(texts)
    try:
        return any(parse(alone) is not None for parse in (partial(_parse_dates, source=source), _parse_instants)) or (
            _parse_clocks(alone, source) is not None
        )
    except OwnDataError:  # a form that is known, and says too little
        return len(texts) == 1


def _checked(found: Instants, column: pl.Series, source: str) -> Instants:
    late = np.flatnonzero(found.at >= np.datetime64(f"{LAST_YEAR + 1}", "us").astype(np.int64))
    if late.size:
        row = int(late[0])
        raise OwnDataError(
            f"{source}: row {row + 2}, column {column.name}: {column[row]!r} lies after {LAST_YEAR}; correct the year"
        )
    return found


def _parse_dates(column: pl.Series, source: str) -> Integers | None:
    """Midnights where every text is a date of one form."""
    for pattern in DATE_FORMATS:
        dates = _to_dates(column, pattern)
        if dates.null_count() == 0:
            return _microseconds(dates)
    for patterns in TWO_WAY_FORMATS:
        readable = [dates for pattern in patterns if (dates := _to_dates(column, pattern)).null_count() == 0]
        if len(readable) == 2 and not (readable[0] == readable[1]).all():
            raise OwnDataError(f"{source}: {column.name} {column[0]!r} is ambiguous; write dates as 2026-06-12")
        if readable:
            return _microseconds(readable[0])
    return None


def _parse_instants(column: pl.Series) -> Integers | None:
    for pattern in _TIME_FORMATS:
        # Dates may stand among instants: midnight, UTC.
        instants = _to_instants(column, pattern)
        if instants.null_count() == 0:
            return _microseconds(instants)
    return None


def _parse_epochs(column: pl.Series, numbers: Floats, source: str) -> Integers:
    """Instants of numbers that all lie in the range of one unit."""
    for _, lowest, microseconds in _EPOCH_UNITS:
        if (numbers >= lowest).all() and (numbers < lowest * _EPOCH_RANGE).all():
            whole = column.cast(pl.Int64, strict=False)
            if whole.null_count() == 0 and microseconds <= 1.0:  # a float of 1e18 is only exact to 128 ns
                return np.array(whole.to_numpy() // round(1.0 / microseconds), dtype=np.int64)
            return np.asarray(np.round(numbers * microseconds).astype(np.int64))
    if (numbers >= _EXCEL_SERIALS[0]).all() and (numbers < _EXCEL_SERIALS[1]).all():
        day = np.datetime64("1899-12-30") + np.timedelta64(int(numbers[0]), "D")
        raise OwnDataError(
            f"{source}: column {column.name} holds serial days of a spreadsheet ({column[0]} is {day}); format the "
            "column as a date, yyyy-mm-dd, and save it again"
        )
    units = ", ".join(unit for unit, _, _ in _EPOCH_UNITS)
    raise OwnDataError(
        f"{source}: column {column.name}: {column[0]!r} is no time since 1970 in one of {units}; "
        "write 2026-06-12T23:56:41Z"
    )


def _parse_clocks(column: pl.Series, source: str) -> Instants | None:
    """Dates with a time of day in words (`Jan 15, 2026 8:00 PM EST`, `2026-01-15 20:00Z`); None for others."""
    column = pl.Series(column.name, [re.sub(_WEEKDAY, "", text) for text in column])
    matches = [re.match(_CLOCK, text) for text in column]
    texts = [match["date"].strip(" ,T") if match else text for match, text in zip(matches, column, strict=True)]
    # Without a minute only AM or PM tells an hour from the last number of a date.
    clocks = [match if match and (match["minute"] or match["half"]) else None for match in matches]
    texts = [text if clock else whole for text, clock, whole in zip(texts, clocks, column, strict=True)]
    days = _parse_dates(pl.Series(column.name, texts), source)
    if days is None:
        return None
    at = [
        int(day) if clock is None else _instant(int(day), clock, text, source)
        for day, clock, text in zip(days, clocks, column, strict=True)
    ]
    return Instants(np.array(at, dtype=np.int64), np.array([clock is not None for clock in clocks], dtype=np.bool_))


def _instant(day: int, clock: re.Match[str], text: str, source: str) -> int:
    hour, minute, second = int(clock["hour"]), int(clock["minute"] or 0), float(clock["second"] or 0)
    if clock["half"]:
        if not 1 <= hour <= 12:
            raise OwnDataError(f"{source}: {text!r} has hour {hour} beside {clock['half']}; write 1 to 12, or 24 hours")
        hour = hour % 12 + (12 if clock["half"].upper().startswith("P") else 0)
    if hour > 23 or minute > 59 or second >= 60:
        raise OwnDataError(f"{source}: {text!r} is no time of a day; write 2026-06-12T23:56:41Z")
    local = day + hour * MICROSECONDS_PER_HOUR + round((minute * 60 + second) * 1e6)
    zone = clock["zone"]
    if clock["offset"]:
        if zone.upper() not in ("", "UTC", "GMT"):
            raise OwnDataError(f"{source}: {text!r} has a zone and an offset; write one of the two")
        digits = clock["offset"][1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
        sign = -1 if clock["offset"][0] == "-" else 1
        return local - sign * (hours * 60 + minutes) * MICROSECONDS_PER_HOUR // 60
    if zone.upper() in _ZONE_HOURS or not zone:
        return local - _ZONE_HOURS.get(zone.upper(), 0) * MICROSECONDS_PER_HOUR
    return local_to_utc(local, _ZONE_PLACES.get(zone.upper(), zone), f"{source}: {text!r}")


def local_to_utc(local: int, place: str, where: str) -> int:
    """The instant at which clocks of `place` (America/New_York) show `local`; OwnDataError for an unknown place."""
    wall = pl.Series([local]).cast(pl.Datetime("us"))
    check_place(place, where)
    found = wall.dt.replace_time_zone(place, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    if found.null_count():
        raise OwnDataError(f"{where}: clocks of {place} skip this time; write it in UTC")
    return int(found.to_physical()[0])


def check_place(place: str, where: str) -> None:
    """OwnDataError where `place` is no time zone that clocks follow."""
    try:
        ZoneInfo(place)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise OwnDataError(
            f"{where}: zone {place!r} is unknown or stands for several; write an offset such as -05:00, or a place "
            "such as America/New_York"
        ) from exc


def _to_dates(column: pl.Series, pattern: str) -> pl.Series:
    """Midnights of the texts that are dates of this form, null otherwise."""
    dates = column.str.to_date(pattern, strict=False)
    return dates.set(dates.dt.year() < FIRST_YEAR, None).cast(pl.Datetime("us"))


def _to_instants(column: pl.Series, pattern: str) -> pl.Series:
    """Instants (UTC, without zone) of the texts of this form, midnight of ISO dates, null otherwise."""
    instants = column.str.to_datetime(pattern, time_unit="us", strict=False).dt.replace_time_zone(None)
    instants = instants.set(instants.dt.year() < FIRST_YEAR, None)
    if instants.null_count() in (0, column.len()):
        return instants
    return instants.zip_with(instants.is_not_null(), _to_dates(column, DATE_FORMATS[0]))


def _microseconds(instants: pl.Series) -> Integers:
    return np.array(instants.cast(pl.Datetime("us")).to_physical().to_numpy(), dtype=np.int64)
