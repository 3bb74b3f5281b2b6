"""Funding rates and open interest of perpetual contracts, from every venue whose client offers them."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from ingest.errors import SourceError, TransientError
from ingest.prices.exchange import RefusedError, Session, UnreachableError, offers, open_session
from ingest.prices.fetch import NOTHING_KNOWN, Known
from ingest.prices.registry import Registry, VenueEntry
from ingest.source import Source
from warehouse.tables.contract import UTC
from warehouse.tables.prices import FUNDING, OPEN_INTEREST
from warehouse.tables.units import plain

# Venues keep about this much hourly open interest, and refuse to be asked for more.
VENUE_MEMORY_DAYS = 29


@dataclass(frozen=True, slots=True)
class History:
    """One kind of history: ccxt's name of it, the time between its rows, and the most rows of a page by venue."""

    feature: str
    spacing: timedelta  # shorter spacing only costs more pages: a full page is asked for again in halves
    page_rows: Mapping[str, int]


# The venues' documented page limits, as far as their ccxt clients state them; others get the smallest.
SMALLEST_PAGE = 100
HISTORIES = {
    "funding": History(
        "fetchFundingRateHistory", timedelta(hours=4), {"binanceusdm": 500, "bybit": 200, "hyperliquid": 500}
    ),
    "open_interest": History(
        "fetchOpenInterestHistory", timedelta(hours=1), {"binanceusdm": 500, "bybit": 200, "kucoin": 200}
    ),
}
# How a page's end is said, in place of ccxt's `until`: okx counts funding backwards from `after`, exclusive; gate
# counts open interest forward from the start and knows no end.
OWN_END: dict[tuple[str, str], str | None] = {("okx", "funding"): "after", ("gate", "open_interest"): None}
# Venues that know no instants, only pages counted from the newest: the name they give the page's number.
PAGE_NUMBERS = {("bitget", "funding"): "pageNo", ("mexc", "funding"): "page_num"}
# Venues that count open interest in contracts.
COUNTS_CONTRACTS = frozenset({"okx", "kucoin", "gate"})


@dataclass(frozen=True, slots=True)
class DerivativesHarvest:
    """core.funding_rate and core.open_interest, and one line per history that failed."""

    funding: pl.DataFrame
    open_interest: pl.DataFrame
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Found:
    """What one venue gave: rows as ccxt has them, by kind, and what went wrong."""

    exchange: str
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in HISTORIES})
    contract_sizes: dict[str, float | None] = field(default_factory=dict)  # by symbol
    errors: list[str] = field(default_factory=list)
    n_asked: int = 0


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
    venues: Sequence[VenueEntry],
    contracts: Mapping[str, Sequence[str]],
    seen: Mapping[tuple[str, str], datetime],
    source: Source,
    *,
    replay_url: str | None,
    deadline_seconds: float,
    known: Known = NOTHING_KNOWN,
) -> DerivativesHarvest:
    """Both histories of the `contracts` of every venue (symbols by exchange) from where they were left.

    `seen` maps (market_id, funding or open_interest) to the last stored instant. Venues are asked in parallel, none
    longer than `deadline_seconds`; one that offers no such history is left out without a word. Errors are values; what
    came before an error is kept.
    """

    async def ask_all() -> list[_Found]:
        asked = [venue for venue in venues if contracts.get(venue.exchange) and _kinds_offered(venue)]
        tasks = [
            _ask_venue(
                venue,
                contracts[venue.exchange],
                seen,
                source.received_at,
                replay_url,
                deadline_seconds,
                known.get(venue.exchange, frozenset()),
            )
            for venue in asked
        ]
        return await asyncio.gather(*tasks)

    found = asyncio.run(ask_all())
    funding = [_funding_frame(venue, source) for venue in found]
    interest = [_interest_frame(venue, source) for venue in found]
    return DerivativesHarvest(
        pl.concat([FUNDING.empty(), *funding]),
        pl.concat([OPEN_INTEREST.empty(), *interest]),
        [line for venue in found for line in _problem_lines(venue)],
    )


def _kinds_offered(venue: VenueEntry) -> list[str]:
    return [kind for kind, history in HISTORIES.items() if offers(venue.exchange, history.feature)]


async def _ask_venue(
    venue: VenueEntry,
    symbols: Sequence[str],
    seen: Mapping[tuple[str, str], datetime],
    now: datetime,
    replay_url: str | None,
    deadline_seconds: float,
    known: frozenset[str],
) -> _Found:
    found = _Found(venue.exchange)
    try:
        async with asyncio.timeout(deadline_seconds), open_session(venue, replay_url, known) as session:
            for symbol in symbols:
                if symbol not in session.listed:
                    continue
                found.contract_sizes[symbol] = session.contract_size(symbol)
                for kind in _kinds_offered(venue):
                    since = _first_instant(kind, seen.get((f"{venue.exchange}:{symbol}", kind)), now)
                    await _ask_history(session, kind, symbol, since, now, found)
    except TimeoutError:
        late = TransientError(
            venue.exchange, f"took longer than {plain(deadline_seconds)} s", remedy="the rest next run"
        )
        found.errors.append(str(late))
    except SourceError as exc:
        found.errors.append(str(exc))
    return found


def _first_instant(kind: str, last: datetime | None, now: datetime) -> datetime:
    oldest = now - timedelta(days=VENUE_MEMORY_DAYS)
    if last is None:
        return oldest
    return max(last, oldest) if kind == "open_interest" else last


async def _ask_history(session: Session, kind: str, symbol: str, since: datetime, now: datetime, found: _Found) -> None:
    """Add the rows from `since` to now; a failure of this history alone is noted, one of the venue is raised."""
    history = HISTORIES[kind]
    # Two rows of room: both ends of a stretch are part of it.
    stretch = history.spacing * (history.page_rows.get(session.venue.exchange, SMALLEST_PAGE) - 2)
    found.n_asked += 1
    page_number = PAGE_NUMBERS.get((session.venue.exchange, kind))
    try:
        if page_number is not None:
            await _ask_numbered(session, kind, symbol, since, page_number, found.rows[kind])
            return
        while since < now:
            end = min(since + stretch, now)
            await _ask_stretch(session, kind, symbol, since, end, found.rows[kind])
            since = end
    except (UnreachableError, RefusedError):
        raise
    except SourceError as exc:
        found.errors.append(f"{kind.replace('_', ' ')}: {exc}")


async def _ask_numbered(
    session: Session, kind: str, symbol: str, since: datetime, name: str, rows: list[dict[str, Any]]
) -> None:
    """Add pages from the newest back, until one reaches `since`: such a page is not full."""
    limit = HISTORIES[kind].page_rows.get(session.venue.exchange, SMALLEST_PAGE)
    oldest: float = math.inf
    for number in itertools.count(1):
        page = await session.fetch_funding(symbol, since, limit, {name: number})
        first = min((row["timestamp"] for row in page), default=oldest)
        if page and first >= oldest:
            raise TransientError(
                f"{session.venue.exchange} {symbol}",
                f"gave the same rows again as page {number}",
                "older ones",
                "tried again next run",
            )
        rows.extend(page)
        if len(page) < limit:
            return
        oldest = first


async def _ask_stretch(
    session: Session, kind: str, symbol: str, since: datetime, end: datetime, rows: list[dict[str, Any]]
) -> None:
    """Add one page; a full one may have been cut at either end, so its halves are asked for."""
    history, exchange = HISTORIES[kind], session.venue.exchange
    limit = history.page_rows.get(exchange, SMALLEST_PAGE)
    name = OWN_END.get((exchange, kind), "until")
    # `after` is exclusive, and one millisecond more leaves the inclusive ones as they are.
    ending = {} if name is None else {name: round(end.timestamp() * 1000) + 1}
    call = session.fetch_funding if kind == "funding" else session.fetch_open_interest
    page = await call(symbol, since, limit, ending)
    rows.extend(page)
    if name is not None and len(page) >= limit and end - since > 2 * timedelta(hours=1):
        middle = since + (end - since) / 2
        await _ask_stretch(session, kind, symbol, since, middle, rows)
        await _ask_stretch(session, kind, symbol, middle, end, rows)


def _problem_lines(found: _Found) -> list[str]:
    """One line for each history that failed."""
    return [
        f"{found.exchange}, funding and open interest: {error.removeprefix(f'{found.exchange}: ')}"
        for error in dict.fromkeys(found.errors)
    ]


def _funding_frame(found: _Found, source: Source) -> pl.DataFrame:
    values = [
        (f"{found.exchange}:{row['symbol']}", row["timestamp"], row["fundingRate"]) for row in found.rows["funding"]
    ]
    frame = pl.DataFrame(
        values, schema={"market_id": pl.String, "stamp": pl.Int64, "funding_rate": pl.Float64}, orient="row"
    )
    return FUNDING.conform(_stamped(frame, "funding_time_utc", source).filter(pl.col("funding_rate").is_finite()))


def _interest_frame(found: _Found, source: Source) -> pl.DataFrame:
    values = [
        (
            f"{found.exchange}:{row['symbol']}",
            row["timestamp"],
            _in_base(row, found),
            row.get("openInterestValue"),
        )
        for row in found.rows["open_interest"]
    ]
    schema = {
        "market_id": pl.String,
        "stamp": pl.Int64,
        "open_interest_base": pl.Float64,
        "open_interest_quote": pl.Float64,
    }
    frame = pl.DataFrame(values, schema=schema, orient="row")
    return OPEN_INTEREST.conform(_stamped(frame, "observed_at_utc", source))


def _in_base(row: dict[str, Any], found: _Found) -> float | None:
    """Open interest in units of the coin, whatever the venue counts in."""
    amount: float | None = row.get("openInterestAmount")
    if amount is None or found.exchange not in COUNTS_CONTRACTS:
        return amount
    size = found.contract_sizes.get(row["symbol"])
    return None if size is None else amount * size


def _stamped(frame: pl.DataFrame, time_name: str, source: Source) -> pl.DataFrame:
    return (
        frame.filter(pl.col("stamp").is_not_null())
        .with_columns(
            pl.from_epoch("stamp", "ms").dt.replace_time_zone("UTC").cast(UTC).alias(time_name),
            pl.lit(source.received_at).cast(UTC).alias("first_seen_at_utc"),
            pl.lit(source.run_id).alias("run_id"),
        )
        .drop("stamp")
        .unique(["market_id", time_name], keep="last", maintain_order=True)
    )
