"""Claims through the real language, and the evidence around them."""

from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl

from analysis.claims.finding import Evidence
from analysis.claims.judging.market import MarketEvidence, gather_market
from analysis.claims.language import Claim, read_claims
from analysis.claims.verdicts import judge
from tests.analysis.claims.judging.market_builders import make_bars
from tests.builders import make_rows
from warehouse.config import ConfigText
from warehouse.tables.bars import HOUR
from warehouse.tables.news import EVENT
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.studies import STUDY_RESULT

NEWS_AT = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
EVENT_ID = "2026-03-10-news"
_NOTHING = make_bars("NONE", [1.0])


def make_candles(asset: str, before: list[float], after: list[float], market: str | None = None) -> pl.DataFrame:
    """Hourly bars of which the last of `before` is the last close known at the news."""
    last_close = NEWS_AT.replace(minute=0) + len(after) * HOUR
    return make_bars(asset, [*before, *after], last_close=last_close, market=market)


def make_evidence(*candles: pl.DataFrame, market: MarketEvidence | None = None, **frames: pl.DataFrame) -> Evidence:
    """Evidence with one event at NEWS_AT and nothing that is not given."""
    event = {
        "event_id": EVENT_ID,
        "earliest_at_utc": NEWS_AT,
        "best_at_utc": NEWS_AT,
        "latest_at_utc": NEWS_AT,
        "status": "confirmed",
    }
    defaults = {
        "events": make_rows(EVENT, event),
        "studies": STUDY_RESULT.empty(),
        "responses": DOSE_RESPONSE.empty(),
    }
    return Evidence(market=market or gather_market(pl.concat(candles or [_NOTHING])), **(defaults | frames))


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
    verdicts, readings, _ = judge([claim], evidence)
    return verdicts.row(0, named=True), {row["reading_id"]: row for row in readings.iter_rows(named=True)}


def _toml(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
