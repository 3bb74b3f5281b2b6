"""What moves, what is fresh and what is still preliminary, as of the end of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import Reaction, listed_first, newest_first, subject_of
from dashboards.numbers import signed_rows
from dashboards.pages.sections import data_as_of, moves_table
from dashboards.shell.cards import read_verdicts, verdict_card
from dashboards.shell.frames import Frames, last_close
from dashboards.shell.page import Page, event_path
from dashboards.shell.tables import Cell, Head, Spanning, empty_table, link, table, time_tag
from warehouse.tables.moves import LATEST_MOVE, UNEXPLAINED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.prices import COVERAGE
from warehouse.tables.units import clock, day, percent

_WEEK_HOURS = 168.0
_DAY_HOURS = 24.0
# What a window says whose end lies after the last bar of its length.
_RECORD_ENDS = " record ends at "
_MAX_PRELIMINARY = 20


def compose_now(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """The latest day of each token, events and verdicts that later bars may change, and how far the data reach."""
    as_of = last_close(frames.get(COVERAGE))
    title = now_title(frames.get(LATEST_MOVE))
    waiting = [row for row in read_verdicts(frames) if is_waiting(row)]
    body = fill(
        "now.html.jinja",
        title=title,
        moves=moves_table(frames, ""),
        unexplained=_unexplained_moves(frames),
        events=_preliminary_events(frames, reactions),
        verdicts=[verdict_card(row, "") for row in waiting],
        fresh=data_as_of(frames),
    )
    return Page("now.html", "Now", "Now", f"{title}.", body, as_of=as_of_words(as_of), is_live=True)


def now_title(moves: pl.DataFrame) -> str:
    """Which tokens lie outside their range in the last day of the data."""
    ranged = moves.filter(pl.col("abnormal_return").is_not_null() & pl.col("ordinary_lower").is_not_null())
    if not ranged.height:
        return "No token can be compared with its past yet"
    is_outside = ~pl.col("abnormal_return").is_between("ordinary_lower", "ordinary_upper")
    outside = ranged.filter(is_outside)["asset_id"].sort().to_list()
    if not outside:
        return "No token left its ordinary range in the last day of the data"
    return f"Outside the ordinary range in the last day of the data: {', '.join(outside)}"


def _unexplained_moves(frames: Frames) -> Markup:
    moves = frames.get(UNEXPLAINED_MOVE).sort("opened_at_utc", descending=True)
    if not moves.height:
        return empty_table(
            "No token passed its bound in this week of five-minute bars or the one before.",
            "A token passes it by a move of hours, not by one bar; where nothing moves, at most in one week of twenty.",
        )
    titles = dict(frames.get(EVENT).select("event_id", "title").iter_rows())
    heads = (
        Head("Token"),
        Head("Began, UTC"),
        Head("Bound passed, UTC"),
        Head("Beyond Bitcoin", is_number=True),
        Head("Headline near its begin"),
    )
    return table(
        "unexplained-moves",
        "Moves beyond a bound that may be looked at after every bar",
        "In five-minute bars. A headline of high relevance is near when it was public from two hours before the begin "
        "until six hours after the bound was passed; near is not why. A move waits three days for one.",
        heads,
        [_unexplained_row(row, titles) for row in signed_rows(moves, UNEXPLAINED_MOVE)],
    )


def _unexplained_row(row: Mapping[str, Any], titles: Mapping[str, str]) -> list[Cell | Spanning]:
    headline: Cell = "none yet" if row["state"] == "open" else "none came"
    if row["event_id"] is not None:
        title = titles.get(row["event_id"], row["event_id"])
        at = time_tag(row["event_at_utc"], clock(row["event_at_utc"]))
        headline = link(event_path(row["event_id"]), title) + f" ({at} UTC)"
    began, opened = row["began_at_utc"], row["opened_at_utc"]
    return [
        row["asset_id"],
        time_tag(began, f"{day(began)} {clock(began)}"),
        time_tag(opened, f"{day(opened)} {clock(opened)}"),
        percent(row["abnormal_return"]),
        headline,
    ]


def is_waiting(verdict: Mapping[str, Any]) -> bool:
    """Whether a verdict names data that it still needs: later bars may change it."""
    return bool(verdict["missing_data"])


def is_preliminary(reaction: Reaction | None) -> bool:
    """Whether the day after is told and the week is not, because the bars end inside it."""
    if reaction is None or not reaction.is_measured:
        return False
    week = reaction.horizons.get(_WEEK_HOURS)
    return week is not None and week.car is None and _RECORD_ENDS in (week.reason or "")


def _preliminary_events(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Markup:
    events = newest_first(listed_first(frames.get(EVENT)))
    subjects = {event_id: subject_of(reactions.get(event_id, [])) for event_id in events["event_id"]}
    waiting = [event_id for event_id, subject in subjects.items() if is_preliminary(subject)]
    shown = events.filter(pl.col("event_id").is_in(waiting)).head(_MAX_PRELIMINARY)
    if not shown.height:
        return empty_table("No event waits for its week.", "Every measured event has its seven days in the data.")
    heads = (
        Head("Event"),
        Head("First public, UTC"),
        Head("Beyond the benchmark, 24 h", is_number=True),
        Head("7 days", is_wide=True),
    )
    return table(
        "preliminary",
        "Events whose day is told and whose week is not yet",
        "The seven days end after the last stored bar: a later run completes them."
        + (" Those of earlier days say so on their own pages." if len(waiting) > _MAX_PRELIMINARY else ""),
        heads,
        [_row(row, subjects[row["event_id"]]) for row in signed_rows(shown, EVENT)],
    )


def _row(row: Mapping[str, Any], subject: Reaction | None) -> list[Cell | Spanning]:
    at = row["best_at_utc"]
    window = subject.horizons[_DAY_HOURS] if subject else None
    week = subject.horizons[_WEEK_HOURS] if subject else None
    return [
        link(event_path(row["event_id"]), row["title"]),
        time_tag(at, f"{day(at)} {clock(at)}"),
        f"{percent(window.car)} {subject.asset_id}" if subject and window and window.car is not None else "–",
        week.reason if week and week.reason else "–",
    ]
