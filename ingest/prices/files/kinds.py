"""Which kind of price a file holds: trades, or mark, index, premium and funding, at which nobody traded."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import polars as pl

from ingest.prices.candles import CandleBatch
from ingest.source import Source
from warehouse.tables.contract import UTC
from warehouse.tables.prices import FUNDING, QUOTED_BAR


class PriceKind(StrEnum):
    """Part of a bar's identity: only trades are candles."""

    TRADE = "trade"
    MARK = "mark"
    INDEX = "index"
    PREMIUM = "premium"
    FUNDING = "funding"


_IN_FOLDER = (
    (re.compile(r"premium[-_ ]?index"), PriceKind.PREMIUM),
    (re.compile(r"mark[-_ ]?price"), PriceKind.MARK),
    (re.compile(r"index[-_ ]?price|spot[-_]index|index[-_ ]candle"), PriceKind.INDEX),
    (re.compile(r"funding[-_ ]?(rate|appl|update)"), PriceKind.FUNDING),
)
_AT_END = (
    (re.compile(r"-premiumindex\.\w+"), PriceKind.PREMIUM),
    (re.compile(r"-mark\.\w+"), PriceKind.MARK),
    (re.compile(r"-index\.\w+"), PriceKind.INDEX),
)
# A verdict from content needs as many bars, of which this share moved although nothing was traded.
_FEWEST_BARS = 5
_MOVING_SHARE = 0.5


def kind_in_path(path: Path, member: str = "") -> PriceKind | None:
    """The kind that folders or the end of the name say; None when they say nothing."""
    parts = [part.lower() for part in (*path.parts, *Path(member).parts)]
    for pattern, kind in _IN_FOLDER:
        if any(pattern.search(part) for part in parts):
            return kind
    names = (path.name.lower(), Path(member).name.lower())
    return next((kind for pattern, kind in _AT_END if any(pattern.search(name) for name in names)), None)


def is_untraded(rows: pl.DataFrame) -> bool:
    """Whether prices of `rows` (ROW_SCHEMA) move while every volume is zero: a mark or an index, no trade."""
    stated = rows.filter(pl.col("volume_base").is_not_null(), pl.col("high_quote").is_not_null())
    if stated.height < _FEWEST_BARS or stated.height < rows.height or (stated["volume_base"] != 0).any():
        return False
    moved = stated.filter(pl.col("high_quote") > pl.col("low_quote")).height
    return moved >= _MOVING_SHARE * stated.height


def quoted_bars(batch: CandleBatch, kind: PriceKind) -> pl.DataFrame:
    """core.quoted_bar for bars of another kind than trades."""
    return QUOTED_BAR.conform(
        batch.candles.select(
            pl.lit(str(kind)).alias("price_kind"), pl.all().exclude("volume_base", "is_revised")
        ).select(QUOTED_BAR.column_names)
    )


def funding_rates(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """core.funding_rate for rows (ROW_SCHEMA) whose close is the rate; rows without time or number are left out."""
    sound = rows.filter(pl.col("open_time_utc").is_not_null(), pl.col("close_quote").is_finite())
    return FUNDING.conform(
        sound.select(
            "market_id",
            pl.col("open_time_utc").alias("funding_time_utc"),
            pl.col("close_quote").alias("funding_rate"),
            pl.lit(source.received_at).cast(UTC).alias("first_seen_at_utc"),
            pl.lit(source.run_id).alias("run_id"),
        ).unique(FUNDING.key, keep="last", maintain_order=True)
    )
