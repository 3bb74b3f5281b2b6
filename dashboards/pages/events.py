"""The index of events: moves first, a filter over all of them, and plain pages by year."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.moves import total_of
from dashboards.findings.readings import Reaction, newest_first, subject_of, tokens_outside, tokens_ranged
from dashboards.findings.superlatives import record_sentence, record_title
from dashboards.numbers import counted, signed_rows
from dashboards.pages.own_study import own_studies_list
from dashboards.pages.providers import OUTAGE_KIND, provider_name, provider_names
from dashboards.pages.sections import events_table
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page, event_path
from dashboards.shell.tables import Cell, Head, Spanning, empty_table, link, strong, table, time_tag
from warehouse.tables.moves import SHARED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.terms import category_label
from warehouse.tables.units import clock, count, day, iso_day, listing, percent, plural

INDEX_DATA = "data/events-index.js"
# The table of moves shows so many, newest first; the filter below it reaches every event.
MAX_MOVES = 60


def compose_events(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """Moves outside the ordinary range first, then all events: filtered on the client, by year without a script."""
    events = newest_first(frames.get(EVENT).filter(pl.col("status") != "rejected"))
    subjects = [subject for items in reactions.values() if (subject := subject_of(items)) is not None]
    total = total_of(frames, "record", "all")
    title = record_title(total)
    entries = index_entries(events, reactions)
    body = fill(
        "events.html.jinja",
        title=title,
        chance=f": {record_sentence(total)}" if total else "",
        moves=moves_first(frames, events),
        years=_years(events),
        tokens=sorted({token for items in reactions.values() for token in tokens_ranged(items)}),
        kinds=sorted({entry["kind"] for entry in entries}),
        providers=sorted({entry["provider"] for entry in entries if entry["provider"]}),
        own_studies=own_studies_list(frames.named("own_studies")),
    )
    payload = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    # A JavaScript file: U+2028 and U+2029 end lines in old engines.
    script = f"window.AFTERSHOCK_EVENTS={payload};\n".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    ends = [item.data_as_of for item in subjects]
    return Page(
        path="events.html",
        section="Events",
        title="Events",
        description=f"AI-policy events and what decentralised-AI tokens did after them: {title}.",
        body=body,
        as_of=as_of_words(max(ends, default=None)),
        scripts=(INDEX_DATA, "assets/events.js"),
        files={INDEX_DATA: script},
    )


def year_path(year: int) -> str:
    """The plain page of the events of a year."""
    return f"events-{year}.html"


def event_years(events: pl.DataFrame) -> list[int]:
    """Years in which an event that is not rejected became public, newest first."""
    kept = events.filter(pl.col("status") != "rejected")
    return sorted(kept["best_at_utc"].dt.year().unique().to_list(), reverse=True)


def compose_year(frames: Frames, year: int, reactions: Mapping[str, list[Reaction]]) -> Page:
    """Every event of one year as a table that needs no script, newest first."""
    is_listed = (pl.col("status") != "rejected") & (pl.col("best_at_utc").dt.year() == year)
    events = newest_first(frames.get(EVENT).filter(is_listed))
    ends = [item.data_as_of for event_id in events["event_id"] for item in reactions.get(event_id, [])]
    body = fill(
        "events_year.html.jinja",
        year=year,
        n_events=plural(_count_of_year(events.height, year), "event"),
        events=events_table("events-of-year", events, reactions, ""),
        years=_years(frames.get(EVENT)),
    )
    return Page(
        path=year_path(year),
        section="Events",
        title=f"Events of {year}",
        description=f"Every event of {year} with what tokens did in the day after.",
        body=body,
        as_of=as_of_words(max(ends, default=None)),
    )


def _count_of_year(n_events: int, year: int) -> int:
    first, after = (f"'{start}-01-01T00:00:00Z'" for start in (year, year + 1))
    where = f"status <> 'rejected' and best_at_utc >= {first} and best_at_utc < {after}"
    return counted(n_events, EVENT, f"count(*) filter (where {where})")


def _years(events: pl.DataFrame) -> list[dict[str, Any]]:
    """Each year with its page and its number of events, newest first."""
    kept = events.filter(pl.col("status") != "rejected")
    by_year = dict(kept.group_by(pl.col("best_at_utc").dt.year().alias("year")).len().iter_rows())
    return [
        {"year": year, "path": year_path(year), "n_events": count(_count_of_year(by_year[year], year))}
        for year in event_years(events)
    ]


def moves_first(frames: Frames, events: pl.DataFrame) -> Markup:
    """Each move outside the ordinary range once, newest first, with its tokens, its range and its leading event."""
    shared = frames.get(SHARED_MOVE)
    if not shared.height:
        return empty_table("No token left its ordinary range after an event.", "Every event is in the list below.")
    titles = dict(events.select("event_id", "title").iter_rows())
    ordered = shared.filter("is_lead").sort(SHARED_MOVE.key).unique("move_id", keep="first", maintain_order=True)
    leads = ordered.sort("move_start_utc", "move_id", descending=[True, False]).head(MAX_MOVES)
    heads = (
        Head("Move, by the event that was public first"),
        Head("From, UTC"),
        Head("Tokens outside"),
        Head("Farthest", is_number=True),
        Head("Events", is_number=True),
    )
    rows = [
        _move_row(row, frames.part(SHARED_MOVE, "move_id", row["move_id"]), titles)
        for row in signed_rows(leads, SHARED_MOVE)
    ]
    more = " Older ones are in the list below." if ordered.height > MAX_MOVES else ""
    return table(
        "shared-moves",
        "Moves outside the ordinary range, newest first",
        "Events whose 24-hour windows overlap on one token’s move share it. Farthest: the largest return beyond the "
        f"benchmark of a token after one of the move’s events.{more}",
        heads,
        rows,
    )


def _move_row(lead: Mapping[str, Any], members: pl.DataFrame, titles: Mapping[str, str]) -> list[Cell | Spanning]:
    farthest = next(signed_rows(members.sort(-pl.col("car").abs(), *SHARED_MOVE.key).head(1), SHARED_MOVE))
    at = lead["move_start_utc"]
    name = titles.get(lead["event_id"], lead["event_id"])
    return [
        link(event_path(lead["event_id"]), name),
        time_tag(at, f"{day(at)} {clock(at)}"),
        listing(members["asset_id"].unique().sort().to_list()),
        strong(percent(farthest["car"])) + f" {farthest['asset_id']}",
        count(lead["n_events"]),
    ]


def index_entries(events: pl.DataFrame, reactions: Mapping[str, list[Reaction]]) -> list[dict[str, Any]]:
    """What the filter works on: one entry per event, newest first; sizes are fractions, null where not measured."""
    names = provider_names(events)
    return [_entry(row, reactions.get(row["event_id"], []), names) for row in events.iter_rows(named=True)]


def _entry(row: Mapping[str, Any], items: list[Reaction], names: Mapping[str, str]) -> dict[str, Any]:
    subject = subject_of(items)
    size = subject.car if subject else None
    entities = [entity for entity in (row["entities"] or "").split(",") if entity]
    return {
        "title": row["title"],
        "path": event_path(row["event_id"]),
        "date": iso_day(row["best_at_utc"]),
        "kind": category_label(row["category"]),
        "relevance": row["relevance"] or "",
        "provider": provider_name(entities[0], names) if row["category"] == OUTAGE_KIND and entities else "",
        "token": subject.asset_id if subject and size is not None else "",
        "size": size,
        "sizes": {item.asset_id: item.car for item in items if item.is_measured},
        "outside": tokens_outside(items),
    }
