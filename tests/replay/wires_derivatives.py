"""Funding rates and open interest as okx, bybit, kucoin and gate put them on the wire, with the limits of each.

Funding settles every eight hours; open interest is 1000.5 coins at every hour, in the unit of the venue.
"""

from __future__ import annotations

from typing import Any

from tests.replay.market import Bar
from tests.replay.server import Request
from tests.replay.wires import EIGHT_HOURS, Bars, Order, between, find, number, plain, split

RATE = "0.00010000"
COINS = 1000.5
# Coins per contract, as the market lists of the wires say.
OKX_CONTRACT, KUCOIN_CONTRACT, GATE_CONTRACT = 1.0, 0.01, 0.01


def settlements(bars: list[Bar]) -> list[Bar]:
    return [bar for bar in bars if bar[0] % EIGHT_HOURS == 0]


def okx_derivatives(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """OKX v5: newest first, both ends exclusive, a hundred rows at most."""
    is_funding = request.path.endswith("/public/funding-rate-history")
    if not is_funding and not request.path.endswith("/rubik/stat/contracts/open-interest-history"):
        return None
    perpetuals = [symbol for symbol in symbols if ":" in symbol]
    symbol = find(perpetuals, request.query["instId"], lambda s: "-".join(split(s)[:2]) + "-SWAP")
    if symbol is None:
        return {"code": "51001", "msg": "Instrument ID does not exist", "data": []}
    first, last = (number(request, name) for name in (("before", "after") if is_funding else ("begin", "end")))
    found = bars(symbol, "1h")
    found = between(found, None if first is None else first + 1, None if last is None else last - 1)
    limit = min(number(request, "limit") or 100, 100)
    if is_funding:
        rows: list[Any] = [
            {"instId": request.query["instId"], "fundingTime": str(bar[0]), "fundingRate": RATE, "realizedRate": RATE}
            for bar in settlements(found)
        ]
    else:
        contracts = str(COINS / OKX_CONTRACT)
        rows = [[str(bar[0]), contracts, str(COINS), str(COINS * bar[1])] for bar in found]
    return {"code": "0", "msg": "", "data": order(rows[::-1][:limit])}


def bybit_derivatives(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Bybit v5: newest first, both ends inclusive, two hundred rows at most."""
    is_funding = request.path.endswith("/market/funding/history")
    if not is_funding and not request.path.endswith("/market/open-interest"):
        return None
    symbol = find([s for s in symbols if ":" in s], request.query["symbol"], plain)
    if symbol is None:
        return {"retCode": 10001, "retMsg": "Not supported symbols", "result": {}}
    found = between(bars(symbol, "1h"), number(request, "startTime"), number(request, "endTime"))
    limit = min(number(request, "limit") or 50, 200)
    name = request.query["symbol"]
    if is_funding:
        rows = [
            {"symbol": name, "fundingRate": RATE, "fundingRateTimestamp": str(bar[0])} for bar in settlements(found)
        ]
    else:
        rows = [{"openInterest": str(COINS), "timestamp": str(bar[0])} for bar in found]
    result = {"category": "linear", "symbol": name, "list": order(rows[::-1][:limit]), "nextPageCursor": ""}
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 0}


def kucoin_derivatives(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """KuCoin: funding newest first without a limit, open interest in contracts and two hundred rows at most."""
    is_funding = request.path.endswith("/contract/funding-rates")
    if not is_funding and not request.path.endswith("/market/open-interest"):
        return None
    perpetuals = [symbol for symbol in symbols if ":" in symbol]
    name = request.query["symbol"]
    symbol = find(perpetuals, name, lambda s: plain(s).replace("BTC", "XBT") + "M")
    if symbol is None:
        return {"code": "400100", "msg": "symbol not exists"}
    ends = ("from", "to") if is_funding else ("startAt", "endAt")
    found = between(bars(symbol, "1h"), *(number(request, end) for end in ends))
    if is_funding:
        rows: list[Any] = [
            {"symbol": name, "fundingRate": float(RATE), "timepoint": bar[0]} for bar in settlements(found)
        ][::-1]
    else:
        limit = min(number(request, "pageSize") or 30, 200)
        contracts = str(COINS / KUCOIN_CONTRACT)
        rows = [{"symbol": name, "openInterest": contracts, "ts": bar[0]} for bar in found[::-1][:limit]]
    return {"code": "200000", "data": order(rows)}


def gate_derivatives(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Gate v4: seconds; funding newest first, open interest in contracts, oldest first and without an end."""
    is_funding = request.path.endswith("/usdt/funding_rate")
    if not is_funding and not request.path.endswith("/usdt/contract_stats"):
        return None
    perpetuals = [symbol for symbol in symbols if ":" in symbol]
    symbol = find(perpetuals, request.query["contract"], lambda s: "_".join(split(s)[:2]))
    if symbol is None:
        return {"label": "CONTRACT_NOT_FOUND", "message": "unknown"}
    first, last = number(request, "from"), number(request, "to")
    found = between(bars(symbol, "1h"), None if first is None else first * 1000, None if last is None else last * 1000)
    limit = min(number(request, "limit") or 100, 100)
    if is_funding:
        return order([{"t": bar[0] // 1000, "r": RATE} for bar in settlements(found)[::-1][:limit]])
    contracts = COINS / GATE_CONTRACT
    return order(
        [
            {"time": bar[0] // 1000, "open_interest": contracts, "open_interest_usd": COINS * bar[1]}
            for bar in found[:limit]
        ]
    )
