"""Every data check is able to fail."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.builders import DEFAULT_TIME, make_rows
from warehouse.store.checks import CheckResult, check_texts, run_checks
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.frames import run_statement, staged
from warehouse.tables.catalog import load_tables
from warehouse.tables.prices import CANDLE

DAY = DEFAULT_TIME.replace(hour=0, minute=0, second=0, microsecond=0)
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
    "ledger_time_yields_to_evidence": {
        "core.event": [{"origin": "ledger", "reason": "recorded; re-dated from the day stated: evidence"}]
    },
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
    "series_is_fresh": {
        "core.market": [{}],
        "out.coverage": [{"timeframe": "1h", "last_open_utc": DEFAULT_TIME}],
        "ops.asked_series": [
            {
                "timeframe": "1h",
                "asked_until_utc": DEFAULT_TIME + timedelta(hours=4),
                "answered_at_utc": DEFAULT_TIME + timedelta(hours=4),
            }
        ],
    },
    # 24 hours that close at 2, and a day that closes at 3: an hour is missing in one, or they are of two markets.
    "longer_bars_agree_with_shorter": {
        "core.candle": [
            *(
                {"timeframe": "1h", "open_time_utc": DAY + timedelta(hours=hour), "close_quote": 2.0}
                for hour in range(24)
            ),
            {"timeframe": "1d", "open_time_utc": DAY, "close_quote": 3.0},
        ],
    },
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


def only_result(warehouse: Warehouse, check_id: str) -> CheckResult:
    return next(result for result in run_checks(warehouse) if result.check_id == check_id)


def test_a_check_is_run_again_when_its_rows_or_its_text_are_others(warehouse: Warehouse) -> None:
    """What is known of checks is told again, right or not, until a table that a check reads is written to."""
    known = {result.check_id: replace(result, n_offending=7) for result in run_checks(warehouse, {})}
    assert {result.n_offending for result in run_checks(warehouse, known)} == {7}
    warehouse.merge(CANDLE, make_rows(CANDLE, {}))
    ran = {result.check_id for result in run_checks(warehouse, known) if result.n_offending != 7}
    of_candles = {"candle_key_is_unique", "candle_is_on_grid", "longer_bars_agree_with_shorter"}
    assert of_candles <= ran
    assert not ran & {"entry_text_is_plain", "story_entry_has_story", "event_key_is_unique"}
    other = {check_id: replace(result, rests_on="another text") for check_id, result in known.items()}
    assert 7 not in {result.n_offending for result in run_checks(warehouse, other)}


def test_what_another_program_found_is_looked_for_again(warehouse: Warehouse) -> None:
    known = {found.check_id: replace(found, n_offending=7) for found in run_checks(warehouse, {}, "before")}
    assert {found.n_offending for found in run_checks(warehouse, known, "before")} == {7}
    assert 7 not in {found.n_offending for found in run_checks(warehouse, known, "after")}


def test_a_check_that_reads_a_view_rests_on_the_tables_behind_it(warehouse: Warehouse) -> None:
    [check_id] = [check_id for check_id, text in check_texts().items() if "core.coin_candle" in text]
    before = {result.check_id: result.rests_on for result in run_checks(warehouse, {})}
    warehouse.merge(CANDLE, make_rows(CANDLE, {}))
    after = {result.check_id: result.rests_on for result in run_checks(warehouse, {})}
    assert "core.candle" not in check_texts()[check_id]
    assert before[check_id] != after[check_id]


def test_a_warning_is_no_failure_and_an_error_is(warehouse: Warehouse) -> None:
    plant(warehouse, OFFENCES["series_is_fresh"])
    plant(warehouse, {"core.candle": [{}, {}]})
    warned, failed = only_result(warehouse, "series_is_fresh"), only_result(warehouse, "candle_key_is_unique")
    assert (warned.n_offending, warned.severity, warned.is_failed) == (1, "warning", False)
    assert not warned.description.startswith("warning")
    assert (failed.severity, failed.is_failed) == ("error", True)


@pytest.mark.parametrize(
    "change",
    [
        {"answered_at_utc": None},  # no live source has answered for it: the bundled record is not stale but old
        {"asked_until_utc": DEFAULT_TIME + timedelta(hours=3)},
    ],
)
def test_a_series_is_stale_only_beyond_its_bound_and_where_a_venue_answered(
    warehouse: Warehouse, change: dict[str, Any]
) -> None:
    offence = OFFENCES["series_is_fresh"]
    plant(warehouse, offence | {"ops.asked_series": [offence["ops.asked_series"][0] | change]})
    assert only_result(warehouse, "series_is_fresh").n_offending == 0


@pytest.mark.parametrize(("n_hours", "close", "n_offending"), [(24, 3.0, 1), (24, 2.001, 0), (23, 3.0, 0)])
def test_only_whole_days_that_differ_offend(warehouse: Warehouse, n_hours: int, close: float, n_offending: int) -> None:
    *hours, day = OFFENCES["longer_bars_agree_with_shorter"]["core.candle"]
    plant(warehouse, {"core.candle": [*hours[:n_hours], day | {"close_quote": close}]})
    assert only_result(warehouse, "longer_bars_agree_with_shorter").n_offending == n_offending
