"""Rows that are refused, in the shape of raw.quarantine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from warehouse.tables.contract import UTC
from warehouse.tables.prices import QUARANTINE


@dataclass(frozen=True, slots=True)
class Reading:
    """Who read rows, when, and what for: the stamp on every row that is kept or refused."""

    source_id: str
    run_id: str
    now: datetime


def refusal_frame(refused: pl.DataFrame, table_name: str, reading: Reading) -> pl.DataFrame:
    """raw.quarantine for rows with subject_id, reason, detail, payload_json, row_number; the same row is kept once."""
    if not refused.height:
        return QUARANTINE.empty()
    frame = refused.select(
        pl.lit(table_name).alias("table_name"),
        pl.lit(reading.source_id).alias("source_id"),
        "subject_id",
        "reason",
        "detail",
        "payload_json",
        "row_number",
        pl.lit(reading.now).cast(UTC).alias("seen_at_utc"),
        pl.lit(reading.run_id).alias("run_id"),
        pl.lit(None, dtype=UTC).alias("released_at_utc"),
    )
    ids = [
        hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
        for parts in frame.select("source_id", "subject_id", "reason", "payload_json").iter_rows()
    ]
    named = frame.with_columns(pl.Series("quarantine_id", ids, dtype=pl.String))
    return named.unique("quarantine_id", keep="first", maintain_order=True).select(QUARANTINE.column_names)
