"""Whether what a page says of an event may still change."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from dashboards.findings.readings import Reaction

# How a study says that no bar of the event's first window is known yet.
ENDS_BEFORE = "ends before the event"


def has_open_window(subject: Reaction, best_at: datetime) -> bool:
    """Whether a window of the page's token is open: no return yet, because its record ends before the window does."""
    return any(
        horizon.raw_return is None and subject.data_as_of < best_at + timedelta(hours=horizon.hours)
        for horizon in subject.horizons.values()
    )


def waits_for_prices(exclusions: pl.DataFrame) -> bool:
    """Whether an event without a number waits for one: each market that it was left out of ends before it.

    `exclusions` are the rows of out.study_exclusion of the event.
    """
    return bool(exclusions.height) and all(ENDS_BEFORE in reason for reason in exclusions["reason"])
