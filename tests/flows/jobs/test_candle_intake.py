"""What a batch of bars leaves behind."""

from datetime import UTC, datetime
from pathlib import Path

from flows.jobs.candle_intake import load_verdicts, take_in
from ingest.prices.candles import CandleBatch
from ingest.source import Source
from tests.builders import make_rows
from warehouse.store.connection import open_writer
from warehouse.tables.prices import CANDLE, QUARANTINE


def test_of_a_bad_row_that_stands_twice_in_a_file_the_first_place_is_told(tmp_path: Path) -> None:
    places = [{"quarantine_id": "same", "table_name": "core.candle", "row_number": number} for number in (4, 9)]
    batch = CandleBatch(CANDLE.empty(), make_rows(QUARANTINE, *places))
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        source = Source("file.csv", "run", datetime(2026, 6, 1, tzinfo=UTC))
        take_in(warehouse, batch, load_verdicts(warehouse), source)
        assert warehouse.frame(QUARANTINE)["row_number"].to_list() == [4]
