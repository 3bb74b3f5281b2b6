"""Histories from many venues at once: pages by hand, a deadline per venue, one venue's failure stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import polars as pl

from ingest.errors import SourceError, TransientError
from ingest.prices.candles import ROW_SCHEMA
from ingest.prices.exchange import RefusedError, RequestTally, Row, Session, UnreachableError, open_session
from ingest.prices.registry import VenueEntry
from warehouse.tables.bars import floor_to_bar, parse_stored_bar
from warehouse.tables.contract import UTC
from warehouse.tables.units import iso_minute, plain


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
    reachable_from: datetime | None = None  # the oldest bar that the venue keeps, where that is younger than asked

    @property
    def is_whole(self) -> bool:
        """Whether the venue answered for the whole stretch that was asked for."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class VenueAnswer:
    """What one venue gave; `error` means that the whole venue is of no use for the rest of the run."""

    exchange: str
    answers: list[SeriesAnswer] = field(default_factory=list)
    unlisted: list[SeriesRequest] = field(default_factory=list)
    error: SourceError | None = None
    listed: frozenset[str] | None = None  # what the venue lists, once known
    listings: tuple[tuple[str, bool, float | None], ...] = ()  # symbol, is active, contract size
    tally: RequestTally = field(default_factory=RequestTally)


# Bars of room at the far end of what a venue keeps.
_MARGIN_BARS = 2
OnSeries = Callable[[SeriesAnswer], None]
Known = Mapping[str, frozenset[str]]
NOTHING_KNOWN: Known = {}


def fetch_venues(
    venues: Mapping[str, VenueEntry],
    requests: Sequence[SeriesRequest],
    now: datetime,
    *,
    replay_url: str | None,
    deadline_seconds: float,
    on_series: OnSeries = lambda _answer: None,
    known: Known = NOTHING_KNOWN,
) -> list[VenueAnswer]:
    """Ask every venue of `requests` in parallel, each for its own series one after the other.

    No venue takes longer than `deadline_seconds`. `on_series` sees each series as it is finished. Errors are values.
    `known` are the markets that each venue listed lately.
    """
    by_venue: dict[str, list[SeriesRequest]] = {}
    for request in requests:
        by_venue.setdefault(request.exchange, []).append(request)

    async def ask_all() -> list[VenueAnswer]:
        tasks = [
            _ask_venue(
                venues[exchange], wanted, now, replay_url, deadline_seconds, on_series, known.get(exchange, frozenset())
            )
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
    known: frozenset[str],
) -> VenueAnswer:
    answer = VenueAnswer(venue.exchange)
    try:
        async with asyncio.timeout(deadline_seconds), open_session(venue, replay_url, known) as session:
            answer = replace(answer, listed=session.listed, listings=tuple(session.listings()), tally=session.tally)
            begun = asyncio.get_running_loop().time()
            for request in wanted:
                if request.symbol not in session.listed:
                    answer.unlisted.append(request)
                    continue
                # Venues forget while we ask: what they still keep is counted from the moment of the request.
                passed = timedelta(seconds=asyncio.get_running_loop().time() - begun)
                series = await _ask_series(session, request, now + passed)
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
    first = _first_reachable(session.venue, request, now)
    try:
        await _Walk(session, request, now, pages).go(first)
    except SourceError as exc:
        error = exc
    reachable = first if first > request.since else None
    return SeriesAnswer(request, _frame(session.venue, request, pages), len(pages), error, reachable)


class _Walk:
    """Walks along one series, page by page, and asks again for a head that a page left out."""

    def __init__(self, session: Session, request: SeriesRequest, now: datetime, pages: list[list[Row]]) -> None:
        self._session = session
        self._request = request
        self._now = now
        self._pages = pages
        self._bar = parse_stored_bar(request.timeframe).length
        self._page_bars = _page_bars(session.venue, request.symbol)
        self._limit = None if session.venue.history_bars else self._page_bars

    async def go(self, since: datetime) -> None:
        """From `since` to now, each page overlapping the last bar; a page with nothing new is stepped over."""
        newest = None
        stop = min(self._request.until or self._now, self._now)
        while since + self._bar <= stop:
            stamps = await self._ask(since, None)
            # A page may begin later than asked: a hole, or bars left out. Only an answer to exactly these tells.
            if stamps and stamps[0] > since + (self._bar if newest else timedelta(0)):
                await self._ask_head(since if newest is None else since + self._bar, min(stamps[0], stop))
            last = stamps[-1] if stamps else None
            if last is None or (newest is not None and last <= newest):
                since += self._bar * self._page_bars
            else:
                newest = since = last
                if last + self._bar > stop - self._bar:
                    return  # the last closed bar is here

    async def _ask(self, since: datetime, until: datetime | None) -> list[datetime]:
        """Keeps one page and returns its open times in order."""
        request = self._request
        page = await self._session.fetch_candles(request.symbol, request.timeframe, since, self._limit, until)
        self._pages.append(page)
        stamps = {row[0] for row in page if row and row[0] is not None}
        return [datetime.fromtimestamp(stamp / 1000, tz=self._now.tzinfo) for stamp in sorted(stamps)]

    async def _ask_head(self, since: datetime, first: datetime) -> None:
        """Ask for exactly [since, first), page by page, in halves where a venue keeps the newest of a window.

        Raises ShortAnswerError when the venue gives other bars than these instead.
        """
        if not self._session.venue.heeds_until:
            return
        while since + self._bar <= first:
            stamps = await self._ask(since, first - timedelta(milliseconds=1))
            inside = [stamp for stamp in stamps if since <= stamp < first]
            if not inside:
                if stamps and stamps[-1] > first + self._bar * self._page_bars / 2:
                    raise ShortAnswerError(self._request, since, stamps[0])
                return
            n_missing = (inside[0] - since) // self._bar
            if n_missing > 0:
                middle = since + max(n_missing // 2, 1) * self._bar
                await self._ask_head(since, middle)
                await self._ask_head(middle, inside[0])
            since = inside[-1] + self._bar


class ShortAnswerError(TransientError):
    """The venue was asked for a stretch and gave a newer one in its place."""

    def __init__(self, request: SeriesRequest, since: datetime, gave_from: datetime) -> None:
        super().__init__(
            f"{request.market_id} {request.timeframe}",
            f"was asked from {iso_minute(since)} and gave bars from {iso_minute(gave_from)} instead",
            "the bars that were asked for, or none",
            "it shows only its newest bars; older ones are in archives: aftershock import prices",
        )


def _first_reachable(venue: VenueEntry, request: SeriesRequest, now: datetime) -> datetime:
    """`since`, or the oldest bar the venue still gives, with a margin for the time that a request takes."""
    is_perpetual = ":" in request.symbol
    n_bars = venue.perpetual_history_bars if is_perpetual else venue.history_bars
    if n_bars is None:
        return request.since
    bar = parse_stored_bar(request.timeframe)
    oldest = floor_to_bar(now - bar.length * (n_bars - _MARGIN_BARS), bar)
    return max(request.since, oldest)


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
