"""Exchanges as they were at an instant: real wire formats over a market, with faults on request."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.replay.market import SECONDS, Bar, Market
from tests.replay.server import Request, Response
from tests.replay.wires import Wire, binance, coinbase, kraken, kucoin, okx
from tests.replay.wires_bitget_mexc import bitget, mexc
from tests.replay.wires_derivatives import bybit_derivatives, gate_derivatives, kucoin_derivatives, okx_derivatives
from tests.replay.wires_gate_bybit import bybit, gate
from tests.replay.wires_hyperliquid import hyperliquid

SLOW_SECONDS = 60.0
WIRES: dict[str, Wire] = {
    "binance": binance,
    "binanceusdm": binance,
    "bitget": bitget,
    "bybit": bybit,
    "coinbase": coinbase,
    "gate": gate,
    "hyperliquid": hyperliquid,
    "kraken": kraken,
    "kucoin": kucoin,
    "mexc": mexc,
    "okx": okx,
}
# Binance's own wire holds both histories.
DERIVATIVES: dict[str, Wire] = {
    "bybit": bybit_derivatives,
    "gate": gate_derivatives,
    "kucoin": kucoin_derivatives,
    "okx": okx_derivatives,
}
# No venue lists nothing: one that a world does not know lists a coin that nobody asks for.
OTHER_MARKETS = {
    "binanceusdm": "OTHER/USDT:USDT",
    "coinbase": "OTHER/USD",
    "hyperliquid": "OTHER/USDC:USDC",
    "kraken": "OTHER/USD",
}


@dataclass(slots=True)
class Fault:
    """A way to misbehave: `kind` for the next `times` requests (always when None) whose path or body says `path`.

    Kinds: 429, 418, 451, 403, 500, 503, slow, cut_off, html_200, truncated, garbage, duplicated, unordered, empty;
    empty_dict and empty_list answer with just that; ignores_since shows its newest bars whatever is asked;
    newest_half leaves out the older half of what is asked for;
    revised changes the last bar of every page, as a venue that corrects it between two of them.
    """

    kind: str
    times: int | None = None
    path: str = ""

    def strikes(self, request: Request) -> bool:
        """Whether this request is hit; counts down."""
        if self.path not in request.said or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class ReplayExchanges:
    """Handler of `/exchanges/<ccxt id>/…`; `now` may be moved between requests."""

    def __init__(self, market: Market, now: datetime, faults: Mapping[str, Fault] | None = None) -> None:
        self.market = market
        self.now = now
        self.faults = dict(faults or {})

    def __call__(self, request: Request) -> Response | None:
        """The exchange's answer, distorted when a fault is set for it."""
        _, exchange, *rest = request.path.split("/", 2)
        wire = WIRES.get(exchange)
        if wire is None:
            return None
        inner = replace(request, path="/" + "/".join(rest))
        fault = self.faults.get(exchange)
        if fault is None or not fault.strikes(inner):
            return self._answer(exchange, wire, inner, list)
        if fault.kind == "ignores_since":
            timeless = {name: value for name, value in inner.query.items() if name not in ("startTime", "endTime")}
            return self._answer(exchange, wire, replace(inner, query=timeless), list)
        if fault.kind in DISORDER:
            return self._answer(exchange, wire, inner, DISORDER[fault.kind])
        return distort(self._answer(exchange, wire, inner, list), fault.kind)

    def _answer(
        self, exchange: str, wire: Wire, request: Request, order: Callable[[list[Any]], list[Any]]
    ) -> Response | None:
        arguments = (
            request,
            self.market.symbols(exchange) or [OTHER_MARKETS.get(exchange, "OTHER/USDT")],
            lambda symbol, bar: self.bars(exchange, symbol, bar),
            order,
        )
        body = DERIVATIVES[exchange](*arguments) if exchange in DERIVATIVES else None
        if body is None:
            body = wire(*arguments)
        return None if body is None else Response(json.dumps(body).encode())

    def bars(self, exchange: str, symbol: str, timeframe: str) -> list[Bar]:
        """Bars that had opened by `now`; the last one is unfinished, as every venue shows it."""
        at = int(self.now.timestamp() * 1000)
        length = SECONDS[timeframe] * 1000
        bars = self.market.bars(exchange, symbol, timeframe)
        opened = list(bars[: bisect_right(bars, at, key=lambda bar: bar[0])])
        if opened and opened[-1][0] + length > at:
            opened[-1] = _partial(opened[-1], (at - opened[-1][0]) / length)
        return opened


def distort(response: Response | None, kind: str) -> Response | None:
    """The answer as a broken world gives it."""
    if response is None:
        return None
    if kind == "slow":
        return replace(response, delay_seconds=SLOW_SECONDS)
    if kind == "cut_off":
        return replace(response, body=response.body[: len(response.body) // 2], is_cut_off=True)
    if kind == "truncated":
        return replace(response, body=response.body[: len(response.body) // 2])
    if kind == "html_200":
        return Response(b"<html><body>Sign in to the hotel network</body></html>", 200, "text/html")
    if kind == "garbage":
        return replace(response, body=b'{"result": [[null, "x"], 7], "data": "?", "candles": 3}')
    if kind in EMPTY_BODIES:
        return replace(response, body=EMPTY_BODIES[kind])
    if kind == "451":
        text = b'{"code": 0, "msg": "Service unavailable from a restricted location according to b. Eligibility"}'
        return Response(text, 451)
    headers = {"retry-after": {"429": "1", "418": "120"}[kind]} if kind in ("429", "418") else {}
    return Response(b"<html><body>no</body></html>", int(kind), "text/html", headers)


EMPTY_BODIES = {"empty_dict": b"{}", "empty_list": b"[]"}
DISORDER: dict[str, Callable[[list[Any]], list[Any]]] = {
    "duplicated": lambda rows: [row for row in rows for _ in range(2)],
    "unordered": lambda rows: rows[1::2] + rows[::2],
    "empty": lambda rows: [],
    "newest_half": lambda rows: rows[len(rows) // 2 :],
    "revised": lambda rows: [*rows[:-1], _raised(rows[-1])] if rows else [],
}


def _raised(row: list[Any]) -> list[Any]:
    """A Binance kline with another volume."""
    return [*row[:5], str(float(row[5]) + 1), *row[6:]]


def _partial(bar: Bar, share: float) -> Bar:
    stamp, opened, *_, close, volume = bar
    last = opened + (close - opened) * share
    return (stamp, opened, max(opened, last), min(opened, last), last, volume * share)
