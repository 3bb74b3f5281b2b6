"""Written times read token by token: understood whole, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

from ingest.news.parse.times.words import (
    AFTER_NOON,
    BEFORE_NOON,
    EASTERN_WEEKDAY_MARKS,
    JOINING,
    MONTHS,
    WEEKDAYS,
    fold,
)
from ingest.news.parse.times.zones import MAX_ZONE_WORDS, instants, named_zones, offset_zone

NOON = 12
LEAP_SECOND = 60
DAY_AND_YEAR = 2
SHORT_YEAR_DIGITS = 2
OFFSET_PREFIXES = ("gmt", "utc")
# The first year of the era Reiwa.
_REIWA_OFFSET = 2018
# RFC 2822: two digits below 50 are of this century.
_CENTURY_BELOW = 50

# What most files and half of all feeds write, read without the grammar because there is so much of it.
_PLAIN = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{3}|\.\d{6})?)?(?:Z|\+00:00)?$")
_EPOCH = re.compile(r"^(?:\d{9,10}(?:\.\d{1,6})?|\d{13}|\d{16})$")
_DIGITS_OF_UNIT = {13: 1_000, 16: 1_000_000}
# The patterns are tried in this order at each place; a match is a token.
_SPACE = re.compile(r"[\s,;|·•@()\[\]]+")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[t ]?(\d\d)(\d\d)(\d\d)?(?:[.,](\d{1,9}))?)?(?![\d:])")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)(?:t(?=\d))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)")
_EAST = re.compile(r"(?:(\d{4})|令和\s*(\d{1,2}|元))\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日号號일]")
_EAST_CLOCK = re.compile(r"(\d{1,2})\s*[时時点點시](?:\s*(\d{1,2})\s*[分분](?:\s*(\d{1,2})\s*[秒초])?)?")
_EAST_WEEKDAY = re.compile(r"(?:星期|[周週]|礼拜)[日天一二三四五六]|([一-鿿가-힣])(?:曜日|曜|요일)?(?=[\s,;|)\]]|$)")
_CLOCK = re.compile(
    r"(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,:](\d{1,9}))?)?|[.](\d\d)(?=\s*(?:uhr|[ap]\.?m\b|h\b))|\s?h\s?(\d\d)?(?!\w))"
)
_HOUR_ONLY = re.compile(r"(\d{1,2})(?=\s*(?:[ap]\.?m\b|uhr\b|o'clock\b))")
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d\d))?(?![\d:])")
_HALF = re.compile("|".join(map(re.escape, sorted(BEFORE_NOON | AFTER_NOON, key=len, reverse=True))))
_NUMBER = re.compile(r"(\d{1,4})(st|nd|rd|th|er|re|ère|º|ª|°|\.)?(?![\d:])")
_ZONE_WORD = re.compile(r"[^\W\d_]+/[\w/+-]+|[^\W\d_]+\.?")
_WORD = re.compile(r"[^\W\d_](?:[\w'.]|-(?=[^\W\d_]))*")
_DASH = re.compile(r"[-–—/.'](?=\W|$)|(?<=[^\W\d_])-(?=\d)|(?<=\d)-(?=[^\W\d_])|(?<=[年월月日])\W")
_T = re.compile(r"t(?=\d)")


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """What a text says about when: every instant (UTC, ascending) that it can mean, and whether it names only a day."""

    instants: tuple[datetime, ...]
    is_day: bool


@dataclass(slots=True)
class _Parts:
    """What the tokens read so far have said."""

    dates: list[tuple[int, int, int]] = field(default_factory=list)
    months: list[int] = field(default_factory=list)
    # Words such as "mar", a month in one language and a weekday in another.
    perhaps_months: list[int] = field(default_factory=list)
    n_weekdays: int = 0
    numbers: list[tuple[int, bool]] = field(default_factory=list)
    clock: tuple[int, int, int, int] | None = None
    half: str | None = None
    zones: list[tuple[tzinfo, ...]] = field(default_factory=list)
    is_offset_due: bool = False


class _NotUnderstoodError(Exception):
    """A token, or what the tokens say together, has no one meaning."""


def read_written(text: str) -> WrittenTime | None:
    """What `text` says about when, in which every token has a meaning; None where one has not.

    Without a zone the clock is read as UTC, and a day without a clock is its midnight. Never raises.
    """
    if _PLAIN.match(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return WrittenTime((moment.replace(tzinfo=UTC),), moment.time() == time.min)
    folded = fold(text).strip()
    if _EPOCH.match(folded):
        number = float(folded) / _DIGITS_OF_UNIT.get(len(folded.split(".")[0]), 1)
        return WrittenTime((datetime.fromtimestamp(number, UTC),), False)
    parts = _Parts()
    try:
        position = 0
        while position < len(folded):
            position = _read_token(folded, position, parts)
        return _conclude(parts)
    except (_NotUnderstoodError, ValueError, OverflowError):
        return None


def _read_token(text: str, at: int, parts: _Parts) -> int:
    """Where the token that starts here ends; `parts` has learnt what it says."""
    if space := _SPACE.match(text, at):
        return space.end()
    if parts.is_offset_due and (offset := _OFFSET.match(text, at)):
        _take_offset(offset, parts)
        return offset.end()
    for pattern, take in _TAKERS:
        if found := pattern.match(text, at):
            take(found, parts)
            return found.end()
    return _read_name(text, at, parts)


def _take_offset(found: re.Match[str], parts: _Parts) -> None:
    sign, hours, minutes = found.groups()
    zone = offset_zone(sign, int(hours), int(minutes or 0))
    parts.is_offset_due = False
    if zone is None:
        raise _NotUnderstoodError
    parts.zones.append((zone,))


def _take_clock(hour: str, minute: str | None, second: str | None, fraction: str | None, parts: _Parts) -> None:
    if parts.clock is not None:
        raise _NotUnderstoodError
    micro = int((fraction or "0").ljust(6, "0")[:6])
    parts.clock = (int(hour), int(minute or 0), int(second or 0), micro)
    parts.is_offset_due = True


def _take_stamp(found: re.Match[str], parts: _Parts) -> None:
    year, month, day, hour, minute, second, fraction = found.groups()
    parts.dates.append((int(year), int(month), int(day)))
    if hour is not None:
        _take_clock(hour, minute, second, fraction, parts)


def _take_year_first(found: re.Match[str], parts: _Parts) -> None:
    parts.dates.append((int(found[1]), int(found[3]), int(found[4])))


def _take_year_last(found: re.Match[str], parts: _Parts) -> None:
    """Day and month in the only order that is a date; with points the day is first; otherwise both orders count."""
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    orders = [(year, second, first)] if found[2] == "." else [(year, second, first), (year, first, second)]
    parts.dates += [order for order in dict.fromkeys(orders) if order[1] <= NOON] or orders[:1]


def _take_east(found: re.Match[str], parts: _Parts) -> None:
    western, reiwa = found[1], found[2]
    year = int(western) if western else _REIWA_OFFSET + (1 if reiwa == "元" else int(reiwa))
    parts.dates.append((year, int(found[3]), int(found[4])))


def _take_east_weekday(found: re.Match[str], parts: _Parts) -> None:
    if found[1] is not None and (found[1] not in EASTERN_WEEKDAY_MARKS or not (parts.dates or parts.months)):
        raise _NotUnderstoodError


def _take_half(found: re.Match[str], parts: _Parts) -> None:
    half = "am" if found.group() in BEFORE_NOON else "pm"
    if parts.half is not None:
        raise _NotUnderstoodError
    parts.half, parts.is_offset_due = half, parts.clock is not None


def _take_number(found: re.Match[str], parts: _Parts) -> None:
    parts.numbers.append((int(found[1]), len(found[1]) > SHORT_YEAR_DIGITS))
    parts.is_offset_due = False


def _take_nothing(found: re.Match[str], parts: _Parts) -> None:
    """A mark that only separates."""


_TAKERS = (
    (_EAST, _take_east),
    (_EAST_CLOCK, lambda found, parts: _take_clock(found[1], found[2], found[3], None, parts)),
    (_STAMP, _take_stamp),
    (_YEAR_FIRST, _take_year_first),
    (_YEAR_LAST, _take_year_last),
    (_CLOCK, lambda found, parts: _take_clock(found[1], found[2] or found[5] or found[6], found[3], found[4], parts)),
    (_HOUR_ONLY, lambda found, parts: _take_clock(found[1], None, None, None, parts)),
    (_NUMBER, _take_number),
    (_T, _take_nothing),
    (_DASH, _take_nothing),
)


def _read_name(text: str, at: int, parts: _Parts) -> int:
    """A half of the day, a zone, a month, a weekday, or a word that only joins."""
    half = _HALF.match(text, at)
    if half and not (half.group().isascii() and text[half.end() : half.end() + 1].isalpha()):
        _take_half(half, parts)
        return half.end()
    if zone_end := _read_zone(text, at, parts):
        return zone_end
    word = _WORD.match(text, at)
    name = word.group().rstrip(".'") if word else ""
    if word is None or not _is_word_of_dates(name, parts):
        east = _EAST_WEEKDAY.match(text, at)
        if east is None:
            raise _NotUnderstoodError
        _take_east_weekday(east, parts)
        return east.end()
    return word.end()


def _is_word_of_dates(name: str, parts: _Parts) -> bool:
    if name in MONTHS:
        (parts.perhaps_months if name in WEEKDAYS else parts.months).append(MONTHS[name])
        return True
    parts.n_weekdays += name in WEEKDAYS
    return name in WEEKDAYS or name in JOINING


def _read_zone(text: str, at: int, parts: _Parts) -> int | None:
    """The end of the longest name of a zone that starts here; None when there is none."""
    ends: list[int] = []
    start = at
    while len(ends) < MAX_ZONE_WORDS and (word := _ZONE_WORD.match(text, start)):
        ends.append(word.end())
        start = word.end() + 1 if text.startswith(" ", word.end()) else len(text)
    for end in reversed(ends):
        name = text[at:end].rstrip(".")
        zones = named_zones(name)
        if zones is None or name in MONTHS:
            continue
        # "GMT+0100" and "GMT+1" are one zone, not two.
        if name in OFFSET_PREFIXES and (offset := _OFFSET.match(text, end)):
            _take_offset(offset, parts)
            return offset.end()
        parts.zones.append(zones)
        parts.is_offset_due = False
        return end
    return None


def _dates_of(parts: _Parts) -> list[tuple[int, int, int]]:
    """Every date the tokens can mean."""
    if parts.dates:
        if parts.numbers or parts.months:
            raise _NotUnderstoodError
        return parts.dates
    months = parts.months or parts.perhaps_months[:1]
    n_weekdays = parts.n_weekdays + len(parts.perhaps_months) - (not parts.months)
    if len(months) != 1 or n_weekdays > 1 or len(parts.numbers) != DAY_AND_YEAR:
        raise _NotUnderstoodError
    (first, is_first_year), (second, is_second_year) = parts.numbers
    if is_first_year and is_second_year:
        raise _NotUnderstoodError
    day, year = (second, first) if is_first_year else (first, second)
    if not (is_first_year or is_second_year):
        year += 2000 if year < _CENTURY_BELOW else 1900
    return [(year, months[0], day)]


def _zoned(
    date: tuple[int, int, int],
    clock: tuple[int, int, int, int],
    later: timedelta,
    mentions: list[tuple[tzinfo, ...]],
) -> set[datetime]:
    """Every instant that all mentions of a zone leave possible; without one the clock is UTC's."""
    local = datetime(*date, *clock, tzinfo=UTC) + later
    found = set(instants(local, mentions[0] if mentions else (UTC,)))
    for zones in mentions[1:]:
        found &= set(instants(local, zones))
    return found


def _conclude(parts: _Parts) -> WrittenTime:
    dates = _dates_of(parts)
    if parts.clock is None:
        if parts.half is not None:
            raise _NotUnderstoodError
        days = tuple(sorted(datetime(*date, tzinfo=UTC) for date in dates))
        return WrittenTime(days, True)
    hour, minute, second, micro = parts.clock
    hour = _hour_of_day(hour, parts.half)
    # 24:00 is the end of the day, and a leap second the first of the next minute.
    is_day_end = (hour, minute, second, micro) == (24, 0, 0, 0)
    is_leap = second == LEAP_SECOND
    later = timedelta(days=is_day_end, seconds=is_leap)
    clock = (0 if is_day_end else hour, minute, second - is_leap, micro)
    found = {at for date in dates for at in _zoned(date, clock, later, parts.zones)}
    if not found:
        raise _NotUnderstoodError
    return WrittenTime(tuple(sorted(found)), hour == minute == second == micro == 0)


def _hour_of_day(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if half == "am":
        if hour > NOON:
            raise _NotUnderstoodError
        return hour % NOON
    return hour if hour >= NOON else hour + NOON
