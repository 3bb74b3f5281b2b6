"""Fill the history of an asset slice by slice, so that an interruption costs one slice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import polars as pl

from flows.context import RunContext
from flows.errors import EXIT_SOURCE, CommandError
from flows.jobs.candle_intake import Intake, load_verdicts, refresh_coverage, take_in
from flows.steps.prices import EXCHANGE_SOURCE, read_registry, store_registry
from ingest.prices.candles import parse_candles
from ingest.prices.fallback import problem_lines
from ingest.prices.fetch import SeriesAnswer, fetch_venues
from ingest.prices.slices import Slice, finished_frame, plan_slices
from ingest.source import Source
from warehouse.tables.bars import SECONDS_PER_HOUR
from warehouse.tables.ops import BACKFILL
from warehouse.tables.prices import GAP

# A venue may work on a history for this long.
DEADLINE_SECONDS = 6.0 * SECONDS_PER_HOUR


def backfill_prices(
    context: RunContext,
    asset_id: str,
    since: datetime,
    timeframe: str,
    exchange: str | None,
    on_slice: Callable[[int, int], None],
) -> pl.DataFrame:
    """Fetch what is missing of every market of the asset (or of one venue) since an instant; one row per market.

    `on_slice` hears how many slices are done of how many. `timeframe` is a stored one.
    Raises CommandError when there is no such market.
    """
    warehouse = context.warehouse
    registry = read_registry(context.settings.config_path)
    store_registry(warehouse, registry)
    markets = registry.markets.filter(pl.col("asset_id") == asset_id)
    if exchange is not None:
        markets = markets.filter(pl.col("exchange") == exchange)
    if not markets.height:
        raise CommandError(
            f"no market of {asset_id!r} on {exchange or 'any venue'};"
            f" venues: {', '.join(registry.venues)};"
            " assets: aftershock query 'select asset_id from core.asset'"
        )
    slices = plan_slices(markets, since, timeframe, context.now, warehouse.frame(BACKFILL), warehouse.frame(GAP))
    keeper = _Keeper(context, registry.market_ends, slices, on_slice)
    answers = fetch_venues(
        registry.venues,
        [piece.request for piece in slices],
        context.now,
        replay_url=context.settings.replay_url,
        deadline_seconds=DEADLINE_SECONDS,
        on_series=keeper.keep,
    )
    refresh_coverage(warehouse)
    problems = [line for venue in answers for line in problem_lines(venue)]
    for line in problems:
        context.say(line)
    if problems and not any(venue.answers for venue in answers):
        raise CommandError("no venue answered:\n" + "\n".join(problems), EXIT_SOURCE)
    return keeper.report(answers_unlisted={r.market_id for venue in answers for r in venue.unlisted})


class _Keeper:
    """Stores each slice when it arrives and remembers it as finished."""

    def __init__(
        self,
        context: RunContext,
        ends: pl.DataFrame,
        slices: list[Slice],
        on_slice: Callable[[int, int], None],
    ) -> None:
        self._context = context
        self._ends = ends
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
        if answer.error is None and piece.is_closed:
            self._context.warehouse.merge(BACKFILL, finished_frame(piece, answer.rows.height, self._context.run_id))
        self._n_done += 1
        self._on_slice(self._n_done, len(self._by_request))

    def report(self, answers_unlisted: set[str]) -> pl.DataFrame:
        """market_id, n_new, n_revised, n_refused, note."""
        rows = [
            (market, intake.n_inserted, intake.n_updated, intake.n_refused, "")
            for market, intake in sorted(self._written.items())
        ]
        rows += [(market, 0, 0, 0, "not listed there") for market in sorted(answers_unlisted)]
        return pl.DataFrame(rows, schema=["market_id", "n_new", "n_revised", "n_refused", "note"], orient="row")
