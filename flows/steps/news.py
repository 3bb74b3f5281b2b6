"""Bring the news up to date: feeds, status pages, the Federal Register."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from flows.configuration import read_own
from flows.context import RunContext, StepReport
from ingest.news.collect import (
    ROBOTS_LIFE,
    FeedReading,
    count_new,
    count_waiting,
    document_rows,
    fetch_rows,
    plan,
    read_pass,
    robots_of,
    robots_rows,
    seed_of,
    select_news,
    states_of,
)
from ingest.news.feeds import Feed, feeds_frame, load_feeds
from ingest.news.fetch.download import download
from ingest.news.fetch.failures import summarise
from ingest.news.harvest import Harvest, join_harvests
from warehouse.store.candles import add_refusals
from warehouse.store.connection import Warehouse
from warehouse.tables.contract import Table
from warehouse.tables.news import DOCUMENT, ENTRY, FEED, FETCH, INCIDENT, REGISTER_DOCUMENT
from warehouse.tables.ops import STEP
from warehouse.tables.units import plural

# Attempts to reach a source and what each step took are told for a quarter of a year; what they brought is kept.
ATTEMPTS_KEPT = timedelta(days=90)


def update_news(context: RunContext) -> StepReport:
    """Ask every feed that is due, store what is new, and name each source that failed."""
    feeds = read_feeds(context)
    n_feeds = context.warehouse.replace(FEED, feeds_frame(feeds))
    if context.settings.is_offline:
        return StepReport(n_feeds, f"{n_feeds} feeds registered; offline, so none was asked")
    states = states_of(context.warehouse.query("feed_state"))
    wishes = plan(feeds, states, context.now, context.settings.replay_url)
    waiting = f"; {n} failed earlier and are tried later" if (n := count_waiting(feeds, states, context.now)) else ""
    if not wishes:
        return StepReport(n_feeds, f"no feed is due; {len(feeds)} are registered{waiting}")
    context.say(f"asking {len(wishes)} feeds …")
    done = download(
        [wish for _, wish in wishes],
        clock_of(context),
        configured_urls=configured_urls(context),
        known_robots=robots_of(context.warehouse.query("fresh_robots", since=context.now - ROBOTS_LIFE)),
    )
    readings = read_pass(wishes, done, context.run_id)
    n_rows, n_new = store_readings(context, readings)

    generator = np.random.default_rng(seed_of(context.run_id))
    fetches = fetch_rows(readings, states, n_new, context.now, context.run_id, generator)
    robots_documents, robots_fetches = robots_rows(done, context.now, context.run_id)
    context.warehouse.merge(DOCUMENT, robots_documents)
    context.warehouse.merge(FETCH, pl.concat([fetches, robots_fetches]))
    forget_attempts(context.warehouse, context.now)

    problems = [problem for reading in readings if (problem := reading.problem)]
    detail = f"{n_rows} new rows from {len(wishes) - len(problems)} of {len(wishes)} feeds asked{waiting}"
    return StepReport(n_feeds + n_rows, detail, summarise(problems), answered_by_category(readings))


def answered_by_category(readings: list[FeedReading]) -> dict[str, str]:
    """How many feeds of each category answered, in words; a category without an answer is left out."""
    found = {}
    for category in sorted({reading.feed.category for reading in readings}):
        mine = [reading for reading in readings if reading.feed.category == category]
        if n_good := sum(reading.problem is None for reading in mine):
            found[f"feeds: {category.replace('_', ' ')}"] = f"{n_good} of {plural(len(mine), 'feed')} answered"
    return found


def forget_attempts(warehouse: Warehouse, now: datetime) -> int:
    """Forget attempts older than ATTEMPTS_KEPT, but the last and the last good one of each source, and the steps of
    runs as old (the runs stay, which rows name); returns the rows.
    """
    n_steps = warehouse.replace_part(STEP, STEP.empty(), "started_at_utc < $before", before=now - ATTEMPTS_KEPT)
    old = "attempted_at_utc < $before and (source_id, attempted_at_utc) not in (from ("
    last = "select source_id, max(attempted_at_utc) from ops.fetch group by source_id"
    good = "select source_id, max(attempted_at_utc) from ops.fetch where n_failures = 0 group by source_id"
    part = f"{old}{last} union all {good}))"
    return n_steps + warehouse.replace_part(FETCH, FETCH.empty(), part, before=now - ATTEMPTS_KEPT)


def store_readings(context: RunContext, readings: list[FeedReading]) -> tuple[int, dict[str, int]]:
    """Store what the readings brought; returns rows changed, and new rows by feed."""
    warehouse = context.warehouse
    new = select_unknown(warehouse, join_harvests(reading.harvest for reading in readings if reading.harvest))
    n_new = count_new(readings, new)
    return store_news(warehouse, document_rows(readings, n_new, context.run_id), new), n_new


def select_unknown(warehouse: Warehouse, fresh: Harvest) -> Harvest:
    """What the warehouse does not have of a harvest, wordings with their versions."""
    names = {f"{name}s": fresh.entries[name].unique().to_list() for name in ("feed_id", "guid")}
    titles = warehouse.query("known_titles", **names)
    return select_news(fresh, titles, warehouse.frame(INCIDENT), warehouse.frame(REGISTER_DOCUMENT))


def store_news(warehouse: Warehouse, documents: pl.DataFrame, new: Harvest) -> int:
    """Store documents, then what they say that is new; returns rows changed, the documents apart."""
    warehouse.merge(DOCUMENT, documents)
    n_rows = add_refusals(warehouse, new.quarantined)
    for table, rows in news_rows(new):
        n_rows += warehouse.merge(table, rows).n_changed
    return n_rows


def news_rows(told: Harvest) -> tuple[tuple[Table, pl.DataFrame], ...]:
    """The rows of a harvest with the table of each kind, refusals apart."""
    return (ENTRY, told.entries), (INCIDENT, told.incidents), (REGISTER_DOCUMENT, told.register_documents)


def read_feeds(context: RunContext) -> tuple[Feed, ...]:
    """The feeds, a person's own included; ConfigError names what is wrong in those."""
    return load_feeds(read_own(context.settings.config_path, "feeds.toml"))


def clock_of(context: RunContext) -> Callable[[], datetime]:
    """The clock that stamps receipts: the run's own instant in a replay, else the real time."""
    if context.settings.replay_url:
        return lambda: context.now
    return lambda: datetime.now(UTC)


def configured_urls(context: RunContext) -> tuple[str, ...]:
    """Addresses that may be private because they were configured."""
    return (context.settings.replay_url,) if context.settings.replay_url else ()
