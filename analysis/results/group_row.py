"""One row of `out.study_result` about a group of events."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row is about; the window is half-open, in hours after the event."""

    study_id: str
    group_id: str
    window_end_hours: float
    window_start_hours: float = 0.0
    event_id: str | None = None
    market_id: str | None = None


def group_row(subject: Subject, statistic: str, *values: Row, **more: object) -> Row:
    """The row; later values win, what is not given is null."""
    parts = [subject.study_id, subject.group_id, f"{subject.window_end_hours:g}", statistic]
    if subject.window_start_hours:
        parts.append(f"from {subject.window_start_hours:g}")
    parts += [part for part in (subject.event_id, subject.market_id) if part is not None]
    row: Row = {
        "result_id": hashlib.sha256("|".join(parts).encode()).hexdigest(),
        "study_id": subject.study_id,
        "group_id": subject.group_id,
        "event_id": subject.event_id,
        "market_id": subject.market_id,
        "window_start_hours": subject.window_start_hours,
        "window_end_hours": subject.window_end_hours,
        "statistic": statistic,
    }
    for part in (*values, more):
        row |= part
    return row
