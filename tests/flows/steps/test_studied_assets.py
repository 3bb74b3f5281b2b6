"""Which assets are studied: every AI token with bars, without configuration; of the rest a run says why not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.context import RunContext
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.prices import read_registry, store_registry
from flows.steps.studies import measure_one_event
from flows.study_registry import read_study
from flows.summary import _left_out_lines
from warehouse.store.candles import upsert_candles
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.prices import CANDLE

EPISODE = "2026-06-12-fable-mythos-access-restriction"
TAO = "binanceusdm:TAO/USDT:USDT"
OWN_TOKEN = '[[asset]]\nasset_id = "ZKAI"\nname = "zk"\nrole = "ai_token"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, None, True, 1, None, None)


@pytest.fixture
def warehouse(tmp_path: Path, settings: Settings) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as store:
        update_bundle(RunContext(settings, store, "first", datetime(2026, 7, 2, tzinfo=UTC), lambda _line: None))
        yield store


def bring(warehouse: Warehouse, settings: Settings, market_id: str) -> None:
    """TAO's bars under the name of another market."""
    bars = warehouse.frame(CANDLE, "market_id = $m and timeframe = '1h'", m=TAO)
    upsert_candles(warehouse, bars.with_columns(pl.lit(market_id).alias("market_id")))
    store_registry(warehouse, read_registry(settings.config_path))


def measured(warehouse: Warehouse, settings: Settings) -> set[str]:
    study = read_study(warehouse, settings.config_path, "reaction")
    results, _ = measure_one_event(warehouse, study, EPISODE, None)
    return set(results["market_id"].drop_nulls())


def lines_of(warehouse: Warehouse, settings: Settings) -> dict[str, str]:
    """What is said of the assets that are left out, by reason."""
    lines = [line.split(": ", 2) for line in _left_out_lines(warehouse, settings)]
    return {reason.split(":")[0]: names for _, names, reason in lines}


def test_a_token_that_a_person_registered_is_studied_by_its_role_alone(
    warehouse: Warehouse, settings: Settings
) -> None:
    settings.config_path.mkdir()
    (settings.config_path / "assets.toml").write_text(OWN_TOKEN)
    bring(warehouse, settings, "okx:ZKAI/USDT")
    assert "okx:ZKAI/USDT" in measured(warehouse, settings)


def test_without_the_role_it_is_named_with_what_to_do(warehouse: Warehouse, settings: Settings) -> None:
    bring(warehouse, settings, "okx:ZKAI/USDT")
    assert "okx:ZKAI/USDT" not in measured(warehouse, settings)
    assert lines_of(warehouse, settings)["not in the registry"] == "ZKAI"
    settings.config_path.mkdir()
    (settings.config_path / "assets.toml").write_text(OWN_TOKEN.replace("ai_token", "other"))
    store_registry(warehouse, read_registry(settings.config_path))
    assert lines_of(warehouse, settings)["known, with a role other than ai_token"] == "ZKAI"


def test_a_token_on_an_unregistered_market_and_one_without_bars_are_named(
    warehouse: Warehouse, settings: Settings
) -> None:
    bring(warehouse, settings, "bingx:ICP/USDT")
    said = lines_of(warehouse, settings)
    assert said["an AI token on unregistered markets alone"] == "ICP"
    assert "RNDR" in said["an AI token without bars"].split(", ")
    assert "TAO" not in " ".join(said.values())
