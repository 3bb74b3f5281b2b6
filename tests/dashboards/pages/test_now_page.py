"""The page on now tells what moves, what is preliminary and what is fresh, and calls nothing old today's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboards.findings.readings import Horizon, Reaction
from dashboards.marks import bare
from dashboards.pages.now import compose_now, is_preliminary, now_title
from tests.dashboards.material import frame_of, make_frames
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.moves import LATEST_MOVE, UNEXPLAINED_MOVE
from warehouse.tables.news import EVENT

DAY = Horizon(24.0, 0.234, 0.03, 0.2, 0.12, 0.28, 0, 383, 16.0, 0.06, 454, "BTC", "", None, -0.04, 0.06)


def make_moves(*rows: tuple[str, float | None]) -> pl.DataFrame:
    """Latest moves of tokens, ordinary between ±5 %."""
    values: list[dict[str, Any]] = [
        {"asset_id": name, "abnormal_return": car, "ordinary_lower": -0.05, "ordinary_upper": 0.05}
        for name, car in rows
    ]
    return frame_of(LATEST_MOVE, values)


def test_the_heading_names_the_tokens_outside_and_says_of_which_day() -> None:
    assert now_title(make_moves(("TAO", 0.2), ("FET", -0.01), ("NEAR", -0.06))) == (
        "Outside the ordinary range in the last day of the data: NEAR, TAO"
    )
    assert now_title(make_moves(("TAO", 0.05))) == "No token left its ordinary range in the last day of the data"
    assert now_title(make_moves(("TAO", None))) == "No token can be compared with its past yet"


def test_an_event_is_preliminary_while_the_bars_end_inside_its_week() -> None:
    ends = "the hourly record ends at 2026-07-01 00:00 UTC, before the window does"
    week = replace(DAY, hours=168.0, car=None, reason=ends)
    at = datetime(2026, 7, 1, tzinfo=UTC)
    waiting = Reaction("e", "m", "TAO", {24.0: DAY, 168.0: week}, "s", at)
    assert is_preliminary(waiting)
    assert not is_preliminary(replace(waiting, horizons={24.0: DAY, 168.0: replace(week, reason="a bar is missing")}))
    assert not is_preliminary(replace(waiting, horizons={24.0: DAY, 168.0: replace(DAY, hours=168.0)}))
    assert not is_preliminary(None)


def test_events_that_wait_beyond_the_table_are_owned_up_to() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    week = replace(DAY, hours=168.0, car=None, reason="the hourly record ends at 2026-07-01 00:00 UTC, before it does")

    def body(n: int) -> str:
        events = [
            {"event_id": f"e{k}", "title": f"It {k}.", "best_at_utc": at, "status": "confirmed"} for k in range(n)
        ]
        told = {f"e{k}": [Reaction(f"e{k}", "m", "TAO", {24.0: DAY, 168.0: week}, "s", at)] for k in range(n)}
        return bare(str(compose_now(make_frames({EVENT: frame_of(EVENT, events)}), told).body))

    assert "Those of earlier days say so on their own pages." in body(21)
    assert "their own pages" not in body(20)
    assert "the hourly record ends at" in body(1)


def test_a_verdict_that_needs_data_waits_and_nothing_is_said_of_today() -> None:
    verdicts = [
        {"claim_id": "w", "verdict": "cannot_be_told", "quote": "It will hold.", "missing_data": "`aftershock run`"},
        {"claim_id": "d", "verdict": "supported", "quote": "It held."},
    ]
    body = bare(str(compose_now(make_frames({CLAIM_VERDICT: frame_of(CLAIM_VERDICT, verdicts)}), {}).body))
    assert "It will hold." in body
    assert "It held." not in body
    assert "oday" not in body


def test_a_move_without_news_says_so_until_its_headline_comes() -> None:
    at = datetime(2026, 6, 10, 11, tzinfo=UTC)
    moved = {"asset_id": "TAO", "began_at_utc": at, "opened_at_utc": at, "abnormal_return": 0.061, "move_number": 1}
    events = frame_of(EVENT, [{"event_id": "e", "title": "It came.", "best_at_utc": at, "status": "confirmed"}])

    def body(**state: Any) -> str:
        moves = frame_of(UNEXPLAINED_MOVE, [{**moved, **state}])
        return bare(str(compose_now(make_frames({UNEXPLAINED_MOVE: moves, EVENT: events}), {}).body))

    waiting = body(state="open")
    assert "+6.1%" in waiting
    assert "none yet" in waiting
    assert "It came." not in waiting
    assert "none came" in body(state="aged")
    assert 'href="events/e.html">It came.</a>' in body(state="explained", event_id="e", event_at_utc=at)
    assert "No token passed its bound" in bare(str(compose_now(make_frames({}), {}).body))
