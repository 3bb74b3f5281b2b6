"""An event that shares its price move says so first, and only tokens with a latest day have one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboards.figures.clock_strip import quiet_bars
from dashboards.findings.readings import read_reactions
from dashboards.marks import bare
from dashboards.pages.event import compose_event
from dashboards.pages.sections import moves_table
from dashboards.shell.frames import Frames
from tests.dashboards.material import frame_of, make_frames, make_tables
from tests.dashboards.rows import EVENT_AT, EVENT_ID, event_row
from warehouse.tables.moves import LATEST_MOVE, SHARED_MOVE
from warehouse.tables.news import EVENT

EARLIER = "2026-06-12-earlier"


def make_shared(is_proven: bool = True) -> Frames:
    """The June event in one move with an event 33 minutes before it."""
    tables = make_tables()
    other = event_row(EARLIER, title="A subpoena is served", best_at_utc=EVENT_AT - timedelta(minutes=33))
    tables[EVENT] = frame_of(EVENT, [event_row(), other])
    reason = "public first, 33 min before" if is_proven else "public first, but the order is not proven"
    shared = {"study_id": "reaction", "move_id": EARLIER, "asset_id": "TAO", "n_events": 2, "lead_reason": reason}
    tables[SHARED_MOVE] = frame_of(
        SHARED_MOVE,
        [
            {**shared, "event_id": EARLIER, "window_start_utc": EVENT_AT - timedelta(minutes=33), "is_lead": True},
            {**shared, "event_id": EVENT_ID, "window_start_utc": EVENT_AT},
        ],
    )
    return make_frames(tables)


def lede(frames: Frames, event_id: str) -> str:
    event = next(row for row in frames.get(EVENT).iter_rows(named=True) if row["event_id"] == event_id)
    page = compose_event(frames, event, read_reactions(frames).get(event_id, []))
    return re.sub("<[^>]+>", "", bare(str(page.body)).split('<p class="lede">')[1].split("</p>")[0])


def test_an_event_says_first_that_it_shares_its_move_and_who_was_public_first() -> None:
    assert lede(make_shared(), EVENT_ID).startswith(
        "This event shares one price move (TAO) with one other event, so the move counts once; the first of them "
        "public: A subpoena is served, 33 min earlier. "
    )


def test_the_leading_event_names_the_next_and_doubts_an_order_that_is_not_proven() -> None:
    words = lede(make_shared(is_proven=False), EARLIER)
    assert "the next public: Export controls take two frontier AI models offline, 33 min later" in words
    assert "(which was first is not proven)" in words


def test_an_event_alone_in_its_move_says_nothing_of_sharing() -> None:
    assert not lede(make_frames(), EVENT_ID).startswith("This event shares")


def test_a_token_without_a_bar_in_the_last_day_is_left_out_of_latest_moves_and_counted() -> None:
    fresh: dict[str, Any] = {
        "asset_id": "TAO",
        "raw_return": 0.01,
        "recent_closes_json": "[]",
        "reason": "too few bars",
    }
    stale = {"asset_id": "OLD", "recent_closes_json": "[]", "reason": "last bar closed long ago"}
    frames = make_frames({LATEST_MOVE: frame_of(LATEST_MOVE, [fresh, stale])})
    html = bare(moves_table(frames, ""))
    assert "OLD" not in html
    assert "1 token without a bar in that day is left out" in html


def test_the_words_beside_a_range_have_no_second_label_on_a_phone() -> None:
    moved = {"asset_id": "TAO", "raw_return": 0.01, "recent_closes_json": "[]", "abnormal_return": 0.01}
    ranged = {**moved, "ordinary_lower": -0.05, "ordinary_upper": 0.05, "n_as_large": 3, "n_windows": 9}
    html = bare(moves_table(make_frames({LATEST_MOVE: frame_of(LATEST_MOVE, [ranged])}), ""))
    assert html.count('data-l="Against its past"') == 1
    assert '<td class="wide">ordinary ' in html


def test_quiet_time_is_told_in_whole_bars() -> None:
    public = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)
    timing = {"first_bar_open_utc": datetime(2026, 6, 13, 6, tzinfo=UTC), "bar_hours": 1.0}
    assert quiet_bars(timing, public) == 6
    assert quiet_bars({**timing, "bar_hours": 4.0}, public) == 1
    assert quiet_bars({**timing, "first_bar_open_utc": datetime(2026, 6, 12, 23, tzinfo=UTC)}, public) == 0
