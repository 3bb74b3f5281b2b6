"""The user's own ledger of events: a plain TOML file that commands write, undo, and people may edit."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from analysis.events.decisions import NEEDED_FOR_NEW, OVERRIDES, Decision, read_decisions
from analysis.own.tables import TIME_NAMES, optional_column, strip_cells
from analysis.own.times import OwnDataError, parse_times
from flows.configuration import read_own, with_entries
from flows.errors import CommandError
from warehouse.config import ConfigError, ConfigText
from warehouse.replacing import replacing

FILE_NAME = "events.toml"
HEADER = "Your word on events: it wins over detection and the shipped ledger, and survives `aftershock rebuild`."
# Beside config/, because a run that finds config/ changed does its work anew.
_JOURNAL = "events-undo.jsonl"
_KEPT_STEPS = 100
_TABLE_KEYS = (*OVERRIDES, "note")
_TIME_KEYS = ("earliest_at", "latest_at", "ended_at")


def load_decisions(config_path: Path) -> list[Decision]:
    """The decisions of `events.toml`; none when there is no file; ConfigError names what is wrong."""
    return read_decisions(read_own(config_path, FILE_NAME))


def record_decisions(
    config_path: Path, decisions: Mapping[str, Mapping[str, Any]], *, is_rehearsal: bool = False
) -> Path:
    """Write several entries at once, or none when one of them cannot stand; returns the file.

    A rehearsal checks what would stand and writes nothing.
    """
    written = read_own(config_path, FILE_NAME)
    read_decisions(written)
    text = with_entries(written, "event", decisions, HEADER)
    if is_rehearsal:
        read_decisions(ConfigText(str(config_path / FILE_NAME), text))
        return config_path / FILE_NAME
    return _write(config_path, written, text, ", ".join(decisions))


def require_new(config_path: Path, known: set[str], event_id: str) -> None:
    """CommandError where `known` or the file has an event of that id."""
    if event_id in known or event_id in {decision.event_id for decision in load_decisions(config_path)}:
        raise CommandError(
            f"there is an event {event_id}; change it with `aftershock events retime`, or choose another id"
        )


@dataclass(slots=True)
class EventRow:
    """One row of a table of events: its line, its id, the values of its entry, and a sentence per fault."""

    line: int
    event_id: str
    values: dict[str, Any]
    faults: list[str] = field(default_factory=list)


def read_event_table(table: pl.DataFrame, source: str) -> list[EventRow]:
    """The rows of a table of text (event_id, title, category, date, and any other key of an entry), faults and all.

    CommandError where a column is missing; an event of the table needs title, category and date. Faults of a whole
    column of times stand with its first row.
    """
    frame = strip_cells(table)
    ids = optional_column(frame, ("event_id", "id"))
    time = optional_column(frame, ("best_at", "best_at_utc", "at", *TIME_NAMES))
    wanted = {"event_id": ids, "title": "title", "category": "category", "date": time}
    absent = [name for name, column in wanted.items() if column not in frame.columns]
    if absent or not frame.height:
        said = f"no column {absent[0]}" if absent else "no rows"
        raise CommandError(f"{source}: {said}; expected event_id, title, category, date, and rows")
    columns = [name for name in frame.columns if name in _TABLE_KEYS]
    times = {name: name for name in columns if name in _TIME_KEYS} | {"best_at": str(time)}
    read, unread = {}, {}
    for name, column in times.items():
        try:
            read[name] = _read_times(frame[column], source)
        except OwnDataError as exc:
            unread[name] = str(exc)
    plain = [name for name in columns if name not in times]
    found: list[EventRow] = []
    for number, row in enumerate(frame.iter_rows(named=True)):
        values = {name: row[name] for name in plain if row[name] is not None}
        values |= {name: at[number] for name, (at, _) in read.items() if at[number] is not None}
        if "best_at" in values and not read["best_at"][1][number]:
            values = _of_a_day(values)
        values["category"] = str(values.get("category") or "").lower().replace(" ", "_") or None
        if str(values.get("severity", "")).isdigit():
            values["severity"] = int(values["severity"])
        found.append(EventRow(number + 2, row[str(ids)] or "", values))
    _judge_rows(found, source, set(unread))
    found[0].faults[:0] = unread.values()
    return found


def _judge_rows(rows: list[EventRow], source: str, unread: set[str]) -> None:
    """Note what each row lacks, repeats or says wrongly; nobody knows what the keys `unread` say."""
    seen: set[str] = set()
    for row in rows:
        missing = [name for name in NEEDED_FOR_NEW if row.values.get(name) is None and name not in unread]
        said = [f"no {name}; each event needs it" for name in ([] if row.event_id else ["event_id"]) + missing]
        if row.event_id in seen:
            said.append(f"{row.event_id} stands twice; ids are unique")
        said += [f"{key}: {fault}" for key, fault in faults_of_entry(row.event_id or "?", row.values)]
        row.faults += [f"{source} row {row.line}: {sentence}" for sentence in said]
        seen |= {row.event_id} - {""}


def _read_times(column: pl.Series, source: str) -> tuple[list[Any], list[bool]]:
    """Instants, None for an empty cell; and whether each says a time of day."""
    told = column.drop_nulls()
    if not told.len():
        return [None] * column.len(), [True] * column.len()
    parsed = parse_times(column.fill_null(told[0]), source)  # of the same form, so that rows keep their numbers
    times = pl.Series(parsed.at).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").to_list()
    is_there = column.is_not_null()
    return [at if there else None for at, there in zip(times, is_there, strict=True)], parsed.has_clock.tolist()


def _of_a_day(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an event of which only the day is known: midnight would be a guess, so its bounds are the day's."""
    first, last = values["best_at"], values["best_at"] + timedelta(days=1, seconds=-1)
    return {"earliest_at": first, "latest_at": last, "time_precision": "day"} | dict(values)


def faults_of_entry(event_id: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Key and sentence of each fault that the values of an entry have by themselves."""
    text = ConfigText("entry", with_entries(None, "event", {event_id: values}, HEADER))
    try:
        read_decisions(text)
    except ConfigError as exc:
        # The line is one of a text that nobody has seen.
        told = re.compile(rf"entry line \d+: event {re.escape(repr(event_id))}: (\S+): (.*)")
        lines = [(told.fullmatch(line), line) for line in str(exc).split("\n")]
        return [(match[1], match[2]) if match else ("", line) for match, line in lines]
    return []


def withdraw_decision(config_path: Path, event_id: str) -> Path:
    """Take the event's whole entry out of the file; CommandError when there is none or others rest on it."""
    written = read_own(config_path, FILE_NAME)
    decisions = {decision.event_id: decision for decision in read_decisions(written)}
    if written is None or event_id not in decisions:
        raise CommandError(f"{config_path / FILE_NAME} says nothing of {event_id}; it speaks of {_listed(decisions)}")
    resting = [name for name, other in decisions.items() if event_id in (other.merged_into, other.split_from)]
    is_made_here = decisions[event_id].split_from is not None or decisions[event_id].is_complete
    if resting and is_made_here:
        raise CommandError(f"{resting[0]} rests on {event_id}, which only this file makes; undo {resting[0]} first")
    text = _without_entry(written.text, list(decisions).index(event_id))
    if {decision.event_id for decision in read_decisions(ConfigText(str(config_path / FILE_NAME), text))} != {
        *decisions
    } - {event_id}:
        raise CommandError(f"{config_path / FILE_NAME}: take {event_id} out by hand; its form is not that of commands")
    return _write(config_path, written, text, event_id, is_withdrawal=True)


def _without_entry(text: str, number: int) -> str:
    """The text without the lines of its `number`th entry; what a person wrote between entries stays."""
    lines = text.splitlines(keepends=True)
    heads = [at for at, line in enumerate(lines) if line.strip().startswith("[[event]]")] + [len(lines)]
    if number + 1 >= len(heads):
        return text
    start, stop = heads[number], heads[number + 1]
    while stop > start + 1 and (not lines[stop - 1].strip() or lines[stop - 1].lstrip().startswith("#")):
        stop -= 1
    return "".join(lines[:start] + lines[stop:])


def undo_last(config_path: Path) -> str:
    """Put the file back as it was before the last command; returns what that did, a word taken back or restored.

    CommandError when nothing is kept, or the file was edited since: undoing would lose the edit.
    """
    journal = config_path.parent / _JOURNAL
    steps = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    if not steps:
        raise CommandError("no decision of a command is left to undo; name an event: aftershock events undo EVENT")
    last = json.loads(steps[-1])
    path = config_path / FILE_NAME
    now = read_own(config_path, FILE_NAME)
    if _digest(now.text if now is not None else "") != last["after_sha256"]:
        raise CommandError(f"{path} was edited since the last command; name an event: aftershock events undo EVENT")
    if last["before"] is None:
        path.unlink()
    else:
        _put(path, last["before"])
    _put(journal, "".join(f"{step}\n" for step in steps[:-1]))
    if last.get("is_withdrawal"):
        return f"restored: what your ledger said of {last['events']}"
    return f"taken back: what the last command said of {last['events']}"


def _write(
    config_path: Path, before: ConfigText | None, text: str, events: str, *, is_withdrawal: bool = False
) -> Path:
    """Check the new text as a whole, note how to undo it, write it."""
    path = config_path / FILE_NAME
    read_decisions(ConfigText(str(path), text))
    if before is not None and before.text == text:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = config_path.parent / _JOURNAL
    steps = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    step: dict[str, object] = {"before": before.text if before is not None else None, "after_sha256": _digest(text)}
    step |= {"events": events, "is_withdrawal": is_withdrawal}
    kept = [*steps, json.dumps(step)][-_KEPT_STEPS:]
    _put(path, text)
    _put(journal, "".join(f"{line}\n" for line in kept))
    return path


def _put(path: Path, text: str) -> None:
    """Write a whole file or leave what stands: a full disk takes no word of a person away."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _listed(names: Mapping[str, Decision]) -> str:
    return ", ".join(names) or "no event"
