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

    Two events share a move when their windows overlap and a token left its range in both, in one direction; so do
    events that a third one links. `results` are single-event rows of one study, `choices` name the market of each
    token; what rose or fell with the yardsticks (`benchmarks`) alone is no move of a token. A row without a number or
    an ordinary range is left out: it is not known to be outside.
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
    """The leading event of each event: the first public one of all that overlapping windows join."""
    starts: dict[str, datetime] = dict(outside.select("event_id", "window_start_utc").iter_rows())
    parent = {event_id: event_id for event_id in starts}

    def root(event_id: str) -> str:
        while parent[event_id] != event_id:
            parent[event_id] = parent[parent[event_id]]
            event_id = parent[event_id]
        return event_id

    way = (pl.col("car") > 0).alias("is_up")
    for part in outside.with_columns(way).partition_by("asset_id", "is_up"):
        # By time, a window that overlaps any earlier one of its token overlaps the one just before: all are as long.
        ids, times = part["event_id"].to_list(), part["window_start_utc"].to_list()
        for before, after, first, second in zip(ids, ids[1:], times, times[1:], strict=False):
            if second - first < timedelta(hours=_WINDOW_HOURS):
                one, other = sorted((root(before), root(after)), key=lambda item: (starts[item], item))
                parent[other] = one
    return {event_id: root(event_id) for event_id in starts}


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
