"""Funding rates and open interest of perpetual contracts, where a venue offers them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from ingest.errors import SourceError, TransientError
from ingest.prices.exchange import RefusedError, Session, UnreachableError, open_session
from ingest.prices.refusals import Reading
from ingest.prices.registry import Registry, VenueEntry
from warehouse.tables.contract import UTC
from warehouse.tables.prices import FUNDING, OPEN_INTEREST

# Venues with both histories, best first; one is enough: the figures are venue facts, not prices.
PREFERRED = ("binanceusdm", "okx", "bybit")
# Venues keep about this much hourly open interest.
FIRST_DAYS = 29
PAGE_ROWS = 500
# A first call of hourly figures over a month takes two pages; this only bounds a venue that repeats itself.
MAXIMUM_PAGES = 6


@dataclass(frozen=True, slots=True)
class DerivativesHarvest:
    """core.funding_rate and core.open_interest, and one line per failure."""

    funding: pl.DataFrame
    open_interest: pl.DataFrame
    problems: list[str] = field(default_factory=list)


def watched_contracts(registry: Registry, exchange: str) -> list[str]:
    """Symbols of the living AI tokens' perpetuals on a venue."""
    tokens = registry.assets.filter(pl.col("role") == "ai_token").select("asset_id")
    return (
        registry.markets.filter(
            pl.col("exchange") == exchange, pl.col("kind") == "perpetual", pl.col("delisted_at_utc").is_null()
        )
        .join(tokens, on="asset_id", how="semi")["symbol"]
        .sort()
        .to_list()
    )


def fetch_derivatives(
    venue: VenueEntry,
    symbols: Sequence[str],
    seen: Mapping[tuple[str, str], datetime],
    reading: Reading,
    *,
    replay_url: str | None,
    deadline_seconds: float,
) -> DerivativesHarvest:
    """Both histories of `symbols` from where they were left; `seen` maps (market_id, funding or open_interest) to the
    last stored instant. Errors are values; what came before an error is kept.
    """
    funding: list[dict[str, Any]] = []
    interest: list[dict[str, Any]] = []
    problems: list[str] = []

    async def ask() -> None:
        async with asyncio.timeout(deadline_seconds), open_session(venue, replay_url) as session:
            for symbol in symbols:
                if symbol not in session.listed:
                    continue
                market = f"{venue.exchange}:{symbol}"
                for kind, rows in (("funding", funding), ("open_interest", interest)):
                    since = seen.get((market, kind), reading.now - timedelta(days=FIRST_DAYS))
                    try:
                        rows.extend(await _pages(session, kind, symbol, since))
                    except (UnreachableError, RefusedError):
                        raise
                    except SourceError as exc:
                        problems.append(f"{kind.replace('_', ' ')}: {exc}")

    try:
        asyncio.run(ask())
    except TimeoutError:
        late = TransientError(venue.exchange, f"took longer than {deadline_seconds:g} s for funding and open interest")
        problems.append(str(late))
    except SourceError as exc:
        problems.append(f"funding and open interest: {exc}")
    return DerivativesHarvest(
        _funding_frame(venue.exchange, funding, reading), _interest_frame(venue.exchange, interest, reading), problems
    )


async def _pages(session: Session, kind: str, symbol: str, since: datetime) -> list[dict[str, Any]]:
    call = session.fetch_funding if kind == "funding" else session.fetch_open_interest
    rows: list[dict[str, Any]] = []
    for _ in range(MAXIMUM_PAGES):
        page = await call(symbol, since, PAGE_ROWS)
        stamps = [row["timestamp"] for row in page if row.get("timestamp")]
        rows.extend(page)
        if not stamps:
            break
        last = datetime.fromtimestamp(max(stamps) / 1000, tz=since.tzinfo)
        if last <= since or len(page) < 2:
            break
        since = last
    return rows


def _funding_frame(exchange: str, rows: list[dict[str, Any]], reading: Reading) -> pl.DataFrame:
    values = [(f"{exchange}:{row['symbol']}", row["timestamp"], row["fundingRate"]) for row in rows]
    frame = pl.DataFrame(
        values, schema={"market_id": pl.String, "stamp": pl.Int64, "funding_rate": pl.Float64}, orient="row"
    )
    return FUNDING.conform(_stamped(frame, "funding_time_utc", reading).filter(pl.col("funding_rate").is_finite()))


def _interest_frame(exchange: str, rows: list[dict[str, Any]], reading: Reading) -> pl.DataFrame:
    values = [
        (
            f"{exchange}:{row['symbol']}",
            row["timestamp"],
            row.get("openInterestAmount"),
            row.get("openInterestValue"),
        )
        for row in rows
    ]
    schema = {
        "market_id": pl.String,
        "stamp": pl.Int64,
        "open_interest_base": pl.Float64,
        "open_interest_quote": pl.Float64,
    }
    frame = pl.DataFrame(values, schema=schema, orient="row")
    return OPEN_INTEREST.conform(_stamped(frame, "observed_at_utc", reading))


def _stamped(frame: pl.DataFrame, time_name: str, reading: Reading) -> pl.DataFrame:
    return (
        frame.filter(pl.col("stamp").is_not_null())
        .with_columns(
            pl.from_epoch("stamp", "ms").dt.replace_time_zone("UTC").cast(UTC).alias(time_name),
            pl.lit(reading.now).cast(UTC).alias("first_seen_at_utc"),
            pl.lit(reading.run_id).alias("run_id"),
        )
        .drop("stamp")
        .unique(["market_id", time_name], keep="last", maintain_order=True)
    )
