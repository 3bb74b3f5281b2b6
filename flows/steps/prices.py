"""Bring prices up to date: ask venues for what is missing, check it, store it, account for the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from analysis.tape.benchmarks import benchmark_frame
from flows.configuration import read_own
from flows.context import RunContext, StepReport
from flows.jobs.candle_intake import Intake, load_verdicts, take_in, update_coverage
from flows.market_choices import update_record_choices
from ingest.prices.asked import asked_series, known_markets, listings, venue_attempts, verified_markets
from ingest.prices.candles import parse_candles
from ingest.prices.derivatives import DerivativesHarvest, fetch_derivatives, watched_contracts
from ingest.prices.exchange import RequestTally
from ingest.prices.fallback import fetch_with_fallback, plan_live, plan_minutes
from ingest.prices.fetch import SeriesAnswer, SeriesRequest, VenueAnswer
from ingest.prices.registry import Registry, keep_markets, load_registry, withdrawn_markets
from ingest.source import Source
from warehouse.store.connection import Warehouse
from warehouse.tables.news import FETCH
from warehouse.tables.ops import ASKED_SERIES
from warehouse.tables.prices import ASSET, BENCHMARK, FUNDING, GAP, LISTING, MARKET, OPEN_INTEREST, VENUE_HALT
from warehouse.tables.units import plural

# What a run keeps current on many venues; bars of 1 and 5 minutes have a plan of their own.
LIVE_TIMEFRAMES = ("1h", "1d")
# No venue holds up a run for longer.
VENUE_DEADLINE_SECONDS = 120.0
EXCHANGE_SOURCE = "exchange"


def update_prices(context: RunContext) -> StepReport:
    """Fetch every watched series from its last stored bar on; refresh registry, gaps and coverage."""
    warehouse = context.warehouse
    registry = read_registry(context.settings.config_path)
    n_registry = store_registry(warehouse, registry)
    if context.settings.is_offline:
        n_changed = n_registry + update_coverage(warehouse, n_registry) + update_record_choices(warehouse)
        return StepReport(n_changed, "offline: no exchange was asked")

    groups = plan_requests(warehouse, registry, context.now)
    context.say(f"prices: asking {len(registry.venues)} venues for {len(groups)} series …")
    harvest = fetch_with_fallback(
        registry.venues,
        groups,
        context.now,
        replay_url=context.settings.replay_url,
        deadline_seconds=VENUE_DEADLINE_SECONDS,
        known=known_markets(warehouse.frame(LISTING), context.now),
    )
    intake = store_answers(context, registry, harvest.answers)
    n_asked = remember_asked(context, registry, harvest.venues)

    n_derivatives, derivatives_problems = update_derivatives(context, registry, harvest.dead)

    n_written = n_registry + intake.n_changed + n_asked
    n_changed = n_written + n_derivatives + update_coverage(warehouse, n_written) + update_record_choices(warehouse)
    detail = (
        f"{intake.n_inserted} candles new, {intake.n_updated} revised, {intake.n_withdrawn} withdrawn;"
        f" {intake.n_refused} rows refused; {len(harvest.answers)} series answered;"
        f" {n_derivatives} funding rates and open interests; {request_words(harvest.tally)}"
    )
    problems = (*harvest.problems, *derivatives_problems)
    return StepReport(n_changed, detail, problems, answered_by_venue(harvest.venues))


def answered_by_venue(venues: Sequence[VenueAnswer]) -> dict[str, str]:
    """What each venue that answered gave, in words; one that was asked twice gave both times."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(venue.exchange for venue in venues):
        mine = [venue for venue in venues if venue.exchange == name]
        series = [series for venue in mine for series in venue.answers if series.error is None]
        if series:
            tally = sum((venue.tally for venue in mine), RequestTally())
            n_rows = sum(answer.rows.height for answer in series)
            found[name] = f"{plural(len(series), 'series', 'series')}, {plural(n_rows, 'row')}; {request_words(tally)}"
    return found


def remember_asked(context: RunContext, registry: Registry, venues: Sequence[VenueAnswer]) -> int:
    """Store what venues were asked for, and their own market lists, which verify the registry; returns rows written."""
    warehouse, now = context.warehouse, context.now
    n_asked = warehouse.merge(ASKED_SERIES, asked_series(venues, warehouse.frame(ASKED_SERIES), now)).n_changed
    warehouse.merge(LISTING, listings(venues, warehouse.frame(LISTING), now))
    warehouse.merge(FETCH, venue_attempts(venues, warehouse.query("feed_state"), now, context.run_id))
    return n_asked + store_registry(warehouse, registry)


def request_words(tally: RequestTally) -> str:
    """What it took to ask, in words."""
    return (
        f"{plural(tally.n_requests, 'request')}, {plural(tally.n_retries, 'retry', 'retries')},"
        f" {plural(tally.n_pauses, 'pause')} asked for"
    )


def plan_requests(warehouse: Warehouse, registry: Registry, now: datetime) -> list[list[SeriesRequest]]:
    """What to ask for, as groups of alternatives: hours and days first, minutes last, should a venue be slow."""
    watermarks, gaps = warehouse.query("watermarks"), warehouse.frame(GAP)
    live = plan_live(registry, watermarks, gaps, LIVE_TIMEFRAMES, now)
    return live + plan_minutes(registry, watermarks, gaps, now)


def update_derivatives(context: RunContext, registry: Registry, dead: frozenset[str]) -> tuple[int, list[str]]:
    """Funding rates and open interest of the AI tokens' contracts, from every venue that offers them and answers."""
    harvest = harvest_derivatives(context, registry, dead)
    n_funding = context.warehouse.merge(FUNDING, harvest.funding).n_changed
    n_interest = context.warehouse.merge(OPEN_INTEREST, harvest.open_interest).n_changed
    return n_funding + n_interest, harvest.problems


def harvest_derivatives(context: RunContext, registry: Registry, dead: frozenset[str]) -> DerivativesHarvest:
    """Ask every venue that is not `dead` for what came since the last stored instants."""
    marks = context.warehouse.query("derivatives_watermarks")
    return fetch_derivatives(
        [venue for name, venue in registry.venues.items() if name not in dead],
        {name: watched_contracts(registry, name) for name in registry.venues},
        {(market, kind): last for market, kind, last in marks.iter_rows()},
        Source(EXCHANGE_SOURCE, context.run_id, context.now),
        replay_url=context.settings.replay_url,
        deadline_seconds=VENUE_DEADLINE_SECONDS,
        known=known_markets(context.warehouse.frame(LISTING), context.now),
    )


def read_registry(config_path: Path) -> Registry:
    """The packaged registry with a person's own entries; ConfigError names what is wrong in those."""
    return load_registry(read_own(config_path, "assets.toml"), read_own(config_path, "markets.toml"))


def store_registry(warehouse: Warehouse, registry: Registry) -> int:
    """Store assets, markets, halts and the definitions of benchmarks, without what is gone; returns rows written."""
    stored = warehouse.frame(MARKET)
    gone = withdrawn_markets(stored, registry.markets)
    proven = verified_markets(registry.markets, warehouse.frame(LISTING))
    markets = keep_markets(stored, proven, warehouse.query("watermarks") if gone.height else gone)
    n_assets = warehouse.replace(ASSET, registry.assets)
    n_markets = warehouse.replace(MARKET, markets) + warehouse.replace(BENCHMARK, benchmark_frame())
    return n_assets + n_markets + warehouse.replace(VENUE_HALT, registry.halts)


def store_answers(context: RunContext, registry: Registry, answers: Sequence[SeriesAnswer]) -> Intake:
    """Check and store what venues gave, in one go."""
    if not answers:
        return Intake()
    source = Source(EXCHANGE_SOURCE, context.run_id, context.now)
    rows = pl.concat([answer.rows for answer in answers])
    batch = parse_candles(rows, source, ends=registry.market_ends, is_live=True)
    return take_in(context.warehouse, batch, load_verdicts(context.warehouse), source).written
