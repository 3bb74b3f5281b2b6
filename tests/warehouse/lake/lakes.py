"""A small warehouse and the lake it is published into."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.builders import make_rows
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.prices import CANDLE

for name in ("deltalake", "pyarrow"):
    pytest.importorskip(name, reason="the extra `scale` is not installed; enable with: make scale")

from warehouse.lake.layout import LakeAddress  # noqa: E402 - what it rests on may be absent
from warehouse.lake.publish import Publication, publish_table  # noqa: E402
from warehouse.lake.release import write_release  # noqa: E402

NOW = datetime(2026, 6, 20, tzinfo=UTC)
MARKETS = ("binance:TAO/USDT", "kraken:TAO/USD")


def make_candles(n_days: int = 70, start: datetime = datetime(2026, 4, 20, tzinfo=UTC)) -> pl.DataFrame:
    """Daily bars of two markets: parts of three months."""
    rows = [
        {
            "market_id": market,
            "timeframe": "1d",
            "open_time_utc": start + timedelta(days=day),
            "close_quote": 300.0 + day,
        }
        for market in MARKETS
        for day in range(n_days)
    ]
    return make_rows(CANDLE, *rows)


@contextmanager
def small_warehouse(folder: Path) -> Iterator[Warehouse]:
    """A warehouse with two months of candles."""
    with open_writer(folder / "warehouse.duckdb", 5.0) as warehouse:
        warehouse.merge(CANDLE, make_candles())
        yield warehouse


def publish_candles(warehouse: Warehouse, address: LakeAddress) -> Publication:
    """Publish the candles and the release that names them."""
    done = publish_table(warehouse, CANDLE, address)
    write_release(address, {CANDLE.name: done.version}, NOW)
    return done
