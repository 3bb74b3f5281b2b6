"""Candles in quarantine: which refusals stand, and what a person lets in again."""

from __future__ import annotations

import json

import polars as pl

from ingest.prices.candles import ROW_SCHEMA, CandleBatch, Reading, parse_candles
from ingest.prices.layout import Identity, to_rows
from ingest.prices.suspects import Verdicts
from warehouse.tables.prices import CANDLE, QUARANTINE

# Reasons that were found beside neighbours: the row alone looks good and would come in again.
WITHDRAWN = ("unit_jump", "frozen")


def read_verdicts(quarantine: pl.DataFrame) -> Verdicts:
    """What raw.quarantine says about bars that were withdrawn: still withheld, or pardoned by a person."""
    withdrawn = quarantine.filter(pl.col("table_name") == CANDLE.name, pl.col("reason").is_in(WITHDRAWN))
    return Verdicts(
        withheld=_read_payloads(withdrawn.filter(pl.col("released_at_utc").is_null())),
        pardoned=_read_payloads(withdrawn.filter(pl.col("released_at_utc").is_not_null())),
    )


def replay_rows(quarantine: pl.DataFrame, reading: Reading) -> CandleBatch:
    """Refused candle rows once more through the checks; what is still bad comes back as quarantined.

    Withdrawn rows pass: a person's word stands against the neighbours'.
    """
    rows = _read_payloads(quarantine)
    return parse_candles(rows, reading) if rows.height else CandleBatch(CANDLE.empty(), QUARANTINE.empty())


def _read_payloads(quarantine: pl.DataFrame) -> pl.DataFrame:
    """ROW_SCHEMA rows of payloads in any layout; the market is taken from subject_id where the payload lacks it."""
    by_shape: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for subject, text in quarantine.select("subject_id", "payload_json").iter_rows():
        payload = json.loads(text)
        market, _, timeframe = str(subject or "").rpartition(" ")
        exchange, _, symbol = market.partition(":")
        named = {"exchange": exchange, "symbol": symbol, "timeframe": timeframe, **payload}
        named |= {"exchange": exchange, "symbol": symbol} if "market_id" in payload else {}
        by_shape.setdefault(tuple(named), []).append(
            {key: None if value is None else str(value) for key, value in named.items()}
        )
    frames = [
        to_rows(pl.DataFrame(rows, schema=dict.fromkeys(shape, pl.String)), Identity(), "quarantine")
        for shape, rows in by_shape.items()
    ]
    return pl.concat([pl.DataFrame(schema=ROW_SCHEMA), *frames])
