"""A regular grid from price observations at uneven times, never older than a stated limit."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from warehouse.tables.contract import UTC

# How results that rest on such a grid are labelled.
LABEL = "observed"


def grid_as_of(
    observations: pl.DataFrame, start: datetime, end: datetime, bar: timedelta, staleness: timedelta
) -> pl.DataFrame:
    """Per asset and bar of [start, end): the last observation at or before the bar's close, if it is young enough.

    `observations` has asset_id, observed_at_utc, price_quote. Columns: asset_id, open_time_utc, close_quote (null where
    the last observation is older than `staleness` or there is none), age_minutes, price_basis (`observed`). A close is
    never an observation from after it.
    """
    assets = observations.select("asset_id").unique().sort("asset_id")
    opens = pl.datetime_range(start, end, bar, closed="left", eager=True, time_zone="UTC").cast(UTC)
    grid = assets.join(opens.to_frame("open_time_utc"), how="cross").with_columns(
        (pl.col("open_time_utc") + bar).alias("close_time_utc")
    )
    matched = grid.sort("close_time_utc").join_asof(
        observations.select("asset_id", "observed_at_utc", "price_quote").sort("observed_at_utc"),
        left_on="close_time_utc",
        right_on="observed_at_utc",
        by="asset_id",
        strategy="backward",
        tolerance=staleness,
        check_sortedness=False,
    )
    age = (pl.col("close_time_utc") - pl.col("observed_at_utc")).dt.total_seconds() / 60
    return matched.sort("asset_id", "open_time_utc").select(
        "asset_id",
        "open_time_utc",
        pl.col("price_quote").alias("close_quote"),
        age.alias("age_minutes"),
        pl.lit(LABEL).alias("price_basis"),
    )
