"""Contracts of what headlines say about prices and of the verdicts on it."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import ENTRY_ID

PRESS_HEADLINE = Table(
    "core.press_headline",
    "Every headline that names a market and was read for statements about its price.",
    "core.entry, read by analysis.claims.sentences",
    ("entry_id",),
    (
        ENTRY_ID,
        Column("said_at_utc", UTC, "Publication; of a revised title, when that title was first seen"),
        Column("n_statements", pl.Int64, "Statements about the past of one of our markets"),
        Column("n_unjudged", pl.Int64, "Passages that are not judged: forecasts, questions, adverts, other markets, …"),
        Column("reader_sha256", pl.String, "Hash of the reader's words, forms and code"),
        Column("data_as_of_utc", UTC, "Last stored price when it was judged", is_nullable=True),
    ),
)

PRESS_CLAIM = Table(
    "core.press_claim",
    "Every statement about the past of one of our markets that was read in a headline.",
    "core.entry, read by analysis.claims.sentences",
    ("press_claim_id",),
    (
        Column("press_claim_id", pl.String, "Headline and number of the statement in it"),
        ENTRY_ID,
        Column("outlet", pl.String, "Who printed it"),
        Column("said_at_utc", UTC, "Publication; of a revised title, when that title was first seen"),
        Column("title", pl.String, "The headline"),
        Column("url", pl.String, "Where it stands", is_nullable=True),
        Column("quote", pl.String, "The words of the statement"),
        Column("is_sure", pl.Boolean, "Whether the reading is sure; no other statement is judged"),
        Column("form_id", pl.String, "Form of the reader that found it"),
        Column("kind", pl.String, "Kind of statement, as of `aftershock factcheck`"),
        Column("asset_id", pl.String, "Asset, or a declared group such as MARKET"),
        Column("direction", pl.String, "up, down or none"),
        Column("size", pl.Float64, "Size said: a fraction, of a multiple the factor", is_nullable=True),
        Column("price_quote", pl.Float64, "Price said", "quote currency", is_nullable=True),
        Column("comparator", pl.String, "exact, about, nearly, more_than, at_least or up_to", is_nullable=True),
        Column("window_token", pl.String, "Window said, such as PT24H or weekend", is_nullable=True),
    ),
)

PRESS_VERDICT = Table(
    "out.press_verdict",
    "What the tape shows of each surely read statement of a headline, as of its publication.",
    "analysis.claims.press",
    ("press_claim_id",),
    (
        Column("press_claim_id", pl.String, "Statement"),
        ENTRY_ID,
        Column("outlet", pl.String, "Who printed it"),
        Column("said_at_utc", UTC, "Publication"),
        Column("asset_id", pl.String, "Asset or group"),
        Column("kind", pl.String, "Kind of statement"),
        Column(
            "verdict", pl.String, "supported, another_reading, overstated, understated, not_supported or cannot_be_told"
        ),
        Column("measured", pl.String, "What was measured, in words with numbers"),
        Column("closest_true_statement", pl.String, "What could have been printed"),
        Column("reading", pl.String, "The first reading that fits", is_nullable=True),
        Column("readings_tried", pl.String, "Every reading that was tried, comma-separated"),
        Column("literal_value", pl.Float64, "The literal reading's value", is_nullable=True),
        Column("unit", pl.String, "Unit of it: fraction, quote currency, days, times", is_nullable=True),
        Column(
            "gap_share",
            pl.Float64,
            "Distance of a price said from the price found, of the price said",
            is_nullable=True,
        ),
        Column("market_id", pl.String, "Market of the literal reading", is_nullable=True),
        Column("is_near_miss", pl.Boolean, "Close to another verdict"),
        Column("reason", pl.String, "Why it cannot be told", is_nullable=True),
        Column("data_as_of_utc", UTC, "Last stored price when it was judged", is_nullable=True),
    ),
)

PRESS_SUMMARY = Table(
    "out.press_summary",
    "How the surely read statements of headlines fared, by outlet, asset, kind and month.",
    "analysis.claims.press",
    ("part", "value"),
    (
        Column("part", pl.String, "all, outlet, asset, kind or month"),
        Column("value", pl.String, "Which one; months as 2026-06"),
        Column("n_statements", pl.Int64, "Surely read statements"),
        Column("n_told", pl.Int64, "Those of them that the tape can judge"),
        Column("n_days", pl.Int64, "Days times assets they speak of: statements of one day and asset share a tape"),
        Column("n_supported", pl.Int64, "True as the words say it"),
        Column("n_another_reading", pl.Int64, "True of another plain reading"),
        Column("n_overstated", pl.Int64, "Right direction, from half the size up"),
        Column("n_understated", pl.Int64, "Right direction, more than said"),
        Column("n_not_supported", pl.Int64, "Could not be reproduced by any reading"),
        Column("share_reproduced", pl.Float64, "Supported or true of another reading, of those told", is_nullable=True),
        Column("lower_95", pl.Float64, "Lower end of the share's 95 % interval, with n_days for n", is_nullable=True),
        Column("upper_95", pl.Float64, "Upper end of the share's 95 % interval", is_nullable=True),
    ),
)
