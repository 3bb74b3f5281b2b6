"""A person's word on events, which always wins over detection and the shipped ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC as UTC_ZONE
from itertools import pairwise
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from analysis.events.recorded.merging import absorb
from warehouse.config import ConfigText, Entry, EntryTable, FileForm, load_config
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.units import iso_instant

# Keys of a decision that replace the event's own value, and the column they replace.
OVERRIDES = {
    "status": "status",
    "title": "title",
    "summary": "summary",
    "category": "category",
    "earliest_at": "earliest_at_utc",
    "best_at": "best_at_utc",
    "latest_at": "latest_at_utc",
    "ended_at": "ended_at_utc",
    "time_precision": "time_precision",
    "severity": "severity",
    "direction": "direction",
    "jurisdiction": "jurisdiction",
    "entities": "entities",
    "source_url": "source_url",
    "selected_from": "selected_from",
}
# In this order where an entry names several.
_ORDERED_TIMES = ("earliest_at", "best_at", "latest_at")
NEEDED_FOR_NEW = ("title", "category", "best_at")
# A person may write a time in any zone.
_Instant = Annotated[AwareDatetime, AfterValidator(lambda value: value.astimezone(UTC_ZONE))]


def _split_names(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


class DecisionEntry(Entry):
    """One `[[event]]` of a person's ledger; a key that is absent leaves the event's own value."""

    id: str = Field(min_length=1)
    status: Literal["confirmed", "detected", "rejected"] | None = None
    title: str | None = Field(default=None, min_length=1)
    summary: str | None = None
    category: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
    earliest_at: _Instant | None = None
    best_at: _Instant | None = None
    latest_at: _Instant | None = None
    ended_at: _Instant | None = None
    time_precision: Literal["second", "minute", "hour", "upper_bound", "day"] | None = None
    severity: int | None = Field(default=None, ge=1, le=5)
    direction: Literal["restricts", "enables", "neutral"] | None = None
    jurisdiction: str | None = None
    entities: Annotated[tuple[str, ...] | None, BeforeValidator(_split_names)] = None
    source_url: str | None = Field(default=None, pattern=r"^https?://")
    selected_from: Literal["news", "price"] | None = None
    merged_into: str | None = None
    split_from: str | None = None
    entry_ids: tuple[str, ...] = ()
    note: str | None = None


_DECISIONS = EntryTable("event", DecisionEntry)
DECISION_FORM = FileForm((_DECISIONS,))


@dataclass(frozen=True, slots=True)
class Decision:
    """One `[[event]]` of the user's ledger."""

    event_id: str
    values: dict[str, Any]
    merged_into: str | None
    split_from: str | None
    entry_ids: tuple[str, ...]
    note: str | None

    @property
    def is_complete(self) -> bool:
        """Whether it makes an event that nothing else knows."""
        return all(OVERRIDES[key] in self.values for key in NEEDED_FOR_NEW)


def read_decisions(ledger: ConfigText | None) -> list[Decision]:
    """The decisions of a person's ledger in file order, none without one; ConfigError names what is wrong and where."""
    loaded = load_config(DECISION_FORM, ledger)
    entries = loaded.entries(_DECISIONS)
    for event_id, key, message in (*_untimely(entries), *_entangled(entries)):
        raise loaded.error(_DECISIONS, (event_id,), key, message)
    return [_decision(entry) for entry in entries]


def _untimely(entries: Iterable[DecisionEntry]) -> Iterator[tuple[str, str, str]]:
    """Times of an entry that are not in order, as id, key and message."""
    for entry in entries:
        times = [(key, getattr(entry, key)) for key in _ORDERED_TIMES if getattr(entry, key) is not None]
        for (earlier, before), (later, after) in pairwise(times):
            if after < before:
                said = f"{iso_instant(after)} lies before {earlier} ({iso_instant(before)}); set them in order"
                yield entry.id, later, said


def _entangled(entries: Iterable[DecisionEntry]) -> Iterator[tuple[str, str, str]]:
    """Events that a merge or a split leads back to themselves, as id, key and message."""
    for key in ("merged_into", "split_from"):
        parents = {entry.id: getattr(entry, key) for entry in entries if getattr(entry, key) is not None}
        for event_id in parents:
            path = [event_id]
            while (parent := parents.get(path[-1])) is not None and parent not in path:
                path.append(parent)
            if parent == event_id:
                said = " → ".join((*path, event_id))
                yield event_id, key, f"leads back to itself ({said}); take one of these decisions out"


def _decision(entry: DecisionEntry) -> Decision:
    values = {column: getattr(entry, key) for key, column in OVERRIDES.items() if key in entry.model_fields_set}
    if "entities" in values:
        values["entities"] = ",".join(values["entities"])
    return Decision(entry.id, values, entry.merged_into, entry.split_from, entry.entry_ids, entry.note)


def apply_decisions(
    events: pl.DataFrame, sources: pl.DataFrame, decisions: list[Decision]
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """`core.event` and `core.event_source` rows after a person's decisions, and a line for each that has no effect.

    A split takes its headlines out of the event it splits; a merge moves all evidence and leaves the merged event
    rejected with the reason; anything else replaces values. An unknown id with title, category and best_at is new.
    """
    problems: list[str] = []
    rows = {row["event_id"]: row for row in events.iter_rows(named=True)}
    for decision in decisions:
        problem = _apply(rows, decision)
        if problem:
            problems.append(problem)
            continue
        if decision.split_from is not None:
            sources = _split(sources, decision)
    merges = {d.event_id: d.merged_into for d in decisions if d.merged_into in rows and d.event_id in rows}
    moved = absorb(sources, {child: parent for child, parent in merges.items() if parent is not None})
    frame = pl.DataFrame(list(rows.values()), schema=EVENT.schema) if rows else EVENT.empty()
    return EVENT.conform(frame), moved, problems


def _apply(rows: dict[str, dict[str, Any]], decision: Decision) -> str | None:
    row = rows.get(decision.event_id)
    if decision.merged_into is not None and decision.merged_into not in rows:
        return f"{decision.event_id}: cannot merge into {decision.merged_into}: no such event"
    if row is None:
        origin = rows.get(decision.split_from or "")
        if decision.split_from is not None and origin is None:
            return f"{decision.event_id}: cannot split from {decision.split_from}: no such event"
        row = _new_row(decision, origin)
        if row is None:
            return f"{decision.event_id}: no such event now; a new one needs {', '.join(NEEDED_FOR_NEW)}"
    changed = {**row, **decision.values}
    if row["origin"] == "ledger":
        changed["origin"] = "user"  # so that the shipped ledger does not put its own values back
    changed["earliest_at_utc"] = min(changed["earliest_at_utc"], changed["best_at_utc"])
    changed["latest_at_utc"] = max(changed["latest_at_utc"], changed["best_at_utc"])
    if "best_at_utc" in decision.values:
        for key in ("earliest_at_utc", "latest_at_utc"):
            changed[key] = decision.values.get(key, changed["best_at_utc"])
    if decision.merged_into is not None:
        changed["status"] = "rejected"
        changed["reason"] = f"merged into {decision.merged_into} by a person"
    elif decision.note:
        changed["reason"] = f"{row['reason']}; a person says: {decision.note}"
    rows[decision.event_id] = changed
    return None


def _new_row(decision: Decision, origin: dict[str, Any] | None) -> dict[str, Any] | None:
    values = decision.values
    base = dict(origin) if origin is not None else dict.fromkeys(EVENT.column_names)
    if origin is None:
        if not decision.is_complete:
            return None
        at = values["best_at_utc"]
        base |= {"earliest_at_utc": at, "best_at_utc": at, "latest_at_utc": at}
        base |= {"time_precision": "second", "time_basis": "statement", "selected_from": "news"}
    base |= {"event_id": decision.event_id, "origin": "user", "status": "confirmed"}
    base["reason"] = f"split from {decision.split_from} by a person" if origin is not None else "entered by a person"
    return base


def _split(sources: pl.DataFrame, decision: Decision) -> pl.DataFrame:
    """The evidence named by the decision moved to the new event; both events' evidence numbered anew."""
    is_taken = (pl.col("event_id") == decision.split_from) & (
        pl.col("entry_id").is_in(list(decision.entry_ids)) | pl.col("story_id").is_in(list(decision.entry_ids))
    )
    taken = sources.with_columns(
        pl.when(is_taken).then(pl.lit(decision.event_id)).otherwise("event_id").alias("event_id")
    )
    is_touched = pl.col("event_id").is_in([decision.event_id, decision.split_from])
    numbered = (
        taken.filter(is_touched)
        .sort("event_id", "source_number")
        .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("event_id").alias("source_number"))
    )
    return EVENT_SOURCE.conform(pl.concat([taken.filter(~is_touched), numbered]))
