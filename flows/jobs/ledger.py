"""The user's own ledger of events: a plain TOML file that commands write and people may edit."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from analysis.events.decisions import Decision, read_decisions
from flows.configuration import read_own
from warehouse.config import ConfigText

FILE_NAME = "events.toml"
HEADER = "Your word on events: it wins over detection and the shipped ledger, and survives `aftershock rebuild`."


def load_decisions(config_path: Path) -> list[Decision]:
    """The decisions of `events.toml`; none when there is no file; ConfigError names what is wrong."""
    return read_decisions(read_own(config_path, FILE_NAME))


def record_decision(config_path: Path, event_id: str, changes: dict[str, Any]) -> Path:
    """Write `changes` into the event's entry, keeping every other line of the file as it is; returns the file."""
    path = config_path / FILE_NAME
    written = read_own(config_path, FILE_NAME)
    read_decisions(written)
    document = tomlkit.parse(written.text) if written is not None else _new_document()
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
    read_decisions(ConfigText(str(path), text))
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
