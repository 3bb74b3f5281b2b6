"""Contract of the last day of each token against its own past."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table

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
