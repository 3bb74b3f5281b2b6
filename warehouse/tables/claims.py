"""Contracts of published claims and the verdicts on them."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import CLAIM_ID, MARKET_ID

CLAIM = Table(
    "core.claim",
    "Published sentences about token moves, as data.",
    "analysis/claims/claims.toml and the user's config",
    ("claim_id",),
    (
        Column("claim_id", pl.String, "Stable id"),
        Column("episode", pl.String, "Episode the claim belongs to"),
        Column("quote", pl.String, "The sentence in our words, figures kept"),
        Column("kind", pl.String, "Kind of measurement, e.g. rise_within"),
        Column("asset_id", pl.String, "Asset", is_nullable=True),
        Column("event_id", pl.String, "Event the claim refers to", is_nullable=True),
        Column("parameters_json", pl.String, "Numbers with tolerance, horizon, comparison"),
        Column("source", pl.String, "Who reported it", is_nullable=True),
        Column("said_at_utc", UTC, "When it was said, if the entry says so", is_nullable=True),
        Column("said_by", pl.String, "Who said it", is_nullable=True),
        Column("url", pl.String, "Where it was said", is_nullable=True),
    ),
)

CLAIM_VERDICT = Table(
    "out.claim_verdict",
    "The verdict on each claim: what was said, what was measured, and the closest true statement.",
    "analysis.claims",
    ("claim_id",),
    (
        CLAIM_ID,
        Column("episode", pl.String, "Episode"),
        Column("quote", pl.String, "What was said"),
        Column(
            "verdict", pl.String, "supported, another_reading, overstated, understated, not_supported or cannot_be_told"
        ),
        Column("measured", pl.String, "What was measured, in words with numbers"),
        Column("measured_value", pl.Float64, "Headline measurement", is_nullable=True),
        Column("claimed_value", pl.Float64, "What was claimed, same unit", is_nullable=True),
        Column(
            "unit", pl.String, "Unit of both values: fraction, quote currency, days, weeks, times", is_nullable=True
        ),
        Column("closest_true_statement", pl.String, "What can be printed instead"),
        Column(
            "n_placebo", pl.Int64, "Earlier stretches of that length, side by side, compared with", is_nullable=True
        ),
        Column("n_as_large", pl.Int64, "Those of them that moved at least as far", is_nullable=True),
        Column("rarity", pl.String, "How those were counted, in words", is_nullable=True),
        Column("venue", pl.String, "Market the prices come from", is_nullable=True),
        Column("elsewhere", pl.String, "What other venues say, spot and perpetual apart", is_nullable=True),
        Column("timeframe", pl.String, "Bar length of the headline reading", is_nullable=True),
        Column("said_at_utc", UTC, "When it was said; no bar that closes later supports it", is_nullable=True),
        Column("window_from_utc", UTC, "Start of the window of the headline reading", is_nullable=True),
        Column("window_to_utc", UTC, "Its end", is_nullable=True),
        Column("offer", pl.String, "A window in which all parts are true, as an offer", is_nullable=True),
        Column("warning", pl.String, "Where quote and entry differ, or a window was cut", is_nullable=True),
        Column("is_near_miss", pl.Boolean, "Close to another verdict", is_nullable=True),
        Column("missing_data", pl.String, "What data would answer it", is_nullable=True),
        Column("spec_sha256", pl.String, "Hash of claim, method and data"),
        Column("data_as_of_utc", UTC, "Close of the last bar used", is_nullable=True),
    ),
)

CLAIM_READING = Table(
    "out.claim_reading",
    "Every reading of a claim that was tried.",
    "analysis.claims",
    ("claim_id", "reading_id"),
    (
        CLAIM_ID,
        Column(
            "reading_id",
            pl.String,
            "literal, to_extreme, from_extreme, swing, elsewhere, earlier_stretches, part_1_literal, ...",
        ),
        Column("description", pl.String, "The reading in words"),
        Column(
            "weight", pl.String, "decisive (what the words say), alternative (what they may mean), venue or context"
        ),
        Column("value", pl.Float64, "Measurement under this reading", is_nullable=True),
        Column("unit", pl.String, "fraction, quote currency, days, log points, probability"),
        Column("from_utc", UTC, "Start of what was measured", is_nullable=True),
        Column("to_utc", UTC, "End of what was measured", is_nullable=True),
        Column("is_satisfied", pl.Boolean, "Whether the claim holds under this reading", is_nullable=True),
        Column("market_id", pl.String, "Market or markets measured, comma-separated", is_nullable=True),
        Column("detail", pl.String, "In words"),
    ),
)

CLAIM_BAR = Table(
    "out.claim_bar",
    "The bars that the headline reading of each claim rests on, with the last one closed before its window.",
    "analysis.claims",
    ("claim_id", "market_id", "close_time_utc"),
    (
        CLAIM_ID,
        Column("asset_id", pl.String, "The claim's asset, or one that it is set beside"),
        MARKET_ID,
        Column("timeframe", pl.String, "Bar length, or observed"),
        Column("close_time_utc", UTC, "When the close was known"),
        Column("high_quote", pl.Float64, "Highest price", unit="quote currency", is_nullable=True),
        Column("low_quote", pl.Float64, "Lowest price", unit="quote currency", is_nullable=True),
        Column("close_quote", pl.Float64, "Close", unit="quote currency"),
    ),
)

CLAIM_HISTORY = Table(
    "out.claim_history",
    "Every verdict a claim has had: a row whenever its word or its measurement changed.",
    "analysis.claims",
    ("claim_id", "run_id"),
    (
        CLAIM_ID,
        Column("run_id", pl.String, "The run that judged it so"),
        Column("judged_at_utc", UTC, "When"),
        Column("verdict", pl.String, "The verdict from then on"),
        Column("measured", pl.String, "What was measured"),
        Column("data_as_of_utc", UTC, "Close of the last bar used", is_nullable=True),
    ),
)
