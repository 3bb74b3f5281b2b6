"""The candle and market formats of six exchanges, as their public interfaces document them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from tests.replay.market import SECONDS, Bar
from tests.replay.server import Request

Bars = Callable[[str, str], list[Bar]]
Order = Callable[[list[Any]], list[Any]]
Wire = Callable[[Request, list[str], Bars, Order], Any]

BINANCE_FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.0001", "maxPrice": "1000000", "tickSize": "0.0001"},
    {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "9000000", "stepSize": "0.001"},
]
EIGHT_HOURS = 8 * 3_600_000


def split(symbol: str) -> tuple[str, str, bool]:
    pair, _, settle = symbol.partition(":")
    base, quote = pair.split("/")
    return base, quote, bool(settle)


def find(symbols: list[str], wanted: str, spelling: Callable[[str], str]) -> str | None:
    return next((symbol for symbol in symbols if spelling(symbol) == wanted), None)


def between(bars: list[Bar], first: int | None, last: int | None) -> list[Bar]:
    """Bars that open from `first` to `last` in milliseconds, both included."""
    start = 0 if first is None else bisect_left(bars, first, key=lambda bar: bar[0])
    end = len(bars) if last is None else bisect_right(bars, last, key=lambda bar: bar[0])
    return bars[start:end]


def number(request: Request, name: str) -> int | None:
    text = request.query.get(name)
    return int(float(text)) if text else None


def plain(symbol: str) -> str:
    base, quote, _ = split(symbol)
    return base + quote


def binance(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Binance spot and USD-M: `/api/v3` and `/fapi/v1`."""
    if request.path.endswith("/exchangeInfo"):
        return {"timezone": "UTC", "serverTime": 0, "symbols": [_binance_market(symbol) for symbol in symbols]}
    symbol = find(symbols, request.query.get("symbol", ""), plain)
    if symbol is None:
        return {"code": -1121, "msg": "Invalid symbol."}
    first, last = number(request, "startTime"), number(request, "endTime")
    limit = min(number(request, "limit") or 500, 1500)
    if request.path.endswith("/klines"):
        interval = request.query["interval"]
        found = between(bars(symbol, interval), first, last)
        chosen = found[:limit] if first is not None else found[-limit:]
        return order([_kline(bar, SECONDS[interval] * 1000) for bar in chosen])
    if request.path.endswith("/fundingRate"):
        times = [bar for bar in between(bars(symbol, "1h"), first, last) if bar[0] % EIGHT_HOURS == 0]
        name = plain(symbol)
        return order(
            [
                {"symbol": name, "fundingTime": bar[0], "fundingRate": "0.00010000", "markPrice": str(bar[1])}
                for bar in times[:limit]
            ]
        )
    if request.path.endswith("/openInterestHist"):
        found = between(bars(symbol, "1h"), first, last)[: min(limit, 500)]
        return order(
            [
                {
                    "symbol": plain(symbol),
                    "sumOpenInterest": "1000.5",
                    "sumOpenInterestValue": str(1000.5 * bar[1]),
                    "timestamp": bar[0],
                }
                for bar in found
            ]
        )
    return None


def _binance_market(symbol: str) -> dict[str, Any]:
    base, quote, is_perpetual = split(symbol)
    market = {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": quote,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "pricePrecision": 4,
        "quantityPrecision": 3,
        "filters": BINANCE_FILTERS,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
    }
    if is_perpetual:
        market |= {
            "contractType": "PERPETUAL",
            "marginAsset": quote,
            "pair": base + quote,
            "deliveryDate": 4133404800000,
        }
    return market


def _kline(bar: Bar, length: int) -> list[Any]:
    stamp, opened, high, low, close, volume = bar
    prices = [str(price) for price in (opened, high, low, close, volume)]
    return [stamp, *prices, stamp + length - 1, str(volume * close), 10, "0", "0", "0"]


def okx(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """OKX v5: newest first; `before` and `after` are exclusive."""
    if request.path.endswith("/public/instruments"):
        kind = request.query["instType"]
        return {"code": "0", "msg": "", "data": [_okx_market(s) for s in symbols if (":" in s) == (kind == "SWAP")]}
    if not request.path.endswith(("/market/candles", "/market/history-candles")):
        return None
    symbol = find(symbols, request.query.get("instId", ""), _okx_id)
    if symbol is None:
        return {"code": "51001", "msg": "Instrument ID does not exist", "data": []}
    timeframe = request.query["bar"].removesuffix("utc").lower()
    after, before = number(request, "after"), number(request, "before")
    found = between(
        bars(symbol, timeframe), None if before is None else before + 1, None if after is None else after - 1
    )
    chosen = found[-min(number(request, "limit") or 100, 300) :]
    rows = [
        [str(stamp), *(str(v) for v in (o, h, low, c, volume)), str(volume), str(volume * c), "1"]
        for stamp, o, h, low, c, volume in reversed(chosen)
    ]
    return {"code": "0", "msg": "", "data": order(rows)}


def _okx_id(symbol: str) -> str:
    base, quote, is_perpetual = split(symbol)
    return f"{base}-{quote}" + ("-SWAP" if is_perpetual else "")


def _okx_market(symbol: str) -> dict[str, Any]:
    base, quote, is_perpetual = split(symbol)
    market = {"instId": _okx_id(symbol), "state": "live", "lotSz": "0.001", "minSz": "0.001", "tickSz": "0.0001"}
    if is_perpetual:
        market |= {"instType": "SWAP", "uly": f"{base}-{quote}", "instFamily": f"{base}-{quote}", "settleCcy": quote}
        market |= {"ctType": "linear", "ctVal": "1", "ctMult": "1", "ctValCcy": base, "baseCcy": "", "quoteCcy": ""}
        return market
    return market | {"instType": "SPOT", "baseCcy": base, "quoteCcy": quote}


def kraken(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Kraken: always the newest 720 bars, whatever `since` says."""
    if request.path.endswith("/AssetPairs"):
        return {"error": [], "result": {_kraken_id(symbol): _kraken_market(symbol) for symbol in symbols}}
    if not request.path.endswith("/OHLC"):
        return None
    symbol = find(symbols, request.query.get("pair", ""), _kraken_id)
    if symbol is None:
        return {"error": ["EQuery:Unknown asset pair"]}
    minutes = int(request.query["interval"])
    timeframe = next(name for name, seconds in SECONDS.items() if seconds == minutes * 60)
    rows = [
        [stamp // 1000, *(str(v) for v in (o, h, low, c)), str(c), str(volume), 10]
        for stamp, o, h, low, c, volume in bars(symbol, timeframe)[-720:]
    ]
    return {"error": [], "result": {_kraken_id(symbol): order(rows), "last": rows[-1][0] if rows else 0}}


def _kraken_id(symbol: str) -> str:
    base, quote, _ = split(symbol)
    return f"{'XXBT' if base == 'BTC' else base}Z{quote}" if base == "BTC" else base + quote


def _kraken_market(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    coin = "XXBT" if base == "BTC" else base
    return {
        "altname": _kraken_id(symbol),
        "wsname": f"{'XBT' if base == 'BTC' else base}/{quote}",
        "aclass_base": "currency",
        "base": coin,
        "aclass_quote": "currency",
        "quote": f"Z{quote}",
        "lot": "unit",
        "pair_decimals": 4,
        "lot_decimals": 8,
        "cost_decimals": 5,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, 0.4]],
        "fees_maker": [[0, 0.25]],
        "ordermin": "0.01",
        "costmin": "0.5",
        "tick_size": "0.0001",
        "status": "online",
    }


def kucoin(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """KuCoin spot (seconds, close before high, newest first) and futures (milliseconds, oldest first)."""
    if request.path.endswith("/symbols"):
        return {"code": "200000", "data": [_kucoin_spot(symbol) for symbol in symbols if ":" not in symbol]}
    if request.path.endswith("/contracts/active"):
        return {"code": "200000", "data": [_kucoin_perpetual(symbol) for symbol in symbols if ":" in symbol]}
    if request.path.endswith("/market/allTickers"):
        return {"code": "200000", "data": {"time": 0, "ticker": []}}
    symbol = find(symbols, request.query.get("symbol", ""), _kucoin_id)
    if request.path.endswith("/market/candles") and symbol:
        names = {"1min": "1m", "5min": "5m", "1hour": "1h", "4hour": "4h", "1day": "1d"}
        first, last = number(request, "startAt"), number(request, "endAt")
        found = bars(symbol, names[request.query["type"]])
        found = between(found, None if first is None else first * 1000, None if last is None else last * 1000 - 1)
        rows = [
            [str(stamp // 1000), *(str(v) for v in (o, c, h, low, volume)), str(volume * c)]
            for stamp, o, h, low, c, volume in reversed(found[-1500:])
        ]
        return {"code": "200000", "data": order(rows)}
    if request.path.endswith("/kline/query") and symbol:
        timeframe = next(k for k, v in SECONDS.items() if v == int(request.query["granularity"]) * 60)
        found = between(bars(symbol, timeframe), number(request, "from"), number(request, "to"))
        return {"code": "200000", "data": order([list(bar) for bar in found[:200]])}
    return {"code": "400100", "msg": "symbol not exists"}


def _kucoin_id(symbol: str) -> str:
    base, quote, is_perpetual = split(symbol)
    return f"{'XBT' if base == 'BTC' else base}{quote}M" if is_perpetual else f"{base}-{quote}"


def _kucoin_spot(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    sizes = {"baseMinSize": "0.01", "quoteMinSize": "0.1", "baseMaxSize": "1000000", "quoteMaxSize": "9999999"}
    steps = {"baseIncrement": "0.001", "quoteIncrement": "0.0001", "priceIncrement": "0.0001"}
    names = {"symbol": f"{base}-{quote}", "name": f"{base}-{quote}", "baseCurrency": base, "quoteCurrency": quote}
    return names | sizes | steps | {"market": "USDS", "feeCurrency": quote, "enableTrading": True, "feeCategory": 1}


def _kucoin_perpetual(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    coin = "XBT" if base == "BTC" else base
    return {
        "symbol": _kucoin_id(symbol),
        "rootSymbol": quote,
        "type": "FFWCSX",
        "baseCurrency": coin,
        "quoteCurrency": quote,
        "settleCurrency": quote,
        "multiplier": 0.01,
        "lotSize": 1,
        "tickSize": 0.001,
        "maxOrderQty": 1000000,
        "isInverse": False,
        "nextFundingRateTime": 3600000,
        "status": "Open",
        "makerFeeRate": 0.0002,
        "takerFeeRate": 0.0006,
    }


def coinbase(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Coinbase Advanced: seconds, newest first, objects."""
    if request.path.endswith("/products"):
        spot = request.query.get("product_type", "SPOT") == "SPOT"
        products = [_coinbase_market(symbol) for symbol in symbols if spot]
        return {"products": products, "num_products": len(products)}
    if request.path.endswith("/currencies"):
        return {"data": []}
    if request.path.endswith("/currencies/crypto"):
        return {"data": []}
    if request.path.endswith("/exchange-rates"):
        return {"data": {"currency": "USD", "rates": {}}}
    if not request.path.endswith("/candles"):
        return None
    symbol = find(symbols, request.path.split("/")[-2], lambda s: "-".join(split(s)[:2]))
    if symbol is None:
        return {"error": "NOT_FOUND", "message": "ProductID is invalid"}
    names = {"ONE_MINUTE": "1m", "FIVE_MINUTE": "5m", "ONE_HOUR": "1h", "ONE_DAY": "1d"}
    first, last = number(request, "start"), number(request, "end")
    found = bars(symbol, names[request.query["granularity"]])
    found = between(found, None if first is None else first * 1000, None if last is None else last * 1000)[-350:]
    rows = [
        {"start": str(stamp // 1000)}
        | dict(zip(("open", "high", "low", "close", "volume"), map(str, values), strict=True))
        for stamp, *values in reversed(found)
    ]
    return {"candles": order(rows)}


def _coinbase_market(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    return {
        "product_id": f"{base}-{quote}",
        "price": "1",
        "base_increment": "0.001",
        "quote_increment": "0.0001",
        "price_increment": "0.0001",
        "base_min_size": "0.01",
        "quote_min_size": "1",
        "base_max_size": "1000000",
        "quote_max_size": "1000000",
        "base_currency_id": base,
        "quote_currency_id": quote,
        "status": "online",
        "trading_disabled": False,
        "is_disabled": False,
        "product_type": "SPOT",
    }
