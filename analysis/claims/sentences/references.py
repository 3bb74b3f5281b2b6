"""Which event of the ledger words refer to: "after the US restriction", "since the halving on 14 December"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# How long after an event a text still calls it by a bare word ("the ban").
REACH = timedelta(days=21)
# Letters that words of one stem share ("restrict", "restriction", "restrictions").
_STEM_LETTERS = 6
_LEAST_LETTERS = 4
# Share of the words of a reference that the event has to know.
_LEAST_SHARE = 0.5
_OPENED = re.compile(
    r"\b(?P<opener>after|following|since|of|amid|despite|in response to|before|prior to|ahead of|preceding|up to)\s+"
    r"(?:the |a |an |its |this |that )?"
    r"(?P<words>[A-Za-z0-9.’'& -]{3,80})",
    re.IGNORECASE,
)
# "The restriction and stayed above $230": a second verb is no part of the name.
_GOES_ON = re.compile(
    r"\b(?:and|but|then|while)\b(?= (?:then |later |has |have |had |since )?"
    r"(?:\w+ed|rose|fell|hit|held|kept|lost|stood|was|were|is|are|gave|went|reach\w*|hold\w*|stay\w*)\b)",
    re.IGNORECASE,
)
_EMPTY = {"that", "this", "with", "from", "year", "week", "month", "hours", "days", "news", "price", "token", "market"}
_EMPTY |= {"announcement", "announced", "move", "government", "models", "high", "time", "into", "over", "been", "start"}


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event that words may refer to: when it happened, and every word it is known by."""

    event_id: str
    at_utc: datetime
    words: str
    is_ledger: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """An event that words refer to, and the word that leads to it: "after", "before", "amid"."""

    event: LedgerEvent
    opener: str

    @property
    def is_before(self) -> bool:
        """Whether what is said was before an event of the ledger; words of a detected one fit too much."""
        return self.event.is_ledger and self.opener in ("before", "prior to", "preceding")

    @property
    def is_after(self) -> bool:
        """Whether what is said began with an event of the ledger."""
        return self.event.is_ledger and self.opener in ("after", "following", "in response to")


def find_reference(words: str, said_at: datetime, events: Sequence[LedgerEvent]) -> Reference | None:
    """The event that the words after "after", "of", "since" … name; None where none, or no single best, is named.

    Only events up to `said_at` and not older than REACH count. An entry of the ledger goes before a detected event.
    """
    near = [event for event in events if said_at - REACH <= event.at_utc <= said_at]
    best: tuple[float, bool, Reference] | None = None
    for reference in _OPENED.finditer(words):
        asked = _stems(_GOES_ON.split(reference["words"])[0])
        if not asked:
            continue
        for event in near:
            known = _stems(event.words)
            share = len(asked & known) / len(asked)
            if share >= _LEAST_SHARE and (best is None or (share, event.is_ledger) > best[:2]):
                best = (share, event.is_ledger, Reference(event, reference["opener"].lower()))
    return best[2] if best is not None else None


def _stems(words: str) -> set[str]:
    found = re.findall(r"[a-z0-9]+", words.lower().replace("u.s.", "us"))
    return {word[:_STEM_LETTERS] for word in found if len(word) >= _LEAST_LETTERS and word not in _EMPTY}
