"""What words of time name, placed on the calendar: the readers of windows.toml, and the words for a peak's time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from analysis.claims.sentences.numbers import NUMBER_WORDS
from analysis.claims.sentences.times.instants import (
    INSTANT,
    MONTH_NAME,
    WEEKDAY,
    is_weekday,
    last_weekday,
    name_instant,
    year_month_day,
)
from warehouse.tables.units import iso_day, iso_minute, iso_month

TimeReader = Callable[[re.Match[str], datetime], str | None]
DAY_OF_EVENT = "day_of_event"  # "the day it was reported": whose day is not read
NO_SUCH_DAY = "no_such_day"  # "February 30"
_INSTANTS = re.compile(INSTANT, re.IGNORECASE)
_MONTHS_A_QUARTER = 3
_DAYS_A_WEEK = 7
_SPAN_UNITS = {"day": "D", "week": "W", "month": "M", "mth": "M", "year": "Y"}
# A date without a year that lies so little ahead is a day to come.
_COMING = timedelta(days=60)


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
    if unit == "fortnight":
        return f"P{2 * count}W"
    if unit == "quarter":
        return f"P{_MONTHS_A_QUARTER * count}M"
    return f"P{count}{_SPAN_UNITS[unit]}"


# Two years in hours. Years that no calendar has are told where a window is placed.
_MOST_UNITS = 20_000


def _weekday(match: re.Match[str], said_at: datetime) -> str:
    day = last_weekday(match["weekday"], said_at)
    if "last" in match.group().lower().split() and day == said_at.date():
        day -= timedelta(days=_DAYS_A_WEEK)
    return day_token(day, said_at)


def day_token(day: date, said_at: datetime) -> str:
    """The token of a calendar day."""
    return "today" if day == said_at.date() else f"day:{day.isoformat()}"


def _date(match: re.Match[str], said_at: datetime) -> str | None:
    year, month, day = year_month_day(match["month"], match["day"], match["year"], said_at)
    named = date(year, month, int(day or 1))
    if not match["year"] and said_at.date() < named.replace(year=named.year + 1) < said_at.date() + _COMING:
        return None  # a day to come, not that day of last year
    weekday = match.groupdict().get("weekday")
    is_one_day = weekday is None or is_weekday(weekday, named)  # "Friday, June 13" of a year in which it is a Saturday
    return day_token(named, said_at) if is_one_day else DAY_OF_EVENT


def _numeric_day(match: re.Match[str], said_at: datetime) -> str | None:
    named = name_instant(match["numeric"], said_at)
    return None if named is None or named.day is None else day_token(named.day, said_at)


def _days_ago(match: re.Match[str], said_at: datetime) -> str:
    days = _count(match["n"]) * (_DAYS_A_WEEK if match["unit"].lower() == "week" else 1)
    return day_token(said_at.date() - timedelta(days=days), said_at)


def _since_date(match: re.Match[str], said_at: datetime) -> str:
    if match["only_year"]:
        return f"since:{match['only_year']}-01"
    year, month, day = year_month_day(match["month"], match["day"], match["year"], said_at)
    return f"since:{iso_day(date(year, month, day)) if day else iso_month(date(year, month, 1))}"


def _weekday_of_last_week(match: re.Match[str], said_at: datetime) -> str:
    day = last_weekday(match["weekday"], said_at)
    is_this_week = day.isocalendar()[:2] == said_at.date().isocalendar()[:2]
    return day_token(day - timedelta(days=_DAYS_A_WEEK * is_this_week), said_at)


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
    now = (said_at.month - 1) // _MONTHS_A_QUARTER + 1
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


def _half_length(match: re.Match[str], _: datetime) -> str:
    return {"hour": "PT30M", "day": "PT12H", "year": "P6M"}[match["unit"].lower()]


def _last_calendar(match: re.Match[str], said_at: datetime) -> str:
    """The whole month, quarter or year before that of publication."""
    unit = match["unit"].lower()
    if unit == "year":
        return f"year:{said_at.year - 1}"
    if unit == "month":
        return f"month:{iso_month(said_at.date().replace(day=1) - timedelta(days=1))}"
    before = (said_at.month - 1) // _MONTHS_A_QUARTER
    return f"q{before}_{said_at.year}" if before else f"q4_{said_at.year - 1}"


def _half_year(match: re.Match[str], said_at: datetime) -> str:
    is_first = (match["half"] or "").lower() == "first" or match["number"] == "1"
    return f"{match['year'] or match['its_year']}-{'01' if is_first else '07'}-01/P6M"


def _clock(match: re.Match[str], said_at: datetime) -> str | None:
    named = name_instant(match["moment"], said_at)
    return None if named is None else f"{match['kind'] or 'at'}:{written_instant(named.at(said_at, is_end=False))}"


def _between_instants(match: re.Match[str], said_at: datetime) -> str | None:
    """From one instant to another; what one of them leaves out is that of the other. None of the two is read alone."""
    first, last = (name_instant(found.group(), said_at) for found in _INSTANTS.finditer(match["instants"]))
    if (first is None or last is None) and "/" not in match["instants"]:
        raise ValueError(f"{match.group()}: no calendar has it")
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
    if month == "may":
        return None
    if first is None or last is None:
        raise ValueError(f"{match.group()}: a month has no such day")
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


TIME_READERS: dict[str, TimeReader] = {
    "clock": _clock,
    "between_instants": _between_instants,
    "counted_from": _counted_from,
    "day_range": _day_range,
    "part_of_month": _part_of_month,
    "half_year": _half_year,
    "half_length": _half_length,
    "last_calendar": _last_calendar,
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


_PEAK_MONTH = re.compile(
    rf"\b(?P<month>{MONTH_NAME})(?: (?P<day>\d{{1,2}})(?!\d))?(?: (?P<year>20\d\d))?\b", re.IGNORECASE
)
_PEAK_YEAR = re.compile(r"\b(?P<year>20\d\d)\b")


def peak_window(words: str, said_at: datetime) -> str | None:
    """The day, month or year in which a peak is said to have been; None where the words name none."""
    if month := _PEAK_MONTH.search(words):
        return _date(month, said_at) if month["day"] else _month(month, said_at)
    year = _PEAK_YEAR.search(words)
    return f"year:{year['year']}" if year else None
