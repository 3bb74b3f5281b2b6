"""Past news, slice by slice: the Federal Register by month, GDELT by day, each within its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

import polars as pl

from ingest.errors import SourceError, TransientError
from ingest.news.feeds import Feed
from ingest.news.fetch.download import Failure
from ingest.news.harvest import Harvest, harvest, join_harvests
from ingest.news.parse import federal_register, gdelt
from ingest.payload import Payload
from warehouse.tables.ops import BACKFILL

REGISTER_TERM = "artificial intelligence"
# After this many refusals in a row the service has had enough for today.
REFUSALS_BEFORE_STOPPING = 3
# The register answers a search without a hit with 404.
NO_HIT_STATUS = 404

# What is asked for a query string of a feed: the payload, or why there is none.
Fetch = Callable[[Feed, str], Payload | Failure]


@dataclass(frozen=True, slots=True)
class HistorySlice:
    """One stretch of history that was fetched whole."""

    source_id: str
    start: datetime
    end: datetime
    harvest: Harvest
    payloads: tuple[Payload, ...]
    detail: str = ""

    @property
    def n_rows(self) -> int:
        """Headlines in the stretch."""
        return self.harvest.entries.height


class StoppedError(Exception):
    """A walk ends early; what was fetched is stored, and the next backfill goes on from here."""

    def __init__(self, cause: SourceError) -> None:
        self.cause = cause
        super().__init__(str(cause))


def walk_register(
    fetch: Fetch, feed: Feed, since: date, until: date, done: frozenset[tuple[datetime, datetime]], run_id: str
) -> Iterator[HistorySlice]:
    """The register's documents published in [`since`, `until`), by month, oldest first; months in `done` are skipped.

    A month with more hits than can be paged is split. Raises StoppedError when a request fails.
    """
    stack = [(_midnight(start), _midnight(end)) for start, end in federal_register.month_slices(since, until)][::-1]
    is_presidential = "PRESDOCU" in feed.url
    while stack:
        start, end = stack.pop()
        if (start, end) in done:
            continue
        term = "" if is_presidential else REGISTER_TERM
        query = federal_register.register_query(term, start.date(), end.date(), is_presidential=is_presidential)
        payloads, harvests, n_total = _read_pages(fetch, feed, query, run_id)
        if n_total > federal_register.MAX_RESULTS_PER_SLICE and (end - start).days > 1:
            middle = start + timedelta(days=(end - start).days // 2)
            stack.extend([(middle, end), (start, middle)])
            continue
        yield HistorySlice(feed.feed_id, start, end, as_published(join_harvests(harvests)), tuple(payloads))


def _read_pages(fetch: Fetch, feed: Feed, query: str, run_id: str) -> tuple[list[Payload], list[Harvest], int]:
    payloads: list[Payload] = []
    harvests: list[Harvest] = []
    n_total = 0
    next_query: str | None = query
    while next_query:
        answer = fetch(feed, next_query)
        if isinstance(answer, Failure):
            if answer.http_status == NO_HIT_STATUS:
                break
            raise StoppedError(answer.error)
        page = federal_register.parse_documents(answer.body, feed, answer.stamp(run_id))
        read = harvest(answer, feed, run_id)
        if read.is_malformed:
            raise StoppedError(TransientError(feed.feed_id, read.detail, remedy="run the backfill again later"))
        payloads.append(answer)
        harvests.append(read)
        n_total = page.n_total
        if n_total > federal_register.MAX_RESULTS_PER_SLICE:
            break
        next_query = urlsplit(page.next_page_url).query if page.next_page_url else None
    return payloads, harvests, n_total


def walk_gdelt(
    fetch: Fetch,
    feed: Feed,
    since: date,
    until: date,
    done: frozenset[tuple[datetime, datetime]],
    run_id: str,
    *,
    pause: Callable[[float], None],
    max_requests: int,
) -> Iterator[HistorySlice]:
    """What the crawler saw in [`since`, `until`), by day, newest first (recent days are promised, old ones are not).

    A window that comes back full is split down to a quarter of an hour. Raises StoppedError after repeated refusals,
    or when `max_requests` are spent.
    """
    days = [_midnight(since + timedelta(days=number)) for number in range((until - since).days)]
    stack = [(day, day + timedelta(days=1)) for day in days]
    n_requests = n_refused = 0
    while stack:
        start, end = stack.pop()
        if (start, end) in done:
            continue
        if n_requests >= max_requests:
            words = f"{n_requests} requests made, as many as one backfill may; {len(stack) + 1} stretches are left"
            raise StoppedError(TransientError(feed.feed_id, words, remedy="run the backfill again to go on"))
        if n_requests:
            pause(gdelt.SECONDS_BETWEEN_REQUESTS)
        n_requests += 1
        answer = fetch(feed, gdelt.gdelt_query(start, end))
        read = harvest(answer, feed, run_id) if isinstance(answer, Payload) else None
        if isinstance(answer, Failure) or read is None or read.is_malformed:
            n_refused += 1
            is_unreachable = isinstance(answer, Failure) and answer.http_status is None and answer.reason != "timeout"
            if is_unreachable or n_refused >= REFUSALS_BEFORE_STOPPING:
                words = read.detail if read else "refused"
                error = answer.error if isinstance(answer, Failure) else TransientError(feed.feed_id, words)
                raise StoppedError(error)
            stack.append((start, end))
            continue
        n_refused = 0
        is_full = read.entries.height >= gdelt.MAX_RECORDS
        if is_full and end - start > gdelt.SMALLEST_WINDOW:
            stack.extend(gdelt.halve_window(start, end))
            continue
        detail = "full: the service gives no more than this" if is_full else ""
        yield HistorySlice(feed.feed_id, start, end, read, (answer,), detail)


def slice_row(part: HistorySlice, run_id: str) -> pl.DataFrame:
    """The record that a stretch is done, as `ops.backfill`."""
    row = {
        "source_id": part.source_id,
        "slice_start_utc": part.start,
        "slice_end_utc": part.end,
        "n_rows": part.n_rows,
        "detail": part.detail or None,
        "run_id": run_id,
    }
    return pl.DataFrame([row], schema=BACKFILL.schema)


def done_slices(frame: pl.DataFrame, source_id: str) -> frozenset[tuple[datetime, datetime]]:
    """The stretches of one source that are stored, from `ops.backfill`."""
    rows = frame.filter(pl.col("source_id") == source_id).select("slice_start_utc", "slice_end_utc").iter_rows()
    return frozenset((start.astimezone(UTC), end.astimezone(UTC)) for start, end in rows)


def as_published(told: Harvest) -> Harvest:
    """Rows of the register whose headlines count as seen when they were published.

    The register is an archive with dated issues: what it printed on a day could be read by the end of that day.
    """
    issue_end = pl.col("published_at_utc") + timedelta(days=1)
    entries = told.entries.with_columns(first_seen_at_utc=pl.min_horizontal("first_seen_at_utc", issue_end))
    return replace(told, entries=entries)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
