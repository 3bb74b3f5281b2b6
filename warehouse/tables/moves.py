"""Contracts of moves: the last day of each token, the moves that events share, and reactions counted."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import ASSET_ID, DATA_AS_OF, EVENT_ID, STUDY_ID, TOKEN_ID

LATEST_MOVE = Table(
    "out.latest_move",
    "The last 24 hours of each token: its move, the part beyond Bitcoin, and where that lies among earlier windows.",
    "analysis.together.latest_moves",
    ("asset_id",),
    (
        ASSET_ID,
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
        DATA_AS_OF,
    ),
)

UNEXPLAINED_MOVE = Table(
    "out.unexplained_move",
    "Moves in 5-minute bars beyond an anytime-valid bound, of this week and the one before, with the headline that came or did not.",
    "analysis.single.timing.unexplained",
    ("asset_id", "week_from_utc", "move_number"),
    (
        TOKEN_ID,
        Column(
            "week_from_utc",
            UTC,
            "Monday of the week that is watched as one: at most 5 % of a token's weeks tell a false move",
        ),
        Column("move_number", pl.Int64, "The token's first, second, ... move of that week"),
        Column("market_id", pl.String, "The market that stands for the token: longest record, then venue order"),
        Column("benchmark_id", pl.String, "Bitcoin's market beside it"),
        Column("began_at_utc", UTC, "Start with the most evidence when the bound was passed"),
        Column("opened_at_utc", UTC, "Close of the bar at which the bound was passed"),
        Column("direction", pl.String, "up or down"),
        Column("abnormal_return", pl.Float64, "Return beyond beta times Bitcoin's from began to opened", "fraction"),
        Column("beta", pl.Float64, "Slope on Bitcoin over the week before; 1 while too few bars are known"),
        Column("e_value", pl.Float64, "Evidence at that bar: under no drift it ever exceeds x with chance 1/x at most"),
        Column(
            "state", pl.String, "open, explained (an event was public near its begin) or aged (none within 72 hours)"
        ),
        Column("event_id", pl.String, "The event public first near its begin; association, no cause", is_nullable=True),
        Column("event_at_utc", UTC, "First public evidence of that event", is_nullable=True),
        Column("data_as_of_utc", UTC, "Close of the token's last bar"),
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

REACTION_TOTAL = Table(
    "out.reaction_total",
    "How many reactions the record, each token and each kind of event have, how many lay outside, and their mean.",
    "analysis.together.reaction_totals",
    ("study_id", "scope", "subject_id", "window_end_hours"),
    (
        STUDY_ID,
        Column("scope", pl.String, "record, token or category"),
        Column("subject_id", pl.String, "The asset or the category; all for the record"),
        Column("window_end_hours", pl.Float64, "Length of the windows", "hours"),
        Column("n_events", pl.Int64, "Events in scope, measured or not"),
        Column("n_measured", pl.Int64, "Events with a number for at least one token; benchmarks are no tokens"),
        Column("n_pairs", pl.Int64, "Reactions: measured pairs of event and token"),
        Column("n_ranged", pl.Int64, "Reactions that have an ordinary range to lie in"),
        Column("n_outside_events", pl.Int64, "Events after which a token left its ordinary range"),
        Column("n_outside_pairs", pl.Int64, "Reactions outside their ordinary range"),
        Column("n_moves", pl.Int64, "Moves that these events share, each counted once; 24-hour windows only", "", True),
        Column("outside_assets", pl.String, "Tokens outside, most often first, comma-separated; empty when none"),
        Column("mean_car", pl.Float64, "Mean over events of the mean over their tokens", "fraction", True),
        Column("smallest_car", pl.Float64, "Smallest of the events' means", "fraction", True),
        Column("largest_car", pl.Float64, "Largest of the events' means", "fraction", True),
        Column("data_as_of_utc", UTC, "Close of the last bar used by any of them", is_nullable=True),
    ),
)

EARLIER_DAY = Table(
    "out.earlier_day",
    "A reaction's own 24 hours beside each day of the year before, from plain closes: nothing modelled or rescaled.",
    "analysis.together.earlier_days",
    ("study_id", "event_id", "asset_id"),
    (
        STUDY_ID,
        EVENT_ID,
        TOKEN_ID,
        Column("market_id", pl.String, "The market that stands for it there"),
        Column("raw_return", pl.Float64, "Simple return over the event's 24 hours", "fraction"),
        Column("n_days", pl.Int64, "UTC days of the year before in which a stretch of 24 hours between closes ends"),
        Column("n_as_far", pl.Int64, "Of them, days with a stretch that moved at least as far in the same direction"),
        Column("largest_return", pl.Float64, "Farthest of these stretches in that direction", "fraction", True),
        Column("largest_end_utc", UTC, "End of that stretch", is_nullable=True),
        Column("first_start_utc", UTC, "Start of the earliest stretch", is_nullable=True),
    ),
)
