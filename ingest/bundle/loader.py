"""The record shipped with the product, loaded through the same checks as any source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

import polars as pl

from ingest.bundle.ledger import LedgerEntry, event_frame, known_entries, read_ledger, source_frame
from ingest.prices.files.archive import read_candle_csv
from ingest.source import Source
from warehouse.config import packaged_text
from warehouse.tables.contract import Table
from warehouse.tables.prices import CANDLE
from warehouse.tables.size import SINGLE_SIZE, TEST_SIZE

SOURCE_ID = "bundle"
CANDLE_FILES = ("candles_1h.csv", "candles_4h.csv")
LEDGER_FILE = "ledger.toml"
FALSE_ALARMS_FILE = "false_alarms.csv"
SINGLE_SIZE_FILE = "single_size.csv"
# Reasons for which a bar is refused only because its time has not come.
NOT_YET = ("from_the_future", "unfinished")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Frames in the shape of core.candle, raw.quarantine, core.event and core.event_source."""

    candles: pl.DataFrame
    quarantined: pl.DataFrame
    events: pl.DataFrame
    event_sources: pl.DataFrame


def load_ledger(now: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events of the bundled ledger and their evidence (core.event, core.event_source) as known at `now`."""
    known = known_entries(_shipped_ledger(), now)
    return event_frame(known), source_frame(known)


@cache
def _shipped_ledger() -> tuple[LedgerEntry, ...]:
    """The entries that ship, read and checked once: three steps of a run ask for them."""
    return tuple(read_ledger(packaged_text("ingest.bundle", LEDGER_FILE)))


def shipped_event_ids() -> frozenset[str]:
    """The ids of the shipped events, whenever they happen."""
    return frozenset(entry.id for entry in _shipped_ledger() if entry.id is not None)


def load_false_alarms() -> pl.DataFrame:
    """Rows of out.test_size that were measured before shipping, because measuring them takes minutes."""
    body = (files("ingest.bundle") / FALSE_ALARMS_FILE).read_bytes()
    return TEST_SIZE.conform(pl.read_csv(body, schema_overrides=TEST_SIZE.schema))


def load_single_size() -> pl.DataFrame:
    """Rows of out.single_size that were measured before shipping, because measuring them takes minutes."""
    body = (files("ingest.bundle") / SINGLE_SIZE_FILE).read_bytes()
    return SINGLE_SIZE.conform(pl.read_csv(body, schema_overrides=SINGLE_SIZE.schema))


def load_bundle(now: datetime, run_id: str) -> Bundle:
    """The record as it could be known at `now`: closed bars, rows that are refused, events and their evidence."""
    source = Source(SOURCE_ID, run_id, now)
    batches = [read_candle_csv((files("ingest.bundle") / name).read_bytes(), source) for name in CANDLE_FILES]
    quarantined = pl.concat([batch.quarantined for batch in batches])
    events, event_sources = load_ledger(now)
    return Bundle(
        candles=pl.concat([batch.candles for batch in batches]),
        # A run at an earlier instant does not know the later bars; they are not bad and come when their time has come.
        quarantined=quarantined.filter(~pl.col("reason").is_in(NOT_YET)),
        events=events,
        event_sources=event_sources,
    )


def only_new_bars(candles: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """The shipped bars that no other source has already given: an exchange's own bar is worth more than a copy.

    `stored` holds market_id, timeframe, open_time_utc and source_id of core.candle.
    """
    elsewhere = stored.filter(pl.col("source_id") != SOURCE_ID)
    return candles.join(elsewhere, on=list(CANDLE.key), how="anti")


def only_best_measured(shipped: pl.DataFrame, stored: pl.DataFrame, table: Table = TEST_SIZE) -> pl.DataFrame:
    """The shipped rows of out.test_size (or another `table`) that were not measured with more replications here."""
    tried = pl.col("n_replications")
    if "n_absent" in table.schema:
        tried = tried + pl.col("n_absent")
    here = stored.select(*table.key, tried.alias("n_here"))
    joined = shipped.join(here, on=list(table.key), how="left", validate="1:1")
    return joined.filter(pl.col("n_here").fill_null(0) <= tried).select(table.column_names)


def only_untouched_events(
    bundle: Bundle, stored_events: pl.DataFrame, stored_sources: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ledger events and their evidence, without those that a person corrected or that have gained evidence elsewhere.

    `stored_events` and `stored_sources` are core.event and core.event_source.
    """
    ours = bundle.events.select("event_id", "best_at_utc")
    stored = stored_events.join(ours, on="event_id", how="inner", suffix="_ours", validate="1:1")
    corrected = stored.filter(
        (pl.col("origin") != "ledger")
        | (pl.col("status") != "confirmed")
        | (pl.col("best_at_utc") != pl.col("best_at_utc_ours"))
    ).select("event_id")
    evidence = ["event_id", "outlet", "title"]
    enriched = stored_sources.join(bundle.event_sources, on=evidence, how="anti").select("event_id")
    touched = pl.concat([corrected, enriched]).unique()
    # How much an event matters is judged once it is loaded, and stays.
    judged = stored_events.select("event_id", "relevance", "relevance_reason")
    events = (
        bundle.events.join(touched, on="event_id", how="anti")
        .drop("relevance", "relevance_reason")
        .join(judged, on="event_id", how="left", validate="1:1")
    )
    return events.select(bundle.events.columns), bundle.event_sources.join(touched, on="event_id", how="anti")
