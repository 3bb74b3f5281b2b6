"""The rows of named queries that pages print, as contracts."""

from __future__ import annotations

import polars as pl

from dashboards.numbers import NAMED
from warehouse.tables.contract import UTC, Column, Table

DAILY_CLOSE = Table(
    name=f"{NAMED}daily_closes",
    description="The last close of each day of a market, whatever the bar length.",
    source="core.coin_candle",
    key=("market_id", "day_utc"),
    columns=(
        Column("market_id", pl.String, "Market."),
        Column("day_utc", UTC, "Day."),
        Column("close_quote", pl.Float64, "Last close.", unit="quote currency"),
    ),
)
RECENT_RUN = Table(
    name=f"{NAMED}recent_runs",
    description="The newest runs with the rows they wrote.",
    source="ops.run, ops.step",
    key=("run_id",),
    columns=(
        Column("run_id", pl.String, "Run."),
        Column("n_changed", pl.Int64, "Rows written.", is_nullable=True),
    ),
)
PRICE_RECORD = Table(
    name=f"{NAMED}price_record",
    description="The record of each market by day: how many days, and the change from first close to last.",
    source="core.coin_candle",
    key=("market_id",),
    columns=(
        Column("market_id", pl.String, "Market."),
        Column("n_days", pl.Int64, "Days with a close."),
        Column("change", pl.Float64, "Last close over first, less one.", unit="fraction"),
    ),
)
REACTIONS_BY_KIND = Table(
    name=f"{NAMED}reaction_counts",
    description="Reactions over 24 hours of one asset to one kind of event.",
    source="out.study_result",
    key=("asset_id", "category"),
    columns=(
        Column("asset_id", pl.String, "Asset."),
        Column("category", pl.String, "Kind of event."),
        Column("n_measured", pl.Int64, "Events with a number."),
        Column("n_rose", pl.Int64, "Of them, those after which it rose beyond the benchmark."),
        Column("mean_car", pl.Float64, "Mean.", unit="fraction"),
        Column("median_car", pl.Float64, "Median.", unit="fraction"),
        Column("smallest_car", pl.Float64, "Smallest.", unit="fraction"),
        Column("largest_car", pl.Float64, "Largest.", unit="fraction"),
    ),
)
OWN_STUDY = Table(
    name=f"{NAMED}own_studies",
    description="A person's own studies with the events they measured.",
    source="out.study_result",
    key=("study_id",),
    columns=(Column("study_id", pl.String, "Study."), Column("n_events", pl.Int64, "Events measured.")),
)
