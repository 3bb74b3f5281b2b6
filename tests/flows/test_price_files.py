"""A file of prices never rewrites the record silently, and what becomes of it is said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.context import RunContext
from flows.errors import EXIT_CHECK, EXIT_SOURCE, CommandError
from flows.jobs.price_files import FileRequest, FilesTaken, explain_prices, import_prices, preview_prices
from flows.settings import Settings
from ingest.prices.files.columns import Instructions
from ingest.prices.files.names import Identity
from tests.e2e.command import run_aftershock
from tests.paths import shared
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.prices import CANDLE, CANDLE_FLOW, CANDLE_REVISION, MARKET, OBSERVATION, QUARANTINE, QUOTED_BAR

NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2025, 3, 1, tzinfo=UTC)
TAO = Identity("okx", "TAO/USDT", "1h")
HEADER = "time,open,high,low,close,volume\n"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[RunContext]:
    own = Settings(
        home=tmp_path, replay_url=None, is_offline=True, lock_deadline_seconds=1, plotly_js=None, prefect_api_url=None
    )
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        yield RunContext(own, warehouse, "run", NOW, lambda _text: None)


def write_bars(path: Path, closes: list[float], volume: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},{close},{close},{close},{close},{volume}"
        for hour, close in enumerate(closes)
    ]
    path.write_text(HEADER + "\n".join(lines) + "\n")
    return path


def take(context: RunContext, *paths: Path, is_replace: bool = False, identity: Identity = TAO) -> FilesTaken:
    return import_prices(context, FileRequest(paths, identity, Instructions(), is_replace))


def closes(warehouse: Warehouse) -> list[float]:
    return warehouse.frame(CANDLE, order_by="open_time_utc")["close_quote"].to_list()


def test_a_file_that_would_revise_more_than_a_fifth_stops_and_shows_five(context: RunContext, tmp_path: Path) -> None:
    before = [350.0 + hour for hour in range(30)]
    take(context, write_bars(tmp_path / "first.csv", before))
    other = write_bars(tmp_path / "other.csv", [close * (1.01 if hour < 7 else 1) for hour, close in enumerate(before)])
    taken = take(context, other)
    [(text, code)] = taken.problems
    assert code == EXIT_CHECK
    assert "would revise 7 of the 30 stored bars" in text
    assert text.count(": stored ") == 5
    assert "--replace" in text
    assert closes(context.warehouse) == before
    taken = take(context, other, is_replace=True)
    assert taken.problems == ()
    assert taken.report["n_revised"][0] == 7
    assert context.warehouse.frame(CANDLE_REVISION).height == 7


def test_a_file_that_corrects_a_fifth_is_taken(context: RunContext, tmp_path: Path) -> None:
    before = [350.0 + hour for hour in range(30)]
    take(context, write_bars(tmp_path / "first.csv", before))
    other = write_bars(tmp_path / "other.csv", [close * (1.01 if hour < 6 else 1) for hour, close in enumerate(before)])
    assert take(context, other).report["n_revised"][0] == 6


@pytest.mark.parametrize("factor", [5.0, 857_000.0, 1 / 5.0, 1e-9])
def test_a_close_far_from_what_is_stored_is_suspect_whatever_the_ratio(
    context: RunContext, tmp_path: Path, factor: float
) -> None:
    before = [350.0 + hour for hour in range(30)]
    take(context, write_bars(tmp_path / "first.csv", before))
    taken = take(context, write_bars(tmp_path / "other.csv", [close * factor for close in before]), is_replace=True)
    assert closes(context.warehouse) == before
    assert taken.report["reasons"].drop_nulls().to_list() == ["30 unit_jump"]
    details = context.warehouse.frame(QUARANTINE)["detail"]
    assert details.str.contains("times the stored one").all()


def test_a_fifth_of_a_price_less_is_no_suspect(context: RunContext, tmp_path: Path) -> None:
    take(context, write_bars(tmp_path / "first.csv", [10.0] * 30))
    take(context, write_bars(tmp_path / "other.csv", [49.0] * 30), is_replace=True)
    assert closes(context.warehouse) == [49.0] * 30


@pytest.mark.parametrize(("factor", "at"), [(1000.0, 60), (0.01, 4), (5.0, 116), (1 / 5.0, 60)])
def test_a_file_that_changes_its_unit_and_stays_stops_and_names_the_row(
    context: RunContext, tmp_path: Path, factor: float, at: int
) -> None:
    """Whether most bars, or the first or last few of them, are in the other unit."""
    prices = [350.0 + hour % 3 for hour in range(120)]
    path = write_bars(
        tmp_path / "bars.csv", [price * (factor if hour >= at else 1) for hour, price in enumerate(prices)]
    )
    [(text, code)] = take(context, path).problems
    assert code == EXIT_CHECK
    assert f"row {at + 1}, okx:TAO/USDT 1h {START + timedelta(hours=at):%Y-%m-%d %H:%M}" in text
    assert "--replace" in text
    assert "--symbol" in text
    assert closes(context.warehouse) == []
    preview = preview_prices(FileRequest((path,), TAO), tmp_path / "config")
    assert preview.problems == ((text, EXIT_CHECK),)
    assert take(context, path, is_replace=True).problems == ()
    assert len(closes(context.warehouse)) > 90


def test_a_file_that_goes_on_in_another_unit_than_what_is_stored_stops(context: RunContext, tmp_path: Path) -> None:
    take(context, write_bars(tmp_path / "first.csv", [350.0] * 60))
    text = (tmp_path / "first.csv").read_text().replace("350.0", "0.35").replace("2025-03", "2025-05")
    later = tmp_path / "later.csv"
    far = text.replace("2025-05", "2025-06")
    later.write_text(
        text.replace("2025-05-01", "2025-03-04").replace("2025-05-02", "2025-03-05").replace("2025-05-03", "2025-03-06")
    )
    [(words, _)] = take(context, later).problems
    assert "row 1, okx:TAO/USDT 1h 2025-03-04 00:00: the close is 0.001 times the bar before" in words
    later.write_text(far)  # months later a price may be anywhere
    assert take(context, later).problems == ()


def test_a_fall_inside_a_bar_that_opened_where_the_last_one_closed_is_a_fall(
    context: RunContext, tmp_path: Path
) -> None:
    path = write_bars(tmp_path / "bars.csv", [80.0] * 40 + [0.8] * 40)
    lines = path.read_text().splitlines()
    lines[41] = lines[41].replace(",0.8,0.8,0.8,0.8,", ",80.0,80.0,0.8,0.8,")
    path.write_text("\n".join(lines) + "\n")
    assert take(context, path).problems == ()
    assert closes(context.warehouse) == [80.0] * 40 + [0.8] * 40


def test_a_run_in_another_unit_is_kept_out_and_the_rest_is_taken(context: RunContext, tmp_path: Path) -> None:
    prices = [350.0] * 50 + [1750.0] * 6 + [350.0] * 50
    taken = take(context, write_bars(tmp_path / "bars.csv", prices))
    assert taken.problems == ()
    assert taken.report["reasons"].drop_nulls().unique().to_list() == ["6 unit_jump"]
    assert closes(context.warehouse) == [350.0] * 100
    details = context.warehouse.frame(QUARANTINE)["detail"].unique().to_list()
    assert details == ["one of 6 bars in a row 5.0 times the closes before and after them"]


def test_a_redenomination_that_the_registry_dates_passes(context: RunContext, tmp_path: Path) -> None:
    path = write_bars(tmp_path / "bars.csv", [350.0] * 60 + [0.35] * 60)
    config = tmp_path / "config"
    config.mkdir()
    entry = '[[asset]]\nasset_id = "TAO"\nvalid_to = 2025-03-03T12:00:00Z\nsuccessor_ratio = {}\n'
    (config / "assets.toml").write_text(entry.format("24.0"))
    assert take(context, path).problems != ()
    (config / "assets.toml").write_text(entry.format("1000.0"))
    taken = take(context, path)
    assert taken.problems == ()
    assert any("as the registry says of the asset" in remark for remark in taken.remarks)


def test_a_file_of_which_nothing_is_kept_ends_with_a_check(context: RunContext, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + "soon,1,1,1,1,1\nlater,1,1,1,1,1\n")
    good = write_bars(tmp_path / "good.csv", [1.0, 2.0])
    taken = take(context, path, good)
    assert taken.problems == (
        ("bad.csv: every row was refused (2: unreadable_time); see: aftershock quarantine list", EXIT_CHECK),
    )
    assert closes(context.warehouse) == [1.0, 2.0]
    with pytest.raises(CommandError) as caught:
        taken.raise_problems()
    assert caught.value.exit_code == EXIT_CHECK


def test_a_header_without_rows_ends_with_a_check(context: RunContext, tmp_path: Path) -> None:
    path = tmp_path / "head.csv"
    path.write_text(HEADER)
    assert take(context, path).problems == (("head.csv: holds no row of prices", EXIT_CHECK),)


def test_a_folder_is_imported_whole_and_a_broken_file_stops_no_other(context: RunContext, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    write_bars(folder / "a.csv", [1.0, 2.0])
    (folder / "b.zip").write_bytes(b"no zip")
    write_bars(folder / "deep" / "c.csv", [1.0, 2.0, 3.0])
    (folder / "notes.md").write_text("not a price")
    taken = take(context, folder)
    assert [code for _, code in taken.problems] == [EXIT_SOURCE]
    assert closes(context.warehouse) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("is_right", [True, False])
def test_a_checksum_beside_a_file_is_verified(context: RunContext, tmp_path: Path, is_right: bool) -> None:
    path = write_bars(tmp_path / "bars.csv", [1.0, 2.0])
    digest = hashlib.sha256(path.read_bytes() if is_right else b"other").hexdigest()
    (tmp_path / "bars.csv.CHECKSUM").write_text(f"{digest}  bars.csv\n")
    taken = take(context, path)
    if is_right:
        assert "bars.csv: sha256 as in bars.csv.CHECKSUM" in taken.remarks
        assert closes(context.warehouse) == [1.0, 2.0]
    else:
        assert "sha256 is not the one" in taken.problems[0][0]
        assert closes(context.warehouse) == []


def test_an_unregistered_market_is_listed_with_what_it_means_and_the_entry_to_paste(
    context: RunContext, tmp_path: Path
) -> None:
    path = write_bars(tmp_path / "bars.csv", [1.0, 2.0])
    taken = take(context, path, identity=Identity("bingx", "ZKAI/USDT", "1h"))
    [words] = taken.remarks
    assert "bingx:ZKAI/USDT is not in the registry: in no reference price and in no study" in words
    config = tmp_path / "config"
    config.mkdir()
    markets, _, assets = words.partition("\nand to config/assets.toml:\n")
    (config / "markets.toml").write_text(markets.partition("config/markets.toml:\n")[2])
    (config / "assets.toml").write_text(assets)
    again = take(context, path, identity=Identity("bingx", "ZKAI/USDT", "1h"))
    assert again.remarks == ()
    [market] = context.warehouse.frame(MARKET, where="exchange = 'bingx'").to_dicts()
    assert (market["is_registered"], market["asset_id"]) == (True, "ZKAI")


def test_only_registered_markets_of_a_known_asset_are_studied(context: RunContext, tmp_path: Path) -> None:
    path = write_bars(tmp_path / "bars.csv", [1.0, 2.0])
    for identity in (TAO, Identity("bingx", "TAO/USDT", "1h"), Identity("bingx", "ZKAI/USDT", "1h")):
        take(context, path, identity=identity)
    studied = context.warehouse.query("study_markets")["market_id"].to_list()
    assert studied == ["bingx:ZKAI/USDT", "okx:TAO/USDT"]


def test_prices_of_an_aggregator_are_observed_and_no_venues(context: RunContext, tmp_path: Path) -> None:
    path = tmp_path / "TAO22974-USD.csv"
    path.write_text("Date,Open,High,Low,Close,Adj Close,Volume\n2025-03-01,350,355,348,354,354,1395700\n")
    take(context, path, identity=Identity())
    [market] = context.warehouse.frame(MARKET, where="exchange = 'yahoo'").to_dicts()
    assert (market["kind"], market["is_registered"]) == ("observed", False)
    assert context.warehouse.frame(CANDLE)["volume_base"].to_list() == [None]
    assert context.warehouse.frame(CANDLE_FLOW)["volume_quote"].to_list() == [1395700.0]
    assert context.warehouse.query("study_markets").height == 0


@pytest.mark.parametrize("order", [("klines", "markPriceKlines"), ("markPriceKlines", "klines")])
def test_a_mark_price_never_stands_in_the_place_of_a_trade(context: RunContext, order: tuple[str, str]) -> None:
    name = ("TAOUSDT", "1h", "TAOUSDT-1h-2025-03.zip")
    for kind in order:
        path = shared("cases", "imports", "futures", "um", "monthly", kind, *name)
        taken = take(context, path, identity=Identity())
        assert taken.problems == ()
        assert any("a mark price is no trade price" in remark for remark in taken.remarks) == (kind != "klines")
    candles = context.warehouse.frame(CANDLE, order_by="open_time_utc")
    assert (candles.height, candles["close_quote"][0], candles["is_revised"].any()) == (48, 354.51, False)
    quoted = context.warehouse.frame(QUOTED_BAR, order_by="open_time_utc")
    assert (quoted.height, quoted["close_quote"][0]) == (48, 354.86451)
    assert quoted["price_kind"].unique().to_list() == ["mark"]


FIRST_HOUR = (350.0, 355.93, 348.6, 354.51, 3936.986)
OKX = Identity("okx", "TAO/USDT", "1h")


@pytest.mark.parametrize(
    ("name", "identity", "market"),
    [
        ("Downloads/TAOUSDT-1h-2025-03.zip", Identity(), "binanceusdm:TAO/USDT:USDT"),
        ("floatstamp.csv", OKX, "okx:TAO/USDT"),
        ("cdd_Binance_TAOUSDT_1h.csv", Identity(), "binance:TAO/USDT"),
        ("cdd_nourl_Binance_TAOUSDT_1h.csv", Identity(symbol="TAO/USDT"), "binance:TAO/USDT"),
        ("pandas_index.csv", OKX, "okx:TAO/USDT"),
        ("TAOUSD_60.csv", Identity(), "kraken:TAO/USD"),
        ("coinbase_raw.csv", Identity(symbol="TAO-USD"), "coinbase:TAO/USD"),
        ("semicolon_decimal_comma.csv", Identity("OKX", "tao-usdt"), "okx:TAO/USDT"),
    ],
)
def test_a_file_that_used_to_fail_gives_its_first_hour(
    context: RunContext, name: str, identity: Identity, market: str
) -> None:
    taken = take(context, shared("cases", "imports", *name.split("/")), identity=identity)
    assert taken.problems == ()
    candles = context.warehouse.frame(CANDLE, order_by="open_time_utc")
    assert candles["market_id"].unique().to_list() == [market]
    assert candles["open_time_utc"][0] == START
    values = ("open_quote", "high_quote", "low_quote", "close_quote", "volume_base")
    assert candles.select(values).row(0) == FIRST_HOUR


@pytest.mark.parametrize(
    ("name", "market"),
    [
        ("yahoo_TAO22974-USD.csv", "yahoo:TAO/USD"),
        ("yfinance_download.csv", "yahoo:TAO/USD"),
        ("coinmarketcap_Bittensor.csv", "coinmarketcap:TAO/USD"),
    ],
)
def test_daily_files_of_aggregators_keep_their_own_id(context: RunContext, name: str, market: str) -> None:
    take(context, shared("cases", "imports", name), identity=Identity())
    candles = context.warehouse.frame(CANDLE, order_by="open_time_utc")
    assert candles.select("market_id", "timeframe", "volume_base").unique().rows() == [(market, "1d", None)]
    assert candles.select("open_quote", "high_quote", "low_quote", "close_quote").row(0) == FIRST_HOUR[:4]


def test_snapshots_of_coingecko_are_observations_of_the_site(context: RunContext) -> None:
    path = shared("cases", "imports", "coingecko_tao-usd-max.csv")
    for _ in range(2):
        take(context, path, identity=Identity())
    observed = context.warehouse.frame(OBSERVATION, order_by="observed_at_utc")
    assert (observed.height, observed["price_quote"][0]) == (20, 354.51)
    assert observed.select("source_id", "asset_id").unique().rows() == [("coingecko", "TAO")]
    assert context.warehouse.frame(CANDLE).height == 0


def test_bars_of_a_quarter_of_an_hour_are_refused_with_the_remedy(context: RunContext) -> None:
    taken = take(context, shared("cases", "imports", "TAOUSDT-15m-2025-03.zip"), identity=Identity())
    assert "15m is not kept; resample" in taken.problems[0][0]


def test_explain_says_layout_columns_and_first_bars_and_writes_nothing(tmp_path: Path) -> None:
    path = write_bars(tmp_path / "bars.csv", [1.5, 2.5, 3.5, 4.5])
    lines = explain_prices(FileRequest((path,), Identity("OKX", "taousdt")), tmp_path / "config")
    assert "layout table with named columns" in lines[0]
    assert "market okx:TAO/USDT, bars of 1h" in lines[1]
    assert "  time -> open_time_utc" in lines
    assert "  volume -> volume_base" in lines
    assert [line for line in lines if line.startswith("  2025-03-01 ")][2].endswith(
        "open 3.5 high 3.5 low 3.5 close 3.5 volume 1.0"
    )
    result = run_aftershock(
        tmp_path / "home", "import", "prices", str(path), "--exchange", "okx", "--symbol", "TAO/USDT", "--explain"
    )
    assert (result.returncode, result.stdout.splitlines()[0]) == (0, lines[0])
    assert not list((tmp_path / "home").glob("*.duckdb"))


def test_the_command_ends_with_four_when_no_row_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + "soon,1,1,1,1,1\n")
    result = run_aftershock(
        tmp_path / "home",
        "import",
        "prices",
        str(path),
        "--exchange",
        "okx",
        "--symbol",
        "TAO/USDT",
        "--timeframe",
        "1h",
    )
    assert result.returncode == EXIT_CHECK
    assert "every row was refused" in result.stderr
