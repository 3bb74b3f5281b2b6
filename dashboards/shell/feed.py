"""The Atom feed of new events and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from dashboards.findings.findings import benchmark_word, beyond_title
from dashboards.findings.readings import Reaction, subject_of, unmeasured_reason
from dashboards.shell.cards import VERDICTS, read_verdicts, shown_verdict
from dashboards.shell.frames import Frames
from dashboards.shell.page import event_path
from warehouse.tables.news import EVENT
from warehouse.tables.terms import category_news
from warehouse.tables.units import iso_instant

_MAX_ENTRIES = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Characters that XML 1.0 forbids however they are written.
_FORBIDDEN = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}


def write_atom(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> str:
    """The newest events and every verdict, newest first, dated by the data: an unchanged site has an unchanged feed."""
    entries = sorted(
        [*_events(frames, reactions), *_verdicts(frames)], key=lambda entry: (entry[0], entry[1]), reverse=True
    )
    updated = entries[0][0] if entries else _EPOCH
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        "<id>urn:aftershock:site</id><title>Aftershock: events and verdicts</title>"
        f'<updated>{_stamp(updated)}</updated><author><name>Aftershock</name></author><link href="index.html"/>'
    )
    body = "".join(_entry(*entry) for entry in entries[:_MAX_ENTRIES])
    return f"{head}{body}</feed>\n"


def _events(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> list[tuple[datetime, str, str, str, str]]:
    events = frames.get(EVENT).filter(pl.col("status") != "rejected").sort("best_at_utc", descending=True)
    return [
        (
            row["best_at_utc"],
            f"event:{row['event_id']}",
            row["title"],
            event_path(row["event_id"]),
            _finding(row, reactions),
        )
        for row in events.head(_MAX_ENTRIES).iter_rows(named=True)
    ]


def _finding(row: Mapping[str, Any], reactions: Mapping[str, list[Reaction]]) -> str:
    subject = subject_of(reactions.get(row["event_id"], []))
    if subject is None or subject.headline is None:
        return f"Not measured: {unmeasured_reason(row)}."
    return f"{beyond_title(subject, category_news(row['category']), benchmark_word(subject.headline.benchmark))}."


def _verdicts(frames: Frames) -> list[tuple[datetime, str, str, str, str]]:
    return [
        (
            row["data_as_of_utc"] or _EPOCH,
            f"claim:{row['claim_id']}:{row['spec_sha256'][:12]}",
            f"{VERDICTS[shown_verdict(row)][1]}: {row['quote']}",
            f"claims.html#{row['claim_id']}",
            row["closest_true_statement"],
        )
        for row in read_verdicts(frames)
    ]


def _entry(updated: datetime, name: str, title: str, path: str, text: str) -> str:
    return (
        f"<entry><id>urn:aftershock:{_xml(name)}</id><title>{_xml(title)}</title><updated>{_stamp(updated)}</updated>"
        f'<link href="{_xml(path)}"/><summary>{_xml(text)}</summary></entry>'
    )


def _xml(text: str) -> Markup:
    return escape(text.translate(_FORBIDDEN))


def _stamp(moment: datetime) -> str:
    return iso_instant(moment)
