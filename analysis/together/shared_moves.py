"""Which events share one price move, so that a move is counted once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from warehouse.tables.contract import UTC
from warehouse.tables.moves import SHARED_MOVE
from warehouse.tables.units import moment, plural, span

# The window whose result an event is known by, hours.
_WINDOW_HOURS = 24.0
_KEY = ["event_id", "market_id"]


def find_shared_moves(
    study_id: str, results: pl.DataFrame, choices: pl.DataFrame, events: pl.DataFrame, benchmarks: Sequence[str]
) -> pl.DataFrame:
    """One row per event and token outside its ordinary range, in the shape of out.shared_move, by move and time.

    Two events share a move when their windows overlap and a token left its range in both, in one direction. `results`
    are single-event rows of one study, `choices` name the market of each token; what rose or fell with the yardsticks
    (`benchmarks`) alone is no move of a token. A row without a number or an ordinary range is left out: it is not known
    to be outside.
    """
    outside = _outside(results, choices.filter(~pl.col("asset_id").is_in(list(benchmarks))), events)
    if not outside.height:
        return SHARED_MOVE.empty()
    leads = _link(outside)
    known = outside.with_columns(
        pl.lit(study_id).alias("study_id"),
        pl.col("event_id").replace_strict(leads, return_dtype=pl.String).alias("move_id"),
    )
    whole = known.group_by("move_id").agg(
        pl.col("window_start_utc").min().alias("move_start_utc"),
        pl.col("window_end_utc").max().alias("move_end_utc"),
        pl.col("event_id").n_unique().cast(pl.Int64).alias("n_events"),
        pl.col("asset_id").n_unique().cast(pl.Int64).alias("n_assets"),
        pl.col("as_of").max().alias("data_as_of_utc"),
    )
    reasons = {
        str(move_id): _reason(part.unique("event_id").sort("window_start_utc", "event_id").to_dicts())
        for (move_id,), part in known.partition_by("move_id", as_dict=True).items()
    }
    joined = known.join(whole, on="move_id", how="inner", validate="m:1").with_columns(
        (pl.col("event_id") == pl.col("move_id")).alias("is_lead"),
        pl.col("move_id").replace_strict(reasons, return_dtype=pl.String).alias("lead_reason"),
    )
    ordered = joined.sort("move_start_utc", "move_id", "window_start_utc", "event_id", "asset_id")
    return SHARED_MOVE.conform(ordered.select(SHARED_MOVE.column_names))


def _outside(results: pl.DataFrame, choices: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Abnormal returns outside the middle 95 % of placebo windows, with the window in time."""
    headline = results.filter(pl.col("window_end_hours") == _WINDOW_HOURS)
    returns = headline.filter((pl.col("statistic") == "car") & pl.col("estimate").is_not_null()).select(
        *_KEY, pl.col("estimate").alias("car"), pl.col("data_as_of_utc").alias("as_of")
    )
    ranges = headline.filter((pl.col("statistic") == "placebo_rank") & pl.col("lower_95").is_not_null()).select(
        *_KEY, "lower_95", "upper_95"
    )
    end = (pl.col("best_at_utc") + timedelta(hours=_WINDOW_HOURS)).cast(UTC)
    times = events.select(
        "event_id",
        pl.col("best_at_utc").alias("window_start_utc"),
        end.alias("window_end_utc"),
        "earliest_at_utc",
        "latest_at_utc",
    )
    return (
        returns.join(ranges, on=_KEY, how="inner", validate="1:1")
        .filter(~pl.col("car").is_between("lower_95", "upper_95"))
        .join(choices.select("asset_id", *_KEY).unique(), on=_KEY, how="inner", validate="1:m")
        .join(times, on="event_id", how="inner", validate="m:1")
        .sort("window_start_utc", "event_id", "asset_id")
    )


def _link(outside: pl.DataFrame) -> dict[str, str]:
    """The leading event of each event.

    By time, an event joins the first move whose lead was public less than a window before it and in which one of its
    tokens moved the same way; else it leads a move of its own. So every window of a move overlaps the lead's.
    """
    leads: dict[str, str] = {}
    # Of each move, by its lead: when the lead was public, and the tokens that moved with their direction.
    open_moves: list[tuple[str, datetime, set[tuple[str, bool]]]] = []
    for part in outside.partition_by("event_id", maintain_order=True):
        event_id, start = str(part["event_id"][0]), part["window_start_utc"][0]
        moved = set(zip(part["asset_id"], part["car"] > 0, strict=True))
        open_moves = [move for move in open_moves if start - move[1] < timedelta(hours=_WINDOW_HOURS)]
        lead, _, tokens = next((move for move in open_moves if move[2] & moved), (event_id, start, set()))
        if lead == event_id:
            open_moves.append((event_id, start, tokens))
        tokens |= moved
        leads[event_id] = lead
    return leads


def _reason(members: list[dict[str, Any]]) -> str:
    """Why the first of these events leads; overlapping intervals of time prove no order."""
    lead = members[0]
    if len(members) == 1:
        return "no other event outside its range overlaps it"
    following = members[1]
    gap = following["window_start_utc"] - lead["window_start_utc"]
    others = plural(len(members) - 1, "other event")
    if not gap:
        return f"public at the same instant as the next of {others}: no order is proven"
    first = f"public first, {moment(lead['window_start_utc'])}, {span(gap)} before the next of {others}"
    if following["earliest_at_utc"] <= lead["latest_at_utc"]:
        return f"{first}; both times are intervals that overlap, so that the order is not proven"
    return first
