"""Which stretch of time words name: "in 24 hours", "since Monday", "over the weekend", "in March", "at 8 a.m. ET"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from pydantic import Field, model_validator

from analysis.claims.judging.windows import place_token
from analysis.claims.sentences.numbers import NUMBER_WORDS
from analysis.claims.sentences.times.calendar import DAY_OF_EVENT, NO_SUCH_DAY, TIME_READERS, TimeReader, day_token
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
)
from warehouse.config import Entry, EntryTable, FileForm, load_config, packaged_text


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


# Tokens of days that are told by another one, and how many days they lie from it.
RELATIVE_DAYS = {"same_day": 0, "next_day": 1, "previous_day": -1, "week_earlier": -7, "week_later": 7}


def find_windows(text: str, start: int, end: int, said_at: datetime) -> list[TimePhrase]:
    """The windows that the words from `start` to `end` name, in order, the longer of two that overlap."""
    found: list[TimePhrase] = []
    if not _ANY.search(text, start, end):
        return found
    for pattern, read in _packaged_phrases():
        for match in pattern.finditer(text, start, end):
            if any(known.start < match.end() and match.start() < known.end for known in found):
                continue
            token, stop = _read_in_the_calendar(read, match, said_at)
            if token is not None:
                is_forward = _FORWARD.match(text, match.end()) is not None or "following" in match.group().lower()
                is_forward = is_forward and token[0] == "P" and "/" not in token  # a day stays where it is
                is_backward = token[0] == "P" and "/" not in token and _BACKWARD.match(text, match.end()) is not None
                is_day = token.startswith(("day:", "today"))
                found.append(TimePhrase(match.start(), stop, token, is_day, is_forward, is_backward))
    return sorted(found, key=lambda phrase: phrase.start)


def _read_in_the_calendar(read: TimeReader, match: re.Match[str], said_at: datetime) -> tuple[str | None, int]:
    """The token of the words and where they end, "last year" behind them included; NO_SUCH_DAY for "February 30",
    DAY_OF_EVENT for a time that lies beyond any record.
    """
    behind = None if _A_YEAR.search(match.group()) else _OF_A_YEAR.match(match.string, match.end())
    end = match.end() if behind is None else behind.end()
    try:
        token = read(match, said_at if behind is None else datetime(said_at.year - 1, 12, 31, tzinfo=said_at.tzinfo))
    except (ValueError, OverflowError):
        return NO_SUCH_DAY, end
    if behind is not None and (token is None or not _DATED.match(token)):
        return token, match.end()
    named = _NAMED_YEAR.match(token or "")
    is_beyond = named is not None and int(named[1]) > said_at.year + 1
    return DAY_OF_EVENT if is_beyond or (behind is not None and behind["other"]) else token, end


_A_YEAR = re.compile(r"\b20\d\d\b")
_OF_A_YEAR = re.compile(
    r"(?:,? of)?,? (?:last year\b|a year (?:ago|earlier)\b|(?P<other>next year|the (?:year before|previous year))\b)",
    re.IGNORECASE,
)
_DATED = re.compile(r"today|day:|month:|q[1-4]_|20\d\d-")
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
                    else day_token(start.date() + timedelta(days=RELATIVE_DAYS[phrase.token]), said_at)
                )
            phrase = replace(phrase, token=token, is_day=token != DAY_OF_EVENT)
        before = phrase
        placed.append(phrase)
    return placed


_COUNT = rf"\d+|a|an|one|past|last|{'|'.join(NUMBER_WORDS)}"
_OVER = r"(?:in|over|within|during|for|through|across|inside)"
_THE = (
    r"(?:(?:just|under|about|roughly|around|nearly|almost|barely|only|less than|the|the same|a span of|as little as) )*"
    r"(?:past |last |previous |preceding )?"
)
_LISTS = {"month": MONTH_NAME, "weekday": WEEKDAY, "count": _COUNT, "over": _OVER, "the": _THE}
_LISTS |= {"day": DAY_WORDS, "time": TIME_WORDS, "moment": MOMENT, "instant": INSTANT, "ordinal": ORDINAL}
_LISTS |= {"numeric": NUMERIC_DAY, "zoned": ZONED}


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
        if self.reads is not None and self.reads not in TIME_READERS:
            raise ValueError(f"`reads` should be one of {', '.join(TIME_READERS)}")
        return self


WINDOW_PHRASES = EntryTable("window", _WindowEntry)
WINDOW_FORM = FileForm((WINDOW_PHRASES,), texts=("version",))


@cache
def _packaged_phrases() -> tuple[tuple[re.Pattern[str], TimeReader], ...]:
    entries = load_config(WINDOW_FORM, packaged_text("analysis.claims.sentences.times", "windows.toml")).entries(
        WINDOW_PHRASES
    )
    return tuple((re.compile(_fill(entry.pattern), re.IGNORECASE), _reader_of(entry)) for entry in entries)


def _reader_of(entry: _WindowEntry) -> TimeReader:
    return TIME_READERS[entry.reads] if entry.reads is not None else lambda match, said_at: str(entry.token)


def _fill(pattern: str) -> str:
    return re.sub(r"\{([a-z]+)\}", lambda name: _LISTS[name.group(1)], pattern)


_FORWARD = re.compile(r"\s*(?:of|after|following|from|that followed|thereafter|afterwards)\b", re.IGNORECASE)
_BACKWARD = re.compile(r"\s*(?:before|prior to|ahead of|preceding|leading up to|up to|until)\b", re.IGNORECASE)
_ANY = re.compile(
    r"hour|minute|day|week|fortnight|month|quarter|year|since|today|spring|summer|autumn|winter|christmas|easter"
    r"|night|recent|lately|daily|20\d\d|Q[1-4]|session|ytd|mtd|24h|24 h|7d|\bon (?:the \d|[mtwfs]\w\w)"
    rf"|\b(?:{MONTH_NAME})\b|\b(?:ET|EST|EDT|UTC|GMT)\b",
    re.IGNORECASE,
)
