"""A reference price is the median of living dollar markets, and follows every change of the candles."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import make_rows
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.reference import refresh_reference
from warehouse.tables.prices import ASSET, CANDLE, MARKET, REFERENCE_PRICE

START = datetime(2026, 6, 13, tzinfo=UTC)
SEEN = datetime(2026, 6, 20, tzinfo=UTC)
VENUES = ("binance", "okx", "kraken", "coinbase")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        store_registry(writer)
        yield writer


def store_registry(warehouse: Warehouse, role: str = "ai_token", **life: datetime) -> None:
    warehouse.merge(ASSET, make_rows(ASSET, {"asset_id": "TAO", "role": role, **life}))
    for venue in VENUES:
        store_market(warehouse, venue)


def store_market(warehouse: Warehouse, venue: str, quote: str = "USDT", **more: Any) -> None:
    row = {"market_id": f"{venue}:TAO/{quote}", "asset_id": "TAO", "exchange": venue, "quote": quote}
    warehouse.merge(MARKET, make_rows(MARKET, row | {"is_registered": True, "contract_multiplier": 1.0} | more))


def candle(venue: str, close: float, hour: int = 0, quote: str = "USDT", **more: Any) -> dict[str, Any]:
    return {
        "market_id": f"{venue}:TAO/{quote}",
        "timeframe": "1h",
        "open_time_utc": START + timedelta(hours=hour),
        "close_quote": close,
        "volume_base": 5.0,
        "first_seen_at_utc": SEEN,
    } | more


def store(warehouse: Warehouse, *rows: dict[str, Any]) -> None:
    warehouse.merge(CANDLE, make_rows(CANDLE, *rows))


def prices(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    columns = ("open_time_utc", "reference_quote", "n_markets", "n_venues", "spread")
    return warehouse.frame(REFERENCE_PRICE, order_by="timeframe, open_time_utc").select(columns).rows()


def test_the_price_is_the_median_with_the_count_and_spread(warehouse: Warehouse) -> None:
    store_market(warehouse, "okx", "USD")
    store(warehouse, candle("binance", 100.0), candle("kraken", 101.0), candle("okx", 110.0))
    store(warehouse, candle("okx", 99.0, quote="USD"))
    assert refresh_reference(warehouse) == 1
    [(opened, price, n_markets, n_venues, spread)] = prices(warehouse)
    assert (opened, price, n_markets, n_venues) == (START, 100.5, 4, 3)
    assert spread == pytest.approx(110 / 99 - 1)


def test_one_market_is_no_consensus_and_has_no_spread(warehouse: Warehouse) -> None:
    store(warehouse, candle("binance", 100.0))
    refresh_reference(warehouse)
    assert prices(warehouse) == [(START, 100.0, 1, 1, None)]


def test_a_contract_of_a_thousand_coins_counts_per_coin(warehouse: Warehouse) -> None:
    store_market(warehouse, "okx", contract_multiplier=1000.0)
    store(warehouse, candle("binance", 1.0), candle("okx", 1002.0))
    refresh_reference(warehouse)
    assert prices(warehouse)[0][1] == pytest.approx(1.001)
    store_market(warehouse, "okx", contract_multiplier=500.0)
    assert refresh_reference(warehouse) == 1
    assert prices(warehouse)[0][1] == pytest.approx(1.502)


def test_unregistered_foreign_and_frozen_bars_do_not_enter(warehouse: Warehouse) -> None:
    store_market(warehouse, "gate", is_registered=False)
    store_market(warehouse, "kraken", "EUR")
    store(warehouse, candle("binance", 100.0), candle("gate", 1.0), candle("kraken", 90.0, quote="EUR"))
    store(warehouse, candle("okx", 50.0, volume_base=0.0, high_quote=50.0, low_quote=50.0))
    store(warehouse, candle("nowhere", 7.0))
    refresh_reference(warehouse)
    assert prices(warehouse) == [(START, 100.0, 1, 1, None)]


def test_bars_outside_the_life_of_market_or_asset_do_not_enter(tmp_path: Path) -> None:
    with open_writer(tmp_path / "life.duckdb", 1) as warehouse:
        store_registry(warehouse, valid_to_utc=START + timedelta(hours=4))
        listed, ended = START + timedelta(hours=1, minutes=30), START + timedelta(hours=3)
        store_market(warehouse, "okx", listed_at_utc=listed, delisted_at_utc=ended)
        store(warehouse, *(candle(venue, 10.0, hour) for venue in ("binance", "okx") for hour in range(6)))
        refresh_reference(warehouse)
        # The bar in which it was listed is its first; the bar that opens when it ended is none of its bars.
        assert [row[2] for row in prices(warehouse)] == [1, 2, 2, 1]


@pytest.mark.parametrize(("n_markets", "expected"), [(2, 0), (3, 1)])
def test_other_assets_have_one_when_three_markets_have_bars(tmp_path: Path, n_markets: int, expected: int) -> None:
    with open_writer(tmp_path / "others.duckdb", 1) as warehouse:
        store_registry(warehouse, role="other")
        store(warehouse, *(candle(venue, 10.0) for venue in VENUES[:n_markets]))
        assert refresh_reference(warehouse) == expected


def test_unchanged_candles_change_nothing_and_a_withdrawn_last_bar_leaves(warehouse: Warehouse) -> None:
    store(warehouse, candle("binance", 1.0), candle("binance", 2.0, 1))
    assert refresh_reference(warehouse) == 2
    assert refresh_reference(warehouse) == 0
    warehouse.connection.execute("delete from core.candle where close_quote = 2").fetchall()
    assert refresh_reference(warehouse) == 1
    assert [row[1] for row in prices(warehouse)] == [1.0]
    warehouse.connection.execute("delete from core.candle").fetchall()
    assert refresh_reference(warehouse) == 1
    assert prices(warehouse) == []


CHANGES = st.lists(
    st.tuples(st.sampled_from(VENUES), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 5)), st.booleans()),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(passes=st.lists(CHANGES, max_size=4), batch_closes=st.integers(1, 5))
def test_any_order_of_additions_corrections_and_withdrawals_ends_as_computed_anew(
    warehouse: Warehouse, passes: list[list[Any]], batch_closes: int
) -> None:
    for table in (CANDLE, REFERENCE_PRICE):
        warehouse.replace(table, table.empty())
    for number, changes in enumerate(passes):
        seen = SEEN + timedelta(hours=number)
        for venue, hour, close, is_next_year in changes:
            opened = START + timedelta(hours=hour, days=365 if is_next_year else 0)
            warehouse.connection.execute(
                "delete from core.candle where market_id = $m and open_time_utc = $t",
                {"m": f"{venue}:TAO/USDT", "t": opened},
            ).fetchall()
            if close is not None:
                more = {"open_time_utc": opened, "first_seen_at_utc": seen}
                store(warehouse, candle(venue, float(close)) | more)
        refresh_reference(warehouse, batch_closes)
    grown = warehouse.frame(REFERENCE_PRICE, order_by="open_time_utc")
    warehouse.replace(REFERENCE_PRICE, REFERENCE_PRICE.empty())
    refresh_reference(warehouse)
    assert grown.equals(warehouse.frame(REFERENCE_PRICE, order_by="open_time_utc"))
    assert grown.height == warehouse.frame(CANDLE).select(pl.col("open_time_utc").n_unique()).item()
