"""A regular grid from price observations at uneven times, never older than a stated limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import polars as pl

from warehouse.tables.contract import UTC
from warehouse.tables.prices import CANDLE, MARKET

# How results that rest on such a grid are labelled, and the venue of their markets.
LABEL = "observed"
MARKET_NOTE = (
    "no market: prices that an aggregator showed at uneven times; a study makes bars of them, none of which is stored "
    "as a candle"
)
BAR_COLUMNS = ("market_id", "open_time_utc", "close_quote", "high_quote", "low_quote", "volume_base")
BAR_SCHEMA = pl.Schema({name: CANDLE.schema[name] for name in BAR_COLUMNS})


def is_observed(market_id: str) -> bool:
    """Whether the closes of a market are observations and not trades of a venue."""
    return market_id.startswith(f"{LABEL}:")


def candles_first(market_id: str) -> tuple[bool, str]:
    """Sort key that puts markets whose closes are observations behind those with candles."""
    return is_observed(market_id), market_id


def observed_share(market_ids: Sequence[str]) -> str:
    """What to add to the conventions of a group: how many of its pairs have observed closes; empty without any."""
    n_observed = sum(map(is_observed, market_ids))
    if not n_observed:
        return ""
    return f"; closes of {n_observed} of {len(market_ids)} pairs are prices observed at uneven times, not candles"


def observed_markets(asset_ids: Iterable[str]) -> pl.DataFrame:
    """Rows of core.market that stand for the observed prices of assets."""
    rows = [
        {
            "market_id": f"{LABEL}:{asset_id}/USD",
            "asset_id": asset_id,
            "exchange": LABEL,
            "symbol": f"{asset_id}/USD",
            "kind": LABEL,
            "quote": "USD",
            "contract_multiplier": 1.0,
            "is_registered": False,
            "note": MARKET_NOTE,
        }
        for asset_id in sorted(asset_ids)
    ]
    return MARKET.conform(pl.DataFrame(rows, schema_overrides={"market_id": pl.String}) if rows else MARKET.empty())


def observed_bars(observations: pl.DataFrame, bar: timedelta, staleness: timedelta) -> pl.DataFrame:
    """Bars (BAR_SCHEMA) of every asset's observed market whose close is an observation at most `staleness` old.

    `observations` as for `grid_as_of`, one source per asset. High, low and volume are null; a bar without a young
    observation is absent, and so is one that closes after the last observation of all. No rows when the limit is not
    shorter than the bar: one observation would be two closes.
    """
    if not observations.height or not timedelta(0) < staleness < bar:
        return pl.DataFrame(schema=BAR_SCHEMA)
    first, last = observations.select(
        pl.col("observed_at_utc").min().dt.truncate(bar).alias("first"),
        pl.col("observed_at_utc").max().dt.truncate(bar).alias("last"),
    ).row(0)
    # The first observation may stand exactly on the close of the bar before it; no bar closes after the last one.
    grid = grid_as_of(observations, first - bar, last, bar, staleness)
    return grid.filter(pl.col("close_quote").is_not_null()).select(
        pl.format("{}:{}/USD", pl.lit(LABEL), "asset_id").alias("market_id"),
        "open_time_utc",
        "close_quote",
        *(pl.lit(None, dtype=pl.Float64).alias(name) for name in ("high_quote", "low_quote", "volume_base")),
    )


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
