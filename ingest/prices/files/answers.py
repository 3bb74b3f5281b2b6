"""Answers of exchanges and of CoinGecko as a person saves them: JSON around the list of candles."""

from __future__ import annotations

from typing import Any

import polars as pl


def inside_answer(found: Any) -> Any:
    """The list of candles in an exchange's whole answer; one of several lists is nobody's guess."""
    while isinstance(found, dict) and not isinstance(found.get("prices"), list):
        inside = [value for value in found.values() if isinstance(value, (dict, list)) and value]
        if len(inside) != 1:
            return found
        [found] = inside
    return found


def coingecko_frame(found: dict[str, Any]) -> pl.DataFrame:
    """CoinGecko's market chart in the columns of its CSV."""
    volumes = dict(found.get("total_volumes") or [])
    rows = [(stamp, price, None, volumes.get(stamp)) for stamp, price, *_ in found["prices"]]
    names = {"snapped_at": pl.Int64, "price": pl.Float64, "market_cap": pl.Float64, "total_volume": pl.Float64}
    return pl.DataFrame(rows, schema=names, orient="row", strict=False)
