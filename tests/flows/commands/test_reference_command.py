"""`aftershock reference` prints what venues agree on, or says what there is instead."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app, register_commands
from flows.errors import CommandError
from flows.jobs.candle_intake import update_coverage
from tests.builders import make_rows
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.prices import ASSET, CANDLE, MARKET, REFERENCE_PRICE

START = datetime(2026, 6, 13, tzinfo=UTC)
N_BARS = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    path = folder / "warehouse.duckdb"
    assets = [{"asset_id": name, "role": "ai_token"} for name in ("TAO", "AGIX")]
    markets = [
        {"market_id": f"{venue}:TAO/USDT", "asset_id": "TAO", "exchange": venue, "quote": "USDT", "is_registered": True}
        for venue in ("binance", "okx")
    ]
    candles = [
        {
            "market_id": market["market_id"],
            "timeframe": "1h",
            "open_time_utc": START + timedelta(hours=hour),
            "close_quote": 100.0 + hour + number,
        }
        for number, market in enumerate(markets)
        for hour in range(N_BARS)
    ]
    with open_writer(path, 1) as warehouse:
        for table, rows in ((ASSET, assets), (MARKET, markets), (CANDLE, candles)):
            warehouse.merge(table, make_rows(table, *rows))
        update_coverage(warehouse, 1)
        publish(warehouse, path, folder / "aftershock.duckdb")
    return folder


def call(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    if not app.registered_commands:
        register_commands()
    monkeypatch.setenv("AFTERSHOCK_HOME", str(home))
    return CliRunner().invoke(app, ["reference", *arguments])


def test_a_span_is_printed_bar_by_bar_with_the_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = ("--since", "2026-06-13T01:00:00Z", "--until", "2026-06-13T03:00:00Z", "--format", "csv")
    lines = call(home, monkeypatch, "--asset", "tao", *span).stdout.splitlines()
    assert lines[0].startswith("open_time_utc,asset_id,timeframe,reference_quote,n_venues,n_markets")
    assert [line.split(",")[3:6] for line in lines[1:]] == [["101.5", "2", "2"], ["102.5", "2", "2"]]


def test_a_table_shows_the_newest_bars_and_says_so_while_a_file_gets_all(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = call(home, monkeypatch, "--asset", "TAO")
    assert f"the newest 48 of {N_BARS} bars" in shown.stderr
    assert "n_venues 1 is that venue's price, not a consensus" in shown.stderr
    assert len(call(home, monkeypatch, "--asset", "TAO", "--format", "csv").stdout.splitlines()) == N_BARS + 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--asset", "AGIX"),
            "AGIX has no reference price for bars of '1h'; it has none at all: aftershock backfill --asset AGIX",
        ),
        (("--asset", "TAO", "--timeframe", "1d"), "it has them for 1h: --timeframe 1h"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(
    home: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    result = call(home, monkeypatch, *arguments)
    assert isinstance(result.exception, CommandError)
    assert words in str(result.exception)


def test_a_warehouse_of_an_earlier_version_gets_its_reference_prices_without_new_candles(tmp_path: Path) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        warehouse.merge(ASSET, make_rows(ASSET, {"asset_id": "TAO", "role": "ai_token"}))
        row = {"market_id": "okx:TAO/USDT", "asset_id": "TAO", "quote": "USDT", "is_registered": True}
        warehouse.merge(MARKET, make_rows(MARKET, row))
        warehouse.merge(CANDLE, make_rows(CANDLE, {"market_id": "okx:TAO/USDT", "timeframe": "1h"}))
        update_coverage(warehouse, 1)
        warehouse.replace(REFERENCE_PRICE, REFERENCE_PRICE.empty())
        assert update_coverage(warehouse, 0) == 1
        assert update_coverage(warehouse, 0) == 0
