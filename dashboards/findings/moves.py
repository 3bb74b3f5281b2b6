"""What stored moves say of an event: which others share its move, how it compares with the days before."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards.findings.readings import HEADLINE_HOURS, Reaction
from dashboards.numbers import signed_rows
from dashboards.shell.frames import Frames
from warehouse.tables.moves import EARLIER_DAY, REACTION_TOTAL, SHARED_MOVE


def totals_of(frames: Frames, scope: str, subject_id: str) -> pl.DataFrame:
    """The one count of reactions of the record, a token or a kind, by window; no rows where none is stored."""
    return frames.part(REACTION_TOTAL, "subject_id", subject_id).filter(pl.col("scope") == scope)


def studied_assets(frames: Frames) -> list[str]:
    """Tokens with a measured event, those with most first."""
    rows = frames.get(REACTION_TOTAL).filter(
        (pl.col("scope") == "token") & (pl.col("window_end_hours") == HEADLINE_HOURS)
    )
    return rows.sort("n_measured", "subject_id", descending=[True, False])["subject_id"].to_list()


def headline_total(totals: pl.DataFrame) -> dict[str, Any] | None:
    """The count over 24 hours; None where none is stored."""
    return next(signed_rows(totals.filter(pl.col("window_end_hours") == HEADLINE_HOURS), REACTION_TOTAL), None)


def total_of(frames: Frames, scope: str, subject_id: str) -> dict[str, Any] | None:
    """The count over 24 hours of the record, a token or a kind; None where none is stored."""
    own = {"scope": scope, "window_end_hours": str(HEADLINE_HOURS)}
    return next(signed_rows(frames.part(REACTION_TOTAL, "subject_id", subject_id, **own), REACTION_TOTAL), None)


def earlier_day_of(frames: Frames, reaction: Reaction) -> dict[str, Any] | None:
    """The reaction's row of out.earlier_day; None where none is stored."""
    rows = frames.part(EARLIER_DAY, "event_id", reaction.event_id, asset_id=reaction.asset_id)
    return next(signed_rows(rows, EARLIER_DAY), None)


def companions(frames: Frames, event_id: str) -> pl.DataFrame:
    """The other events that share this event's move, first public first; no rows where none does."""
    own = frames.part(SHARED_MOVE, "event_id", event_id)
    if not own.height:
        return own
    members = frames.part(SHARED_MOVE, "move_id", own["move_id"][0])
    others = members.filter(pl.col("event_id") != event_id)
    return others.unique("event_id", maintain_order=True).sort("window_start_utc", "event_id")


def later_in_move(frames: Frames, asset_id: str) -> dict[str, int]:
    """How many later events share the token's move with an event that was public first; the later ones have -1.

    An event alone in its move of the token is absent.
    """
    own = frames.part(SHARED_MOVE, "asset_id", asset_id).sort("window_start_utc", "event_id")
    found: dict[str, int] = {}
    for part in own.partition_by("move_id", maintain_order=True):
        if part.height > 1:
            first, *later = part["event_id"].to_list()
            found |= {first: len(later), **dict.fromkeys(later, -1)}
    return found
