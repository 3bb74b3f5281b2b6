"""Texts read and judged on hourly bars made for them."""

from datetime import UTC, datetime, timedelta

import polars as pl

from analysis.claims.check.answer import CheckedText, as_document, judge_text, with_beside
from analysis.claims.judging.market import MarketEvidence, gather_market
from analysis.claims.sentences.reader import read_text
from analysis.claims.sentences.times.references import LedgerEvent
from warehouse.tables.contract import UTC as UTC_TYPE

BAN = LedgerEvent(
    "2026-03-18-model-access-restriction", datetime(2026, 3, 18, 0, tzinfo=UTC), "US restriction of model access", True
)
SAID_AT = datetime(2026, 3, 20, 12, tzinfo=UTC)


def make_path(asset: str, prices: dict[int, float], n_hours: int = 24 * 40) -> pl.DataFrame:
    """Hourly bars up to SAID_AT: 100 until an hour of `prices` (hours before SAID_AT) sets another price."""
    price, rows = 100.0, []
    for back in range(n_hours, 0, -1):
        price = prices.get(back, price)
        opened = SAID_AT - timedelta(hours=back)
        rows.append((asset, f"binance:{asset}/USDT", "1h", opened, price, price, price))
    names = ["asset_id", "market_id", "timeframe", "open_time_utc", "high_quote", "low_quote", "close_quote"]
    return pl.DataFrame(rows, names, orient="row", schema_overrides={"open_time_utc": UTC_TYPE})


def make_market(tao: dict[int, float] | None = None) -> MarketEvidence:
    """A path of TAO, which by default rises 20 % in the six hours after the ban, beside a flat one of BTC."""
    return gather_market(pl.concat([make_path("TAO", {54: 120.0} if tao is None else tao), make_path("BTC", {})]))


def make_answer(text: str, tao: dict[int, float] | None = None, said_at: datetime = SAID_AT) -> CheckedText:
    """The text judged on the market with that path of TAO, which ends at SAID_AT whenever it was said."""
    market = make_market(tao)
    read = read_text(text, said_at, None, (BAN,))
    return with_beside(judge_text(text, read, said_at, market), market)


def make_verdicts(text: str, tao: dict[int, float] | None = None) -> list[str]:
    return [item["verdict"] for item in as_document(make_answer(text, tao))["statements"]]
