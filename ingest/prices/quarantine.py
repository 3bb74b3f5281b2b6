"""Candles in quarantine: which refusals stand, and what a person lets in again."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl

from ingest.prices.candles import KEY, ROW_SCHEMA, CandleBatch, parse_candles
from ingest.prices.files.columns import TableReading, read_rows
from ingest.prices.files.layouts import by_header
from ingest.prices.suspects import Verdicts
from ingest.source import Source
from warehouse.tables.contract import UTC
from warehouse.tables.prices import CANDLE, QUARANTINE

# Reasons that were found beside neighbours: the row alone looks good and would come in again.
WITHDRAWN = ("unit_jump", "frozen")
# What stands on a person's word.
RELEASED_SOURCE = "released"


def read_withdrawals(quarantine: pl.DataFrame) -> Verdicts:
    """What raw.quarantine says about bars that were withdrawn: still withheld, or pardoned by a person."""
    withdrawn = quarantine.filter(pl.col("table_name") == CANDLE.name, pl.col("reason").is_in(WITHDRAWN))
    return Verdicts(
        withheld=_read_payloads(withdrawn.filter(pl.col("released_at_utc").is_null())),
        pardoned=_read_payloads(withdrawn.filter(pl.col("released_at_utc").is_not_null())),
    )


def replay_rows(quarantine: pl.DataFrame, source: Source) -> CandleBatch:
    """Refused candle rows once more through the checks; what is still bad comes back as quarantined.

    Withdrawn rows pass: a person's word stands against the neighbours'.
    """
    rows = _read_payloads(quarantine)
    return parse_candles(rows, source) if rows.height else CandleBatch(CANDLE.empty(), QUARANTINE.empty())


def select_rows(
    standing: pl.DataFrame, ids: tuple[str, ...], reason: str | None, market_id: str | None
) -> pl.DataFrame:
    """Rows of raw.quarantine by the first characters of their ids, by reason and by market."""
    chosen = standing
    if ids:
        chosen = chosen.filter(pl.any_horizontal(pl.col("quarantine_id").str.starts_with(text) for text in ids))
    if reason is not None:
        chosen = chosen.filter(pl.col("reason") == reason)
    if market_id is not None:
        chosen = chosen.filter(pl.col("subject_id").str.starts_with(f"{market_id} "))
    return chosen


def released_rows(chosen: pl.DataFrame, batch: CandleBatch, now: datetime) -> pl.DataFrame:
    """Those rows of `chosen` whose bar passed in `batch`, marked as released at `now`."""
    keys = _read_payloads(chosen, with_ids=True)
    passed = keys.join(batch.candles.select(*KEY, "close_quote"), on=[*KEY, "close_quote"], how="semi")
    is_passed = pl.col("quarantine_id").is_in(passed["quarantine_id"].to_list())
    return chosen.filter(is_passed).with_columns(pl.lit(now).cast(UTC).alias("released_at_utc"))


def _read_payloads(quarantine: pl.DataFrame, *, with_ids: bool = False) -> pl.DataFrame:
    """ROW_SCHEMA rows of payloads in any layout; the market is taken from subject_id where the payload lacks it."""
    by_shape: dict[tuple[str, ...], list[dict[str, str | None]]] = {}
    for quarantine_id, subject, text in quarantine.select("quarantine_id", "subject_id", "payload_json").iter_rows():
        payload = json.loads(text)
        market, _, timeframe = str(subject or "").rpartition(" ")
        exchange, _, symbol = market.partition(":")
        named = {"exchange": exchange, "symbol": symbol, "timeframe": timeframe, **payload}
        named |= {"exchange": exchange, "symbol": symbol} if "market_id" in payload else {}
        texts = {key: None if value is None else str(value) for key, value in named.items()}
        by_shape.setdefault(tuple(named), []).append({**texts, "quarantine_id": quarantine_id})
    frames = [pl.DataFrame(schema={**ROW_SCHEMA, "quarantine_id": pl.String})]
    for shape, rows in by_shape.items():
        raw = pl.DataFrame(rows, schema=dict.fromkeys((*shape, "quarantine_id"), pl.String))
        frames.append(read_rows(raw, TableReading(by_header(shape)), "quarantine").with_columns(raw["quarantine_id"]))
    rows_with_ids = pl.concat(frames)
    return rows_with_ids if with_ids else rows_with_ids.drop("quarantine_id")
