"""A person's word on events, which always wins over detection and the shipped ledger."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC as UTC_ZONE
from datetime import datetime
from typing import Any

import polars as pl

from analysis.events.merging import absorb
from warehouse.tables.news import EVENT, EVENT_SOURCE

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
}
OTHER_KEYS = {"id", "merged_into", "split_from", "entry_ids", "note"}
NEEDED_FOR_NEW = ("title", "category", "best_at")
STATUSES = ("confirmed", "detected", "rejected")


class DecisionError(ValueError):
    """The user's ledger is malformed; the message names file, entry and key."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One `[[event]]` of the user's ledger."""

    event_id: str
    values: dict[str, Any]
    merged_into: str | None
    split_from: str | None
    entry_ids: tuple[str, ...]
    note: str | None


def read_decisions(text: str, file_name: str) -> list[Decision]:
    """The decisions of a user's ledger in file order; DecisionError names the entry and key that is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise DecisionError(f"{file_name} is not valid TOML: {exc}") from exc
    unknown = sorted(set(document) - {"event"})
    if unknown:
        raise DecisionError(f"{file_name}: unknown key(s) {unknown}; expected [[event]] entries only")
    return [_decision(entry, number, file_name) for number, entry in enumerate(document.get("event", []), start=1)]


def _decision(entry: dict[str, Any], number: int, file_name: str) -> Decision:
    where = f"{file_name}, entry {number} ({entry.get('id', 'no id')})"
    if not isinstance(entry.get("id"), str):
        raise DecisionError(f"{where}: every entry needs an `id`")
    unknown = sorted(set(entry) - set(OVERRIDES) - OTHER_KEYS)
    if unknown:
        raise DecisionError(f"{where}: unknown key(s) {unknown}; expected {sorted(set(OVERRIDES) | OTHER_KEYS)}")
    if entry.get("status", "confirmed") not in STATUSES:
        raise DecisionError(f"{where}: status {entry['status']!r}; expected one of {', '.join(STATUSES)}")
    values = {OVERRIDES[key]: _value(key, entry[key], where) for key in OVERRIDES if key in entry}
    return Decision(
        entry["id"],
        values,
        entry.get("merged_into"),
        entry.get("split_from"),
        tuple(entry.get("entry_ids", ())),
        entry.get("note"),
    )


def _value(key: str, value: Any, where: str) -> Any:
    if key.endswith("_at"):
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise DecisionError(f"{where}: {key} must be a time with a zone, such as 2026-06-12T23:56:41Z")
        return value.astimezone(UTC_ZONE)
    if key == "entities" and isinstance(value, list):
        return ",".join(value)
    return value


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
        if any(OVERRIDES[key] not in values for key in NEEDED_FOR_NEW):
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
