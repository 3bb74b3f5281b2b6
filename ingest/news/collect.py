"""One pass over the feeds: whom to ask, what came, and the rows that tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import numpy as np
import polars as pl

from ingest.news.feeds import Feed
from ingest.news.fetch.download import Answer, Pass, Wanted
from ingest.news.fetch.failures import SourceProblem
from ingest.news.fetch.schedule import FeedState, after_failure, after_success, is_due
from ingest.news.harvest import Harvest, harvest
from ingest.news.parse.entries import digest
from ingest.news.parse.incidents import reconcile
from ingest.news.parse.versions import select_new
from ingest.payload import Payload, pack_body, unpack_body
from warehouse.tables.contract import Table
from warehouse.tables.news import DOCUMENT, FETCH, INCIDENT, REGISTER_DOCUMENT

# RFC 9309, section 2.4: a robots file should not be used for more than a day without asking again.
ROBOTS_LIFE = timedelta(hours=24)
# Larger imported files stay where they are.
MAX_KEPT_BYTES = 64_000_000
# Columns that say when and in which run a row was written, not what it says.
BOOKKEEPING = frozenset({"first_seen_at_utc", "run_id"})


@dataclass(frozen=True, slots=True)
class FeedReading:
    """One feed that was asked: the answer, and the harvest where a document came."""

    feed: Feed
    answer: Answer
    harvest: Harvest | None

    @property
    def problem(self) -> SourceProblem | None:
        """What went wrong, for people; None when all is well."""
        failure = self.answer.failure
        if failure is not None:
            return SourceProblem(self.feed.feed_id, failure.reason, str(failure.error))
        if self.harvest is not None and self.harvest.is_malformed:
            sentence = f"{self.feed.feed_id}: {self.harvest.detail} ({self.feed.url})"
            return SourceProblem(self.feed.feed_id, str(self.harvest.reason), sentence)
        return None


def states_of(frame: pl.DataFrame) -> dict[str, FeedState]:
    """The last state of each source, from the query `feed_state`."""
    return {
        row["source_id"]: FeedState(row["next_attempt_utc"], row["n_failures"], row["etag"], row["last_modified"])
        for row in frame.iter_rows(named=True)
    }


def robots_of(frame: pl.DataFrame) -> dict[str, str]:
    """Robots files by address, from the query `fresh_robots`."""
    return {url: unpack_body(body).decode("utf-8", errors="replace") for url, body in frame.iter_rows()}


def plan(
    feeds: Iterable[Feed], states: Mapping[str, FeedState], now: datetime, replay_url: str | None
) -> list[tuple[Feed, Wanted]]:
    """The feeds that are enabled and due, each with its request; a replay server stands in for every host."""
    wishes = []
    for feed in feeds:
        state = states.get(feed.feed_id)
        if feed.is_enabled and is_due(state, now):
            etag, last_modified = (state.etag, state.last_modified) if state else (None, None)
            url, robots_url = addresses(feed, replay_url)
            wishes.append((feed, Wanted(feed.feed_id, url, robots_url, etag, last_modified)))
    return wishes


def count_waiting(feeds: Iterable[Feed], states: Mapping[str, FeedState], now: datetime) -> int:
    """How many enabled feeds failed last time and are not yet due again."""
    waiting = (states[feed.feed_id] for feed in feeds if feed.is_enabled and feed.feed_id in states)
    return sum(1 for state in waiting if state.n_failures and not is_due(state, now))


def addresses(feed: Feed, replay_url: str | None, query: str = "") -> tuple[str, str]:
    """The address to ask and that of the robots file which governs it; `query` replaces the feed's own."""
    if replay_url:
        base = f"{replay_url.rstrip('/')}/feed"
        return f"{base}/{feed.feed_id}" + (f"?{query}" if query else ""), f"{base}/robots.txt"
    parts = urlsplit(feed.url)
    url = feed.url.split("?", 1)[0] + f"?{query}" if query else feed.url
    return url, f"{parts.scheme}://{parts.netloc}/robots.txt"


def read_pass(wishes: Sequence[tuple[Feed, Wanted]], done: Pass, run_id: str) -> list[FeedReading]:
    """The answers with what was in them, in the order of the wishes."""
    return [
        FeedReading(feed, answer, harvest(answer.payload, feed, run_id) if answer.payload else None)
        for (feed, _), answer in zip(wishes, done.answers, strict=True)
    ]


def select_news(fresh: Harvest, titles: pl.DataFrame, incidents: pl.DataFrame, register: pl.DataFrame) -> Harvest:
    """The rows of `fresh` that say something new beside what is known, ready to be merged; refusals pass.

    `titles` has at least KNOWN_COLUMNS of the feeds in `fresh`; `incidents` and `register` are the stored tables.
    """
    return Harvest(
        select_new(fresh.entries, titles),
        changed_rows(reconcile(fresh.incidents, incidents), incidents, INCIDENT),
        changed_rows(fill_register(fresh.register_documents, register), register, REGISTER_DOCUMENT),
        fresh.quarantined,
    )


def changed_rows(fresh: pl.DataFrame, known: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows of `fresh` that are not in `known` as they are, the run and first sight apart."""
    compared = [name for name in table.column_names if name not in BOOKKEEPING]
    return fresh.join(known.select(compared), on=compared, how="anti", nulls_equal=True)


def fill_register(fresh: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Register documents once each, with what an earlier reply said kept where a later one is silent."""
    nullable = [column.name for column in REGISTER_DOCUMENT.columns if column.is_nullable]
    told = pl.concat([known, fresh]).with_columns(kind=pl.when(pl.col("kind") != "unknown").then("kind"))
    kept = told.group_by("document_number", maintain_order=True).agg(
        pl.col("title", "published_on").last(),
        pl.col("kind", *nullable).drop_nulls().last(),
        pl.col("first_seen_at_utc").min(),
        pl.col("run_id").first(),
    )
    filled = kept.with_columns(kind=pl.col("kind").fill_null("unknown"))
    return REGISTER_DOCUMENT.conform(
        filled.join(fresh.select("document_number").unique(), on="document_number", how="semi").select(
            REGISTER_DOCUMENT.column_names
        )
    )


def count_new(readings: Iterable[FeedReading], new: Harvest) -> dict[str, int]:
    """By feed, how many of its headlines, tellings of incidents and register documents had something `new`.

    An incident's row belongs to the first feed that told it; whoever tells more of it is counted too, for his document
    is where that came from.
    """
    counts = {}
    for reading in readings:
        if reading.harvest is not None:
            n_entries = new.entries.filter(pl.col("feed_id") == reading.feed.feed_id).height
            n_incidents = _n_shared(reading.harvest.incidents, new.incidents, INCIDENT)
            n_documents = _n_shared(reading.harvest.register_documents, new.register_documents, REGISTER_DOCUMENT)
            # A register document is told by a headline, mostly; it counts where it was not.
            counts[reading.feed.feed_id] = n_entries + n_incidents or n_documents
    return counts


def _n_shared(told: pl.DataFrame, new: pl.DataFrame, table: Table) -> int:
    return new.join(told, on=table.key, how="semi").height


def document_rows(readings: Iterable[FeedReading], n_new: Mapping[str, int], run_id: str) -> pl.DataFrame:
    """The documents worth keeping: those that brought something new, as `raw.document`."""
    rows = [
        document_row(reading.answer.payload, run_id)
        for reading in readings
        if reading.answer.payload is not None and n_new.get(reading.feed.feed_id, 0)
    ]
    return pl.DataFrame(rows, schema=DOCUMENT.schema)


def document_row(payload: Payload, run_id: str) -> dict[str, object]:
    """One payload as a row of `raw.document`."""
    return {
        "source_id": payload.source_id,
        "content_sha256": payload.sha256,
        "url": payload.url,
        "fetched_at_utc": payload.received_at,
        "http_status": payload.http_status,
        "etag": payload.etag,
        "last_modified": payload.last_modified,
        "n_bytes": len(payload.body),
        "content_type": payload.content_type or None,
        "body_zlib": pack_body(payload.body),
        "run_id": run_id,
    }


def kept_document(payload: Payload, run_id: str) -> pl.DataFrame:
    """An imported file as `raw.document`; of a very large one only its name, hash and size are kept."""
    row = document_row(payload, run_id)
    if len(payload.body) > MAX_KEPT_BYTES:
        row["body_zlib"] = None
    return pl.DataFrame([row], schema=DOCUMENT.schema)


def fetch_rows(
    readings: Iterable[FeedReading],
    states: Mapping[str, FeedState],
    n_new: Mapping[str, int],
    now: datetime,
    run_id: str,
    generator: np.random.Generator,
) -> pl.DataFrame:
    """One row of `ops.fetch` per feed asked, with the time of its next turn."""
    rows = []
    for reading in readings:
        feed, payload = reading.feed, reading.answer.payload
        state = states.get(feed.feed_id, FeedState())
        problem, failure = reading.problem, reading.answer.failure
        row: dict[str, object] = {
            "source_id": feed.feed_id,
            "attempted_at_utc": now,
            "n_new": n_new.get(feed.feed_id, 0),
            "seconds": reading.answer.seconds,
            "run_id": run_id,
            "etag": state.etag,
            "last_modified": state.last_modified,
        }
        if problem is None:
            row |= {
                "outcome": "new" if row["n_new"] else "unchanged",
                "http_status": payload.http_status if payload else 304,
                "reason": str(reading.harvest.reason) if reading.harvest and reading.harvest.reason else None,
                "detail": reading.harvest.detail or None if reading.harvest else None,
                "n_failures": 0,
                "next_attempt_utc": after_success(now, feed.interval_minutes, generator),
            }
            if payload is not None:
                row |= {"etag": payload.etag, "last_modified": payload.last_modified}
        else:
            # Without a network no feed is to blame: it is due again at once.
            is_blameless = problem.reason == "no_network"
            n_failures = state.n_failures + (0 if is_blameless else 1)
            wished = failure.retry_after_seconds if failure else None
            later = after_failure(now, feed.interval_minutes, n_failures, wished, generator)
            row |= {
                "outcome": failure.outcome if failure else "malformed",
                "http_status": failure.http_status if failure else payload.http_status if payload else None,
                "reason": problem.reason,
                "detail": problem.sentence,
                "n_failures": n_failures,
                "next_attempt_utc": now if is_blameless else later,
            }
        rows.append(row)
    return FETCH.conform(pl.DataFrame(rows, schema=FETCH.schema))


def robots_rows(done: Pass, now: datetime, run_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The robots files read in a pass, as `raw.document` and `ops.fetch`; the latter's detail is the content's hash."""
    documents, fetches = [], []
    for url, text in done.robots_read.items():
        source_id = f"robots:{urlsplit(url).netloc}"
        payload = Payload(source_id, url, now, 200, text.encode("utf-8"), "text/plain")
        documents.append(document_row(payload, run_id))
        fetches.append(
            {
                "source_id": source_id,
                "attempted_at_utc": now,
                "outcome": "unchanged",
                "detail": payload.sha256,
                "n_new": 0,
                "n_failures": 0,
                "next_attempt_utc": now + ROBOTS_LIFE,
                "seconds": 0.0,
                "run_id": run_id,
            }
        )
    return pl.DataFrame(documents, schema=DOCUMENT.schema), pl.DataFrame(fetches, schema=FETCH.schema)


def seed_of(run_id: str) -> int:
    """A seed for the jitter of one run, so that a replay of the run draws the same."""
    return int(digest(run_id)[:16], 16)
