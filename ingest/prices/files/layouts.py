"""The table of layouts of price files: how each is known, what its columns are, what its bars are named by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Label = Literal["open", "close"]
Unit = Literal["base", "quote", "contracts"]

TIME, OPEN, HIGH, LOW, CLOSE, VOLUME = (
    "open_time_utc",
    "open_quote",
    "high_quote",
    "low_quote",
    "close_quote",
    "volume_base",
)
VOLUME_QUOTE, TRADES, TAKER = "volume_quote", "n_trades", "taker_volume_base"
FLOW = (VOLUME_QUOTE, TRADES, TAKER)
IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to write bars.

    `signature` are header names (lower case) that must all be there, `order` the columns of a file without header, in
    our names. `names` says which of their columns is ours where the usual names do not; `volume` what a volume counts.
    """

    name: str
    signature: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    exchange: str | None = None
    timeframe: str | None = None
    label: Label = "open"
    volume: Unit = "base"
    contract_volume: Unit | None = None  # what the volume of a perpetual counts, where it is another thing
    is_observation: bool = False
    remark: str = ""


def _header(name: str, header: str, **more: object) -> Layout:
    return Layout(name, frozenset(header.split(",")), **more)  # type: ignore[arg-type]  # keywords of Layout


_BINANCE_ORDER = (TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, IGNORED, VOLUME_QUOTE, TRADES, TAKER, IGNORED, IGNORED)
_DOLLARS = "a gathered price, not a venue's: kept under its own id; its volume is in dollars over all venues"
BINANCE = "Binance klines"
FUNDING_LAYOUT = "Binance funding rates"
TABLE = "table with named columns"

# The first whose signature is found is taken: more particular ones stand first.
HEADED: tuple[Layout, ...] = (
    _header(
        BINANCE,
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume",
        names={VOLUME_QUOTE: "quote_volume", TRADES: "count", TAKER: "taker_buy_volume"},
        exchange="binance",
    ),
    _header(
        FUNDING_LAYOUT,
        "calc_time,last_funding_rate",
        names={TIME: "calc_time", CLOSE: "last_funding_rate"},
        exchange="binanceusdm",
    ),
    _header(
        "OKX candlesticks",
        "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time",
        names={"symbol": "instrument_name", VOLUME: "vol", VOLUME_QUOTE: "vol_quote"},
        exchange="okx",
        contract_volume="contracts",
    ),
    _header(
        "OKX answer",
        "ts,o,h,l,c,vol,volccy,volccyquote",
        names={TIME: "ts", OPEN: "o", HIGH: "h", LOW: "l", CLOSE: "c", VOLUME: "vol", VOLUME_QUOTE: "volccyquote"},
        exchange="okx",
        contract_volume="contracts",
    ),
    _header(
        "KuCoin klines",
        "time,open,close,high,low,volume,turnover",
        names={VOLUME_QUOTE: "turnover"},
        exchange="kucoin",
        contract_volume="contracts",
    ),
    _header(
        "Bybit klines",
        "starttime,open,high,low,close,volume,turnover",
        names={TIME: "starttime", VOLUME_QUOTE: "turnover"},
        exchange="bybit",
    ),
    _header(
        "Bybit index",
        "start_at,symbol,period,open,high,low,close",
        names={TIME: "start_at", "timeframe": "period"},
        exchange="bybit",
    ),
    _header(
        "hummingbot candles",
        "timestamp,open,high,low,close,volume,quote_asset_volume,n_trades,taker_buy_base_volume",
        names={VOLUME_QUOTE: "quote_asset_volume", TRADES: "n_trades", TAKER: "taker_buy_base_volume"},
    ),
    _header(
        "cryptofeed candles",
        "exchange,symbol,start,stop,interval,open,close,high,low,volume",
        names={TIME: "start", "timeframe": "interval", TRADES: "trades"},
    ),
    _header(
        "tardis bars",
        "symbol,exchange,opentimestamp,closetimestamp,open,high,low,close,volume",
        names={TIME: "opentimestamp", TRADES: "trades", TAKER: "buyvolume", "timeframe": "interval"},
    ),
    _header(
        "CryptoDataDownload",
        "unix,date,symbol,open,high,low,close",
        names={TIME: "unix", TRADES: "tradecount"},
    ),
    _header("CryptoDataDownload, older", "date,symbol,open,high,low,close", names={TIME: "date", TRADES: "tradecount"}),
    _header(
        "Yahoo",
        "date,open,high,low,close,adj close,volume",
        exchange="yahoo",
        timeframe="1d",
        volume="quote",
        remark=_DOLLARS,
    ),
    _header(
        "yfinance",
        "price,close,high,low,open,volume",
        names={TIME: "price"},
        exchange="yahoo",
        timeframe="1d",
        volume="quote",
        remark=_DOLLARS,
    ),
    _header(
        "yfinance history",
        "date,open,high,low,close,volume,dividends,stock splits",
        exchange="yahoo",
        timeframe="1d",
        volume="quote",
        remark=_DOLLARS,
    ),
    _header(
        "CoinMarketCap",
        "timeopen,timeclose,open,high,low,close,volume,marketcap",
        names={TIME: "timeopen"},
        exchange="coinmarketcap",
        timeframe="1d",
        volume="quote",
        remark=_DOLLARS,
    ),
    _header(
        "CoinCodex",
        "start,end,open,high,low,close,volume,market cap",
        names={TIME: "start"},
        exchange="coincodex",
        timeframe="1d",
        volume="quote",
        remark=_DOLLARS,
    ),
    _header(
        "Investing.com",
        "date,price,open,high,low,change %",
        names={CLOSE: "price", VOLUME: "vol."},
        exchange="investing",
        timeframe="1d",
        remark=_DOLLARS,
    ),
    _header("Coinbase Advanced answer", "start,low,high,open,close,volume", names={TIME: "start"}, exchange="coinbase"),
    _header(
        "CoinGecko prices",
        "snapped_at,price,market_cap,total_volume",
        names={TIME: "snapped_at", CLOSE: "price", VOLUME_QUOTE: "total_volume"},
        exchange="coingecko",
        volume="quote",
        is_observation=True,
        remark="prices at instants, gathered over venues: kept in core.observation",
    ),
)
HEADERLESS: tuple[Layout, ...] = (
    Layout(BINANCE, order=_BINANCE_ORDER, exchange="binance"),
    Layout(
        "OKX answer",
        order=(TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, IGNORED, VOLUME_QUOTE, IGNORED),
        exchange="okx",
        contract_volume="contracts",
    ),
    Layout("Gate answer", order=(TIME, VOLUME_QUOTE, CLOSE, HIGH, LOW, OPEN, VOLUME, IGNORED), exchange="gate"),
    Layout("Kraken answer", order=(TIME, OPEN, HIGH, LOW, CLOSE, IGNORED, VOLUME, TRADES), exchange="kraken"),
    Layout("Kraken OHLCVT", order=(TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, TRADES), exchange="kraken"),
    Layout(
        "KuCoin answer",
        order=(TIME, OPEN, CLOSE, HIGH, LOW, VOLUME, VOLUME_QUOTE),
        exchange="kucoin",
        contract_volume="contracts",
    ),
    Layout("Bybit answer", order=(TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, VOLUME_QUOTE), exchange="bybit"),
    Layout("ccxt candles", order=(TIME, OPEN, HIGH, LOW, CLOSE, VOLUME)),
    Layout("Coinbase answer", order=(TIME, LOW, HIGH, OPEN, CLOSE, VOLUME), exchange="coinbase"),
    Layout(
        "Gate candlesticks",
        order=(TIME, VOLUME, CLOSE, HIGH, LOW, OPEN),
        exchange="gate",
        contract_volume="contracts",
    ),
    Layout(
        "Bybit for MetaTrader",
        order=(TIME, OPEN, HIGH, LOW, CLOSE, VOLUME),
        exchange="bybit",
        remark="times are read as UTC; such files have been seen three hours ahead: compare, and shift with --clock 3",
    ),
    Layout(
        "CoinGecko OHLC",
        order=(TIME, OPEN, HIGH, LOW, CLOSE),
        exchange="coingecko",
        label="close",
        remark="a gathered price, not a venue's: kept under its own id; CoinGecko names a bar by its end",
    ),
)
GENERIC = Layout(TABLE)
METATRADER = "Bybit for MetaTrader"
KRAKEN = "Kraken OHLCVT"
FREQTRADE = Layout("freqtrade", order=(TIME, OPEN, HIGH, LOW, CLOSE, VOLUME))


def layout_names() -> list[str]:
    """Names of all layouts, sorted."""
    return sorted({layout.name for layout in (*HEADED, *HEADERLESS, GENERIC)})


def by_header(columns: Sequence[str]) -> Layout:
    """The layout whose header names are all among `columns`; the generic table when there is none."""
    have = {column.strip().lower() for column in columns}
    return next((layout for layout in HEADED if layout.signature <= have), GENERIC)


def fitting(rows: Sequence[Sequence[str]], to_number: Callable[[str], float | None]) -> list[Layout]:
    """The layouts without header that the sample `rows` allow: as many columns, and prices in order in every row."""
    wide = [layout for layout in HEADERLESS if rows and len(layout.order) == len(rows[0])]
    return [layout for layout in wide if all(_is_ordered(layout, row, to_number) for row in rows)]


def _is_ordered(layout: Layout, row: Sequence[str], to_number: Callable[[str], float | None]) -> bool:
    if len(row) != len(layout.order) or ("." in row[0][:5]) != (layout.name == METATRADER):
        return False
    values = {
        name: to_number(text) for name, text in zip(layout.order, row, strict=True) if name not in (TIME, IGNORED)
    }
    opened, high, low, close = (values[name] for name in (OPEN, HIGH, LOW, CLOSE))
    if opened is None or high is None or low is None or close is None:
        return False
    trades = values.get(TRADES, 0.0)
    is_count = trades is not None and trades == int(trades)
    return low <= min(opened, close) and max(opened, close) <= high and is_count
