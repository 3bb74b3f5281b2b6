"""The record shipped with the product, loaded through the same checks as any source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import polars as pl

from ingest.bundle.ledger import event_frame, read_ledger, source_frame
from warehouse.tables.contract import UTC
from warehouse.tables.prices import CANDLE, QUARANTINE

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
    parsed = [_read_candles(name, now, run_id) for name in CANDLE_FILES]
    events, event_sources = load_ledger()
    return Bundle(
        candles=pl.concat([candles for candles, _ in parsed]),
        quarantined=pl.concat([refused for _, refused in parsed]),
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


def _read_candles(name: str, now: datetime, run_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    columns = {"open": "open_quote", "high": "high_quote", "low": "low_quote", "close": "close_quote"}
    body = (files("ingest.bundle") / name).read_bytes()
    frame = pl.read_csv(body, schema_overrides={"volume": pl.Float64}, try_parse_dates=False)
    candles = frame.rename(columns | {"volume": "volume_base"}).select(
        pl.format("{}:{}", "exchange", "symbol").alias("market_id"),
        "timeframe",
        pl.col("open_time_utc").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC"),
        *columns.values(),
        "volume_base",
        pl.lit(SOURCE_ID).alias("source_id"),
        pl.lit(now).cast(UTC).alias("first_seen_at_utc"),
        pl.lit(run_id).alias("run_id"),
        pl.lit(False).alias("is_revised"),
    )
    return CANDLE.conform(candles), QUARANTINE.empty()
