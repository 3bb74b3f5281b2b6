"""Candles with a known path, and the evidence around them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from analysis.claims.language import Claim, read_claims
from analysis.claims.reading import Evidence
from analysis.claims.tape import candles_by_asset
from analysis.claims.verdicts import judge
from tests.builders import make_rows
from warehouse.config import ConfigText
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.studies import STUDY_RESULT

NEWS_AT = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
EVENT_ID = "2026-03-10-news"


def make_candles(
    asset: str,
    closes: Sequence[float],
    *,
    last_before: int,
    hours: float = 1.0,
    wick: float = 0.0,
    market: str | None = None,
) -> pl.DataFrame:
    """Bars whose close number `last_before` is the last one known at the news; highs and lows lie `wick` outside."""
    bar = timedelta(hours=hours)
    base = NEWS_AT.replace(minute=0) - timedelta(hours=(NEWS_AT.hour % hours))
    first_open = base - bar - last_before * bar
    array = np.array(closes, dtype=float)
    opens = np.concatenate([array[:1], array[:-1]])
    return pl.DataFrame(
        {
            "asset_id": asset,
            "market_id": market or f"binanceusdm:{asset}/USDT:USDT",
            "timeframe": f"{hours:g}h",
            "open_time_utc": [first_open + i * bar for i in range(len(array))],
            "high_quote": np.maximum(opens, array) * (1 + wick),
            "low_quote": np.minimum(opens, array) * (1 - wick),
            "close_quote": array,
        },
        schema_overrides={"open_time_utc": UTC_TYPE},
    )


def make_evidence(*candles: pl.DataFrame, **frames: pl.DataFrame) -> Evidence:
    """Evidence with one event at NEWS_AT and nothing that is not given."""
    event = {
        "event_id": EVENT_ID,
        "earliest_at_utc": NEWS_AT,
        "best_at_utc": NEWS_AT,
        "latest_at_utc": NEWS_AT,
        "status": "confirmed",
    }
    defaults = {
        "assets": ASSET.empty(),
        "events": make_rows(EVENT, event),
        "studies": STUDY_RESULT.empty(),
        "responses": DOSE_RESPONSE.empty(),
    }
    return Evidence(candles=candles_by_asset(pl.concat(candles)) if candles else {}, **(defaults | frames))


def make_claim(**keys: object) -> Claim:
    """One claim about TAO after the event, through the real language."""
    entry: dict[str, object] = {
        "id": "c",
        "episode": "e",
        "quote": "It is said.",
        "asset": "TAO",
        "event": EVENT_ID,
        **keys,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in entry.items() if value is not None]
    [claim] = read_claims(ConfigText("test.toml", "[[claim]]\n" + "\n".join(lines)))
    return claim


def judged(claim: Claim, evidence: Evidence) -> tuple[Mapping[str, object], dict[str, Mapping[str, object]]]:
    """The verdict row and the readings by id."""
    verdicts, readings = judge([claim], evidence)
    return verdicts.row(0, named=True), {row["reading_id"]: row for row in readings.iter_rows(named=True)}


def _toml(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
