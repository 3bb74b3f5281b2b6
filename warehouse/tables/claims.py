"""Contracts of published claims and the verdicts on them."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table

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
    ),
)

CLAIM_VERDICT = Table(
    "out.claim_verdict",
    "The verdict on each claim: what was said, what was measured, and the closest true statement.",
    "analysis.claims",
    ("claim_id",),
    (
        Column("claim_id", pl.String, "Claim"),
        Column("episode", pl.String, "Episode"),
        Column("quote", pl.String, "What was said"),
        Column("verdict", pl.String, "supported, partly, not_supported or cannot_be_told"),
        Column("measured", pl.String, "What was measured, in words with numbers"),
        Column("measured_value", pl.Float64, "Headline measurement", is_nullable=True),
        Column("claimed_value", pl.Float64, "What was claimed, same unit", is_nullable=True),
        Column("unit", pl.String, "Unit of both values: fraction, quote currency, weeks", is_nullable=True),
        Column("closest_true_statement", pl.String, "What can be printed instead"),
        Column("n_placebo", pl.Int64, "Placebo windows compared with", is_nullable=True),
        Column("venue", pl.String, "Market the prices come from", is_nullable=True),
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
        Column("claim_id", pl.String, "Claim"),
        Column("reading_id", pl.String, "from_first_report, from_statement, trough_to_peak, best_close_to_close, ..."),
        Column("description", pl.String, "The reading in words"),
        Column("weight", pl.String, "decisive (what the words say), alternative (what they may mean) or context"),
        Column("value", pl.Float64, "Measurement under this reading", is_nullable=True),
        Column("unit", pl.String, "fraction, quote currency, hours, weeks, probability"),
        Column("from_utc", UTC, "Start of what was measured", is_nullable=True),
        Column("to_utc", UTC, "End of what was measured", is_nullable=True),
        Column("is_satisfied", pl.Boolean, "Whether the claim holds under this reading", is_nullable=True),
        Column("market_id", pl.String, "Market or markets measured, comma-separated", is_nullable=True),
        Column("detail", pl.String, "In words"),
    ),
)
