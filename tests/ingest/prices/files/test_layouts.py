"""What a person downloads from a site is read as that site writes it: the same bar from every layout."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.errors import MalformedError, PermanentError
from ingest.prices.files.archive import FileBatch, parse_archive
from ingest.prices.files.columns import Instructions
from ingest.prices.files.names import Identity, Names
from ingest.prices.registry import load_registry
from ingest.source import Source

SOURCE = Source("test", "run", datetime(2026, 6, 1, tzinfo=UTC))
NAMES = Names.of(load_registry())
HOURS = [datetime(2025, 3, 1, hour, tzinfo=UTC) for hour in range(8)]
DAYS = [datetime(2025, 3, day, tzinfo=UTC) for day in range(1, 9)]
# open, high, low, close, base volume: every order of these columns can be told from every other.
BARS = [(350.0 + n, 356.5 + n, 348.25 + n, 354.5 + n, 3936.5 + n) for n in range(8)]
UNNAMED = Identity()
NOTHING_TOLD = Instructions()


def seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def read(path: Path, given: Identity = UNNAMED, told: Instructions = NOTHING_TOLD) -> list[FileBatch]:
    return list(parse_archive(path, SOURCE, given, names=NAMES, told=told))


@dataclass(frozen=True)
class Site:
    """A file as a site writes it; `line` gives the text of a bar."""

    name: str
    header: str
    line: str
    market: str
    is_daily: bool = False
    has_volume: bool = True
    given: Identity = UNNAMED
    is_newest_first: bool = False


HOURLY = Identity(timeframe="1h")
TAO = Identity(symbol="TAO/USDT")
TAO_ON_OKX = Identity("okx", "TAO/USDT")
SITES = [
    Site("TAOUSDT-1h-2025-03.csv", "", "{us},{o},{h},{l},{c},{v},{us},1.5,10,2.5,1,0", "binance:TAO/USDT"),
    Site(
        "TAOUSDT-1h-2025-03.csv",
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n",
        "{ms},{o},{h},{l},{c},{v},{ms},1.5,10,2.5,1,0",
        "binanceusdm:TAO/USDT:USDT",
    ),
    Site(
        "TAO-USDT-candlesticks-2025-03-01.csv",
        "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm\n",
        "TAO-USDT,{o},{h},{l},{c},{v},1.5,1.5,{ms},1",
        "okx:TAO/USDT",
    ),
    Site(
        "swap.csv",
        "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm\n",
        "TAO-USDT-SWAP,{o},{h},{l},{c},{v},1.5,1.5,{ms},1",
        "okx:TAO/USDT:USDT",
        has_volume=False,
    ),
    Site("okx.csv", "", "{ms},{o},{h},{l},{c},{v},1.5,1.5,1", "okx:TAO/USDT", given=TAO),
    Site(
        "TAOUSDT-1hour-2025-03-01.csv",
        "time,open,close,high,low,volume,turnover\n",
        "{s},{o},{c},{h},{l},{v},1.5",
        "kucoin:TAO/USDT",
    ),
    Site("cb.csv", "time,low,high,open,close,volume\n", "{s},{l},{h},{o},{c},{v}", "coinbase:TAO/USD",
         given=Identity("Coinbase", "TAO-USD")),
    Site("cb.csv", "", "{s},{l},{h},{o},{c},{v}", "coinbase:TAO/USD", given=Identity(symbol="TAO-USD")),
    Site("TAOUSD_60.csv", "", "{s},{o},{h},{l},{c},{v},17", "kraken:TAO/USD"),
    Site("TAO_USDT-202503.csv", "", "{s},{v},{c},{h},{l},{o}", "gate:TAO/USDT"),
    Site("TAOUSDT_60_2025-03-01_2025-03-31.csv", "", "{mt4},{o},{h},{l},{c},{v}", "bybit:TAO/USDT"),
    Site("dump.csv", "", "{ms},{o},{h},{l},{c},{v}", "okx:TAO/USDT", given=Identity("okx", "TAO/USDT")),
    Site(
        "Binance_TAOUSDT_1h.csv",
        "https://www.CryptoDataDownload.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume TAO,Volume USDT,tradecount\n",
        "{ms},{iso},TAOUSDT,{o},{h},{l},{c},{v},1.5,10",
        "binance:TAO/USDT",
        is_newest_first=True,
    ),
    Site(
        "Kraken_TAOUSD_1h.csv",
        "unix,date,symbol,open,high,low,close,Volume USD,Volume TAO\n",
        "{s},{iso},TAO/USD,{o},{h},{l},{c},1.5,{v}",
        "kraken:TAO/USD",
        is_newest_first=True,
    ),
    Site(
        "Bitstamp_BTCUSD_1h.csv",
        "https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n",
        "{s},{iso},BTC/USD,{o},{h},{l},{c},{v},1.5",
        "bitstamp:BTC/USD",
    ),
    Site("XBTUSD_60.csv", "", "{s},{o},{h},{l},{c},{v},17", "kraken:BTC/USD"),
    Site("DOTUSD_60.csv", "", "{s},{o},{h},{l},{c},{v},17", "kraken:DOT/USD"),
    Site(
        "tao.csv",
        "Price,Close,High,Low,Open,Volume\nTicker,TAO22974-USD,TAO22974-USD,TAO22974-USD,TAO22974-USD,TAO22974-USD\nDatetime,,,,,\n",
        "{iso}+00:00,{c},{h},{l},{o},1395700",
        "yahoo:TAO/USD",
        has_volume=False,
    ),
    Site("history.csv", "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n",
         "{day} 00:00:00+00:00,{o},{h},{l},{c},1395700,0.0,0.0", "yahoo:TAO/USD", is_daily=True, has_volume=False,
         given=Identity(symbol="TAO-USD")),
    Site("german.csv", "Date;Open;High;Low;Close;Volume\n", "{dots} {clock};{o};{h};{l};{c};{v}", "okx:TAO/USDT",
         given=TAO_ON_OKX),
    Site("minutes.csv", "Date,Open,High,Low,Close,Volume\n", "{day}T{clock}Z,{o},{h},{l},{c},{v}",
         "okx:TAO/USDT", given=TAO_ON_OKX),
    Site("TAO22974-USD.csv", "Date,Open,High,Low,Close,Adj Close,Volume\n", "{day},{o},{h},{l},{c},{c},1395700",
         "yahoo:TAO/USD", is_daily=True, has_volume=False),
    Site(
        "tao.csv",
        "Price,Close,High,Low,Open,Volume\nTicker,TAO22974-USD,TAO22974-USD,TAO22974-USD,TAO22974-USD,TAO22974-USD\nDate,,,,,\n",
        "{day},{c},{h},{l},{o},1395700",
        "yahoo:TAO/USD",
        is_daily=True,
        has_volume=False,
    ),
    Site("BINANCE_TAOUSDT, 60.csv", "time,open,high,low,close,Volume,Volume MA\n", "{s},{o},{h},{l},{c},{v},7",
         "binance:TAO/USDT"),
    Site("BYBIT_TAOUSDT.P, 60_ab12f.csv", "time,open,high,low,close,Volume\n", "{isoz},{o},{h},{l},{c},{v}",
         "bybit:TAO/USDT:USDT"),
    Site(
        "Bittensor_2025_historical_data_coinmarketcap.csv",
        "timeOpen;timeClose;timeHigh;timeLow;name;open;high;low;close;volume;marketCap;circulatingSupply;timestamp\n",
        '"{day}T00:00:00.000Z";"{day}T23:59:59.999Z";"x";"y";"2781";{o};{h};{l};{c};504224.1;3018000000.0;8000000;"z"',
        "coinmarketcap:TAO/USD",
        is_daily=True,
        has_volume=False,
        is_newest_first=True,
    ),
    Site("bittensor_2025-03-01_2025-03-09.csv", "Start,End,Open,High,Low,Close,Volume,Market Cap\n",
         "{day},{next_day},{o},{h},{l},{c},1395700.5,9.5", "coincodex:TAO/USD", is_daily=True, has_volume=False),
    Site(
        "Bittensor Historical Data.csv",
        '"Date","Price","Open","High","Low","Vol.","Change %"\n',
        '"{us_day}","{c}","{o}","{h}","{l}","{kilo}K","1.20%"',
        "investing:TAO/USD",
        is_daily=True,
        is_newest_first=True,
    ),
    Site(
        "candles_binance_perpetual_TAO-USDT_1h.csv",
        "timestamp,open,high,low,close,volume,quote_asset_volume,n_trades,taker_buy_base_volume,taker_buy_quote_volume\n",
        "{s}.0,{o},{h},{l},{c},{v},1.5,10,2.5,1",
        "binanceusdm:TAO/USDT:USDT",
    ),
    Site(
        "candles.csv",
        "exchange,symbol,start,stop,interval,trades,open,close,high,low,volume,closed,timestamp,receipt_timestamp\n",
        "BINANCE_FUTURES,TAO-USDT-PERP,{s}.0,{s}.0,1h,10,{o},{c},{h},{l},{v},True,{s}.0,{s}.0",
        "binanceusdm:TAO/USDT:USDT",
    ),
    Site(
        "bars.csv",
        "symbol,exchange,name,interval,open,high,low,close,volume,buyVolume,sellVolume,trades,vwap,openTimestamp,closeTimestamp\n",
        "TAOUSDT,binance-futures,trade_bar_60m,3600000,{o},{h},{l},{c},{v},2.5,1,10,1,{isoz},{isoz}",
        "binanceusdm:TAO/USDT:USDT",
    ),
    Site("frame.csv", ",open,high,low,close,volume\n", "{iso}+00:00,{o},{h},{l},{c},{v}", "okx:TAO/USDT",
         given=Identity("OKX", "taousdt")),
    Site("exponent.csv", "timestamp,open,high,low,close,volume\n", "{exponent},{o},{h},{l},{c},{v}", "okx:TAO/USDT",
         given=Identity("okx", "TAO_USDT")),
]  # fmt: skip


def site_text(site: Site) -> str:
    stamps = DAYS if site.is_daily else HOURS
    lines = [
        site.line.format(
            s=seconds(at), ms=seconds(at) * 1000, us=seconds(at) * 1_000_000, exponent=f"{seconds(at) * 1000:.9e}",
            iso=f"{at:%Y-%m-%d %H:%M:%S}", isoz=f"{at:%Y-%m-%dT%H:%M:%SZ}", mt4=f"{at:%Y.%m.%d %H:%M}",
            day=f"{at:%Y-%m-%d}", next_day=f"{at + timedelta(days=1):%Y-%m-%d}", us_day=f"{at:%m/%d/%Y}",
            dots=f"{at:%d.%m.%Y}", clock=f"{at:%H:%M}",
            o=o, h=h, l=l, c=c, v=v, kilo=v / 1000,
        )
        for at, (o, h, l, c, v) in zip(stamps, BARS, strict=True)  # noqa: E741 - the usual letters
    ]  # fmt: skip
    return site.header + "\n".join(reversed(lines) if site.is_newest_first else lines) + "\n"


@pytest.mark.parametrize("site", SITES, ids=lambda site: f"{site.market}-{site.name}")
def test_a_download_of_a_site_gives_its_bars(tmp_path: Path, site: Site) -> None:
    path = tmp_path / site.name
    path.write_text(site_text(site))
    [batch] = read(path, site.given)
    assert batch.quarantined.height == 0
    candles = batch.candles.sort("open_time_utc")
    assert candles["market_id"].unique().to_list() == [site.market]
    assert candles["timeframe"].unique().to_list() == ["1d" if site.is_daily else "1h"]
    assert candles["open_time_utc"].to_list() == (DAYS if site.is_daily else HOURS)
    prices = candles.select("open_quote", "high_quote", "low_quote", "close_quote").rows()
    assert prices == [bar[:4] for bar in BARS]
    assert candles["volume_base"].to_list() == ([bar[4] for bar in BARS] if site.has_volume else [None] * len(BARS))


@pytest.mark.parametrize("site", SITES[:1], ids=["gzip"])
def test_a_gzipped_text_is_the_same_file(tmp_path: Path, site: Site) -> None:
    path = tmp_path / f"{site.name}.gz"
    path.write_bytes(gzip.compress(site_text(site).encode()))
    assert [batch.candles.height for batch in read(path)] == [len(BARS)]


def test_quote_volume_trades_and_taker_volume_are_kept_where_a_file_brings_them(tmp_path: Path) -> None:
    path = tmp_path / SITES[0].name
    path.write_text(site_text(SITES[0]))
    [batch] = read(path)
    assert batch.flow.select("volume_quote", "n_trades", "taker_volume_base").unique().rows() == [(1.5, 10.0, 2.5)]


def test_a_list_of_candles_of_ccxt_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ohlcv.json"
    path.write_text(json.dumps([[seconds(at) * 1000, *bar] for at, bar in zip(HOURS, BARS, strict=True)]))
    [batch] = read(path, Identity("okx", "TAO/USDT"))
    assert batch.candles["close_quote"].to_list() == [bar[3] for bar in BARS]


@pytest.mark.parametrize("is_json", [True, False])
def test_prices_of_coingecko_are_observations(tmp_path: Path, is_json: bool) -> None:
    path = tmp_path / ("tao-usd-max.json" if is_json else "tao-usd-max.csv")
    if is_json:
        prices = [[seconds(at) * 1000, bar[3]] for at, bar in zip(DAYS, BARS, strict=True)]
        path.write_text(json.dumps({"prices": prices, "market_caps": [], "total_volumes": prices}))
    else:
        lines = [f"{at:%Y-%m-%d %H:%M:%S} UTC,{bar[3]},1,{bar[3]}" for at, bar in zip(DAYS, BARS, strict=True)]
        path.write_text("snapped_at,price,market_cap,total_volume\n" + "\n".join(lines))
    [batch] = read(path)
    assert batch.raw.reading.layout.is_observation
    assert batch.rows["close_quote"].to_list() == [bar[3] for bar in BARS]
    assert batch.flow["volume_quote"].to_list() == [bar[3] for bar in BARS]
    assert batch.rows["market_id"].unique().to_list() == ["coingecko:TAO/USD"]


def test_bars_of_coingecko_are_named_by_their_end(tmp_path: Path) -> None:
    path = tmp_path / "tao-usd-ohlc.json"
    rows = [[seconds(at + timedelta(hours=4)) * 1000, *bar[:4]] for at, bar in zip(HOURS[::4], BARS, strict=False)]
    path.write_text(json.dumps(rows))
    [batch] = read(path, Identity(symbol="TAO/USD"))
    assert batch.candles["open_time_utc"].to_list() == HOURS[::4]


def test_a_label_of_closes_moves_bars_back_by_their_length(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    lines = [f"{seconds(at) * 1000},1,2,0.5,1.5,3" for at in HOURS]
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(lines))
    [batch] = read(path, Identity("okx", "TAO/USDT"), Instructions(label="close"))
    assert batch.candles["open_time_utc"].to_list() == [at - timedelta(hours=1) for at in HOURS]


def test_columns_that_fit_two_layouts_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("".join(f"{seconds(at)},2,2,2,2,2\n" for at in HOURS))
    with pytest.raises(MalformedError, match=r"Coinbase answer, Gate candlesticks, ccxt candles; .*--layout") as caught:
        read(path, Identity("okx", "TAO/USDT", "1h"))
    assert "has no header" in str(caught.value)
    [batch] = read(path, Identity("okx", "TAO/USDT", "1h"), Instructions(layout="ccxt candles"))
    assert batch.candles.height == len(HOURS)


def test_decimal_commas_are_read_and_a_mix_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    header = "time;open;high;low;close;volume\n"
    path.write_text(header + "".join(f"{seconds(at) * 1000};350,0;355,93;348,6;354,51;3936,986\n" for at in HOURS))
    [batch] = read(path, Identity("okx", "TAO/USDT"))
    assert batch.candles.row(0)[3:8] == (350.0, 355.93, 348.6, 354.51, 3936.986)
    path.write_text(header + "".join(f"{seconds(at) * 1000};350,0;355.93;348,6;354,51;1\n" for at in HOURS))
    with pytest.raises(MalformedError, match=r"','.*'\.'"):
        read(path, Identity("okx", "TAO/USDT"))


def test_days_that_can_be_read_both_ways_are_read_by_their_steps_or_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    header = "date,open,high,low,close,volume\n"
    path.write_text(header + "".join(f"{day:02d}/03/2025,1,2,0.5,1.5,3\n" for day in range(1, 6)))
    [batch] = read(path, Identity("okx", "TAO/USDT", "1d"))
    assert batch.candles["open_time_utc"].to_list() == DAYS[:5]
    path.write_text(header + "03/04/2025,1,2,0.5,1.5,3\n")
    with pytest.raises(MalformedError, match="month first"):
        read(path, Identity("okx", "TAO/USDT", "1d"))


@pytest.mark.parametrize("spelled", ["TAOUSDT", "TAO-USDT", "TAO_USDT", "taousdt", "tao/usdt", "TAO/USDT"])
@pytest.mark.parametrize("venue", ["binance", "Binance", " BINANCE "])
def test_spellings_of_a_market_are_one(venue: str, spelled: str) -> None:
    assert NAMES.market(venue, spelled) == ("binance", "TAO/USDT")


def test_what_is_given_wins_over_one_market_of_the_file_and_never_joins_two(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    header = "exchange,symbol,timeframe,time,open,high,low,close,volume\n"
    path.write_text(header + f"okx,TAOUSDT,1h,{seconds(HOURS[0])},1,2,0.5,1.5,3\n")
    [batch] = read(path, Identity("gate", "FET/USDT"))
    assert batch.candles["market_id"].to_list() == ["gate:FET/USDT"]
    path.write_text(path.read_text() + f"okx,FETUSDT,1h,{seconds(HOURS[0])},1,2,0.5,1.5,3\n")
    with pytest.raises(PermanentError, match="2 different values"):
        read(path, Identity("gate", "FET/USDT"))


def untraded(path: Path) -> Path:
    lines = [f"{seconds(at) * 1000},{o},{h},{lo},{c},0" for at, (o, h, lo, c, _) in zip(HOURS, BARS, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(lines))
    return path


def test_moving_prices_without_any_volume_are_no_trades(tmp_path: Path) -> None:
    path = untraded(tmp_path / "bars.csv")
    with pytest.raises(PermanentError, match=r"mark or index price.*--kind"):
        read(path, Identity("okx", "TAO/USDT"))
    [batch] = read(path, Identity("okx", "TAO/USDT"), Instructions(price_kind="index"))
    assert batch.raw.kind == "index"


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("markPriceKlines/TAOUSDT/1h/x.csv", "mark"),
        ("indexPriceKlines/x.csv", "index"),
        ("premiumIndexKlines/x.csv", "premium"),
        ("mark_prices/x.csv", "mark"),
        ("spot_index/x.csv", "index"),
        ("okx/TAO_USDT_USDT-1h-mark.json", "mark"),
        ("okx/TAO_USDT_USDT-8h-funding_rate.json", "funding"),
    ],
)
def test_the_kind_of_price_is_read_from_folder_and_name(tmp_path: Path, place: str, kind: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    if path.suffix == ".json":
        path.write_text(json.dumps([[seconds(at) * 1000, 1.0, 2.0, 0.5, 1.5, 0.0] for at in HOURS]))
    else:
        untraded(path)
    [batch] = read(path, Identity("okx", "TAO/USDT:USDT", "1h"))
    assert batch.raw.kind == kind


def test_a_binance_archive_without_folders_is_told_by_its_contents_or_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "TAOUSDT-1h-2024-03.csv"
    line = "{ms},1,2,0.5,1.5,3,{ms},1.5,10,2.5,1,0"
    path.write_text("\n".join(line.format(ms=1_709_251_200_000 + hour * 3_600_000) for hour in range(3)))
    with pytest.raises(PermanentError, match="--exchange binance or --exchange binanceusdm"):
        read(path)
    [batch] = read(path, Identity("binance"))
    assert batch.candles["market_id"].unique().to_list() == ["binance:TAO/USDT"]


def test_a_premium_may_be_negative(tmp_path: Path) -> None:
    path = tmp_path / "premiumIndexKlines" / "TAOUSDT-1h-2025-03.csv"
    path.parent.mkdir()
    path.write_text("".join(f"{seconds(at)},-0.001,0.001,-0.002,-0.0005,0\n" for at in HOURS))
    [batch] = read(path, Identity("binanceusdm"), Instructions(layout="ccxt candles"))
    assert (batch.candles.height, batch.quarantined.height) == (len(HOURS), 0)
