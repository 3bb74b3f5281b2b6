"""Runs at the instants at which a fresh event's windows complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import polars as pl
from prefect.client.orchestration import SyncPrefectClient
from prefect.states import Scheduled

from flows.pipeline import PRICE_STEPS
from warehouse.tables.units import plain

# A window's last bar closes with the window; venues show it within this time.
SETTLE = timedelta(minutes=2)
WINDOWS_SCHEDULE = "windows"


@dataclass(frozen=True, slots=True)
class WindowEnd:
    """When one window of one event is complete and its bars can be asked for."""

    event_id: str
    category: str
    best_at_utc: datetime
    hours: float
    due_at_utc: datetime

    @property
    def key(self) -> str:
        """The same for the same window of the same timing: a retimed event is measured anew."""
        return f"{self.event_id} {self.best_at_utc.isoformat()} {plain(self.hours)}"


def windows_ahead(events: pl.DataFrame, windows_hours: Sequence[float], now: datetime) -> list[WindowEnd]:
    """The ends, after `now`, of the windows of `events` (core.event), earliest first.

    Rejected events and events that lie ahead have none.
    """
    known = events.filter((pl.col("status") != "rejected") & (pl.col("best_at_utc") <= now))
    ends = [
        WindowEnd(event_id, category, best_at, hours, best_at + timedelta(hours=hours) + SETTLE)
        for event_id, category, best_at in known.select("event_id", "category", "best_at_utc").iter_rows()
        for hours in windows_hours
    ]
    return sorted((end for end in ends if end.due_at_utc > now), key=lambda end: (end.due_at_utc, end.key))


def schedule_windows(client: SyncPrefectClient, deployment_id: UUID, ends: Iterable[WindowEnd]) -> int:
    """Schedule one price pass an end; one that was asked for before stays as it is. Returns how many were asked."""
    n_asked = 0
    for end in ends:
        client.create_flow_run_from_deployment(
            deployment_id,
            parameters={"steps": list(PRICE_STEPS)},
            state=Scheduled(scheduled_time=end.due_at_utc),
            name=f"{end.event_id} {plain(end.hours)} h complete",
            tags=["aftershock", "window", end.category],
            idempotency_key=end.key,
        )
        n_asked += 1
    return n_asked
