"""The Atom and JSON feeds of new events, verdicts and alerts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from dashboards.findings.findings import benchmark_word, beyond_title
from dashboards.findings.readings import Reaction, listed_first, newest_first, subject_of, unmeasured_reason
from dashboards.shell.cards import VERDICTS, read_verdicts, shown_verdict
from dashboards.shell.frames import Frames
from dashboards.shell.page import claim_path, event_path
from warehouse.tables.news import EVENT
from warehouse.tables.ops import NOTIFICATION
from warehouse.tables.terms import category_news
from warehouse.tables.units import iso_instant

_MAX_ENTRIES = 60
# Instant, id, title, page, text.
_Told = tuple[datetime, str, str, str, str]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Characters that XML 1.0 forbids however they are written.
_FORBIDDEN = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}


_TITLE = "Aftershock: events, verdicts and alerts"
# An alert of these kinds is told by the feed's own entries of events and verdicts.
_TOLD_OTHERWISE = ("event", "verdict")


def write_feeds(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> dict[str, str]:
    """`feed.xml` (Atom) and `feed.json` (JSON Feed 1.1): the newest events, every verdict and alerts, newest first.

    They are dated by the data: an unchanged site has unchanged feeds.
    """
    entries = sorted(
        [*_events(frames, reactions), *_verdicts(frames), *_alerts(frames)],
        key=lambda entry: (entry[0], entry[1]),
        reverse=True,
    )[:_MAX_ENTRIES]
    return {"feed.xml": _atom(entries), "feed.json": _json(entries)}


def _json(entries: Sequence[_Told]) -> str:
    items = [
        {
            "id": f"urn:aftershock:{name}",
            "url": path,
            "title": str(title),
            "content_text": str(text),
            "date_published": _stamp(moment),
        }
        for moment, name, title, path, text in entries
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": _TITLE, "home_page_url": "index.html"}
    return json.dumps({**head, "feed_url": "feed.json", "items": items}, ensure_ascii=False, indent=1) + "\n"


def _atom(entries: Sequence[_Told]) -> str:
    updated = entries[0][0] if entries else _EPOCH
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>urn:aftershock:site</id><title>{_TITLE}</title>"
        f'<updated>{_stamp(updated)}</updated><author><name>Aftershock</name></author><link href="index.html"/>'
    )
    body = "".join(_entry(*entry) for entry in entries)
    return f"{head}{body}</feed>\n"


def _events(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> list[_Told]:
    events = newest_first(listed_first(frames.get(EVENT)))
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


def _verdicts(frames: Frames) -> list[_Told]:
    return [
        (
            row["data_as_of_utc"] or _EPOCH,
            f"claim:{row['claim_id']}:{row['spec_sha256'][:12]}",
            f"{VERDICTS[shown_verdict(row)][1]}: {row['quote']}",
            claim_path(row["claim_id"]),
            row["closest_true_statement"],
        )
        for row in read_verdicts(frames)
    ]


def _alerts(frames: Frames) -> list[_Told]:
    noted = frames.get(NOTIFICATION).filter((pl.col("state") != "standing") & ~pl.col("kind").is_in(_TOLD_OTHERWISE))
    # Two rules that tell the same are one alert.
    in_order = noted.sort("noticed_at_utc", "notification_id")
    once = in_order.unique(["kind", "subject"], keep="first", maintain_order=True)
    return [
        (row["noticed_at_utc"], f"alert:{row['kind']}:{row['subject']}", row["title"], row["page"], row["body"])
        for row in once.iter_rows(named=True)
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
