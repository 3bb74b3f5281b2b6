"""A publisher's claim about time: read, judged and labelled, with the words it was written in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingest.news.parse.times.grammar import WrittenTime, read_written

# No web feed is older; earlier claims are epoch zeros and defaults.
EARLIEST_CLAIM = datetime(1995, 1, 1, tzinfo=UTC)
# A wrong zone moves a claim by at most 14 hours; beyond a day it is a schedule or an error.
LATEST_AHEAD = timedelta(hours=24)
# Zones are at most 26 hours apart; what leaves more open (the order of day and month) says too little to be a time.
WIDEST_READING = timedelta(hours=26)
MAX_RAW_CHARACTERS = 120
# The basis of a time at which an item was public at the latest: a last change, or a zone of several meanings.
UPPER_BOUND = "upper_bound"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a publisher says about when.

    `at` is None where nothing credible is said, and the latest of several readings; `earliest` is the first of several,
    None where there is one; `raw` keeps the words.
    """

    at: datetime | None
    earliest: datetime | None
    raw: str | None
    basis: str


def judge_claim(published: str | None, updated: str | None, clock: str, received_at: datetime) -> _Claim:
    """The claim of an item under the feed's declared `clock`, kept only between 1995 and a day after receipt.

    A day without a time of day, or exactly midnight, is `date_only`: such a stamp says nothing about the hour. Where
    `published` is missing or says nothing credible, a credible `updated` counts as an upper bound, and so does the
    latest reading of an ambiguous zone. Without a credible claim the basis is `first_seen`.
    """
    first = (published or "").strip()[:MAX_RAW_CHARACTERS]
    second = (updated or "").strip()[:MAX_RAW_CHARACTERS]
    for text in filter(None, (first, second)):
        written = read_written(text)
        readings = _credible(written, received_at) if written else ()
        if written is None or not readings:
            continue
        earliest = readings[0] if len(readings) > 1 else None
        is_bound = earliest is not None or text is not first
        basis = "date_only" if written.is_day or clock == "date_only" else UPPER_BOUND if is_bound else clock
        return _Claim(readings[-1], earliest, text, basis)
    return _Claim(None, None, first or second or None, "first_seen")


def _credible(written: WrittenTime, received_at: datetime) -> tuple[datetime, ...]:
    """The readings inside the sanity window, none where they leave more than a zone open."""
    inside = tuple(at for at in written.instants if EARLIEST_CLAIM <= at <= received_at + LATEST_AHEAD)
    return inside if inside and inside[-1] - inside[0] <= WIDEST_READING else ()


def read_instant(text: str) -> datetime | None:
    """The instant a date string means, in UTC (no zone means UTC); None when it cannot be read.

    Of the readings of an ambiguous zone the latest.
    """
    span = read_span(text)
    return span[1] if span else None


def read_span(text: str) -> tuple[datetime, datetime] | None:
    """The earliest and the latest instant that a date string can mean; None when it cannot be read."""
    written = read_written(text.strip()[:MAX_RAW_CHARACTERS])
    if written is None or written.instants[-1] - written.instants[0] > WIDEST_READING:
        return None
    return written.instants[0], written.instants[-1]
