"""The candle, market and funding formats of bitget and mexc, as their public interfaces document them."""

from __future__ import annotations

from typing import Any

from tests.replay.market import SECONDS, Bar
from tests.replay.server import Request
from tests.replay.wires import Bars, Order, between, find, number, plain, split
from tests.replay.wires_derivatives import RATE, settlements

MEXC_INTERVALS = {
    "1m": "1m",
    "5m": "5m",
    "60m": "1h",
    "Min1": "1m",
    "Min5": "5m",
    "Min60": "1h",
    "Hour4": "4h",
    "Day1": "1d",
}


def bitget(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Bitget v2: milliseconds, oldest first; ends are exclusive, and history keeps the newest 200 of what is asked."""
    is_spot = "/spot/" in request.path
    mine = [symbol for symbol in symbols if (":" not in symbol) == is_spot]
    if request.path.endswith("/public/symbols"):
        return _bitget([_bitget_spot(symbol) for symbol in mine])
    if request.path.endswith("/margin/currencies"):
        return _bitget([{"symbol": "BTCUSDT", "isBorrowable": False, "isCrossBorrowable": False}])
    is_linear = request.query.get("productType", "").upper() == "USDT-FUTURES"
    if request.path.endswith("/mix/market/contracts"):
        return _bitget([_bitget_perpetual(symbol) for symbol in mine if is_linear])
    symbol = find(mine, request.query.get("symbol", ""), plain) if is_spot or is_linear else None
    if symbol is None:
        return {"code": "40034", "msg": "Parameter does not exist", "requestTime": 0, "data": None}
    if request.path.endswith("/market/history-fund-rate"):
        size, page = number(request, "pageSize") or 20, number(request, "pageNo") or 1
        newest_first = settlements(bars(symbol, "1h"))[::-1][(page - 1) * size : page * size]
        rows = [{"symbol": plain(symbol), "fundingRate": RATE, "fundingTime": str(bar[0])} for bar in newest_first]
        return _bitget(order(rows))
    if not request.path.endswith("/candles") and not request.path.endswith("/history-candles"):
        return None
    is_history = request.path.endswith("/history-candles")
    first, last = None if is_history else number(request, "startTime"), number(request, "endTime")
    timeframe = request.query["granularity"].removesuffix("utc").removesuffix("in").lower()
    found = between(bars(symbol, timeframe), first, None if last is None else last - 1)
    limit = min(number(request, "limit") or 100, 200 if is_history else 1000)
    return _bitget(order([_bitget_row(bar) for bar in found[-limit:]]))


def _bitget(data: list[Any]) -> dict[str, Any]:
    return {"code": "00000", "msg": "success", "requestTime": 0, "data": data}


def _bitget_row(bar: Bar) -> list[str]:
    quoted = str(bar[4] * bar[5])
    return [*map(str, bar), quoted, quoted]


def _bitget_spot(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    names = {"symbol": base + quote, "baseCoin": base, "quoteCoin": quote, "status": "online", "minTradeUSDT": "1"}
    return names | {"minTradeAmount": "0", "maxTradeAmount": "1", "pricePrecision": "4", "quantityPrecision": "3"}


def _bitget_perpetual(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    names = {"symbol": base + quote, "baseCoin": base, "quoteCoin": quote, "supportMarginCoins": [quote]}
    steps = {"volumePlace": "3", "pricePlace": "4", "priceEndStep": "1", "sizeMultiplier": "0.001", "minTradeNum": "1"}
    return names | steps | {"symbolType": "perpetual", "symbolStatus": "normal", "fundInterval": "8", "launchTime": ""}


def mexc(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """MEXC: spot rows as Binance's with an exclusive end, 500 at most; contracts in columns, seconds, 2000 at most."""
    if request.path.endswith("/exchangeInfo"):
        return {"timezone": "CST", "symbols": [_mexc_spot(symbol) for symbol in symbols if ":" not in symbol]}
    if request.path.endswith("/contract/detail"):
        contracts = [_mexc_contract(symbol) for symbol in symbols if ":" in symbol]
        return {"success": True, "code": 0, "data": contracts}
    if request.path.endswith("/klines"):
        symbol = find([s for s in symbols if ":" not in s], request.query.get("symbol", ""), plain)
        if symbol is None:
            return {"code": -1121, "msg": "Invalid symbol."}
        first, last = number(request, "startTime"), number(request, "endTime")
        timeframe = MEXC_INTERVALS.get(request.query["interval"], request.query["interval"])
        found = between(bars(symbol, timeframe), first, None if last is None else last - 1)
        length = SECONDS[timeframe] * 1000
        limit = min(number(request, "limit") or 500, 500)
        chosen = found[:limit] if first is not None else found[-limit:]
        return order([[bar[0], *map(str, bar[1:]), bar[0] + length, str(bar[4] * bar[5])] for bar in chosen])
    wanted = request.query.get("symbol") or request.path.split("/")[-1]
    symbol = find([s for s in symbols if ":" in s], wanted, lambda s: "_".join(split(s)[:2]))
    if symbol is None:
        return {"success": False, "code": 1001, "message": "contract does not exist"}
    if request.path.endswith("/contract/funding_rate/history"):
        size, page = number(request, "page_size") or 20, number(request, "page_num") or 1
        newest_first = settlements(bars(symbol, "1h"))[::-1][(page - 1) * size : page * size]
        rows = [{"symbol": wanted, "fundingRate": float(RATE), "settleTime": bar[0]} for bar in newest_first]
        return {"success": True, "code": 0, "data": {"pageSize": size, "currentPage": page, "resultList": order(rows)}}
    if "/contract/kline/" not in request.path:
        return None
    first, last = number(request, "start"), number(request, "end")
    found = bars(symbol, MEXC_INTERVALS[request.query["interval"]])
    found = between(found, None if first is None else first * 1000, None if last is None else last * 1000)[:2000]
    rows = order([list(bar) for bar in found])
    names = ("time", "open", "high", "low", "close", "vol")
    columns = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    return {"success": True, "code": 0, "data": columns | {"time": [stamp // 1000 for stamp in columns["time"]]}}


def _mexc_spot(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    names = {"symbol": base + quote, "status": "1", "baseAsset": base, "quoteAsset": quote}
    return names | {"baseAssetPrecision": 3, "quoteAssetPrecision": 4, "isSpotTradingAllowed": True, "filters": []}


def _mexc_contract(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    names = {"symbol": f"{base}_{quote}", "baseCoin": base, "quoteCoin": quote, "settleCoin": quote, "state": 0}
    return names | {"contractSize": 0.01, "priceUnit": 0.0001, "volUnit": 1, "minVol": 1, "maxVol": 1_000_000}
