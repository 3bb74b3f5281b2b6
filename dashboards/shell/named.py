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
OWN_STUDY = Table(
    name=f"{NAMED}own_studies",
    description="A person's own studies with the events they measured.",
    source="out.study_result",
    key=("study_id",),
    columns=(Column("study_id", pl.String, "Study."), Column("n_events", pl.Int64, "Events measured.")),
)
