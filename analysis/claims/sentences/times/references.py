"""Which event of the ledger words refer to: "after the US restriction", "since the halving on 14 December"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from analysis.claims.judging.windows import DAY_NAMES
from warehouse.tables.units import long_month

# How long after an event a text still calls it by a bare word ("the restriction").
REACH = timedelta(days=21)
# Letters that words of one stem share ("restrict", "restriction").
_STEM_LETTERS = 6
_LEAST_LETTERS = 4
# Share of the words of a reference that the event has to know: all of two, three of four.
_LEAST_SHARE = 0.7
# So many words name an event that is older than REACH; of a younger one a single word can, where no other knows it.
_LEAST_STEMS = 2
_PRONOUNS = ("it", "that", "then")
_OPENED = re.compile(
    r"\b(?P<opener>(?:(?:minute|hour|day|week|month)s?|wake) of|after|following|since|amid|despite|in response to"
    r"|before|prior to|ahead of|preceding|(?:in the )?run[- ]?up to|leading up to|up to)\s+"
    r"(?P<article>the |a |an |its |this |that )?"
    rf"(?=(?P<words>(?:{'|'.join(_PRONOUNS)})\b(?! \w)|[A-Za-z0-9.’'& -]{{3,80}}))",
    re.IGNORECASE,
)
# "For the first time since the halving", "its highest since the crash": no time at which a move began.
_OF_AN_EXTREME = re.compile(
    r"\b(?:time|high|highest|low|lowest|level|most|best|worst|(?:strong|weak|larg|bigg|steep|sharp)est(?: \w+)?)\s+$",
    re.IGNORECASE,
)
_BEFORE = ("before", "prior to", "ahead of", "preceding", "up to", "run-up to", "leading up to")
_AFTER = ("after", "following", "since", "in response to", "wake of")
# "The restriction and stayed above $230", "the restriction TAO rose": a verb is no part of the name.
_GOES_ON = re.compile(
    r"\b(?:and|but|then|while)\b(?= (?:then |later |has |have |had |since )?"
    r"(?:\w+ed|rose|fell|hit|held|kept|lost|stood|was|were|is|are|gave|went|reach\w*|hold\w*|stay\w*)\b)"
    r"|\b(?:was|were|is|are|has|had|came|took|went|hit|sent|shook|rattled|drove|pushed|made|rose|fell|gained|lost"
    r"|jumped|climbed|surged|dropped|rallied|sank|slid|stayed|stood|held|traded|began|started|ended|broke|became|sparked"
    r"|spooked|triggered|caused|prompted|emerged|surfaced|spread|eased|expired)\b",
    re.IGNORECASE,
)
# "The models were taken offline": what was done to it tells which event of a party it was.
_DONE = re.compile(r"\s*(?:was|were|is|are|has been|have been)(?P<deed> \w+(?: \w+)?)", re.IGNORECASE)
# What came to its end then is another event, which is not known.
_ENDS = re.compile(
    r"\s*(?:(?:was|were|is|has been|had been) )?(?:ended|lifted|eased|expired|over|reversed|withdrawn)\b", re.IGNORECASE
)
_EMPTY = {"that", "this", "with", "from", "year", "week", "month", "hours", "days", "news", "price", "token", "market"}
_EMPTY |= {
    "announcement",
    "announced",
    "move",
    "government",
    "model",
    "models",
    "high",
    "time",
    "into",
    "over",
    "been",
    "start",
}
_EMPTY |= {"event", "decision", "more", "than", "today", "yesterday"}
# Words for one thing, a ban.
_FORBIDDING = {"ban", "banned", "block", "suspen", "shutdo", "offlin", "restri"}
_SHORT_NAMES = {"us", "eu", "uk", "sec", "ban", "fed", "cpi", "tao", "fet"}


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event that words may refer to: when it happened, every word it is known by, and the headlines of its day."""

    event_id: str
    at_utc: datetime
    words: str
    is_ledger: bool
    told: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """What words refer to (None: to something that is not known), the word that leads to it, and where that ends."""

    event: LedgerEvent | None
    opener: str
    at: int
    is_old: bool = False  # more than REACH before it was said

    @property
    def is_before(self) -> bool:
        """Whether what is said was before it; words of a detected event fit too much."""
        return self.opener in _BEFORE and (self.event is None or self.event.is_ledger)

    @property
    def is_after(self) -> bool:
        """Whether what is said began with an event of the ledger."""
        return self.opener in _AFTER and self.event is not None and self.event.is_ledger

    @property
    def is_of_a_length(self) -> bool:
        """Whether a length of time leads to it: "12 hours of"."""
        return self.opener.endswith(" of") and self.opener not in (*_BEFORE, *_AFTER)

    @property
    def is_unknown(self) -> bool:
        """Whether nothing that is known is meant."""
        return self.event is None


def find_references(
    text: str, start: int, end: int, said_at: datetime, events: Sequence[LedgerEvent], markets: Sequence[int] = ()
) -> list[Reference]:
    """What the words after "after", "before", "12 hours of", "since" … name, in order.

    What is known are events up to `said_at`: of the 21 days before it an entry of the ledger, else a detected event;
    else the one entry of the ledger that the words fit. What is not known is given for "before" and "since" alone.
    `markets` are the places where names of markets begin, which may end the words.
    """
    found = []
    for opened in _OPENED.finditer(text, start, end):
        opener = _opener(opened["opener"])
        words = _GOES_ON.split(opened["words"][: end - opened.end()])[0]
        first = next((at - opened.end() for at in markets if at >= opened.end()), len(words))
        event = _named(_stems(words), said_at, events) or _named(_stems(words[:first]), said_at, events)
        done = _DONE.match(opened["words"], len(words))
        if event is None and done is not None and opened.end() + done.end() <= end:
            event = _named(_stems(words + done["deed"]), said_at, events)
        if event is not None and _ENDS.match(opened["words"], len(words)):
            found.append(Reference(None, opener, opened.end("opener")))
            continue
        is_old = event is not None and event.at_utc < said_at - REACH
        is_thing = opened["article"] is not None or opener == "run-up to" or words.lower() in _PRONOUNS
        is_thing = is_thing and _OF_AN_EXTREME.search(text, start, opened.start()) is None
        if event is not None or (is_thing and opener in (*_BEFORE, "since") and opener != "up to"):
            found.append(Reference(event, opener, opened.end("opener"), is_old))
    return found


def _opener(words: str) -> str:
    lowered = words.lower()
    if lowered.endswith("up to"):
        return "up to" if lowered == "up to" else "leading up to" if lowered.startswith("lead") else "run-up to"
    return lowered


def _named(asked: set[str], said_at: datetime, events: Sequence[LedgerEvent]) -> LedgerEvent | None:
    """The one event that knows the words; None where none does, or several do as well."""
    if not asked:
        return None
    past = [event for event in events if event.at_utc <= said_at]
    near = [event for event in past if event.at_utc >= said_at - REACH]
    for group, least, stems_of in (
        ([event for event in near if event.is_ledger], 1, _told),
        ([event for event in near if not event.is_ledger], 1, _own),
        ([event for event in past if event.is_ledger], _LEAST_STEMS, _own),
    ):
        known = [(len(asked & (stems_of(event) | _date(event))), event) for event in group if asked & stems_of(event)]
        fits = [(n, event) for n, event in known if n >= max(least, _LEAST_SHARE * len(asked))]
        if fits:
            most = max(n for n, _ in fits)
            best = [event for n, event in fits if n == most]
            return best[0] if len(best) == 1 else None
    return None


@cache
def _own(event: LedgerEvent) -> set[str]:
    """The stems that an event is known by."""
    return _stems(event.words)


@cache
def _told(event: LedgerEvent) -> set[str]:
    """The same with those of the headlines of its day, which a text of the days after takes up."""
    return _own(event) | _stems(event.told)


@cache
def _date(event: LedgerEvent) -> set[str]:
    return _stems(f"{long_month(event.at_utc)} {DAY_NAMES[event.at_utc.weekday()]}")


def _stems(words: str) -> set[str]:
    found = re.findall(r"[a-z0-9]+", words.lower().replace("u.s.", "us"))
    long = {word.removesuffix("s")[:_STEM_LETTERS] for word in found if _is_telling(word)}
    stems = long | _SHORT_NAMES.intersection(found)
    return stems - _FORBIDDING | {"restri"} if stems & _FORBIDDING else stems


def _is_telling(word: str) -> bool:
    return len(word) >= _LEAST_LETTERS and not word.isdigit() and word not in _EMPTY
