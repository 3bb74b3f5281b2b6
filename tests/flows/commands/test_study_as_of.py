"""A study asked what was known at an instant sees the values of that instant, not later corrections."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from analysis.claims.verdicts import judge
from flows.context import RunContext
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.claims import load_claims, load_evidence_as_of, said_by
from flows.steps.studies import measure_one_event
from flows.study_registry import load_studies
from warehouse.store.candles import upsert_candles
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.prices import CANDLE

EPISODE = "2026-06-12-fable-mythos-access-restriction"
TAO = "binanceusdm:TAO/USDT:USDT"
FIRST_SEEN = datetime(2026, 7, 2, tzinfo=UTC)
CORRECTED = FIRST_SEEN + timedelta(days=1)
DAY_LATER = datetime(2026, 6, 13, 22, tzinfo=UTC)


def raw_return(warehouse: Warehouse, home: Path, as_of: datetime | None) -> float:
    [study] = load_studies(home / "config")
    results, _exclusions = measure_one_event(warehouse, study, EPISODE, as_of)
    wanted = (pl.col("statistic") == "raw_return") & (pl.col("window_end_hours") == 24) & (pl.col("market_id") == TAO)
    return float(results.filter(wanted)["estimate"].item())


def test_a_later_correction_is_not_seen_as_of_before_it(tmp_path: Path) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        settings = Settings(tmp_path, None, True, 1, None, None)
        update_bundle(RunContext(settings, warehouse, "first", FIRST_SEEN, lambda _line: None))
        bar = warehouse.frame(
            CANDLE, where="market_id = $m and timeframe = '1h' and open_time_utc = $t", m=TAO, t=DAY_LATER
        )
        believed = raw_return(warehouse, tmp_path, None)
        corrected = bar.with_columns(
            pl.col("close_quote") * 0.9,
            pl.col("low_quote") * 0.9,
            pl.lit(CORRECTED).cast(UTC_TYPE).alias("first_seen_at_utc"),
            pl.lit("second").alias("run_id"),
        )
        upsert_candles(warehouse, corrected)

        now = raw_return(warehouse, tmp_path, None)
        assert (1 + now) / (1 + believed) == pytest.approx(0.9)
        assert raw_return(warehouse, tmp_path, CORRECTED - timedelta(seconds=1)) == believed
        assert raw_return(warehouse, tmp_path, CORRECTED) == now
        [study] = load_studies(tmp_path / "config")
        results, exclusions = measure_one_event(warehouse, study, EPISODE, CORRECTED)
        assert results.height > exclusions.height


def test_a_claim_is_judged_on_the_prices_that_were_believed(tmp_path: Path) -> None:
    """The close that decides is corrected: before it the claim is overstated, from then on it is true."""
    claim = next(claim for claim in load_claims(tmp_path / "config") if claim.id == "tao-30-percent-in-12-hours")
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        settings = Settings(tmp_path, None, True, 1, None, None)
        update_bundle(RunContext(settings, warehouse, "first", FIRST_SEEN, lambda _line: None))
        bars = warehouse.frame(CANDLE, "market_id = $m and timeframe = '1h' and open_time_utc between $a and $b",
            m=TAO, a=DAY_LATER - timedelta(hours=13), b=DAY_LATER)  # fmt: skip
        corrected = bars.with_columns(
            pl.col("close_quote", "high_quote", "low_quote", "open_quote") * 1.1255,
            pl.lit(CORRECTED).cast(UTC_TYPE).alias("first_seen_at_utc"),
            pl.lit("second").alias("run_id"),
        )
        upsert_candles(warehouse, corrected)

        def verdict(as_of: datetime) -> str:
            evidence = load_evidence_as_of(warehouse, tmp_path / "config", [claim], as_of)
            return str(judge([claim], evidence).verdicts["verdict"].item())

        assert verdict(CORRECTED - timedelta(seconds=1)) == "overstated"
        assert verdict(CORRECTED) == "supported"
        assert verdict(FIRST_SEEN - timedelta(days=1)) == "cannot_be_told"
        assert said_by([claim], claim.said_at) == [claim]
        assert said_by([claim], claim.said_at - timedelta(seconds=1)) == []


def test_before_anything_was_seen_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        settings = Settings(tmp_path, None, True, 1, None, None)
        update_bundle(RunContext(settings, warehouse, "first", FIRST_SEEN, lambda _line: None))
        [study] = load_studies(tmp_path / "config")
        results, exclusions = measure_one_event(warehouse, study, EPISODE, FIRST_SEEN - timedelta(seconds=1))
        assert results.is_empty()
        assert exclusions.height > 0
