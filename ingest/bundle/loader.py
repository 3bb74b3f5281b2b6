"""The record shipped with the product, loaded through the same checks as any source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import polars as pl

from ingest.bundle.ledger import event_frame, read_ledger, source_frame
from ingest.prices.archive import read_candle_csv
from ingest.prices.candles import Reading
from warehouse.tables.prices import CANDLE

SOURCE_ID = "bundle"
CANDLE_FILES = ("candles_1h.csv", "candles_4h.csv")
LEDGER_FILE = "ledger.toml"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Frames in the shape of core.candle, raw.quarantine, core.event and core.event_source."""

    candles: pl.DataFrame
    quarantined: pl.DataFrame
    events: pl.DataFrame
    event_sources: pl.DataFrame


def load_ledger() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events of the bundled ledger and their evidence (core.event, core.event_source)."""
    entries = read_ledger((files("ingest.bundle") / LEDGER_FILE).read_text(encoding="utf-8"), LEDGER_FILE)
    return event_frame(entries), source_frame(entries)


def load_bundle(now: datetime, run_id: str) -> Bundle:
    """The whole record: closed bars of the shipped candle files, rows they refuse, events and their evidence."""
    reading = Reading(SOURCE_ID, run_id, now)
    batches = [read_candle_csv((files("ingest.bundle") / name).read_bytes(), reading) for name in CANDLE_FILES]
    events, event_sources = load_ledger()
    return Bundle(
        candles=pl.concat([batch.candles for batch in batches]),
        quarantined=pl.concat([batch.quarantined for batch in batches]),
        events=events,
        event_sources=event_sources,
    )


def only_new_bars(candles: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """The shipped bars that no other source has already given: an exchange's own bar is worth more than a copy.

    `stored` holds market_id, timeframe, open_time_utc and source_id of core.candle.
    """
    elsewhere = stored.filter(pl.col("source_id") != SOURCE_ID)
    return candles.join(elsewhere, on=list(CANDLE.key), how="anti")


def only_absent_events(bundle: Bundle, stored_events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ledger events (and their evidence) that are not stored yet; stored ones may carry a person's corrections."""
    known = stored_events.select("event_id")
    return (
        bundle.events.join(known, on="event_id", how="anti"),
        bundle.event_sources.join(known, on="event_id", how="anti"),
    )
