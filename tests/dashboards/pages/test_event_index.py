"""The index shows moves first, holds every event for the filter, and every year has a page without script."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from dashboards.findings.readings import read_reactions
from dashboards.marks import bare
from dashboards.pages.events import INDEX_DATA, compose_events, compose_year, event_years, index_entries, year_path
from dashboards.pages.overview import compose_overview
from dashboards.shell.feed import write_feeds
from dashboards.shell.frames import Frames
from tests.dashboards.material import frame_of, make_frames, make_tables
from tests.dashboards.rows import EVENT_AT, EVENT_ID, event_row
from warehouse.tables.moves import SHARED_MOVE
from warehouse.tables.news import EVENT


@pytest.fixture
def frames() -> Frames:
    """The bundled events and an outage of the year before; two events share one move of TAO and NEAR."""
    tables = make_tables()
    outage = event_row(
        "2025-outage",
        title="OpenAI: everything is down",
        category="outage",
        entities="openai",
        best_at_utc=datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
    )
    rows = [*tables[EVENT].to_dicts(), outage]
    tables[EVENT] = frame_of(EVENT, rows)
    shared = {"study_id": "reaction", "move_id": EVENT_ID, "n_events": 2, "move_start_utc": EVENT_AT}
    tables[SHARED_MOVE] = frame_of(
        SHARED_MOVE,
        [
            {**shared, "event_id": EVENT_ID, "asset_id": "TAO", "car": 0.2, "is_lead": True},
            {**shared, "event_id": EVENT_ID, "asset_id": "NEAR", "car": -0.31, "is_lead": True},
            {**shared, "event_id": "2026-06-02-order", "asset_id": "TAO", "car": 0.1},
        ],
    )
    return make_frames(tables)


def test_a_move_stands_once_above_the_list_with_its_tokens_and_farthest_return(frames: Frames) -> None:
    body = bare(str(compose_events(frames, read_reactions(frames)).body))
    table = body.split('id="shared-moves"')[1].split("</table>")[0]
    rows = table.split("<tbody>")[1].count("<tr>")
    assert rows == 1
    assert "NEAR and TAO" in table
    assert "<b>−31.0%</b> NEAR" in table
    assert body.index('id="shared-moves"') < body.index('id="event-list"') < body.index('id="event-years"')


def test_the_filter_has_every_event_with_its_sizes_kind_provider_and_tokens_outside(frames: Frames) -> None:
    page = compose_events(frames, read_reactions(frames))
    text = page.files[INDEX_DATA].removeprefix("window.AFTERSHOCK_EVENTS=").rstrip(";\n")
    entries = {entry["path"]: entry for entry in json.loads(text)}
    assert len(entries) == frames.get(EVENT).height
    lead = entries[f"events/{EVENT_ID}.html"]
    assert lead["date"] == "2026-06-12"
    assert lead["sizes"]["TAO"] == lead["size"]
    assert "TAO" in lead["outside"]
    assert not {"BTC", "ETH"} & set(lead["outside"])
    outage = entries["events/2025-outage.html"]
    assert (outage["provider"], outage["kind"], outage["size"]) == ("OpenAI", "Outage", None)
    assert [entry["date"] for entry in json.loads(text)] == sorted((e["date"] for e in entries.values()), reverse=True)


def test_every_year_has_a_plain_page_with_its_events_and_no_other(frames: Frames) -> None:
    assert event_years(frames.get(EVENT)) == [2026, 2025]
    page = compose_year(frames, 2025, {})
    body = bare(str(page.body))
    assert page.path == year_path(2025) == "events-2025.html"
    assert "OpenAI: everything is down" in body
    assert "Executive order on model review" not in body
    assert re.sub("<[^>]+>", "", body.split("<h1>")[1].split("</h1>")[0]) == "1 event in 2025"
    assert not page.scripts


def test_a_rejected_event_is_in_neither(frames: Frames) -> None:
    rejected = frame_of(EVENT, [event_row(), event_row("r", status="rejected", title="Retracted")])
    view = make_frames({EVENT: rejected})
    assert "Retracted" not in str(compose_year(view, 2026, {}).body)
    assert "Retracted" not in str(compose_events(view, {}).files[INDEX_DATA])
    assert len(index_entries(rejected.filter(rejected["status"] != "rejected"), {})) == 1


@pytest.mark.parametrize(("relevance", "is_listed"), [("high", True), ("medium", True), (None, True), ("low", False)])
def test_lists_begin_without_what_matters_little_to_the_tokens_and_the_filter_reaches_it(
    relevance: str | None, is_listed: bool
) -> None:
    tables = make_tables()
    own = event_row("2026-07-01-own", title="A licence is granted", relevance=relevance)
    own |= {"best_at_utc": datetime(2026, 7, 1, tzinfo=UTC)}
    tables[EVENT] = frame_of(EVENT, [*tables[EVENT].to_dicts(), own])
    frames = make_frames(tables)
    reactions = read_reactions(frames)
    latest = bare(str(compose_overview(frames, reactions).body)).split('id="events"')[1]
    assert ("2026-07-01-own" in latest) is is_listed
    assert ("2026-07-01-own" in "".join(write_feeds(frames, reactions).values())) is is_listed
    [entry] = [e for e in index_entries(frames.get(EVENT), reactions) if "2026-07-01-own" in e["path"]]
    assert entry["relevance"] == (relevance or "")
    assert "2026-07-01-own" in str(compose_year(frames, 2026, reactions).body)
