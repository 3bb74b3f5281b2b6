"""Contracts of moves: the last day of each token, and the moves that events share."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.studies import STUDY_ID

LATEST_MOVE = Table(
    "out.latest_move",
    "The last 24 hours of each token: its move, the part beyond Bitcoin, and where that lies among earlier windows.",
    "analysis.together.latest_moves",
    ("asset_id",),
    (
        Column("asset_id", pl.String, "Asset"),
        Column("name", pl.String, "Name in words"),
        Column("market_id", pl.String, "The market with the freshest and longest record"),
        Column("timeframe", pl.String, "Bar length used"),
        Column("close_quote", pl.Float64, "Last close", "quote currency"),
        Column("raw_return", pl.Float64, "Simple return over the last 24 hours", "fraction", True),
        Column("abnormal_return", pl.Float64, "The same beyond beta times Bitcoin's", "fraction", True),
        Column("ordinary_lower", pl.Float64, "2.5 % quantile of earlier 24-hour windows", "fraction", True),
        Column("ordinary_upper", pl.Float64, "97.5 % quantile of earlier 24-hour windows", "fraction", True),
        Column("beta", pl.Float64, "Slope on Bitcoin over the earlier bars", is_nullable=True),
        Column("n_as_large", pl.Int64, "Earlier windows at least as large in magnitude", is_nullable=True),
        Column("n_windows", pl.Int64, "Earlier windows, overlapping", is_nullable=True),
        Column("n_independent", pl.Int64, "How many of them do not overlap", is_nullable=True),
        Column("recent_closes_json", pl.String, "Closes of the last 7 days, oldest first, as a JSON array"),
        Column("reason", pl.String, "Why a number is absent", is_nullable=True),
        Column("data_as_of_utc", UTC, "Close of the last bar used"),
    ),
)

SHARED_MOVE = Table(
    "out.shared_move",
    "Events whose 24 hours left a token's ordinary range, by the price move they share: a move counts once.",
    "analysis.together.shared_moves",
    ("study_id", "event_id", "asset_id"),
    (
        STUDY_ID,
        Column("move_id", pl.String, "The move, named by the event that leads it"),
        Column("event_id", pl.String, "An event whose window lies in the move"),
        Column("asset_id", pl.String, "A token that left its ordinary range in that window"),
        Column("market_id", pl.String, "The market that stands for the token there"),
        Column("window_start_utc", UTC, "First public time of the event"),
        Column("window_end_utc", UTC, "End of its window (half-open)"),
        Column("car", pl.Float64, "Abnormal return over the window", "fraction"),
        Column("move_start_utc", UTC, "Earliest window start of the move"),
        Column("move_end_utc", UTC, "Latest window end of the move (half-open)"),
        Column("n_events", pl.Int64, "Events that share the move, this one counted"),
        Column("n_assets", pl.Int64, "Tokens outside their range in the move"),
        Column("is_lead", pl.Boolean, "Whether this event was public first"),
        Column("lead_reason", pl.String, "Why the leading event leads, and whether the order is proven"),
        Column("data_as_of_utc", UTC, "Close of the last bar used by any of its windows"),
    ),
)
