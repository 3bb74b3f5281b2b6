"""Which stretch of time words name: "in 24 hours", "since Monday", "over the weekend", "in March", "at 8 a.m. ET"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from pydantic import Field, model_validator

from analysis.claims.judging.windows import place_token
from analysis.claims.sentences.numbers import NUMBER_WORDS
from analysis.claims.sentences.times.instants import (
    DAY_WORDS,
    INSTANT,
    MOMENT,
    MONTH_NAME,
    NUMERIC_DAY,
    ORDINAL,
    TIME_WORDS,
    WEEKDAY,
    ZONED,
    is_weekday,
    last_weekday,
    name_instant,
    year_month_day,
)
from warehouse.config import Entry, EntryTable, FileForm, load_config, packaged_text
from warehouse.tables.units import iso_day, iso_minute, iso_month

_COUNT = rf"\d+|a|an|one|past|last|{'|'.join(NUMBER_WORDS)}"
_SPAN_UNITS = {
    "minute": "M",
    "hour": "H",
    "day": "D",
    "week": "W",
    "month": "M",
    "mth": "M",
    "quarter": "Q",
    "year": "Y",
}
_INSTANTS = re.compile(INSTANT, re.IGNORECASE)
DAYS_A_QUARTER_MONTHS = 3
_DAYS_A_WEEK = 7
DAY_OF_EVENT = "day_of_event"  # "the day it was reported": whose day is not read


@dataclass(frozen=True, slots=True)
class TimePhrase:
    """A window that words name: where they stand (characters) and its token; `is_day` when it names a calendar day."""

    start: int
    end: int
    token: str
    is_day: bool = False
    is_forward: bool = False  # counted from something that happened: "within 12 hours of", "the following week"
    is_backward: bool = False  # counted back from it: "in the 24 hours before"

    @property
    def is_today(self) -> bool:
        """Whether it is the day of publication so far."""
        return self.token.startswith("today")


# A date without a year that lies so little ahead is a day to come.
_COMING = timedelta(days=60)
# Tokens of days that are told by another one, and how many days they lie from it.
RELATIVE_DAYS = {"same_day": 0, "next_day": 1, "previous_day": -1, "week_earlier": -7, "week_later": 7}
_Reader = Callable[[re.Match[str], datetime], str | None]


def find_windows(text: str, start: int, end: int, said_at: datetime) -> list[TimePhrase]:
    """The windows that the words from `start` to `end` name, in order, the longer of two that overlap."""
    found: list[TimePhrase] = []
    if not _ANY.search(text, start, end):
        return found
    for pattern, read in _packaged_phrases():
        for match in pattern.finditer(text, start, end):
            if any(known.start < match.end() and match.start() < known.end for known in found):
                continue
            token = _read_in_the_calendar(read, match, said_at)
            if token is not None:
                is_forward = _FORWARD.match(text, match.end()) is not None or "following" in match.group().lower()
                is_forward = is_forward and token[0] == "P" and "/" not in token  # a day stays where it is
                is_backward = token[0] == "P" and "/" not in token and _BACKWARD.match(text, match.end()) is not None
                is_day = token.startswith(("day:", "today"))
                found.append(TimePhrase(match.start(), match.end(), token, is_day, is_forward, is_backward))
    return sorted(found, key=lambda phrase: phrase.start)


def _read_in_the_calendar(read: _Reader, match: re.Match[str], said_at: datetime) -> str | None:
    """The token of the words; DAY_OF_EVENT for "February 30", and for a time that lies beyond any record."""
    try:
        token = read(match, said_at)
    except (ValueError, OverflowError):
        return DAY_OF_EVENT
    named = _NAMED_YEAR.match(token or "")
    return DAY_OF_EVENT if named is not None and int(named[1]) > said_at.year + 1 else token


_NAMED_YEAR = re.compile(r"[a-z]+:(\d{4})")


def place_relative(named: list[TimePhrase], before: TimePhrase | None, said_at: datetime) -> list[TimePhrase]:
    """The windows of a sentence with its relative days on the calendar: "the next day", "a week earlier".

    They count from the last day named before them, at first from `before`, the window of the sentence before. Where
    that is no day theirs is not known: DAY_OF_EVENT.
    """
    placed = []
    for phrase in named:
        if phrase.token in RELATIVE_DAYS:
            token = DAY_OF_EVENT
            if before is not None and before.is_day:
                start, _ = place_token(before.token, said_at)
                token = (
                    DAY_OF_EVENT
                    if start is None
                    else _day_token(start.date() + timedelta(days=RELATIVE_DAYS[phrase.token]), said_at)
                )
            phrase = replace(phrase, token=token, is_day=token != DAY_OF_EVENT)
        before = phrase
        placed.append(phrase)
    return placed


def _count(word: str | None) -> int:
    if word is None or word.lower() in ("a", "an", "past", "last", "one", "the"):
        return 1
    return int(word) if word.isdigit() else NUMBER_WORDS.get(word.lower(), 1)


def _span(match: re.Match[str], _: datetime) -> str:
    count, unit = _count(match["n"]), match["unit"].lower().rstrip("s")
    if count > _MOST_UNITS:
        raise ValueError(f"{match.group()} is longer than any record")
    if unit == "hour":
        return f"PT{count}H"
    if unit == "minute":
        return f"PT{count}M"
    if unit == "day" and count == 1:
        return "PT24H"
    if unit == "week" and count == 1:
        return "P7D"
    if unit == "quarter":
        return f"P{DAYS_A_QUARTER_MONTHS * count}M"
    return f"P{count}{_SPAN_UNITS[unit]}"


# Two years in hours. Years that no calendar has are told where a window is placed.
_MOST_UNITS = 20_000


def _fixed(token: str) -> _Reader:
    return lambda match, said_at: token


def _weekday(match: re.Match[str], said_at: datetime) -> str:
    day = last_weekday(match["weekday"], said_at)
    if "last" in match.group().lower().split() and day == said_at.date():
        day -= timedelta(days=7)
    return _day_token(day, said_at)


def _day_token(day: date, said_at: datetime) -> str:
    return "today" if day == said_at.date() else f"day:{day.isoformat()}"


def _date(match: re.Match[str], said_at: datetime) -> str | None:
    year, month, day = year_month_day(match["month"], match["day"], match["year"], said_at)
    try:
        named = date(year, month, int(day or 1))
    except ValueError:
        return None
    if not match["year"] and said_at.date() < named.replace(year=named.year + 1) < said_at.date() + _COMING:
        return None  # a day to come, not that day of last year
    weekday = match.groupdict().get("weekday")
    is_one_day = weekday is None or is_weekday(weekday, named)  # "Friday, June 13" of a year in which it is a Saturday
    return _day_token(named, said_at) if is_one_day else DAY_OF_EVENT


def _numeric_day(match: re.Match[str], said_at: datetime) -> str | None:
    named = name_instant(match["numeric"], said_at)
    return None if named is None or named.day is None else _day_token(named.day, said_at)


def _days_ago(match: re.Match[str], said_at: datetime) -> str:
    days = _count(match["n"]) * (_DAYS_A_WEEK if match["unit"].lower() == "week" else 1)
    return _day_token(said_at.date() - timedelta(days=days), said_at)


def _since_date(match: re.Match[str], said_at: datetime) -> str:
    if match["only_year"]:
        return f"since:{match['only_year']}-01"
    year, month, day = year_month_day(match["month"], match["day"], match["year"], said_at)
    return f"since:{iso_day(date(year, month, day)) if day else iso_month(date(year, month, 1))}"


def _weekday_of_last_week(match: re.Match[str], said_at: datetime) -> str:
    day = last_weekday(match["weekday"], said_at)
    is_this_week = day.isocalendar()[:2] == said_at.date().isocalendar()[:2]
    return _day_token(day - timedelta(days=_DAYS_A_WEEK * is_this_week), said_at)


def _since_weekday(match: re.Match[str], said_at: datetime) -> str:
    day = last_weekday(match["weekday"], said_at)
    if match["weekday"].lower() == "monday":
        return "since_monday"
    return f"since:{day - timedelta(days=_DAYS_A_WEEK * (day == said_at.date()))}"


def _since_close(match: re.Match[str], said_at: datetime) -> str | None:
    named = name_instant(match["instant"] or match["owner"], said_at)
    return None if named is None else f"since:{written_instant(named.at(said_at, is_end=True))}"


def _month(match: re.Match[str], said_at: datetime) -> str | None:
    if match["month"].lower() == "may" and match["month"] != "May":
        return None
    year, month, _ = year_month_day(match["month"], None, match["year"], said_at)
    return f"month:{iso_month(date(year, month, 1))}"


def _quarter(match: re.Match[str], said_at: datetime) -> str:
    number = int(match["q"]) if match["q"] else ["first", "second", "third", "fourth"].index(match["nth"].lower()) + 1
    now = (said_at.month - 1) // DAYS_A_QUARTER_MONTHS + 1
    year = int(match["year"]) if match["year"] else said_at.year - (number > now)
    return f"q{number}_{year}"


def _year(match: re.Match[str], said_at: datetime) -> str | None:
    year = int(match["year"])
    return "ytd" if year == said_at.year else f"year:{year}" if year < said_at.year else None


def _part_of_month(match: re.Match[str], said_at: datetime) -> str:
    year, month, _ = year_month_day(match["month"], None, match["year"], said_at)
    length = _MONTH_PARTS.get(match["part"].lower())
    if length is not None:
        return f"{iso_day(date(year, month, 1))}/{length}"
    return f"{iso_day(date(year, month, 16))}/{iso_day(date(year + month // 12, month % 12 + 1, 1))}"


_MONTH_PARTS = {"first week": "P7D", "first two weeks": "P14D", "first half": "P15D"}


def _half_year(match: re.Match[str], said_at: datetime) -> str:
    is_first = (match["half"] or "").lower() == "first" or match["number"] == "1"
    return f"{match['year'] or match['its_year']}-{'01' if is_first else '07'}-01/P6M"


def _clock(match: re.Match[str], said_at: datetime) -> str | None:
    named = name_instant(match["moment"], said_at)
    return None if named is None else f"{match['kind'] or 'at'}:{written_instant(named.at(said_at, is_end=False))}"


def _between_instants(match: re.Match[str], said_at: datetime) -> str | None:
    """From one instant to another; what one of them leaves out is that of the other. None of the two is read alone."""
    first, last = (name_instant(found.group(), said_at) for found in _INSTANTS.finditer(match["instants"]))
    if first is None or last is None or (first.clock is None) != (last.clock is None):
        return DAY_OF_EVENT
    day, zone = first.day or last.day, first.zone or last.zone
    end = replace(last, day=last.day or day, zone=last.zone or zone).at(said_at, is_end=True)
    start = replace(first, day=day, zone=zone).at(end if day is None else said_at, is_end=False)
    is_one_day = end - start == timedelta(days=1)  # "from Saturday to Saturday"
    if (start >= end or is_one_day) and _BY_WEEKDAY.match(match["instants"]):
        start -= timedelta(days=_DAYS_A_WEEK)
    return f"{written_instant(start)}/{written_instant(end)}" if start < end else DAY_OF_EVENT


_BY_WEEKDAY = re.compile(rf"(?:last )?(?:{WEEKDAY})\b", re.IGNORECASE)


def _day_range(match: re.Match[str], said_at: datetime) -> str | None:
    """From the first to the last day of one month, both whole."""
    month = match["month"]
    first, last = (name_instant(f"{month} {match[day]} {match['year'] or ''}", said_at) for day in ("first", "last"))
    if first is None or last is None or month == "may":
        return None
    start, end = first.at(said_at, is_end=False), last.at(said_at, is_end=True)
    return f"{written_instant(start)}/{written_instant(end)}" if start < end else None


def _counted_from(match: re.Match[str], said_at: datetime) -> str | None:
    """A length of time before or after an instant."""
    named, way = name_instant(match["instant"], said_at), match["way"].lower()
    if named is None:
        return None
    length = _span(match, said_at)
    if way in _AFTERWARDS:
        return f"{written_instant(named.at(said_at, is_end=way in ('after', 'following')))}/{length}"
    return f"{length}/{written_instant(named.at(said_at, is_end=way != 'before'))}"


_AFTERWARDS = ("after", "following", "from", "of", "since", "starting", "beginning")


def written_instant(at: datetime) -> str:
    """The instant as tokens write it: to the minute, UTC."""
    return iso_minute(at).replace(" ", "T")


_OVER = r"(?:in|over|within|during|for|through|across|inside)"
_THE = (
    r"(?:(?:just|under|about|only|less than|the|the same|a span of|as little as) )*"
    r"(?:past |last |previous |preceding )?"
)
_LISTS = {"month": MONTH_NAME, "weekday": WEEKDAY, "count": _COUNT, "over": _OVER, "the": _THE}
_LISTS |= {"day": DAY_WORDS, "time": TIME_WORDS, "moment": MOMENT, "instant": INSTANT, "ordinal": ORDINAL}
_LISTS |= {"numeric": NUMERIC_DAY, "zoned": ZONED}
_READERS: dict[str, _Reader] = {
    "clock": _clock,
    "between_instants": _between_instants,
    "counted_from": _counted_from,
    "day_range": _day_range,
    "part_of_month": _part_of_month,
    "half_year": _half_year,
    "since_date": _since_date,
    "since_weekday": _since_weekday,
    "since_close": _since_close,
    "new_year": lambda match, said_at: f"since:{said_at.year}-01-01",
    "span": _span,
    "date": _date,
    "numeric_day": _numeric_day,
    "days_ago": _days_ago,
    "weekday": _weekday,
    "weekday_of_last_week": _weekday_of_last_week,
    "quarter": _quarter,
    "month": _month,
    "year": _year,
}


class _WindowEntry(Entry):
    """One `[[window]]` of windows.toml."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    pattern: str = Field(min_length=1)
    token: str | None = None
    reads: str | None = None
    examples: tuple[str, ...] = Field(min_length=1)
    counter_examples: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_reader(self) -> _WindowEntry:
        if (self.token is None) == (self.reads is None):
            raise ValueError("give either `token` (the window) or `reads` (how it is made from the words)")
        if self.reads is not None and self.reads not in _READERS:
            raise ValueError(f"`reads` should be one of {', '.join(_READERS)}")
        return self


WINDOW_PHRASES = EntryTable("window", _WindowEntry)
WINDOW_FORM = FileForm((WINDOW_PHRASES,), texts=("version",))


@cache
def _packaged_phrases() -> tuple[tuple[re.Pattern[str], _Reader], ...]:
    entries = load_config(WINDOW_FORM, packaged_text("analysis.claims.sentences.times", "windows.toml")).entries(
        WINDOW_PHRASES
    )
    return tuple((re.compile(_fill(entry.pattern), re.IGNORECASE), _reader_of(entry)) for entry in entries)


def _reader_of(entry: _WindowEntry) -> _Reader:
    return _READERS[entry.reads] if entry.reads is not None else _fixed(str(entry.token))


def _fill(pattern: str) -> str:
    return re.sub(r"\{([a-z]+)\}", lambda name: _LISTS[name.group(1)], pattern)


_FORWARD = re.compile(r"\s*(?:of|after|following|from|that followed|thereafter|afterwards)\b", re.IGNORECASE)
_BACKWARD = re.compile(r"\s*(?:before|prior to|ahead of|preceding|leading up to|up to|until)\b", re.IGNORECASE)
_ANY = re.compile(
    r"hour|minute|day|week|month|quarter|year|since|today|night|recent|lately|daily|20\d\d|Q[1-4]|session|ytd|mtd"
    rf"|24h|24 h|7d|\b(?:{MONTH_NAME})\b|\b(?:ET|EST|EDT|UTC|GMT)\b",
    re.IGNORECASE,
)


_PEAK_MONTH = re.compile(rf"\b(?P<month>{MONTH_NAME})(?: (?P<year>20\d\d))?\b", re.IGNORECASE)
_PEAK_YEAR = re.compile(r"\b(?P<year>20\d\d)\b")


def peak_window(words: str, said_at: datetime) -> str | None:
    """The month or year in which a peak is said to have been; None where the words name none."""
    if month := _PEAK_MONTH.search(words):
        return _month(month, said_at)
    year = _PEAK_YEAR.search(words)
    return f"year:{year['year']}" if year else None
