"""The numbers of the site as JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from dashboards.findings.readings import Reaction, bare_horizons, newest_first
from dashboards.shell.frames import Frames, newest
from dashboards.shell.page import event_path, file_name
from warehouse.tables.claims import CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.contract import Table
from warehouse.tables.correlation import CORRELATION_EPISODE, CORRELATION_PAIR
from warehouse.tables.moves import LATEST_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.prices import COVERAGE
from warehouse.tables.spoken import spoken
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import iso_instant

FILES: tuple[tuple[str, str], ...] = (
    ("events.json", "Events with their time interval and the reaction of each token by horizon"),
    ("claims.json", "Claims with verdicts and every reading"),
    ("moves.json", "The last 24 hours of each token against its past"),
    ("correlations.json", "Correlation of pairs, and before and after events"),
    ("groups.json", "Results for kinds of events, every test"),
    ("coverage.json", "What bars are stored"),
)
UNITS = (
    "Returns are fractions (0.234 is 23.4 %), times are ISO 8601 UTC, an absent number is null and carries a reason."
)


def write_exports(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> dict[str, str]:
    """Every JSON file of `data/` by path."""
    results = frames.get(STUDY_RESULT)
    content: dict[str, Any] = {
        "events.json": [
            {
                **row,
                "page": event_path(row["event_id"]),
                "reactions": [_reaction(item) for item in reactions.get(row["event_id"], [])],
            }
            for row in _rows(newest_first(frames.get(EVENT)))
        ],
        "claims.json": [
            {**row, "readings": _by_key(frames.part(CLAIM_READING, "claim_id", row["claim_id"]), CLAIM_READING)}
            for row in _by_key(frames.get(CLAIM_VERDICT), CLAIM_VERDICT)
        ],
        "moves.json": _by_key(frames.get(LATEST_MOVE), LATEST_MOVE),
        "correlations.json": {
            "pairs": _by_key(frames.get(CORRELATION_PAIR), CORRELATION_PAIR),
            "around_events": _by_key(frames.get(CORRELATION_EPISODE), CORRELATION_EPISODE),
        },
        "groups.json": _by_key(results.filter(pl.col("group_id") != "event"), STUDY_RESULT),
        "coverage.json": _by_key(frames.get(COVERAGE), COVERAGE),
    }
    as_of = newest(results, "data_as_of_utc")
    index = {
        "title": "Aftershock",
        "units": UNITS,
        "data_as_of_utc": _plain(as_of) if as_of else None,
        "files": [{"path": f"data/{name}", "content": text} for name, text in FILES],
        "per_event": "data/events/<event_id>/event.json",
    }
    return {
        "data/index.json": _json(index),
        **{f"data/{name}": _json({"units": UNITS, "rows": content[name]}) for name, _ in FILES},
    }


def write_event(event: Mapping[str, Any], reactions: list[Reaction]) -> dict[str, str]:
    """The JSON file of one event."""
    path = f"data/events/{file_name(event['event_id'])}/event.json"
    return {
        path: _json(
            {
                "units": UNITS,
                **{key: _plain(value) for key, value in event.items()},
                "reactions": [_reaction(item) for item in reactions],
            }
        )
    }


def _reaction(reaction: Reaction) -> dict[str, Any]:
    return {
        "asset_id": reaction.asset_id,
        "market_id": reaction.market_id,
        "is_simulated": reaction.is_simulated,
        "spec_sha256": reaction.spec_sha256,
        "data_as_of_utc": _plain(reaction.data_as_of),
        "horizons": [_horizon(**horizon) for horizon in bare_horizons(reaction)],
    }


def _horizon(*, reason: str | None, is_outside: bool | None, **numbers: Any) -> dict[str, Any]:
    words = None if reason is None else spoken(reason)
    return {**numbers, "reason": words, "is_outside_ordinary_range": is_outside}


def _by_key(frame: pl.DataFrame, table: Table) -> list[dict[str, Any]]:
    """The rows in one order, however they are stored."""
    return _rows(frame.sort(table.key))


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    moments = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return [{**row, **{name: _plain(row[name]) for name in moments}} for row in frame.iter_rows(named=True)]


def _plain(value: Any) -> Any:
    return iso_instant(value) if isinstance(value, datetime) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
