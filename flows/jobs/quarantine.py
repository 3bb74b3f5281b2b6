"""Let refused candles in after a fix or on a person's word."""

from __future__ import annotations

import polars as pl

from flows.context import RunContext
from flows.jobs.candle_intake import refresh_coverage
from ingest.prices.quarantine import RELEASED_SOURCE, released_rows, replay_rows, select_rows
from ingest.source import Source
from warehouse.store.candles import upsert_candles
from warehouse.tables.prices import QUARANTINE


def release_candles(
    context: RunContext, ids: tuple[str, ...], reason: str | None, market_id: str | None, *, is_dry_run: bool
) -> pl.DataFrame:
    """Check the chosen rows again, store those that pass and mark them released; one row per reason and outcome."""
    warehouse = context.warehouse
    standing = warehouse.frame(QUARANTINE, where="table_name = 'core.candle' and released_at_utc is null")
    chosen = select_rows(standing, ids, reason, market_id)
    batch = replay_rows(chosen, Source(RELEASED_SOURCE, context.run_id, context.now))
    released = released_rows(chosen, batch, context.now)
    if not is_dry_run:
        upsert_candles(warehouse, batch.candles)
        warehouse.merge(QUARANTINE, released)
        refresh_coverage(warehouse)
    outcome = pl.when(pl.col("quarantine_id").is_in(released["quarantine_id"].to_list()))
    return (
        chosen.with_columns(outcome.then(pl.lit("released")).otherwise(pl.lit("still refused")).alias("outcome"))
        .group_by("subject_id", "reason", "outcome")
        .len("n_rows")
        .sort("subject_id", "reason", "outcome")
    )
