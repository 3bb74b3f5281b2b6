"""Whose prices a file holds: what its path says, and the one spelling of venue, market and bar length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.prices.registry import Registry
from warehouse.tables.bars import spelled_bar

# Quote assets, longest first: TAOUSDT is TAO/USDT.
QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "BTC", "ETH", "BNB", "EUR", "GBP", "TRY")
# Other names of venues, letters and digits only; the second part says that its markets are perpetuals.
_VENUES: Mapping[str, tuple[str, bool]] = {
    "binancefutures": ("binanceusdm", True),
    "binanceperpetual": ("binanceusdm", True),
    "binanceusdtfutures": ("binanceusdm", True),
    "binanceum": ("binanceusdm", True),
    "binancespot": ("binance", False),
    "bybitspot": ("bybit", False),
    "bybitlinear": ("bybit", True),
    "coinbaseadvanced": ("coinbase", False),
    "coinbaseadvancedtrade": ("coinbase", False),
    "coinbasepro": ("coinbase", False),
    "gdax": ("coinbase", False),
    "gateio": ("gate", False),
    "gateiofutures": ("gate", True),
    "kucoinfutures": ("kucoin", True),
    "okex": ("okx", False),
    "okexswap": ("okx", True),
    "okxswap": ("okx", True),
    "okxfutures": ("okx", True),
}
_PERPETUAL_END = re.compile(r"([-_.]?PERP(ETUAL)?|[-_]SWAP|\.P)$")
_OTHER_TICKERS = {"XBT": "BTC", "XDG": "DOGE"}
_END = r"(?:\.csv)?(?:\.gz|\.zip)?(?:\.csv)?$"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # Binance public data, KuCoin
        r"^(?P<symbol>[A-Z0-9]+)-(?P<timeframe>\d+(?:s|min|m|hour|h|day|d|week|w|mo))-\d{4}-\d{2}(?:-\d{2})?" + _END,
        r"^(?P<symbol>[A-Z0-9]+)-fundingRate-\d{4}-\d{2}(?:-\d{2})?" + _END,
        # Gate
        r"^(?P<symbol>[A-Z0-9]+_[A-Z0-9]+)-\d{6,8}" + _END,
        # Bybit
        r"^(?P<symbol>[A-Z0-9]+)_(?P<timeframe>\d+)_\d{4}-\d{2}-\d{2}_\d{4}-\d{2}-\d{2}" + _END,
        # Kraken
        r"^(?P<symbol>[A-Z0-9]+)_(?P<timeframe>1|5|15|30|60|240|720|1440)" + _END,
        # TradingView
        r"^(?P<exchange>[A-Z]+)_(?P<symbol>[A-Z0-9]+(?:\.P)?), (?P<timeframe>\w+?)(?:_[0-9a-f]{4,})?(?: \(\d+\))?"
        + _END,
        # hummingbot
        r"^(?:candles_)?(?P<exchange>[a-z_]+?)_(?P<symbol>[A-Z0-9]+-[A-Z0-9]+)_(?P<timeframe>\d+[mhdw])" + _END,
        # CryptoDataDownload
        r"(?:^|_)(?P<exchange>[A-Z][A-Za-z]+)_(?P<symbol>[A-Z0-9]+)_(?P<timeframe>minute|hour|day|d|\d+h|\d+m)" + _END,
        # Yahoo
        r"(?:^|_)(?P<symbol>[A-Z0-9]+-USD)" + _END,
        # CoinGecko
        r"(?:^|_)(?P<symbol>[a-z0-9]+-usd)-(?:max|\d+d|\w+)" + _END,
    )
)
_FREQTRADE = re.compile(
    r"^(?P<base>[A-Za-z0-9]+)_(?P<quote>[A-Z0-9]+?)(?:_(?P<settle>[A-Z0-9]+))?-(?P<timeframe>\d+[mhdw])"
    r"(?:-(?P<kind>futures|spot|mark|index|premiumIndex|funding_rate))?\.(?:json|feather|parquet)(?:\.gz)?$"
)
_NOT_A_VENUE = ("futures", "data", "user_data", "downloads", "download", "tmp", "desktop")
_FOLDER_LENGTH = re.compile(r"candlesticks_(?P<timeframe>\d+[mhdw])")
_YAHOO_NUMBER = re.compile(r"^([A-Z]+?)\d{3,}-USD$")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which market and bar length rows belong to when they do not say so themselves."""

    exchange: str | None = None
    symbol: str | None = None
    timeframe: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """The registry's markets, by which spellings are made one; empty: spellings are made one by rule alone."""

    venues: frozenset[str] = frozenset()
    markets: frozenset[tuple[str, str]] = frozenset()
    assets: Mapping[str, str] = field(default_factory=dict)  # lower-case name or ticker -> id

    @classmethod
    def of(cls, registry: Registry) -> Names:
        """The names that a registry knows."""
        assets = {name.lower(): asset for asset, name in registry.assets.select("asset_id", "name").iter_rows()}
        assets |= {asset.lower(): asset for asset in registry.assets["asset_id"]}
        markets = frozenset(registry.markets.select("exchange", "symbol").iter_rows())
        return cls(frozenset(registry.venues), markets, assets)

    def exchange(self, spelled: str) -> str:
        """The one id of a venue."""
        return self._venue(spelled)[0]

    def market(self, exchange: str, symbol: str) -> tuple[str, str]:
        """Venue id and unified symbol of a market in any spelling; what cannot be taken apart stays as it is."""
        venue, is_perpetual = self._venue(exchange)
        if (venue, symbol) in self.markets:
            return venue, symbol
        found = split_symbol(symbol, venue, frozenset(self.assets.values()))
        if found is None:
            return venue, symbol
        base, quote, says_perpetual = found
        if venue == "binance" and says_perpetual:
            venue = "binanceusdm"
        unified = f"{base}/{quote}"
        perpetual = f"{unified}:{quote}"
        if is_perpetual or says_perpetual or venue == "binanceusdm":
            return venue, perpetual
        only_perpetual = (venue, perpetual) in self.markets and not self._has_spot(venue)
        return venue, perpetual if only_perpetual else unified

    def asset_in(self, text: str) -> str | None:
        """The asset whose name or ticker stands in a file's name, e.g. `Bittensor Historical Data`."""
        words = re.split(r"[^a-z0-9]+", text.lower())
        joined = " ".join(words)
        named = [asset for name, asset in self.assets.items() if name in words or f" {name} " in f" {joined} "]
        return named[0] if len(set(named)) == 1 else None

    def _has_spot(self, venue: str) -> bool:
        return any(exchange == venue and ":" not in symbol for exchange, symbol in self.markets)

    def _venue(self, spelled: str) -> tuple[str, bool]:
        compact = re.sub(r"[^a-z0-9]", "", spelled.lower())
        if compact in _VENUES:
            return _VENUES[compact]
        if compact.endswith("perpetual"):
            venue, _ = self._venue(compact.removesuffix("perpetual"))
            return venue, True
        return (compact if compact in self.venues else spelled.strip().lower()), False


def split_symbol(symbol: str, venue: str = "", known: frozenset[str] = frozenset()) -> tuple[str, str, bool] | None:
    """Base, quote and whether the spelling says perpetual, of `TAOUSDT`, `tao-usdt`, `TAO_USDT`, `TAO/USDT:USDT`.

    Where several quotes end a text (DOTUSD, BNBUSD), the one that leaves a `known` asset, else the longest.
    """
    text = symbol.strip().upper()
    pair, _, settle = text.partition(":")
    bare = _PERPETUAL_END.sub("", pair)
    is_perpetual = bool(settle) or bare != pair
    if venue == "kucoin" and bare.endswith(("USDTM", "USDCM", "USDM")):
        bare, is_perpetual = bare.removesuffix("M"), True
    if number := _YAHOO_NUMBER.match(bare):
        bare = f"{number[1]}-USD"
    parts = [part for part in re.split(r"[/_\-\s]", bare) if part]
    if len(parts) == 1:
        quotes = _quotes_of(bare)
        if not quotes:
            return None
        bases = {quote: bare.removesuffix(quote) for quote in quotes}
        quote = next((q for q in quotes if _OTHER_TICKERS.get(bases[q], bases[q]) in known), quotes[0])
        parts = [bare.removesuffix(quote), quote]
    if len(parts) != 2:
        return None
    base, quote = (_OTHER_TICKERS.get(part, part) for part in parts)
    return base, quote, is_perpetual


def _quotes_of(bare: str) -> list[str]:
    return [quote for quote in QUOTES if bare.endswith(quote) and bare != quote]


def identity_from_name(path: str, identity: Identity) -> Identity:
    """What a file's name and folders say about its market, behind what was given.

    Understands the names that sites give their files; freqtrade's folder is the exchange, a folder `futures/um` of
    Binance's public data means binanceusdm, and Gate's folder says the bar length.
    """
    guess = _guess(Path(path))
    return Identity(
        identity.exchange or guess.exchange, identity.symbol or guess.symbol, identity.timeframe or guess.timeframe
    )


def _guess(path: Path) -> Identity:
    folders = [part.lower() for part in path.parts[:-1]]
    if found := _FREQTRADE.match(path.name):
        return _freqtrade(found, path)
    for pattern in _PATTERNS:
        if found := pattern.search(path.name):
            named = found.groupdict()
            identity = Identity(named.get("exchange"), _slashed(named["symbol"]), named.get("timeframe"))
            return _with_folders(identity, folders)
    return Identity()


def _slashed(symbol: str) -> str:
    found = split_symbol(symbol)
    # What only the registry can tell apart stays as it is.
    return symbol if found is None or found[2] or len(_quotes_of(symbol)) > 1 else f"{found[0]}/{found[1]}"


def _with_folders(identity: Identity, folders: Iterable[str]) -> Identity:
    for folder in folders:
        if found := _FOLDER_LENGTH.match(folder):
            venue, length = identity.exchange or "gate", identity.timeframe or found["timeframe"]
            identity = replace(identity, exchange=venue, timeframe=length)
        if folder == "futures_usdt":
            identity = replace(identity, exchange="gateiofutures")
    return replace(identity, timeframe=spelled_bar(identity.timeframe) if identity.timeframe else None)


def _freqtrade(found: re.Match[str], path: Path) -> Identity:
    folders = [part for part in path.parts[:-1] if part.lower() not in _NOT_A_VENUE]
    venue = folders[-1] if folders else None
    if venue == "binance" and found["settle"]:
        venue = "binanceusdm"
    settle = f":{found['settle']}" if found["settle"] else ""
    return Identity(venue, f"{found['base']}/{found['quote']}{settle}", found["timeframe"])
