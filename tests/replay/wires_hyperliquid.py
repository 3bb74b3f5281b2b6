"""Hyperliquid as its public interface documents it: every question is a body sent to one address."""

from __future__ import annotations

import json
from typing import Any

from tests.replay.market import SECONDS, Bar
from tests.replay.server import Request
from tests.replay.wires import Bars, Order, between, find, split
from tests.replay.wires_derivatives import RATE

NEWEST_BARS = 5_000
FUNDING_ROWS = 500
# Settlements carry the moment of the block.
BLOCK_MILLISECONDS = 31


def hyperliquid(request: Request, symbols: list[str], bars: Bars, order: Order) -> Any:
    """Perpetuals in USDC: milliseconds, oldest first, only the newest 5000 bars; hourly funding, 500 rows at most."""
    asked = json.loads(request.body or b"{}")
    perpetuals = [symbol for symbol in symbols if ":" in symbol]
    if asked.get("type") == "metaAndAssetCtxs":
        universe = [{"name": _coin(symbol), "szDecimals": 2, "maxLeverage": 5} for symbol in perpetuals]
        return [{"universe": universe}, [{"markPx": "100.0", "funding": RATE} for _ in perpetuals]]
    if asked.get("type") == "candleSnapshot":
        wanted = asked["req"]
        symbol = find(perpetuals, wanted["coin"], _coin)
        if symbol is None:
            return None
        kept = bars(symbol, wanted["interval"])[-NEWEST_BARS:]
        found = between(kept, wanted["startTime"], wanted["endTime"])
        return order([_row(bar, wanted["coin"], wanted["interval"]) for bar in found])
    if asked.get("type") == "fundingHistory":
        symbol = find(perpetuals, asked["coin"], _coin)
        hours = between(bars(symbol or "", "1h"), asked["startTime"], asked.get("endTime"))[:FUNDING_ROWS]
        rows = [{"coin": asked["coin"], "fundingRate": RATE, "premium": "0", "time": bar[0]} for bar in hours]
        return order([row | {"time": row["time"] + BLOCK_MILLISECONDS} for row in rows])
    return None


def _coin(symbol: str) -> str:
    return split(symbol)[0]


def _row(bar: Bar, coin: str, interval: str) -> dict[str, Any]:
    prices = dict(zip(("o", "h", "l", "c", "v"), map(str, bar[1:]), strict=True))
    return {"t": bar[0], "T": bar[0] + SECONDS[interval] * 1000 - 1, "s": coin, "i": interval, "n": 10} | prices
