"""Every data check is able to fail."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.builders import DEFAULT_TIME, make_rows
from warehouse.store.checks import check_texts, run_checks
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.frames import run_statement, staged
from warehouse.tables.catalog import load_tables

LATER = DEFAULT_TIME + timedelta(hours=1)

# For each check: rows, by table, that break it. Rows are inserted past the upsert, which would refuse some of them.
OFFENCES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "candle_key_is_unique": {"core.candle": [{}, {}]},
    "event_key_is_unique": {"core.event": [{}, {}]},
    "entry_key_is_unique": {"core.entry": [{}, {}]},
    "incident_key_is_unique": {"core.incident": [{}, {}]},
    "study_result_key_is_unique": {"out.study_result": [{"estimate": 0.1}, {"estimate": 0.1}]},
    "candle_prices_are_ordered": {"core.candle": [{"low_quote": 3.0, "open_quote": 2.0, "high_quote": 4.0}]},
    "candle_is_on_grid": {"core.candle": [{"timeframe": "1h", "open_time_utc": DEFAULT_TIME + timedelta(minutes=1)}]},
    "candle_market_is_known": {"core.candle": [{"market_id": "nowhere:TAO/USDT"}]},
    "candle_is_inside_its_market": {
        "core.market": [{"delisted_at_utc": DEFAULT_TIME, "confidence": "high"}],
        "core.candle": [{}],
    },
    "candle_agrees_with_other_venues": {
        "core.market": [{"quote": "USDT", "is_registered": True}],
        "core.candle": [{"close_quote": 1.1}],
        "out.reference_price": [{"n_markets": 3}],
    },
    "revision_has_its_candle": {"core.candle_revision": [{}]},
    "event_times_are_ordered": {"core.event": [{"earliest_at_utc": LATER}]},
    "event_has_evidence": {"core.event": [{"origin": "detected"}]},
    "evidence_has_event": {"core.event_source": [{}]},
    "story_entry_has_story": {"core.story_entry": [{}]},
    "study_result_has_number_or_reason": {"out.study_result": [{}]},
    "study_uses_no_later_data": {
        "out.study_result": [{"estimate": 0.1, "data_as_of_utc": DEFAULT_TIME + timedelta(days=9)}],
        "core.candle": [{}],
    },
    "verdict_has_statement": {"out.claim_verdict": [{"verdict": "maybe"}]},
    "claim_has_reading": {"out.claim_verdict": [{}], "out.claim_reading": [{"weight": "context"}]},
    "dose_response_has_number_or_reason": {"out.dose_response": [{}]},
    "entry_text_is_plain": {"core.entry": [{"title": "Now <b>bold</b>"}]},
    "entry_claim_is_credible": {"core.entry": [{"published_at_utc": DEFAULT_TIME + timedelta(days=9)}]},
    "incident_ends_after_start": {"core.incident": [{"resolved_at_utc": DEFAULT_TIME - timedelta(hours=1)}]},
    "failed_fetch_has_reason": {"ops.fetch": [{"outcome": "transient"}]},
    "market_choice_was_measured": {"out.market_choice": [{"purpose": "reaction", "event_id": "e"}]},
    "hedge_warns_on_few_shocks": {"out.hedge": [{"n_events": 3}]},
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def plant(warehouse: Warehouse, rows_by_table: dict[str, list[dict[str, Any]]]) -> None:
    tables = load_tables()
    for name, rows in rows_by_table.items():
        frame: pl.DataFrame = make_rows(tables[name], *rows)
        with staged(warehouse.connection, frame) as stage:
            run_statement(warehouse.connection, f"insert into {name} select * from {stage}")


@pytest.mark.parametrize("check_id", list(check_texts()))
def test_check_fails_on_rows_that_break_it(warehouse: Warehouse, check_id: str) -> None:
    plant(warehouse, OFFENCES[check_id])
    result = next(r for r in run_checks(warehouse) if r.check_id == check_id)
    assert result.n_offending > 0
    assert result.example_json is not None
