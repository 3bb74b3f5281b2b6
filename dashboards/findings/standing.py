"""Whether what a page says of an event may still change."""

from __future__ import annotations

from datetime import datetime, timedelta

from dashboards.findings.readings import Reaction


def has_open_window(subject: Reaction, best_at: datetime) -> bool:
    """Whether a window of the page's token is open: no return yet, because its record ends before the window does."""
    return any(
        horizon.raw_return is None and subject.data_as_of < best_at + timedelta(hours=horizon.hours)
        for horizon in subject.horizons.values()
    )
