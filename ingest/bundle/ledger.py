"""The ledger of events, read strictly from TOML into event and evidence frames."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC as UTC_ZONE
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from warehouse.config import ConfigText, Entry, EntryTable, FileForm, LoadedFile, UtcTime, load_config
from warehouse.tables.news import EVENT, EVENT_SOURCE

Precision = Literal["second", "minute", "hour", "upper_bound", "day"]
TimeBasis = Literal["publisher", "submission", "crawl", "date_only", "incident", "statement", "first_seen"]
Role = Literal["private", "first_report", "statement", "confirmation", "reaction", "restored"]
# Evidence that an outlet carried the news itself, as opposed to knowing it in private or reporting what prices did.
CARRYING_ROLES = frozenset({"first_report", "statement", "confirmation"})


class LedgerSource(Entry):
    """One piece of evidence, with the publisher's clock and that of whoever saw it first."""

    outlet: str = Field(min_length=1)
    title: str = Field(min_length=1)
    url: str | None = Field(default=None, pattern=r"^https?://")
    published_at: UtcTime | None = None
    first_seen_at: UtcTime | None = None
    time_basis: TimeBasis
    role: Role


class LedgerEntry(Entry):
    """One entry: an event, or (`part_of`) evidence that belongs to another entry's event."""

    record_id: str = Field(pattern=r"^[A-Z]\d{3}$")
    id: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}-[a-z0-9-]+$")
    part_of: str | None = None
    role: Role | None = None
    title: str = Field(min_length=1)
    summary: str | None = None
    category: str = Field(pattern=r"^[a-z_]+$")
    earliest_at: UtcTime
    best_at: UtcTime
    latest_at: UtcTime
    ended_at: UtcTime | None = None
    time_precision: Precision
    time_basis: TimeBasis
    entities: tuple[str, ...]
    jurisdiction: str
    direction: Literal["restricts", "enables", "neutral"]
    severity: int = Field(ge=1, le=5)
    selected_from: Literal["news", "price"]
    reason: str = Field(min_length=1)
    source_url: str | None = Field(default=None, pattern=r"^https?://")
    source: tuple[LedgerSource, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_shape(self) -> LedgerEntry:
        if (self.id is None) == (self.part_of is None):
            raise ValueError("give either `id` (an event) or `part_of` (evidence of another entry's event)")
        if (self.part_of is None) != (self.role is None):
            raise ValueError("`role` goes with `part_of`")
        if not self.earliest_at <= self.best_at <= self.latest_at:
            raise ValueError("expected earliest_at <= best_at <= latest_at")
        if self.ended_at is not None and self.ended_at < self.best_at:
            raise ValueError("`ended_at` lies before `best_at`")
        return self


EVENTS = EntryTable("event", LedgerEntry, identity=("record_id",))


def read_ledger(ledger: ConfigText) -> list[LedgerEntry]:
    """The entries of a ledger in file order; ConfigError names the file, the line, the entry and the key."""
    found = load_config(FileForm((EVENTS,)), ledger)
    entries = found.entries(EVENTS)
    _refuse_repeated_ids(found)
    event_ids = {entry.id for entry in entries if entry.id is not None}
    for entry in entries:
        if entry.part_of is not None and entry.part_of not in event_ids:
            raise found.error(EVENTS, (entry.record_id,), "part_of", f"no event has the id {entry.part_of!r}")
    return list(entries)


def known_entries(entries: Iterable[LedgerEntry], now: datetime) -> list[LedgerEntry]:
    """The entries as somebody could have known them at `now`.

    Later events, evidence and endings are left out, and so is an event whose evidence is all later.
    """
    known = []
    for entry in entries:
        if entry.best_at > now:
            continue
        sources = tuple(s for s in entry.source if (s.first_seen_at or s.published_at or now) <= now)
        if entry.source and not sources:
            continue
        ended_at = entry.ended_at if entry.ended_at is not None and entry.ended_at <= now else None
        known.append(entry.model_copy(update={"source": sources, "ended_at": ended_at}))
    event_ids = {entry.id for entry in known}
    return [entry for entry in known if entry.part_of is None or entry.part_of in event_ids]


def event_frame(entries: Iterable[LedgerEntry]) -> pl.DataFrame:
    """One `core.event` row per entry that is an event of its own."""
    all_entries = list(entries)
    rows = [_event_row(entry, all_entries) for entry in all_entries if entry.id is not None]
    return EVENT.conform(pl.DataFrame(rows, schema=EVENT.schema))


def source_frame(entries: Iterable[LedgerEntry]) -> pl.DataFrame:
    """The `core.event_source` rows of each event, its `part_of` entries included, earliest evidence first."""
    all_entries = list(entries)
    rows = []
    for entry in all_entries:
        if entry.id is None:
            continue
        for number, source in enumerate(_sources_of(entry, all_entries), start=1):
            rows.append(
                {
                    "event_id": entry.id,
                    "source_number": number,
                    "entry_id": None,
                    "outlet": source.outlet,
                    "title": source.title,
                    "url": source.url,
                    "published_at_utc": source.published_at,
                    "first_seen_at_utc": source.first_seen_at,
                    "time_basis": source.time_basis,
                    "role": source.role,
                }
            )
    return EVENT_SOURCE.conform(pl.DataFrame(rows, schema=EVENT_SOURCE.schema))


def _event_row(entry: LedgerEntry, all_entries: list[LedgerEntry]) -> dict[str, object]:
    sources = _sources_of(entry, all_entries)
    parts = [other.record_id for other in all_entries if other.part_of == entry.id]
    records = entry.record_id + (f" with {' and '.join(parts)}" if parts else "")
    return {
        "event_id": entry.id,
        "title": entry.title,
        "summary": entry.summary,
        "category": entry.category,
        "earliest_at_utc": entry.earliest_at,
        "best_at_utc": entry.best_at,
        "latest_at_utc": entry.latest_at,
        "time_precision": entry.time_precision,
        "time_basis": entry.time_basis,
        "ended_at_utc": entry.ended_at,
        "severity": entry.severity,
        "direction": entry.direction,
        "jurisdiction": entry.jurisdiction,
        "entities": ",".join(entry.entities),
        "origin": "ledger",
        "status": "confirmed",
        "selected_from": entry.selected_from,
        "n_outlets": len({source.outlet for source in sources if source.role in CARRYING_ROLES}),
        "reason": f"{entry.reason} (record {records})",
        "source_url": entry.source_url,
    }


def _sources_of(entry: LedgerEntry, all_entries: list[LedgerEntry]) -> list[LedgerSource]:
    parts = [source for other in all_entries if other.part_of == entry.id for source in other.source]
    last = datetime.max.replace(tzinfo=UTC_ZONE)
    return sorted([*entry.source, *parts], key=lambda source: source.published_at or source.first_seen_at or last)


def _refuse_repeated_ids(found: LoadedFile) -> None:
    owners: dict[str, str] = {}
    for entry in found.entries(EVENTS):
        if entry.id is not None and (owner := owners.setdefault(entry.id, entry.record_id)) != entry.record_id:
            raise found.error(EVENTS, (entry.record_id,), "id", f"{entry.id!r} is that of {owner} already")
