"""Let refused candles in after a fix or on a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from flows.context import RunContext
from flows.jobs.candle_intake import refresh_coverage
from ingest.prices.candles import CandleBatch
from ingest.prices.quarantine import RELEASED_SOURCE, released_rows, replay_rows, select_rows
from ingest.source import Source
from warehouse.store.candles import upsert_candles
from warehouse.store.connection import Reader
from warehouse.tables.prices import QUARANTINE


@dataclass(frozen=True, slots=True)
class Selection:
    """Which refused candles are meant: by the first characters of their ids, by reason, by market."""

    ids: tuple[str, ...]
    reason: str | None
    market_id: str | None


def release_candles(context: RunContext, selection: Selection) -> pl.DataFrame:
    """Check the chosen rows again, store those that pass and mark them released; one row per reason and outcome."""
    warehouse = context.warehouse
    chosen, batch = _check_again(warehouse, selection, Source(RELEASED_SOURCE, context.run_id, context.now))
    released = released_rows(chosen, batch, context.now)
    upsert_candles(warehouse, batch.candles)
    warehouse.merge(QUARANTINE, released)
    refresh_coverage(warehouse)
    return _count_outcomes(chosen, released)


def preview_release(reader: Reader, selection: Selection, now: datetime) -> pl.DataFrame:
    """What `release_candles` would answer for the published rows; nothing is written."""
    chosen, batch = _check_again(reader, selection, Source(RELEASED_SOURCE, "preview", now))
    return _count_outcomes(chosen, released_rows(chosen, batch, now))


def _check_again(reader: Reader, selection: Selection, source: Source) -> tuple[pl.DataFrame, CandleBatch]:
    standing = reader.frame(QUARANTINE, where="table_name = 'core.candle' and released_at_utc is null")
    chosen = select_rows(standing, selection.ids, selection.reason, selection.market_id)
    return chosen, replay_rows(chosen, source)


def _count_outcomes(chosen: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    outcome = pl.when(pl.col("quarantine_id").is_in(released["quarantine_id"].to_list()))
    return (
        chosen.with_columns(outcome.then(pl.lit("released")).otherwise(pl.lit("still refused")).alias("outcome"))
        .group_by("subject_id", "reason", "outcome")
        .len("n_rows")
        .sort("subject_id", "reason", "outcome")
    )
