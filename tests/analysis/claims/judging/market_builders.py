"""Hourly paths as market evidence, and statements about them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.market import MarketEvidence, gather_market
from analysis.claims.statement import (
    Comparator,
    Direction,
    Judgement,
    Kind,
    StatedWindow,
    Statement,
)
from warehouse.tables.contract import UTC as UTC_TYPE

SAID_AT = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def make_bars(
    asset: str,
    closes: Sequence[float],
    *,
    last_close: datetime = SAID_AT,
    hours: int = 1,
    wick: float = 0.0,
    market: str | None = None,
) -> pl.DataFrame:
    """Bars up to `last_close`; each opens at the close before it, highs and lows lie `wick` outside."""
    bar = timedelta(hours=hours)
    array = np.array(closes, dtype=float)
    opens = np.concatenate([array[:1], array[:-1]])
    return pl.DataFrame(
        {
            "asset_id": asset,
            "market_id": market or f"binance:{asset}/USDT",
            "timeframe": {1: "1h", 4: "4h", 24: "1d"}[hours],
            "open_time_utc": [last_close - (len(array) - i) * bar for i in range(len(array))],
            "high_quote": np.maximum(opens, array) * (1 + wick),
            "low_quote": np.minimum(opens, array) * (1 - wick),
            "close_quote": array,
        },
        schema_overrides={"open_time_utc": UTC_TYPE},
    )


def make_market(*bars: pl.DataFrame) -> MarketEvidence:
    """Evidence of these bars alone."""
    return gather_market(pl.concat(bars))


def make_path(asset: str, closes: Sequence[float], **keys: object) -> MarketEvidence:
    """Evidence of one hourly path."""
    return make_market(make_bars(asset, closes, **keys))  # type: ignore[arg-type] # builder keywords


def make_statement(kind: str = "percent_move", direction: str = "up", **keys: object) -> Statement:
    """A statement about TAO said at SAID_AT; `window` is a token, `comparator` a word."""
    window = keys.pop("window", "PT24H")
    comparator = keys.pop("comparator", None)
    given: Mapping[str, object] = {"asset": "TAO", "said_at": SAID_AT, **keys}
    return Statement(
        kind=Kind(kind),
        direction=Direction(direction),
        window=StatedWindow(window) if isinstance(window, str) else window,  # type: ignore[arg-type] # or a window
        comparator=Comparator(comparator) if isinstance(comparator, str) else None,
        **given,  # type: ignore[arg-type] # builder keywords
    )


def verdict_of(market: MarketEvidence, kind: str = "percent_move", direction: str = "up", **keys: object) -> str:
    """The verdict on `make_statement(...)`."""
    return judged(market, kind, direction, **keys).verdict.value


def judged(market: MarketEvidence, kind: str = "percent_move", direction: str = "up", **keys: object) -> Judgement:
    """The judgement on `make_statement(...)`."""
    return judge_statement(make_statement(kind, direction, **keys), market)


def steady(last: float, n: int = 200, first: float = 100.0) -> list[float]:
    """`n` closes at `first`, then 24 that end at `last` on a straight line."""
    return [first] * n + list(np.linspace(first, last, 25)[1:])
