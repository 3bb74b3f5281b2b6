"""What a better clock changed: the first public evidence of an event, before and after."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from warehouse.tables.news import EVENT_REVISION


def find_revisions(before: pl.DataFrame, after: pl.DataFrame, now: datetime, run_id: str) -> pl.DataFrame:
    """Rows of out.event_revision for the events of both frames (core.event) whose time of public evidence differs."""
    columns = ("event_id", "best_at_utc", "time_basis")
    known = before.select("event_id", before_at_utc="best_at_utc", before_basis="time_basis")
    both = after.select(columns).join(known, on="event_id", how="inner", validate="1:1")
    moved = both.filter(pl.col("best_at_utc") != pl.col("before_at_utc"))
    noted = moved.with_columns(changed_at_utc=pl.lit(now), run_id=pl.lit(run_id))
    return noted.rename({"best_at_utc": "after_at_utc", "time_basis": "after_basis"}).select(
        EVENT_REVISION.column_names
    )
