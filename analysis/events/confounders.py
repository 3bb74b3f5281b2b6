"""What else happened around an event, nearest first."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from warehouse.tables.bars import SECONDS_PER_HOUR
from warehouse.tables.news import CONFOUNDER
from warehouse.tables.units import hours_plain, percent

# Two days before and after: the windows that studies look at around an event.
_WINDOW = timedelta(hours=48)
# Small outages happen every day; they confound nothing.
_LEAST_SEVERITY = 2
MOST_PER_EVENT = 12
# A move of the whole market over this many hours, of at least this size, confounds a token's move.
MARKET_HOURS = 12
MARKET_MOVE = 0.04  # simple return
NETWORK_NEWS = "network_token_news"


def find_confounders(events: pl.DataFrame, market_closes: pl.DataFrame) -> pl.DataFrame:
    """`core.event_confounder` rows for every event that is not rejected.

    `market_closes` has close_time_utc and close_quote (hourly, the market's benchmark) and may be empty. Kinds: `event`
    (of severity 2 or more, or recorded by a person or the ledger), `token_news` (news of one network), `market_move`.
    """
    live = events.filter(pl.col("status") != "rejected").select(
        "event_id", "title", "category", "severity", "origin", "best_at_utc"
    )
    found = pl.concat([_other_events(live), _market_moves(live, market_closes)])
    ranked = found.sort("event_id", pl.col("offset_hours").abs(), "at_utc", "detail").with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("event_id").alias("confounder_number")
    )
    kept = ranked.filter(pl.col("confounder_number") <= MOST_PER_EVENT).select(CONFOUNDER.column_names)
    return CONFOUNDER.conform(kept)


def _other_events(live: pl.DataFrame) -> pl.DataFrame:
    matters = (pl.col("severity").fill_null(_LEAST_SEVERITY) >= _LEAST_SEVERITY) | pl.col("origin").is_in(
        ["ledger", "user"]
    )
    others = live.filter(matters).select(
        pl.col("event_id").alias("other_event_id"),
        pl.col("best_at_utc").alias("at_utc"),
        pl.col("title").alias("detail"),
        pl.when(pl.col("category") == NETWORK_NEWS).then(pl.lit("token_news")).otherwise(pl.lit("event")).alias("kind"),
    )
    pairs = live.select("event_id", "best_at_utc").join_where(
        others,
        pl.col("at_utc") >= pl.col("best_at_utc") - _WINDOW,
        pl.col("at_utc") <= pl.col("best_at_utc") + _WINDOW,
        pl.col("event_id") != pl.col("other_event_id"),
    )
    return _rows(pairs)


def _market_moves(live: pl.DataFrame, closes: pl.DataFrame) -> pl.DataFrame:
    """The largest move of the benchmark over MARKET_HOURS that ends in the window, where it is large."""
    earlier = closes.select(
        (pl.col("close_time_utc") + timedelta(hours=MARKET_HOURS)).alias("close_time_utc"),
        pl.col("close_quote").alias("earlier_quote"),
    )
    moves = (
        closes.join(earlier, on="close_time_utc", how="inner", validate="1:1")
        .select(
            pl.col("close_time_utc").alias("at_utc"),
            (pl.col("close_quote") / pl.col("earlier_quote") - 1.0).alias("move"),
        )
        .filter(pl.col("move").abs() >= MARKET_MOVE)
    )
    pairs = live.select("event_id", "best_at_utc").join_where(
        moves,
        pl.col("at_utc") >= pl.col("best_at_utc") - _WINDOW,
        pl.col("at_utc") <= pl.col("best_at_utc") + _WINDOW,
    )
    largest = pairs.sort("event_id", pl.col("move").abs(), "at_utc").unique(
        "event_id", keep="last", maintain_order=True
    )
    return _rows(
        largest.with_columns(
            pl.lit("market_move").alias("kind"),
            pl.lit(None, dtype=pl.String).alias("other_event_id"),
            pl.format(
                "the market's benchmark moved {} within {}",
                pl.col("move").map_elements(percent, return_dtype=pl.String),
                pl.lit(hours_plain(MARKET_HOURS)),
            ).alias("detail"),
        )
    )


def _rows(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select(
        "event_id",
        "kind",
        "other_event_id",
        "at_utc",
        ((pl.col("at_utc") - pl.col("best_at_utc")).dt.total_seconds() / SECONDS_PER_HOUR).alias("offset_hours"),
        "detail",
    )
