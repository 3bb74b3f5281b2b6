"""What people ask about events, read from the published file."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from flows.errors import CommandError
from warehouse.store.connection import open_reader
from warehouse.store.errors import StoreError
from warehouse.tables.contract import Table
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_SOURCE, STORY_ENTRY

LIST_COLUMNS = (
    "event_id",
    "best_at_utc",
    "category",
    "severity",
    "direction",
    "jurisdiction",
    "n_outlets",
    "origin",
    "status",
    "title",
)


def list_events(published: Path, category: str | None, since: str | None, status: str | None) -> pl.DataFrame:
    """Events in order of time; rejected ones only when asked for by status."""
    events = _read(published, EVENT, "")
    chosen = events.filter(pl.col("status") == status) if status else events.filter(pl.col("status") != "rejected")
    if category:
        chosen = chosen.filter(pl.col("category") == category)
    if since:
        chosen = chosen.filter(pl.col("best_at_utc").dt.strftime("%Y-%m-%d") >= since)
    return chosen.sort("best_at_utc", "event_id").select(LIST_COLUMNS)


def show_event(published: Path, event_id: str) -> pl.DataFrame:
    """One event as field and value, its time interval and the reason included."""
    row = _event(published, event_id)
    fields = [(name, _text(value)) for name, value in row.items()]
    return pl.DataFrame(fields, schema=["field", "value"], orient="row")


def event_sources(published: Path, event_id: str, is_explained: bool) -> pl.DataFrame:
    """The evidence of one event with both clocks; explained, also why each headline met the others."""
    sources = _read(published, EVENT_SOURCE, "event_id = $event_id", event_id=event_id).sort("source_number")
    shown = sources.select(
        "source_number", "role", "published_at_utc", "first_seen_at_utc", "time_basis", "outlet", "title"
    )
    if not is_explained:
        return shown
    links = _read(published, STORY_ENTRY, "").select("entry_id", "story_id", "reason", "similarity", "matched_entry_id")
    joined = sources.join(links, on="entry_id", how="left", suffix="_link", validate="m:1", maintain_order="left")
    met = sources.select(pl.col("entry_id").alias("matched_entry_id"), pl.col("title").alias("met")).drop_nulls()
    explained = joined.join(
        met.unique("matched_entry_id"), on="matched_entry_id", how="left", validate="m:1", maintain_order="left"
    )
    return explained.select("source_number", "entry_id", "story_id", "reason", "similarity", "title", "met")


def event_confounders(published: Path, event_id: str) -> pl.DataFrame:
    """What else happened in the event's window, nearest first."""
    rows = _read(published, CONFOUNDER, "event_id = $event_id", event_id=event_id).sort("confounder_number")
    return rows.select("kind", "at_utc", "offset_hours", "detail")


def require_events(published: Path, event_ids: list[str]) -> None:
    """CommandError when one of the ids is no event of the published file, naming ids that look like it."""
    if not published.is_file():
        return
    known = _read(published, EVENT, "")["event_id"].to_list()
    for event_id in event_ids:
        if event_id not in known:
            raise CommandError(f"no event {event_id}{_similar(event_id, known)}; see: aftershock events list")


def _event(published: Path, event_id: str) -> dict[str, object]:
    events = _read(published, EVENT, "")
    found = events.filter(pl.col("event_id") == event_id)
    if found.is_empty():
        hint = _similar(event_id, events["event_id"].to_list())
        raise CommandError(f"no event {event_id}{hint}; see: aftershock events list")
    return found.row(0, named=True)


def _similar(event_id: str, known: list[str]) -> str:
    near = [other for other in known if other.startswith(event_id[:10])][:3]
    return f" (that day: {', '.join(near)})" if near else ""


def _read(published: Path, table: Table, where: str, **parameters: str) -> pl.DataFrame:
    try:
        with open_reader(published) as reader:
            return reader.frame(table, where=where, **parameters)
    except StoreError as exc:
        raise CommandError(str(exc)) from exc


def _text(value: object) -> str | None:
    return None if value is None else str(value).removesuffix("+00:00")
