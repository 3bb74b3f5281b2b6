"""The candle and market formats of gate and bybit, as their public interfaces document them."""

from __future__ import annotations

from typing import Any

from tests.replay.market import SECONDS, Bar
from tests.replay.server import Request
from tests.replay.wires import Bars, Order, between, find, number, plain, split


def gate(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Gate v4: seconds, oldest first; spot rows are lists, futures rows are objects."""
    if request.path.endswith("/spot/currency_pairs"):
        return [_gate_spot(symbol) for symbol in symbols if ":" not in symbol]
    if request.path.endswith("/margin/currency_pairs"):
        return []
    if request.path.endswith("/usdt/contracts"):
        return [_gate_perpetual(symbol) for symbol in symbols if ":" in symbol]
    if request.path.endswith("/contracts"):
        return []
    if not request.path.endswith("/candlesticks"):
        return None
    is_spot = "/spot/" in request.path
    wanted = request.query.get("currency_pair" if is_spot else "contract", "")
    mine = [symbol for symbol in symbols if (":" not in symbol) == is_spot]
    symbol = find(mine, wanted, lambda s: "_".join(split(s)[:2]))
    if symbol is None:
        return {"label": "INVALID_CURRENCY_PAIR", "message": "unknown"}
    first, last = number(request, "from"), number(request, "to")
    found = bars(symbol, request.query["interval"])
    found = between(found, None if first is None else first * 1000, None if last is None else last * 1000)
    found = found[-(number(request, "limit") or 1000) :]
    return order([_gate_row(bar, is_spot) for bar in found])


def _gate_row(bar: Bar, is_spot: bool) -> Any:
    stamp, *values = bar
    opened, high, low, close, volume = map(str, values)
    if is_spot:
        return [str(stamp // 1000), "0", close, high, low, opened, volume, "true"]
    return {"t": stamp // 1000, "v": values[4], "c": close, "h": high, "l": low, "o": opened, "sum": "0"}


def _gate_spot(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    names = {"id": f"{base}_{quote}", "base": base, "quote": quote, "trade_status": "tradable"}
    return names | {"fee": "0.2", "min_base_amount": "0.001", "amount_precision": 3, "precision": 4}


def _gate_perpetual(symbol: str) -> dict[str, Any]:
    base, quote, _ = split(symbol)
    sizes = {"quanto_multiplier": "0.01", "order_size_min": 1, "order_size_max": 1_000_000, "leverage_min": "1"}
    prices = {"order_price_round": "0.0001", "order_price_deviate": "0.5", "mark_price": "100", "leverage_max": "50"}
    fees = {"maker_fee_rate": "-0.0001", "taker_fee_rate": "0.0007"}
    return {"name": f"{base}_{quote}", "type": "direct", "in_delisting": False} | sizes | prices | fees


def bybit(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Bybit v5: milliseconds, newest first, everything inside `result.list`."""
    is_spot = request.query.get("category") == "spot"
    mine = [symbol for symbol in symbols if (":" not in symbol) == is_spot]
    if request.path.endswith("/instruments-info"):
        is_launched = request.query.get("status") != "PreLaunch"
        return _bybit(request, [_bybit_market(symbol) for symbol in mine if is_launched])
    if not request.path.endswith("/kline"):
        return None
    symbol = find(mine, request.query.get("symbol", ""), plain)
    if symbol is None:
        return {"retCode": 10001, "retMsg": "Not supported symbols", "result": {}}
    wanted = {"D": 86_400}.get(request.query["interval"]) or int(request.query["interval"]) * 60
    timeframe = next(name for name, seconds in SECONDS.items() if seconds == wanted)
    first = number(request, "start")
    found = between(bars(symbol, timeframe), first, number(request, "end"))
    limit = number(request, "limit") or 200
    chosen = found[:limit] if first is not None else found[-limit:]
    rows = [[str(value) for value in (*bar, bar[4] * bar[5])] for bar in reversed(chosen)]
    return _bybit(request, order(rows))


def _bybit(request: Request, rows: list[Any]) -> dict[str, Any]:
    result = {"category": request.query.get("category"), "list": rows, "nextPageCursor": ""}
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 0}


def _bybit_market(symbol: str) -> dict[str, Any]:
    base, quote, is_perpetual = split(symbol)
    market = {
        "symbol": base + quote,
        "baseCoin": base,
        "quoteCoin": quote,
        "status": "Trading",
        "lotSizeFilter": {
            "basePrecision": "0.001",
            "quotePrecision": "0.0001",
            "minOrderQty": "0.01",
            "qtyStep": "0.01",
        },
        "priceFilter": {"tickSize": "0.0001", "minPrice": "0.0001", "maxPrice": "1000000"},
    }
    if is_perpetual:
        market |= {"contractType": "LinearPerpetual", "settleCoin": quote, "deliveryTime": "0", "launchTime": "1"}
    return market
