"""Histories from many venues at once: pages by hand, a deadline per venue, one venue's failure stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from ingest.errors import SourceError, TransientError
from ingest.prices.candles import ROW_SCHEMA
from ingest.prices.exchange import RefusedError, Row, Session, UnreachableError, open_session
from ingest.prices.registry import VenueEntry
from warehouse.tables.bars import parse_stored_bar
from warehouse.tables.contract import UTC
from warehouse.tables.units import plain


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """One series to bring up to date: bars that open in [since, until), or up to now."""

    exchange: str
    symbol: str
    timeframe: str
    since: datetime
    until: datetime | None = None

    @property
    def market_id(self) -> str:
        """`exchange:symbol`."""
        return f"{self.exchange}:{self.symbol}"


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """Rows of one series as received (ROW_SCHEMA), or the error that ended it; what came before the error is kept."""

    request: SeriesRequest
    rows: pl.DataFrame
    n_pages: int
    error: SourceError | None = None


@dataclass(frozen=True, slots=True)
class VenueAnswer:
    """What one venue gave; `error` means that the whole venue is of no use for the rest of the run."""

    exchange: str
    answers: list[SeriesAnswer] = field(default_factory=list)
    unlisted: list[SeriesRequest] = field(default_factory=list)
    error: SourceError | None = None
    listed: frozenset[str] | None = None  # what the venue lists, once known


OnSeries = Callable[[SeriesAnswer], None]


def fetch_venues(
    venues: Mapping[str, VenueEntry],
    requests: Sequence[SeriesRequest],
    now: datetime,
    *,
    replay_url: str | None,
    deadline_seconds: float,
    on_series: OnSeries = lambda _answer: None,
) -> list[VenueAnswer]:
    """Ask every venue of `requests` in parallel, each for its own series one after the other.

    No venue takes longer than `deadline_seconds`. `on_series` sees each series as it is finished. Errors are values.
    """
    by_venue: dict[str, list[SeriesRequest]] = {}
    for request in requests:
        by_venue.setdefault(request.exchange, []).append(request)

    async def ask_all() -> list[VenueAnswer]:
        tasks = [
            _ask_venue(venues[exchange], wanted, now, replay_url, deadline_seconds, on_series)
            for exchange, wanted in by_venue.items()
        ]
        return await asyncio.gather(*tasks)

    return asyncio.run(ask_all())


async def _ask_venue(
    venue: VenueEntry,
    wanted: list[SeriesRequest],
    now: datetime,
    replay_url: str | None,
    deadline_seconds: float,
    on_series: OnSeries,
) -> VenueAnswer:
    answer = VenueAnswer(venue.exchange)
    try:
        async with asyncio.timeout(deadline_seconds), open_session(venue, replay_url) as session:
            answer = replace(answer, listed=session.listed)
            for request in wanted:
                if request.symbol not in session.listed:
                    answer.unlisted.append(request)
                    continue
                series = await _ask_series(session, request, now)
                answer.answers.append(series)
                on_series(series)
                if isinstance(series.error, (UnreachableError, RefusedError)):
                    return replace(answer, error=series.error)
    except TimeoutError:
        late = TransientError(
            venue.exchange,
            f"took longer than {plain(deadline_seconds)} s; {len(answer.answers)} of {len(wanted)} series done",
            remedy="the rest follows in the next run",
        )
        return replace(answer, error=late)
    except SourceError as exc:
        return replace(answer, error=exc)
    return answer


async def _ask_series(session: Session, request: SeriesRequest, now: datetime) -> SeriesAnswer:
    pages: list[list[Row]] = []
    error: SourceError | None = None
    try:
        await _collect_pages(session, request, now, pages)
    except SourceError as exc:
        error = exc
    return SeriesAnswer(request, _frame(session.venue, request, pages), len(pages), error)


async def _collect_pages(session: Session, request: SeriesRequest, now: datetime, pages: list[list[Row]]) -> None:
    """Walk from `since` to now, each page overlapping the last bar; a page with nothing new is stepped over."""
    bar = parse_stored_bar(request.timeframe).length
    page_bars = _page_bars(session.venue, request.symbol)
    limit = None if session.venue.history_bars else page_bars
    since, newest = _first_reachable(session.venue, request, now), None
    stop = min(request.until or now, now)
    while since + bar <= stop:
        page = await session.fetch_candles(request.symbol, request.timeframe, since, limit)
        pages.append(page)
        stamps = [row[0] for row in page if row and row[0] is not None]
        last = datetime.fromtimestamp(max(stamps) / 1000, tz=now.tzinfo) if stamps else None
        if last is None or (newest is not None and last <= newest):
            since += bar * page_bars
        else:
            newest = since = last
            if last + bar > stop - bar:
                return  # the last closed bar is here


def _first_reachable(venue: VenueEntry, request: SeriesRequest, now: datetime) -> datetime:
    """`since`, or the oldest bar the venue still gives."""
    is_perpetual = ":" in request.symbol
    n_bars = venue.perpetual_history_bars if is_perpetual else venue.history_bars
    if n_bars is None:
        return request.since
    bar = parse_stored_bar(request.timeframe).length
    return max(request.since, now - bar * n_bars)


def _page_bars(venue: VenueEntry, symbol: str) -> int:
    return venue.perpetual_page_bars or venue.page_bars if ":" in symbol else venue.page_bars


def _frame(venue: VenueEntry, request: SeriesRequest, pages: list[list[Row]]) -> pl.DataFrame:
    names = ["stamp", "open_quote", "high_quote", "low_quote", "close_quote", "volume_base"]
    rows = [(row + [None] * 6)[:6] for page in pages for row in page]
    values = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row", strict=False)
    if ":" in request.symbol and not venue.is_perpetual_volume_base:
        values = values.with_columns(pl.lit(None, dtype=pl.Float64).alias("volume_base"))
    opened = pl.col("open_time_utc")
    is_asked = opened >= pl.lit(request.since).cast(UTC)
    if request.until is not None:
        is_asked &= opened < pl.lit(request.until).cast(UTC)
    return (
        values.select(
            pl.lit(request.market_id).alias("market_id"),
            pl.lit(request.timeframe).alias("timeframe"),
            pl.from_epoch(pl.col("stamp").cast(pl.Int64), "ms")
            .dt.replace_time_zone("UTC")
            .cast(UTC)
            .alias("open_time_utc"),
            *names[1:],
        )
        .select(*ROW_SCHEMA)
        .filter(opened.is_null() | is_asked)
    )
