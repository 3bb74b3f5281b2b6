"""The user's own ledger of events: a plain TOML file that commands write and people may edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.events.decisions import Decision, read_decisions
from flows.configuration import read_own, with_entries
from warehouse.config import ConfigText

FILE_NAME = "events.toml"
HEADER = "Your word on events: it wins over detection and the shipped ledger, and survives `aftershock rebuild`."


def load_decisions(config_path: Path) -> list[Decision]:
    """The decisions of `events.toml`; none when there is no file; ConfigError names what is wrong."""
    return read_decisions(read_own(config_path, FILE_NAME))


def record_decision(config_path: Path, event_id: str, changes: dict[str, Any]) -> Path:
    """Write `changes` into the event's entry, keeping every other line of the file as it is; returns the file."""
    return record_decisions(config_path, {event_id: changes})


def record_decisions(config_path: Path, decisions: dict[str, dict[str, Any]]) -> Path:
    """Write several entries at once, or none when one of them cannot stand; returns the file."""
    path = config_path / FILE_NAME
    written = read_own(config_path, FILE_NAME)
    read_decisions(written)
    text = with_entries(written, "event", decisions, HEADER)
    read_decisions(ConfigText(str(path), text))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
