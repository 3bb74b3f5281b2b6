"""Two stored paths side by side: two events, or one event on two tokens, over a window that the reader chooses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import HEADLINE_HOURS, Reaction, between_hours, newest_first, path_of
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page, event_path, file_name
from warehouse.tables.news import EVENT
from warehouse.tables.single import SPECIFICATION
from warehouse.tables.units import day

COMPARE_PATH = "compare.html"
EVENTS_DATA = "data/compare.js"
# Hours of a stored path that a reader can choose from, and the digits kept: a hundredth of a percent.
_FIRST_HOUR, _LAST_HOUR = -72.0, 168.0
_DIGITS = 4


def paths_data(event_id: str) -> str:
    """The file that holds the stored paths of an event."""
    return f"data/events/{file_name(event_id)}/paths.js"


def compose_compare(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """The page on which a reader chooses events, tokens and windows; its numbers are computed in the browser."""
    events = newest_first(frames.get(EVENT).filter(pl.col("status") != "rejected"))
    listed = [
        {
            "id": row["event_id"],
            "title": row["title"],
            "date": day(row["best_at_utc"]),
            "path": event_path(row["event_id"]),
            "data": paths_data(row["event_id"]),
            "tokens": tokens,
        }
        for row in events.iter_rows(named=True)
        if (tokens := measured_tokens(reactions.get(row["event_id"], [])))
    ]
    ends = [item.data_as_of for items in reactions.values() for item in items]
    return Page(
        COMPARE_PATH,
        "Events",
        "Compare",
        "Two events, or one event on two tokens, side by side over a window of your own.",
        fill("compare.html.jinja", has_events=bool(listed)),
        as_of=as_of_words(max(ends, default=None)),
        scripts=(EVENTS_DATA, "assets/compare.js"),
        files={EVENTS_DATA: _script("AFTERSHOCK_COMPARE", listed)},
    )


def measured_tokens(reactions: Iterable[Reaction]) -> list[str]:
    """Assets with a number over 24 hours, in the order of pages."""
    return [item.asset_id for item in reactions if item.is_measured]


def write_paths(frames: Frames, event: Mapping[str, Any], reactions: list[Reaction]) -> dict[str, str]:
    """The stored paths of an event's measured tokens as a script, with the estimates of its specification curve.

    Hours after the event; raw and expected cumulative simple returns since the last close before it, null where a bar
    is missing. No file for an event without a measured token.
    """
    measured = [item for item in reactions if item.is_measured]
    if not measured:
        return {}
    event_id = event["event_id"]
    estimates: dict[str, list[float]] = {}
    taken = frames.part(SPECIFICATION, "event_id", event_id).select("asset_id", "window_hours", "estimate")
    for asset_id, hours_taken, estimate in taken.iter_rows():
        if hours_taken == HEADLINE_HOURS:
            estimates.setdefault(asset_id, []).append(estimate)
    tokens = {}
    for item in measured:
        path = between_hours(path_of(frames, item), _FIRST_HOUR, _LAST_HOUR)
        if not path.height:
            continue
        tokens[item.asset_id] = {
            "hours": _short(path["hours_after_event"].to_list()),
            "raw": _short(path["raw_return"].to_list()),
            "expected": _short(path["expected_return"].to_list()),
            "choices": _short(sorted(estimates.get(item.asset_id, []))),
        }
    name = f"AFTERSHOCK_PATHS=window.AFTERSHOCK_PATHS||{{}};window.AFTERSHOCK_PATHS[{json.dumps(event_id)}]"
    return {paths_data(event_id): _script(name, tokens)}


def _short(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else round(value, _DIGITS) for value in values]


def _script(name: str, value: Any) -> str:
    payload = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A JavaScript file: U+2028 and U+2029 end lines in old engines.
    return f"window.{name}={payload};\n".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
