"""Fill the history of an asset slice by slice, so that an interruption costs one slice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from flows.context import RunContext
from flows.errors import EXIT_SOURCE, CommandError
from flows.jobs.candle_intake import Intake, load_verdicts, refresh_coverage, take_in
from flows.steps.prices import EXCHANGE_SOURCE, read_registry, remember_asked, request_words, store_registry
from ingest.prices.asked import ended_listings, known_markets
from ingest.prices.candles import parse_candles
from ingest.prices.exchange import RequestTally
from ingest.prices.fallback import problem_lines
from ingest.prices.fetch import SeriesAnswer, VenueAnswer, fetch_venues
from ingest.prices.registry import Registry
from ingest.prices.slices import Slice, finished_frame, plan_slices
from ingest.source import Source
from warehouse.tables.bars import SECONDS_PER_HOUR
from warehouse.tables.ops import BACKFILL
from warehouse.tables.prices import GAP, LISTING
from warehouse.tables.units import iso_minute

# A venue may work on a history for this long.
DEADLINE_SECONDS = 6.0 * SECONDS_PER_HOUR
ARCHIVES = "older bars are in the venue's archives: aftershock import prices"


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """Which assets (all when empty), from when until when, which bars, and one venue where only that is asked."""

    asset_ids: tuple[str, ...]
    since: datetime
    timeframe: str
    exchange: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """One row per market that was planned, one line per market or venue that failed, and what it took to ask."""

    markets: pl.DataFrame
    problems: tuple[str, ...]
    requests: str

    def raise_problems(self) -> None:
        """CommandError with every failure."""
        if self.problems:
            raise CommandError("\n".join(self.problems), EXIT_SOURCE)


def backfill_prices(
    context: RunContext, request: BackfillRequest, on_slice: Callable[[int, int], None]
) -> BackfillReport:
    """Fetch what is missing of every market that is asked for; one row per market, whatever became of it.

    `on_slice` hears how many slices are done of how many. Raises CommandError when there is no such market.
    """
    warehouse = context.warehouse
    registry = read_registry(context.settings.config_path)
    store_registry(warehouse, registry)
    markets = _chosen_markets(registry, request)
    end = min(request.until or context.now, context.now)
    slices = plan_slices(
        markets, request.since, request.timeframe, end, warehouse.frame(BACKFILL), warehouse.frame(GAP)
    )
    keeper = _Keeper(context, registry, slices, on_slice)
    venues = fetch_venues(
        registry.venues,
        [piece.request for piece in slices],
        context.now,
        replay_url=context.settings.replay_url,
        deadline_seconds=DEADLINE_SECONDS,
        on_series=keeper.keep,
        known=known_markets(warehouse.frame(LISTING), context.now),
    )
    remember_asked(context, registry, venues)
    refresh_coverage(warehouse)
    problems = [line for venue in venues for line in problem_lines(venue)]
    notes = _notes(markets, slices, venues, context.now, ended_listings(warehouse.frame(LISTING)))
    tally = sum((venue.tally for venue in venues), RequestTally())
    return BackfillReport(keeper.report(markets, notes), tuple(dict.fromkeys(problems)), request_words(tally))


def _chosen_markets(registry: Registry, request: BackfillRequest) -> pl.DataFrame:
    markets = registry.markets
    if request.asset_ids:
        markets = markets.filter(pl.col("asset_id").is_in(request.asset_ids))
    if request.exchange is not None:
        markets = markets.filter(pl.col("exchange") == request.exchange)
    if not markets.height:
        raise CommandError(
            f"no market of {', '.join(map(repr, request.asset_ids)) or 'any asset'}"
            f" on {request.exchange or 'any venue'};"
            f" venues: {', '.join(registry.venues)};"
            " assets: aftershock query 'select asset_id from core.asset'"
        )
    return markets


def _notes(
    markets: pl.DataFrame,
    slices: Sequence[Slice],
    venues: Sequence[VenueAnswer],
    now: datetime,
    ended: pl.DataFrame,
) -> dict[str, str]:
    """By market what there is to say, made from the plan: a market that was not reached is named too."""
    planned = {piece.request.market_id for piece in slices}
    ends = {f"{exchange}:{symbol}": last for exchange, symbol, last in ended.iter_rows()}
    notes = {
        row["market_id"]: _unplanned_words(row, now)
        for row in markets.iter_rows(named=True)
        if row["market_id"] not in planned
    }
    for venue in venues:
        reached = {series.request.market_id for series in venue.answers}
        failed = {s.request.market_id: str(s.error) for s in venue.answers if s.error is not None}
        unlisted = {request.market_id for request in venue.unlisted}
        for market in sorted(m for m in planned if m.partition(":")[0] == venue.exchange):
            if market in failed:
                notes[market] = failed[market]
            elif market in unlisted:
                notes[market] = _unlisted_words(ends.get(market))
            elif venue.error is not None and market not in reached:
                notes[market] = f"not asked: {venue.error}"
    return notes


def _unlisted_words(last_active: datetime | None) -> str:
    if last_active is None:
        return "not listed there"
    return f"not listed there any more, last seen trading {iso_minute(last_active)}; {ARCHIVES}"


def _unplanned_words(market: dict[str, object], now: datetime) -> str:
    ended = market["delisted_at_utc"]
    if isinstance(ended, datetime) and ended <= now:
        return f"ended {iso_minute(ended)}; {ARCHIVES}"
    return "nothing left to ask for"


class _Keeper:
    """Stores each slice when it arrives and remembers it as finished."""

    def __init__(
        self,
        context: RunContext,
        registry: Registry,
        slices: list[Slice],
        on_slice: Callable[[int, int], None],
    ) -> None:
        self._context = context
        self._ends = registry.market_ends
        self._listed = dict(registry.markets.select("market_id", "listed_at_utc").iter_rows())
        self._by_request = {piece.request: piece for piece in slices}
        self._on_slice = on_slice
        self._source = Source(EXCHANGE_SOURCE, context.run_id, context.now)
        self._verdicts = load_verdicts(context.warehouse)
        self._written: dict[str, Intake] = {}
        self._n_done = 0

    def keep(self, answer: SeriesAnswer) -> None:
        """Check and store one slice; a slice that failed is asked for again next time."""
        batch = parse_candles(answer.rows, self._source, ends=self._ends, is_live=True)
        taken = take_in(self._context.warehouse, batch, self._verdicts, self._source)
        self._verdicts = taken.verdicts
        market = answer.request.market_id
        self._written[market] = self._written.get(market, Intake()) + taken.written
        piece = self._by_request[answer.request]
        if answer.error is None and piece.is_closed and not self._is_hollow(answer):
            self._context.warehouse.merge(BACKFILL, finished_frame(piece, answer.rows.height, self._context.run_id))
        self._n_done += 1
        self._on_slice(self._n_done, len(self._by_request))

    def _is_hollow(self, answer: SeriesAnswer) -> bool:
        """Whether a stretch after the market's listing brought nothing: it is asked for again."""
        listed = self._listed.get(answer.request.market_id)
        return not answer.rows.height and listed is not None and listed <= answer.request.since

    def report(self, markets: pl.DataFrame, notes: dict[str, str]) -> pl.DataFrame:
        """market_id, n_new, n_revised, n_refused, note, for each of `markets`."""
        rows = []
        for market in sorted(markets["market_id"]):
            intake = self._written.get(market, Intake())
            rows.append((market, intake.n_inserted, intake.n_updated, intake.n_refused, notes.get(market, "")))
        return pl.DataFrame(rows, schema=["market_id", "n_new", "n_revised", "n_refused", "note"], orient="row")
