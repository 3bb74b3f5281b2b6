"""The user's own ledger of events: a plain TOML file that commands write and people may edit."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from analysis.events.decisions import Decision, DecisionError, read_decisions
from flows.errors import CommandError

FILE_NAME = "events.toml"
HEADER = "Your word on events: it wins over detection and the shipped ledger, and survives `aftershock rebuild`."


def load_decisions(config_path: Path) -> list[Decision]:
    """The decisions of `events.toml`; none when there is no file; CommandError names what is wrong."""
    path = config_path / FILE_NAME
    if not path.is_file():
        return []
    try:
        return read_decisions(path.read_text(encoding="utf-8"), str(path))
    except DecisionError as exc:
        raise CommandError(f"{exc}. Edit the file or remove the entry") from exc


def record_decision(config_path: Path, event_id: str, changes: dict[str, Any]) -> Path:
    """Write `changes` into the event's entry, keeping every other line of the file as it is; returns the file."""
    path = config_path / FILE_NAME
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.is_file() else _new_document()
    entries = document.get("event")
    if not isinstance(entries, AoT):
        entries = tomlkit.aot()
        document["event"] = entries
    entry = next((item for item in entries if item.get("id") == event_id), None)
    if entry is None:
        entry = tomlkit.table()
        entry["id"] = event_id
        entries.append(entry)
    _change(entry, changes)
    text = tomlkit.dumps(document)
    try:
        read_decisions(text, str(path))
    except DecisionError as exc:
        raise CommandError(str(exc)) from exc
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _new_document() -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment(HEADER))
    return document


def _change(entry: Table, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            continue
        entry[key] = tomlkit.datetime(_plain(value)) if isinstance(value, datetime) else value


def _plain(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
