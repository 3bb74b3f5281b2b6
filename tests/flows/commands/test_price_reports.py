"""What price commands print can be pasted into a mail: plain, at most 120 columns, complete in other formats."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from flows.cli import app, register_commands
from flows.commands.prices import heat_sign
from flows.errors import CommandError
from flows.jobs.candle_intake import update_coverage
from flows.output import MAIL_WIDTH
from tests.builders import make_rows
from tests.e2e.command import run_aftershock
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.prices import ASSET, CANDLE, MARKET

START = datetime(2026, 6, 13, tzinfo=UTC)
LONG = "binanceusdm:1000BONK/USDT:USDT"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "warehouse.duckdb"
    series = {"okx:BTC/USDT": "BTC", "okx:TAO/USDT": "TAO", LONG: "1000BONK"}
    candles = [
        {"market_id": market, "timeframe": timeframe, "open_time_utc": START + bar * length, "source_id": "exchange"}
        for market in series
        for timeframe, length in (("1h", timedelta(hours=1)), ("1d", timedelta(days=1)))
        for bar in (0, 1, 5)
    ]
    markets = [
        {"market_id": market, "asset_id": asset, "quote": "USDT", "is_registered": asset != "1000BONK"}
        for market, asset in series.items()
    ]
    with open_writer(path, 1) as warehouse:
        roles = {"TAO": "ai_token", "BTC": "benchmark"}
        warehouse.merge(ASSET, make_rows(ASSET, *({"asset_id": a, "role": role} for a, role in roles.items())))
        warehouse.merge(MARKET, make_rows(MARKET, *markets))
        warehouse.merge(CANDLE, make_rows(CANDLE, *candles))
        update_coverage(warehouse, 1)
        publish(warehouse, path, tmp_path / "aftershock.duckdb")
    if not app.registered_commands:
        register_commands()
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("home")
def test_coverage_fits_into_a_mail_with_ai_tokens_first_and_a_line_that_sums_it_up() -> None:
    lines = call("coverage").stdout.splitlines()
    assert max(map(len, lines)) <= MAIL_WIDTH
    assert lines[0].startswith("6 series of 3 assets, bars known to 2026-06-18 00:00 UTC: 18 bars present; 18 missing")
    text = " ".join(" ".join(lines[:3]).split())
    assert "in gaps: 6 source hole" in text
    assert "2 series of markets that the registry does not know" in text
    rows = [line.split() for line in lines if line.startswith(("okx", "binanceusdm"))]
    assert [row[0] for row in rows] == ["okx:TAO/USDT"] * 2 + ["okx:BTC/USDT"] * 2 + [LONG] * 2
    assert [row[1] for row in rows[:2]] == ["1h", "1d"]
    assert not set("│┃━") & set("".join(lines))


@pytest.mark.usefixtures("home")
def test_other_formats_keep_every_column() -> None:
    header = call("coverage", "--format", "csv").stdout.splitlines()[0]
    assert (
        header
        == "asset,market,bars,first,last,expected,present,missing,gaps,remarks,source,age_hours,cadence_hours,answered"
    )


@pytest.mark.usefixtures("home")
def test_gaps_are_listed_with_cause_and_a_series_that_has_the_bars() -> None:
    lines = call("coverage", "--gaps", "--asset", "tao").stdout.splitlines()
    assert max(map(len, lines)) <= MAIL_WIDTH
    assert any("source_hole" in line for line in lines)


@pytest.mark.usefixtures("home")
def test_an_asset_without_series_is_answered_with_the_next_command() -> None:
    result = call("coverage", "--asset", "agix")
    assert isinstance(result.exception, CommandError)
    assert "no series of 'AGIX' is stored" in str(result.exception)
    assert "aftershock backfill --asset AGIX" in str(result.exception)
    assert "(no rows)" in call("coverage", "--asset", "agix", "--gaps").stdout


def test_an_import_is_reported_in_lines_that_fit_with_what_was_refused(home: Path) -> None:
    bars = pl.DataFrame(
        {
            "exchange": "bingx",
            "symbol": "TAO/USDT",
            "timeframe": "1h",
            "open_time": [f"2026-06-13T0{hour}:00:00Z" for hour in (0, 1, 4)],
            "open": [1.0, 1.0, 1.0],
            "high": [1.0, 0.5, 1.0],
            "low": [1.0, 1.0, 1.0],
            "close": [1.0, 1.0, 1.0],
            "volume": [1.0, 1.0, 1.0],
        }
    )
    bars.write_csv(home / "bars.csv")
    lines = call("import", "prices", str(home / "bars.csv")).stdout.splitlines()
    assert max(map(len, lines)) <= MAIL_WIDTH
    assert lines[0] == "bars.csv: 3 rows of 1 series, 2 new, 0 revised, 1 refused"
    text = " ".join(" ".join(lines).split())
    assert "1 high_below_low refused" in text
    assert "unregistered" in text
    assert "Gaps of these series, longest first" in text
    tried = call("import", "prices", str(home / "bars.csv"), "--dry-run", "--format", "json").stdout
    assert '"reasons":"1 high_below_low"' in tried


def test_two_files_of_one_name_are_reported_apart(home: Path) -> None:
    row = "1780272000000,10,11,9,10.5,5,1780275599999,50,3,2,20,0\n"
    paths = [home / folder / "NEARUSDT-1h-2026-06.csv" for folder in ("spot", "futures/um")]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_text(row)
    lines = call("import", "prices", *map(str, paths)).stdout.splitlines()
    titles = [line for line in lines if line.startswith("NEARUSDT")]
    assert titles == ["NEARUSDT-1h-2026-06.csv: 1 rows of 1 series, 1 new, 0 revised, 0 refused"] * 2
    assert [line.split()[0] for line in lines if line.startswith("binance")] == [
        "binance:NEAR/USDT",
        "binanceusdm:NEAR/USDT:USDT",
    ]


@pytest.mark.usefixtures("home")
def test_a_release_that_fits_nothing_says_so() -> None:
    result = call("quarantine", "release", "--reason", "frozen")
    assert "no refused row fits" in result.stderr


@pytest.mark.parametrize(("share", "sign"), [(None, " "), (0.0, "·"), (0.04, "░"), (0.5, "▒"), (0.99, "▓"), (1.0, "█")])
def test_a_day_has_the_sign_of_its_share(share: float | None, sign: str) -> None:
    assert heat_sign(share) == sign


def test_the_heatmap_has_a_line_per_venue_and_the_numbers_in_other_formats(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = tmp_path / "bars.csv"
    hours = [*range(24), *range(24, 36)]  # a whole day, and half of the next
    lines = [
        f"{datetime(2025, 3, 1, tzinfo=UTC) + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},1,1,1,1,1" for hour in hours
    ]
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(lines))
    run_aftershock(home, "import", "prices", str(path), "--exchange", "okx", "--symbol", "TAO/USDT")
    drawn = run_aftershock(home, "coverage", "--heatmap", "--asset", "TAO")
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout.splitlines()[1] == "okx  █▒"
    rows = json.loads(run_aftershock(home, "coverage", "--heatmap", "--asset", "TAO", "--format", "json").stdout)
    assert [(row["n_expected"], row["n_present"]) for row in rows] == [(24, 24), (24, 12)]
