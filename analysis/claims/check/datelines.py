"""The date that an article states about itself in its first lines."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# A dateline stands near the head, in characters.
_HEAD = 600
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october"]
_MONTHS += ["november", "december"]
_NAMES = "|".join([*_MONTHS, "sept", *(name[:3] for name in _MONTHS)])
_DATELINE = re.compile(
    rf"\b(?:(?P<month>{_NAMES})\.? (?P<day>\d{{1,2}}),? (?P<year>20\d\d)|(?P<iso>20\d\d-\d\d-\d\d))"
    r"(?:(?:,| at|T)? ?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)? ?(?P<zone>UTC|GMT|Z)\b)?",
    re.IGNORECASE,
)


def dateline(text: str) -> datetime | None:
    """The first full date of the head of a text, UTC; without a time of day the end of that day. None without one."""
    found = _DATELINE.search(text[:_HEAD])
    if found is None:
        return None
    if found["iso"]:
        year, month, day = (int(part) for part in found["iso"].split("-"))
    else:
        year, day = int(found["year"]), int(found["day"])
        month = [name[:3] for name in _MONTHS].index(found["month"].lower()[:3]) + 1
    hour, minute = (int(found["hour"]), int(found["minute"])) if found["hour"] else (23, 59)
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
