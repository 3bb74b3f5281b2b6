"""What an event's page says of the others that share its move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from dashboards.fill import macro
from dashboards.findings.moves import companions
from dashboards.numbers import signed_rows
from dashboards.shell.frames import Frames
from dashboards.shell.page import event_path
from dashboards.shell.tables import NOTHING
from warehouse.tables.moves import SHARED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.units import listing, number_word, span


def shared_sentence(frames: Frames, event: Mapping[str, Any], root: str) -> Markup:
    """That the event shares its price move, with how many and who was public first; empty when it shares none."""
    others = companions(frames, event["event_id"])
    if not others.height:
        return NOTHING
    own = frames.part(SHARED_MOVE, "event_id", event["event_id"]).row(0, named=True)
    tokens = frames.part(SHARED_MOVE, "move_id", own["move_id"])["asset_id"].unique().sort().to_list()
    n_others = f"{number_word(others.height)} other {'event' if others.height == 1 else 'events'}"
    first = next(signed_rows(others, SHARED_MOVE))
    order = "the next" if own["is_lead"] else "the first of them"
    doubt = " (which was first is not proven)" if "not proven" in own["lead_reason"] else ""
    link = _link(frames, first, event, root)
    return macro("sections", "shared_move", listing(tokens), n_others, order, link, doubt)


def shared_list(frames: Frames, event: Mapping[str, Any], root: str) -> Markup:
    """The other events of the move, first public first; empty when it shares none."""
    others = companions(frames, event["event_id"])
    if not others.height:
        return NOTHING
    links = [_link(frames, row, event, root) for row in signed_rows(others, SHARED_MOVE)]
    return macro("sections", "shared_list", links)


def _link(frames: Frames, other: Mapping[str, Any], event: Mapping[str, Any], root: str) -> Markup:
    """The other event by its title, with how much earlier or later it was public."""
    row = next(frames.part(EVENT, "event_id", other["event_id"]).iter_rows(named=True), None)
    title = row["title"] if row else other["event_id"]
    gap = other["window_start_utc"] - event["best_at_utc"]
    when = "at the same time" if not gap else f"{span(gap)} {'later' if gap.total_seconds() > 0 else 'earlier'}"
    return macro("sections", "link_with_gap", root + event_path(other["event_id"]), title, when)
