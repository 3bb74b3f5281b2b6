"""Fetch past news, stretch by stretch, so that an interrupted backfill goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import polars as pl

from flows.context import RunContext, StepReport
from flows.jobs.news_files import find_feed
from flows.steps.news import clock_of, configured_urls, read_feeds, select_unknown, store_news
from ingest.errors import TransientError
from ingest.news.collect import addresses, document_row
from ingest.news.feeds import Feed, feeds_frame
from ingest.news.fetch.download import Failure, Wanted, download
from ingest.news.history import (
    Fetch,
    HistorySlice,
    StoppedError,
    done_slices,
    slice_row,
    walk_gdelt,
    walk_register,
)
from ingest.payload import Payload
from warehouse.tables.news import DOCUMENT, FEED
from warehouse.tables.ops import BACKFILL
from warehouse.tables.units import iso_day

REGISTER_FEEDS = ("us_fr_presidential", "us_fr_ai_json")
GDELT_FEED = "ag_gdelt"


def backfill_news(
    context: RunContext,
    since: date,
    *,
    sources: tuple[str, ...] = ("register", "gdelt"),
    max_requests: int = 500,
    pause: Callable[[float], None] = time.sleep,
) -> StepReport:
    """Fetch what is missing since a day from the Federal Register and GDELT, up to yesterday.

    Each stretch is stored and ticked off before the next is asked for.
    """
    feeds = read_feeds(context)
    context.warehouse.replace(FEED, feeds_frame(feeds))
    until = context.now.date()
    fetch = fetcher(context)
    n_rows, problems = 0, []
    for feed_id, name in (*((feed_id, "register") for feed_id in REGISTER_FEEDS), (GDELT_FEED, "gdelt")):
        feed = find_feed(feeds, feed_id)
        if name not in sources or feed is None:
            continue
        done = done_slices(context.warehouse.frame(BACKFILL), feed_id)
        walk: Iterator[HistorySlice]
        if name == "register":
            walk = walk_register(fetch, feed, since, until, done, context.run_id)
        else:
            wait = pause if context.settings.replay_url is None else lambda _seconds: None
            walk = walk_gdelt(fetch, feed, since, until, done, context.run_id, pause=wait, max_requests=max_requests)
        try:
            for part in walk:
                context.say(f"{feed_id}: {iso_day(part.start)} to {iso_day(part.end)}, {part.n_rows} headlines")
                n_rows += store_slice(context, part)
        except StoppedError as stopped:
            problems.append(str(stopped))
    return StepReport(n_rows, f"{n_rows} new rows since {since}", tuple(dict.fromkeys(problems)))


def store_slice(context: RunContext, part: HistorySlice) -> int:
    """Store one stretch, then the record that it is done; returns rows changed."""
    warehouse = context.warehouse
    rows = [document_row(payload, context.run_id) for payload in part.payloads]
    fresh = replace(part.harvest, quarantined=part.harvest.quarantined.unique("quarantine_id"))
    n_rows = store_news(warehouse, pl.DataFrame(rows, schema=DOCUMENT.schema), select_unknown(warehouse, fresh))
    warehouse.merge(BACKFILL, slice_row(part, context.run_id))
    return n_rows


def fetcher(context: RunContext) -> Fetch:
    """Asks one feed's address with another query, under the same limits as the regular pass."""
    clock, urls = clock_of(context), configured_urls(context)
    robots: dict[str, str] = {}

    def fetch(feed: Feed, query: str) -> Payload | Failure:
        url, robots_url = addresses(feed, context.settings.replay_url, query)
        done = download([Wanted(feed.feed_id, url, robots_url)], clock, configured_urls=urls, known_robots=robots)
        robots.update(done.robots_read)
        [answer] = done.answers
        unasked = TransientError(feed.feed_id, "answered 304 to an unconditional request", remedy="run it again later")
        return answer.failure or answer.payload or Failure(unasked, "http_304", 304)

    return fetch
