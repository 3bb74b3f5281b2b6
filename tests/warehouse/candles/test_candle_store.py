"""Candles keep every value that was ever believed, and when."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.warehouse.store.rows import make_row
from warehouse.store.candles import add_refusals, upsert_candles, withdraw_candles
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.prices import CANDLE, CANDLE_REVISION, QUARANTINE

MARKET = "binanceusdm:TAO/USDT:USDT"
START = datetime(2026, 6, 13, tzinfo=UTC)
MONDAY = datetime(2026, 6, 15, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def believed(warehouse: Warehouse, as_of: datetime | None = None) -> pl.DataFrame:
    """Hourly bars as studies read them, as they were believed at an instant."""
    return warehouse.query("study_candles", timeframe="1h", as_of=as_of, is_after=False)


def make_candles(
    *closes: float, seen: datetime = MONDAY, source: str = "exchange", volume: float | None = 5.0
) -> pl.DataFrame:
    rows = [
        {
            "market_id": MARKET,
            "timeframe": "1h",
            "open_time_utc": START + timedelta(hours=hour),
            "close_quote": close,
            "volume_base": volume,
            "source_id": source,
            "first_seen_at_utc": seen,
            "run_id": f"{seen:%d}",
            "is_revised": False,
        }
        for hour, close in enumerate(closes)
    ]
    return CANDLE.conform(pl.DataFrame(rows, schema_overrides={k: CANDLE.schema[k] for k in rows[0]}))


def test_the_same_bars_again_change_nothing(warehouse: Warehouse) -> None:
    assert upsert_candles(warehouse, make_candles(1.0, 2.0)).n_inserted == 2
    again = upsert_candles(warehouse, make_candles(1.0, 2.0, seen=TUESDAY))
    assert (again.n_inserted, again.n_updated) == (0, 0)
    assert warehouse.frame(CANDLE)["first_seen_at_utc"].to_list() == [MONDAY, MONDAY]


def test_a_changed_closed_bar_leaves_both_values_and_a_flag(warehouse: Warehouse) -> None:
    upsert_candles(warehouse, make_candles(1.0, 2.0))
    count = upsert_candles(warehouse, make_candles(1.0, 2.5, 3.0, seen=TUESDAY))
    assert (count.n_inserted, count.n_updated) == (1, 1)
    assert warehouse.frame(CANDLE, order_by="open_time_utc").select("close_quote", "is_revised").rows() == [
        (1.0, False),
        (2.5, True),
        (3.0, False),
    ]
    kept = warehouse.frame(CANDLE_REVISION).row(0, named=True)
    assert (kept["close_quote"], kept["first_seen_at_utc"], kept["superseded_at_utc"]) == (2.0, MONDAY, TUESDAY)


def test_reading_as_of_an_instant_shows_what_was_known_then(warehouse: Warehouse) -> None:
    upsert_candles(warehouse, make_candles(1.0, 2.0))
    upsert_candles(warehouse, make_candles(1.0, 2.5, 3.0, seen=TUESDAY))
    known = believed(warehouse, MONDAY + timedelta(hours=1))
    assert known["close_quote"].to_list() == [1.0, 2.0]
    assert believed(warehouse)["close_quote"].to_list() == [1.0, 2.5, 3.0]
    assert believed(warehouse, MONDAY - timedelta(hours=1)).height == 0


def test_a_file_does_not_overrule_the_venue(warehouse: Warehouse) -> None:
    upsert_candles(warehouse, make_candles(1.0, 2.0))
    count = upsert_candles(warehouse, make_candles(1.0, 9.0, seen=TUESDAY, source="export.csv"))
    assert count.n_changed == 0
    assert count.contested["close_quote"].to_list() == [9.0]
    assert warehouse.frame(CANDLE, order_by="open_time_utc")["close_quote"].to_list() == [1.0, 2.0]


def test_the_venue_overrules_the_shipped_record(warehouse: Warehouse) -> None:
    upsert_candles(warehouse, make_candles(1.0, source="bundle"))
    assert upsert_candles(warehouse, make_candles(1.1, seen=TUESDAY)).n_updated == 1
    assert warehouse.frame(CANDLE)["source_id"].to_list() == ["exchange"]


def test_a_bar_without_volume_does_not_erase_a_stored_volume(warehouse: Warehouse) -> None:
    upsert_candles(warehouse, make_candles(1.0))
    assert upsert_candles(warehouse, make_candles(1.0, seen=TUESDAY, volume=None)).n_changed == 0
    assert warehouse.frame(CANDLE)["volume_base"].to_list() == [5.0]


def test_a_late_volume_is_an_addition_and_not_a_revision_of_the_price(warehouse: Warehouse) -> None:
    upsert_candles(warehouse, make_candles(1.0, volume=None))
    assert upsert_candles(warehouse, make_candles(1.0, seen=TUESDAY)).n_updated == 1
    assert warehouse.frame(CANDLE).select("volume_base", "is_revised").rows() == [(5.0, False)]
    assert believed(warehouse, MONDAY)["volume_base"].to_list() == [None]


def test_withdrawn_bars_leave_the_table_and_stay_in_quarantine(warehouse: Warehouse) -> None:
    candles = make_candles(1.0, 1000.0)
    upsert_candles(warehouse, candles)
    refusal = {
        "quarantine_id": "a",
        "table_name": "core.candle",
        "source_id": "exchange",
        "subject_id": MARKET,
        "reason": "unit_jump",
        "detail": "x",
        "payload_json": "{}",
        "seen_at_utc": TUESDAY,
        "run_id": "r",
    }
    frame = pl.DataFrame([refusal]).with_columns(pl.col("seen_at_utc").cast(QUARANTINE.schema["seen_at_utc"]))
    assert withdraw_candles(warehouse, candles[1:], frame) == 1
    assert warehouse.frame(CANDLE)["close_quote"].to_list() == [1.0]
    assert warehouse.frame(QUARANTINE)["reason"].to_list() == ["unit_jump"]


def test_a_refused_item_that_stands_under_an_older_id_is_not_added_again(warehouse: Warehouse) -> None:
    stored = make_row(QUARANTINE, quarantine_id="old", table_name="core.entry", subject_id="feed", payload_json="{}")
    assert add_refusals(warehouse, stored) == 1
    assert add_refusals(warehouse, stored.with_columns(quarantine_id=pl.lit("new"))) == 0
    other = stored.with_columns(quarantine_id=pl.lit("new"), payload_json=pl.lit('{"title": ""}'))
    bar = stored.with_columns(quarantine_id=pl.lit("bar"), table_name=pl.lit("core.candle"))
    assert add_refusals(warehouse, pl.concat([other, bar])) == 2
