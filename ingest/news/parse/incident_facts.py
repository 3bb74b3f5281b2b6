"""What one status page says about one incident, before it is a row."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest.news.parse.dates import read_instant
from ingest.news.parse.text import plain_text

# Words of the different products for the same five steps.
IMPACTS = {
    "none": "none",
    "operational": "none",
    "low": "minor",
    "minor": "minor",
    "degraded": "minor",
    "degraded_performance": "minor",
    "service_information": "minor",
    "medium": "major",
    "major": "major",
    "partial_outage": "major",
    "service_disruption": "major",
    "downtime": "critical",
    "high": "critical",
    "critical": "critical",
    "major_outage": "critical",
    "full_outage": "critical",
    "service_outage": "critical",
    "maintenance": "maintenance",
    "under_maintenance": "maintenance",
}
SEVERITY_ORDER = ("unknown", "none", "maintenance", "minor", "major", "critical")
ENDED = frozenset({"resolved", "postmortem", "completed", "maintenance_complete", "available", "closed", "cancelled"})

_INCIDENT_PATH = re.compile(r"/incidents?/([A-Za-z0-9_\-]{4,80})(?:[/?#]|$)")


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """One incident as the page tells it; `id` is the page's own and `raw` what goes to quarantine if it is refused."""

    id: str
    title: str
    started: datetime | None
    resolved: datetime | None
    impact: str = "unknown"
    components: tuple[str, ...] = ()
    url: str | None = None
    raw: str = ""


def impact_of(word: object) -> str:
    """One of none, minor, major, critical, maintenance, or unknown."""
    return IMPACTS.get(str(word or "").strip().lower().replace(" ", "_"), "unknown")


def worst_impact(words: list[object]) -> str:
    """The severest of several words."""
    return max((impact_of(word) for word in words), key=SEVERITY_ORDER.index, default="unknown")


def instant_of(value: object) -> datetime | None:
    """A time as status pages write it: ISO, RFC 822, or seconds or milliseconds since 1970."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        if not math.isfinite(value):
            return None
        return read_instant(str(int(value)))
    return read_instant(value) if isinstance(value, str) else None


def incident_code(address: str | None) -> str | None:
    """The incident's code in a page address, by which Atom and JSON forms of one incident meet."""
    found = _INCIDENT_PATH.search(address or "")
    return found.group(1) if found else None


def object_of(value: object) -> dict[str, Any]:
    """`value` where it is an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def names_of(rows: object, key: str = "name") -> tuple[str, ...]:
    """The plain names in a list of objects, each once, in order."""
    if not isinstance(rows, list):
        return ()
    names = [plain_text(str(row.get(key) or "")) for row in rows if isinstance(row, dict)]
    return tuple(dict.fromkeys(name for name in names if name))


def rows_of(value: object) -> list[dict[str, Any]]:
    """The objects in a list; an empty list for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
