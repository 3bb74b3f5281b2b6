"""Days and times of day as people write them, placed on the UTC clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from analysis.claims.judging.windows import DAY_NAMES, NEW_YORK, place_token

_UTC = ZoneInfo("UTC")
_WEEKDAYS = [name.lower() for name in DAY_NAMES]
MONTH_WORDS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october"]
MONTH_WORDS += ["november", "december"]
MONTH_NAME = "|".join([*MONTH_WORDS, "sept", *(name[:3] for name in MONTH_WORDS if name != "may")]) + r")\.?(?:"
WEEKDAY = "|".join(_WEEKDAYS)
ORDINAL = r"(?:st|nd|rd|th)?"
NUMERIC_DAY = r"(?<![\d.])(?:20\d\d[-/]\d\d[-/]\d\d|\d{1,2}(?:\.\d{1,2}\.|/\d{1,2}/|-\d{1,2}-)20\d\d)(?!\.?\d)"
DAY_OF_YEAR = (
    rf"(?:(?:{MONTH_NAME}) \d{{1,2}}{ORDINAL}(?![\d:])(?:,? 20\d\d(?!:))?"
    rf"|(?:the )?\d{{1,2}}{ORDINAL}(?: of)? (?:{MONTH_NAME})(?:,? 20\d\d(?!:))?)"
)
DAY_WORDS = rf"(?:{NUMERIC_DAY}|{DAY_OF_YEAR}|(?:last )?(?:{WEEKDAY})|yesterday|today)"
# Days and lengths of time that are named, whether or not they are read.
NAMED_TIME = re.compile(
    r"\b(?:minute|hour|day|week|month)s? (?:after|before|prior to|ahead of|preceding|leading up to)\b"
    r"|\b(?:minute|hour|day|week|month|year)s? (?:later|earlier|ago)\b"
    r"|(?<!from )(?<!than )(?<!over )\bthe (?:following|next|previous|preceding) (?:day|morning|evening|night)\b"
    r"|\bsince (?:clos|open|trad|hitt|touch|reach|peak)ing\b|\bsince (?:the|its) (?:close|open|high|low|peak)\b"
    rf"|\b\d{{1,2}}{ORDINAL}(?: of)? (?!may\b)(?:{'|'.join(MONTH_WORDS)})\b"
    rf"|\bon (?:{'|'.join(MONTH_WORDS)}) \d{{1,2}}\b(?![:.,]?\d)|{NUMERIC_DAY}"
    r"|\bon \d{1,2}[./]\d{1,2}\b(?!\.?\d|%)"
    r"|(?<![\w.])\d{1,2}([./-])\d{1,2}\1(?:20)?\d\d(?!\.?\d|%)",
    re.IGNORECASE,
)
ZONED = r"\s?(?:(?:,? in)? New York(?: time)?|UTC|GMT|EST|EDT|ET|Z|Eastern(?: time)?(?! europ))\b(?!\s?[+−–-]\s?\d)"
# Clocks of other zones are not read; a time of day without a zone is UTC.
_NO_ZONE = (
    r"(?!\.?\s?(?:(?:PT|PST|PDT|CT|CST|CDT|CET|CEST|BST|WEST|EEST|JST|KST|HKT|SGT|IST|MSK|AEST|AEDT|pacific|central)\b"
    r"|(?:UTC|GMT)\s?[+−–-]\s?\d|(?:\w+ ){1,2}time\b))"
)
TIME_WORDS = (
    rf"(?:(?:noon|\d{{1,2}}(?::\d\d)?\s?(?:[ap]\.?m\.?)?){ZONED}"
    rf"|noon\b{_NO_ZONE}|\d{{1,2}}:\d\d(?:\s?[ap]\.?m\.?)?{_NO_ZONE}|\d{{1,2}}\s?[ap]\.?m\b\.?{_NO_ZONE})"
)
MOMENT = rf"(?:{DAY_WORDS}(?:T|,? (?:at )?){TIME_WORDS}|{TIME_WORDS},?(?: on)? {DAY_WORDS})"
INSTANT = rf"(?:{MOMENT}|{TIME_WORDS}|{DAY_WORDS})"
# A time of day, whether or not it is read.
TIME_OF_DAY = re.compile(r"(?<!\d)\d{1,2}:\d\d(?!\d)|\b\d{1,2}\s?[ap]\.?m\b|\bnoon\b|\bmidnight\b", re.IGNORECASE)
_ZONES = dict.fromkeys(("utc", "gmt", "z"), _UTC)
_DAY_PARTS = re.compile(
    rf"(?P<numeric>{NUMERIC_DAY})|\b(?P<month>{MONTH_NAME}) (?P<day>\d{{1,2}}){ORDINAL}(?![\d:])"
    r"(?:,? (?P<year>20\d\d)(?!:))?"
    rf"|(?P<first_day>\d{{1,2}}){ORDINAL}(?: of)? (?P<its_month>{MONTH_NAME})(?:,? (?P<its_year>20\d\d)(?!:))?"
    rf"|(?P<weekday>{WEEKDAY})|(?P<near>yesterday|today)",
    re.IGNORECASE,
)
_TIME_PARTS = re.compile(
    r"(?:(?P<noon>noon)|(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s?(?:(?P<half>[ap])\.?m\.?)?)"
    rf"(?P<zone>{ZONED})?(?![a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NamedInstant:
    """A day, a time of day, or both, as they were written; `is_next_day`: of 24:00, which is 0:00 of the day after."""

    day: date | None
    clock: time | None
    zone: ZoneInfo | None
    is_next_day: bool = False

    def at(self, said_at: datetime, *, is_end: bool) -> datetime:
        """The instant, UTC; of a day alone its beginning or its end, of a clock alone the last time it showed that."""
        day = (self.day or said_at.date()) + timedelta(days=self.is_next_day)
        if self.clock is None:
            return datetime.combine(day + timedelta(days=1) if is_end else day, time(0), _UTC)
        moment = datetime.combine(day, self.clock, self.zone or _UTC).astimezone(_UTC)
        return moment - timedelta(days=1) if self.day is None and moment > said_at else moment


def name_instant(words: str, said_at: datetime) -> NamedInstant | None:
    """What the words of one instant name; None for a day or time that no calendar has, or that can be two days."""
    named = _DAY_PARTS.search(words)
    rest = words if named is None else f"{words[: named.start()]} {words[named.end() :].removeprefix('T')}"
    shown = _TIME_PARTS.search(rest)
    try:
        day = None if named is None else _named_day(named, said_at)
        if shown is None:
            return NamedInstant(day, None, None)
        zone = _ZONES.get(shown["zone"].strip().lower(), NEW_YORK) if shown["zone"] else None
        is_midnight = shown["hour"] == _LAST_HOUR and not int(shown["minute"] or 1)
        return NamedInstant(day, time(0) if is_midnight else _shown_time(shown), zone, is_next_day=is_midnight)
    except ValueError:
        return None


_LAST_HOUR = "24"


def _named_day(found: re.Match[str], said_at: datetime) -> date:
    if found["numeric"]:
        return _numeric_day(found["numeric"], said_at)
    if found["weekday"]:
        return last_weekday(found["weekday"], said_at)
    if found["near"]:
        return said_at.date() - timedelta(days=found["near"].lower() == "yesterday")
    named = found["month"] or found["its_month"], found["day"] or found["first_day"], found["year"] or found["its_year"]
    year, month, day = year_month_day(*named, said_at)
    return date(year, month, day or 1)


def _numeric_day(written: str, said_at: datetime) -> date:
    """2026-06-13, 13.06.2026 or 06/13/2026; ValueError where slashes leave open which is the month."""
    first, second, third = (int(part) for part in re.split(r"[-./]", written))
    if first > _DAYS:
        return date(first, second, third)
    if "." in written or first > _MONTHS:
        return date(third, second, first)
    if second > _MONTHS:
        return date(third, first, second)
    days = {date(third, first, second), date(third, second, first)}
    past = [day for day in days if day <= said_at.date()]
    if len(past) != 1:
        raise ValueError(f"{written} can be two days")
    return past[0]


_DAYS, _MONTHS, _NOON = 31, 12, 12


def _shown_time(shown: re.Match[str]) -> time:
    if shown["noon"]:
        return time(_NOON)
    hour, half = int(shown["hour"]), (shown["half"] or "").lower()
    return time(hour % 12 + 12 if half == "p" else hour % 12 if half == "a" else hour, int(shown["minute"] or 0))


OPENED = frozenset({"open", "opens", "opened", "opening"})
OPENING_VERBS = OPENED | {"start", "starts", "started", "begin", "begins", "began"}
_OPENED = re.compile(r"\b(?:the|this|its) (week|month|year)\b", re.IGNORECASE)
_OPENINGS = {"week": "since_monday", "month": "month_to_date", "year": "ytd"}
# Windows whose start is an opening; of a length that ends when it is said it is none.
_OPENS = ("day:", "today", "yesterday", "since_monday", "this_week", "last_week", "month", "ytd", "year:")
_ANOTHER_OPENING = re.compile(
    r"\b(?:session|hour|half|quarter|morning|afternoon|evening|decade|last (?:year|month))\b", re.IGNORECASE
)


def opening_of(words: str, token: str | None, said_at: datetime) -> datetime | None:
    """When what opened began: the window that is said, else the week, month or year in the words, else the day of
    saying. None for anything else.
    """
    if _ANOTHER_OPENING.search(words) is not None:
        return None
    named = _OPENED.search(words)
    is_dated = token is not None and ("/" in token or token.startswith(_OPENS))
    if named is not None and not is_dated:
        token = _OPENINGS[named[1].lower()]
    elif token is not None and not is_dated:
        return None
    return place_token(token or "today", said_at)[0]


def last_weekday(name: str, said_at: datetime) -> date:
    """The latest day of that name up to the day of publication."""
    back = (said_at.weekday() - _WEEKDAYS.index(name.lower())) % 7
    return said_at.date() - timedelta(days=back)


def is_weekday(name: str, day: date) -> bool:
    """Whether the day has that name."""
    return _WEEKDAYS[day.weekday()] == name.lower()


def month_number(name: str) -> int:
    """1 for January or Jan."""
    return [month[:3] for month in MONTH_WORDS].index(name.lower()[:3]) + 1


def year_month_day(month: str, day: str | None, year: str | None, said_at: datetime) -> tuple[int, int, int | None]:
    """The numbers of a date; without its year the last one that began by publication."""
    number = month_number(month)
    chosen = int(year) if year else said_at.year
    before = (number, int(day or 1)) <= (said_at.month, said_at.day)
    if not year and not before:
        chosen -= 1
    return chosen, number, int(day) if day else None
