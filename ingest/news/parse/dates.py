"""A publisher's claim about time: read, judged and labelled, with the words it was written in."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# No web feed is older; earlier claims are epoch zeros and defaults.
EARLIEST_CLAIM = datetime(1995, 1, 1, tzinfo=UTC)
# A wrong zone moves a claim by at most 14 hours; beyond a day it is a schedule or an error.
LATEST_AHEAD = timedelta(hours=24)
MAX_RAW_CHARACTERS = 120

_EPOCH = re.compile(r"^\d{9,10}(?:\.\d{1,6})?$|^\d{13}$")
_ISO = re.compile(r"^\d{4}-?\d\d-?\d\d(?:[T ]|$)", re.IGNORECASE)
_MILLISECONDS_FROM = 1e11
_WRITTEN_DAYS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d")
_HAS_CLOCK = re.compile(r"\d{1,2}:\d\d")


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a publisher says about when: `at` is None where nothing credible is said; `raw` keeps the words."""

    at: datetime | None
    raw: str | None
    basis: str


def judge_claim(raw: str | None, clock: str, received_at: datetime, parsed: time.struct_time | None = None) -> _Claim:
    """The claim in `raw` under the feed's declared `clock`, kept only between 1995 and a day after receipt.

    A day without a time of day, or exactly midnight, is `date_only`: such a stamp says nothing about the hour. Without
    a credible claim the basis is `first_seen`. `parsed` is another reader's view (UTC), used for formats unknown here.
    """
    text = (raw or "").strip()[:MAX_RAW_CHARACTERS]
    written = _read_written(text)
    if written is None and parsed is not None and not _ISO.match(text) and not text.isdigit():
        written = _from_struct(parsed, text)
    if written is None or not EARLIEST_CLAIM <= written.astimezone(UTC) <= received_at + LATEST_AHEAD:
        return _Claim(None, text or None, "first_seen")
    is_midnight = written.hour == written.minute == written.second == 0
    return _Claim(written.astimezone(UTC), text, "date_only" if is_midnight or clock == "date_only" else clock)


def read_instant(text: str) -> datetime | None:
    """The instant a date string means, in UTC (no zone means UTC); None when it cannot be read."""
    written = _read_written(text.strip()[:MAX_RAW_CHARACTERS])
    return written.astimezone(UTC) if written else None


def _read_written(text: str) -> datetime | None:
    """The date in the zone it was written in, so that midnight can be told; a bare day is midnight."""
    if not text:
        return None
    try:
        if _EPOCH.match(text):
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS_FROM else number, UTC)
        moment = datetime.fromisoformat(text) if _ISO.match(text) else _read_words(text)
        if moment is None:
            return None
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        zoned.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None
    return zoned


def _read_words(text: str) -> datetime | None:
    if _HAS_CLOCK.search(text):
        return parsedate_to_datetime(text)
    for pattern in _WRITTEN_DAYS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _from_struct(parsed: time.struct_time, text: str) -> datetime | None:
    try:
        moment = datetime(*parsed[:6], tzinfo=UTC)
    except (ValueError, TypeError):
        return None
    return moment if _HAS_CLOCK.search(text) else moment.replace(hour=0, minute=0, second=0)
