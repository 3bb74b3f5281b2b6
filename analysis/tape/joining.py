"""Long bars made of short ones."""

from __future__ import annotations

import numpy as np
import polars as pl

from warehouse.tables.bars import BarLength

_KEY = ("market_id", "open_time_utc")


def join_bars(bars: pl.DataFrame, source: BarLength, bar: BarLength) -> pl.DataFrame:
    """Bars of length `bar` from whole stretches of bars of length `source`, in order of time within each market.

    A long bar closes where its last short one closes, so a whole stretch of the same market gives the same bar. Both
    frames have market_id, open_time_utc, close_quote, high_quote, low_quote, volume_base; a value that no short bar has
    is null. Weeks open on a Monday.
    """
    n_bars, volume = bar.seconds // source.seconds, pl.col("volume_base")
    found = (
        bars.lazy()
        .group_by("market_id", pl.col("open_time_utc").dt.truncate(bar.name), maintain_order=True)
        .agg(
            pl.col("close_quote").last(),
            pl.col("high_quote").max(),
            pl.col("low_quote").min(),
            volume.fill_null(0.0),
            (volume.count() > 0).alias("has_volume"),
        )
        .filter(volume.list.len() == n_bars)
        .collect()
    )
    volumes = found["volume_base"].explode(empty_as_null=False).to_numpy().reshape(-1, n_bars)
    total = np.zeros(found.height)
    # In order: a sum of floats in another order differs in its last digit, and a study would be computed anew.
    for one in volumes.T:
        total += one
    known = pl.when("has_volume").then(pl.Series("volume_base", total))
    return found.with_columns(known.alias("volume_base")).drop("has_volume")


def add_joined(stored: pl.DataFrame, joined: pl.DataFrame) -> pl.DataFrame:
    """`stored` bars with those of `joined` that are not among them, by market and time."""
    missing = joined.join(stored, on=_KEY, how="anti")
    return pl.concat([stored, missing.select(stored.columns)]).sort(_KEY) if missing.height else stored
