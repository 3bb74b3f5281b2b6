"""How many reactions there are, how many lay outside, and their mean: the one count that everybody prints."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from warehouse.tables.contract import UTC
from warehouse.tables.moves import REACTION_TOTAL

RECORD_SCOPE, TOKEN_SCOPE, CATEGORY_SCOPE = "record", "token", "category"
EVERYTHING = "all"
# Moves are told for the window that events are known by, hours.
_MOVE_HOURS = 24.0
_KEY = ["event_id", "market_id", "window_end_hours"]
_COUNTS = ("n_measured", "n_pairs", "n_ranged", "n_outside_events", "n_outside_pairs")
_SUBJECTS = {
    RECORD_SCOPE: pl.lit(EVERYTHING),
    CATEGORY_SCOPE: pl.col("category"),
    TOKEN_SCOPE: pl.col("asset_id"),
}


def count_reactions(
    study_id: str,
    results: pl.DataFrame,
    choices: pl.DataFrame,
    events: pl.DataFrame,
    moves: pl.DataFrame,
    benchmarks: Sequence[str],
) -> pl.DataFrame:
    """One row per scope, subject and window in the shape of out.reaction_total.

    A reaction is a measured pair of event and token on the token's chosen market; one without an ordinary range is
    neither inside nor outside. The mean of a scope is the mean over its events of the mean over their tokens, so that
    ten tokens after one headline weigh as one event.
    """
    pairs = _pairs(results, choices.filter(~pl.col("asset_id").is_in(list(benchmarks))), events)
    shared = moves.join(events.select("event_id", "category"), on="event_id", how="inner", validate="m:1")
    parts = []
    for scope, subject in _SUBJECTS.items():
        of_scope = pairs.with_columns(subject.alias("subject_id"))
        members = of_scope if scope == TOKEN_SCOPE else events.with_columns(subject.alias("subject_id"))
        known = members.group_by("subject_id").agg(pl.col("event_id").n_unique().cast(pl.Int64).alias("n_events"))
        n_moves = shared.group_by(subject.alias("subject_id")).agg(
            pl.col("move_id").n_unique().cast(pl.Int64).alias("n")
        )
        parts.append(
            known.join(pairs.select("window_end_hours").unique(), how="cross")
            .join(_totals(of_scope), on=["subject_id", "window_end_hours"], how="left", validate="1:1")
            .join(n_moves, on="subject_id", how="left", validate="m:1")
            .with_columns(pl.lit(scope).alias("scope"))
        )
    is_told = pl.col("window_end_hours") == _MOVE_HOURS
    rows = pl.concat(parts).with_columns(
        *(pl.col(name).fill_null(0) for name in _COUNTS),
        pl.when(is_told).then(pl.col("n").fill_null(0)).alias("n_moves"),
        pl.col("outside_assets").fill_null(""),
        pl.lit(study_id).alias("study_id"),
    )
    ordered = rows.sort("scope", "subject_id", "window_end_hours")
    return REACTION_TOTAL.conform(ordered.select(REACTION_TOTAL.column_names))


def _pairs(results: pl.DataFrame, choices: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Measured pairs with category and whether they lie outside (null without a range)."""
    returns = results.filter((pl.col("statistic") == "car") & pl.col("estimate").is_not_null()).select(
        *_KEY, pl.col("estimate").alias("car"), "data_as_of_utc"
    )
    ranges = results.filter(pl.col("statistic") == "placebo_rank").select(*_KEY, "lower_95", "upper_95")
    return (
        returns.join(ranges, on=_KEY, how="left", validate="1:1")
        .join(choices.select("asset_id", *_KEY[:2]).unique(), on=_KEY[:2], how="inner", validate="m:1")
        .join(events.select("event_id", "category"), on="event_id", how="inner", validate="m:1")
        .with_columns((~pl.col("car").is_between("lower_95", "upper_95")).alias("is_outside"))
    )


def _totals(pairs: pl.DataFrame) -> pl.DataFrame:
    keys = ["subject_id", "window_end_hours"]
    events = pairs.group_by(*keys, "event_id").agg(
        pl.col("car").sort().mean(),
        pl.len().alias("n_pairs"),
        pl.col("is_outside").is_not_null().sum().alias("n_ranged"),
        pl.col("is_outside").fill_null(value=False).sum().alias("n_outside"),
        pl.col("data_as_of_utc").max(),
    )
    names = (
        pairs.filter(pl.col("is_outside"))
        .group_by(*keys, "asset_id")
        .len()
        .sort("len", "asset_id", descending=[True, False])
        .group_by(keys, maintain_order=True)
        .agg(pl.col("asset_id").str.join(",").alias("outside_assets"))
    )
    whole = events.group_by(keys).agg(
        pl.len().cast(pl.Int64).alias("n_measured"),
        pl.col("n_pairs").sum().cast(pl.Int64),
        pl.col("n_ranged").sum().cast(pl.Int64),
        (pl.col("n_outside") > 0).sum().cast(pl.Int64).alias("n_outside_events"),
        pl.col("n_outside").sum().cast(pl.Int64).alias("n_outside_pairs"),
        pl.col("car").sort().mean().alias("mean_car"),
        pl.col("car").min().alias("smallest_car"),
        pl.col("car").max().alias("largest_car"),
        pl.col("data_as_of_utc").max().cast(UTC),
    )
    return whole.join(names, on=keys, how="left", validate="1:1")
