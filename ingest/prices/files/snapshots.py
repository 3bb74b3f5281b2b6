"""Price observations at uneven times, as aggregators give them, for assets without candles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ingest.refusals import refuse_frame
from ingest.source import Source
from warehouse.tables.contract import UTC
from warehouse.tables.prices import OBSERVATION
from warehouse.tables.units import percent

COLUMNS = frozenset({"symbol", "observed_at_utc", "price_usd"})
# Two coins can share a ticker in an aggregator: a price more than half away from its neighbours may be another coin's.
LARGEST_DEVIATION = 0.5
_NEIGHBOURS = 9


def is_snapshot_file(path: Path) -> bool:
    """Whether a Parquet file holds observations and not candles."""
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        return set(pl.read_parquet_schema(path)) >= COLUMNS
    except pl.exceptions.PolarsError:
        return False  # damaged: whoever reads its candles says so


def parse_snapshots(path: Path, source: Source) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """core.observation and raw.quarantine, asset by asset: each price is judged beside its neighbours in time.

    Repeats of the same asset and instant are kept once; prices far from their neighbours are refused.
    """
    raw = pl.read_parquet(path, columns=[*COLUMNS]).with_row_index("row_number")
    yield parse_observations(raw, source)


def parse_observations(raw: pl.DataFrame, source: Source) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same for rows in memory with symbol, observed_at_utc, price_usd, row_number, perhaps volume_24h_quote."""
    ordered = raw.with_columns(pl.col("observed_at_utc").cast(UTC)).sort("symbol", "observed_at_utc", "row_number")
    price = pl.col("price_usd")
    median = price.rolling_median(_NEIGHBOURS, center=True, min_samples=3).over("symbol")
    deviation = price / median - 1
    reason = (
        pl.when(price.is_null() | ~price.is_finite() | (price <= 0).fill_null(True))
        .then(pl.lit("not_positive"))
        .when(pl.col("observed_at_utc") > pl.lit(source.received_at).cast(UTC))
        .then(pl.lit("from_the_future"))
        .when((deviation > LARGEST_DEVIATION) | (deviation < 1 / (1 + LARGEST_DEVIATION) - 1))
        .then(pl.lit("far_from_neighbours"))
    )
    judged = ordered.with_columns(reason.alias("reason"), deviation.alias("deviation"))
    refused = judged.filter(pl.col("reason").is_not_null()).select(
        pl.col("symbol").alias("subject_id"),
        "reason",
        pl.format(
            "price {} differs from the median of its neighbours by {}",
            "price_usd",
            pl.col("deviation").map_elements(percent, return_dtype=pl.String),
        )
        .fill_null("not a usable price")
        .alias("detail"),
        pl.struct("symbol", "observed_at_utc", "price_usd").struct.json_encode().alias("payload_json"),
        pl.col("row_number").cast(pl.Int64),
    )
    sound = judged.filter(pl.col("reason").is_null()).unique(["symbol", "observed_at_utc"], keep="first")
    frame = sound.sort("symbol", "observed_at_utc").select(
        pl.lit(source.source_id).alias("source_id"),
        pl.col("symbol").alias("asset_id"),
        "observed_at_utc",
        pl.col("price_usd").alias("price_quote"),
        pl.col("volume_24h_quote")
        if "volume_24h_quote" in sound.columns
        else pl.lit(None, dtype=pl.Float64).alias("volume_24h_quote"),
        pl.lit(source.received_at).cast(UTC).alias("first_seen_at_utc"),
        pl.lit(source.run_id).alias("run_id"),
    )
    return OBSERVATION.conform(frame), refuse_frame(refused, OBSERVATION.name, source)


def observations_of(rows: pl.DataFrame, flow: pl.DataFrame) -> pl.DataFrame:
    """The rows of `parse_observations` for prices at instants that were read like bars (ROW_SCHEMA and their flow)."""
    symbol = pl.col("market_id").str.split(":").list.get(1).str.split("/").list.get(0)
    volume = flow["volume_quote"] if flow.height else pl.Series([None], dtype=pl.Float64).new_from_index(0, rows.height)
    return (
        rows.select(
            symbol.alias("symbol"),
            pl.col("open_time_utc").alias("observed_at_utc"),
            pl.col("close_quote").alias("price_usd"),
        )
        .with_columns(volume.alias("volume_24h_quote"))
        .with_row_index("row_number")
    )


def contest_observations(
    observations: pl.DataFrame, stored: pl.DataFrame, source: Source
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The observations without those that contradict a `stored` one (both core.observation), and these as refusals.

    What was seen once stands: a study as of an instant must find the price of that instant.
    """
    both = observations.join(
        stored.select(*OBSERVATION.key, pl.col("price_quote").alias("stored_quote")),
        on=OBSERVATION.key,
        how="left",
        validate="1:1",
    )
    is_other = (pl.col("price_quote") != pl.col("stored_quote")).fill_null(value=False)
    contested = both.filter(is_other).select(
        pl.col("asset_id").alias("subject_id"),
        pl.lit("contested").alias("reason"),
        pl.format("price {} where {} was observed before", "price_quote", "stored_quote").alias("detail"),
        pl.struct("asset_id", "observed_at_utc", "price_quote").struct.json_encode().alias("payload_json"),
        pl.lit(None, dtype=pl.Int64).alias("row_number"),
    )
    return both.filter(~is_other).drop("stored_quote"), refuse_frame(contested, OBSERVATION.name, source)


def observed_series(observations: pl.DataFrame) -> pl.DataFrame:
    """market_id, timeframe, open_time_utc of observations, for counting them like bars."""
    return observations.select(
        pl.format("observed:{}", "asset_id").alias("market_id"),
        pl.lit("uneven").alias("timeframe"),
        pl.col("observed_at_utc").alias("open_time_utc"),
    )


def refused_series(refused: pl.DataFrame) -> pl.DataFrame:
    """The refusals of observations with a subject that counts like a series."""
    return refused.with_columns(pl.format("observed:{} uneven", "subject_id").alias("subject_id"))
