"""Assets and markets of one's own join the registry with their entries and leave with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.context import RunContext
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.prices import update_prices
from tests.builders import make_rows
from warehouse.config import ConfigError
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.prices import ASSET, CANDLE, MARKET


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def make_context(warehouse: Warehouse, home: Path) -> RunContext:
    own = Settings(
        home=home, replay_url=None, is_offline=True, lock_deadline_seconds=1, plotly_js=None, prefect_api_url=None
    )
    return RunContext(own, warehouse, "run", datetime(2026, 6, 14, 10, 20, tzinfo=UTC), lambda _text: None)


def test_own_assets_and_markets_leave_with_their_entries(warehouse: Warehouse, tmp_path: Path) -> None:
    context = make_context(warehouse, tmp_path)
    update_prices(context)
    shipped = [warehouse.frame(table, order_by=table.key[0]) for table in (ASSET, MARKET)]
    (tmp_path / "config").mkdir()
    own = tmp_path / "config" / "assets.toml"
    own.write_text('[[asset]]\nasset_id = "ZZZ"\nname = "Own"\nrole = "ai_token"\n')
    update_prices(context)
    assert warehouse.frame(ASSET, where="asset_id = 'ZZZ'").height == 1
    market = warehouse.frame(MARKET, where="market_id = 'okx:ZZZ/USDT'")
    assert market["is_registered"].to_list() == [True]
    warehouse.merge(CANDLE, make_rows(CANDLE, {"market_id": "okx:ZZZ/USDT", "timeframe": "1h"}))
    own.unlink()
    update_prices(context)
    left = warehouse.frame(MARKET, order_by="market_id")
    assert warehouse.frame(ASSET, order_by="asset_id").equals(shipped[0])
    assert left.filter(pl.col("market_id") != "okx:ZZZ/USDT").equals(shipped[1])
    assert left.filter(market_id="okx:ZZZ/USDT")["is_registered"].to_list() == [False]


def test_a_mistake_in_the_own_registry_ends_the_command_with_its_place(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "assets.toml").write_text('[[asset]]\nasset_id = "TAO"\ncolour = "red"\n')
    with pytest.raises(ConfigError, match=r"assets\.toml line 3: asset 'TAO': colour: unknown key"):
        update_prices(make_context(warehouse, tmp_path))


def test_a_bar_of_a_venue_stays_where_the_record_that_ships_has_another(warehouse: Warehouse, tmp_path: Path) -> None:
    context = make_context(warehouse, tmp_path)
    update_bundle(context)
    own = warehouse.frame(CANDLE, order_by="open_time_utc desc").head(1)
    warehouse.replace(CANDLE, own.with_columns(pl.lit("okx").alias("source_id"), pl.lit(1.0).alias("close_quote")))
    assert update_bundle(context).n_changed > 0
    [bar] = warehouse.frame(CANDLE).join(own, on=list(CANDLE.key), how="semi")["close_quote"]
    assert bar == 1.0
    assert update_bundle(context).n_changed == 0
