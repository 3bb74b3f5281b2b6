"""Read the kept bytes of feeds, status pages, registers and files again, and put the news they give in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from flows.jobs.news_history import REGISTER_FEEDS
from flows.steps.news import news_rows
from ingest.errors import MalformedError
from ingest.news.collect import select_news
from ingest.news.feeds import Feed
from ingest.news.harvest import Harvest, harvest, join_harvests
from ingest.news.history import as_published
from ingest.news.imports import read_received
from ingest.payload import Payload, unpack_body
from warehouse.store.connection import Warehouse
from warehouse.tables.contract import Table
from warehouse.tables.news import DOCUMENT, ENTRY, INCIDENT, REGISTER_DOCUMENT
from warehouse.tables.ops import BACKFILL

_FIRST_SEEN = "first_seen_at_utc"


@dataclass(frozen=True, slots=True)
class Reread:
    """How many documents were read again, how many kept ones nobody can read any more, and the rows that changed."""

    n_documents: int
    n_unread: int
    n_changed: int


def read_news_again(warehouse: Warehouse, feeds: Iterable[Feed]) -> Reread:
    """Derive headlines, incidents and register documents from the bytes of raw.document, run by run as they came.

    Rows that no kept document gave (the bundle's, those of files above the size that is kept) stay as they are; what a
    document gave and gives no more is gone. Each table changes at once or not at all.
    """
    reader = _Reader(warehouse, feeds)
    told = {table: reader.told_elsewhere(table) for table in (ENTRY, INCIDENT, REGISTER_DOCUMENT)}
    for fresh in reader.read_in_order():
        new = select_news(fresh, told[ENTRY], told[INCIDENT], told[REGISTER_DOCUMENT])
        for table, rows in news_rows(new):
            told[table] = _put(table, told[table], rows)
    n_changed = sum(warehouse.replace(table, frame) for table, frame in told.items())
    return Reread(len(reader.readable), reader.n_received - len(reader.readable), n_changed)


class _Reader:
    """The kept documents of which each can be read today, and the rows that they gave."""

    def __init__(self, warehouse: Warehouse, feeds: Iterable[Feed]) -> None:
        self._warehouse = warehouse
        self._feeds = {feed.feed_id: feed for feed in feeds}
        self._order = {feed_id: place for place, feed_id in enumerate(self._feeds)}
        self._backfills = set(warehouse.frame(BACKFILL).select("source_id", "run_id").unique().iter_rows())
        received = warehouse.query("received_documents").rows(named=True)
        self.n_received = len(received)
        # Files are few, and only their content tells which outlets spoke in them.
        self._files = {_name(row): self._read_file(row) for row in received if row["is_kept"] and _is_file(row)}
        self.readable = [row for row in received if row["is_kept"] and self._is_readable(row)]

    def _is_readable(self, row: dict[str, Any]) -> bool:
        return self._files[_name(row)] is not None if _is_file(row) else row["source_id"] in self._feeds

    def told_elsewhere(self, table: Table) -> pl.DataFrame:
        """The stored rows of `table` that no readable document gave."""
        columns = [name for name in ("feed_id", "source_id", "run_id") if name in table.column_names]
        stored = self._warehouse.frame(table)
        files = (dict(news_rows(told))[table].select(columns) for told in self._files.values() if told is not None)
        asked = [
            (row["source_id"], row["run_id"])[-len(columns) :]
            for row in self.readable
            if not _is_file(row) and (table is not REGISTER_DOCUMENT or self._is_of_register(row))
        ]
        given = pl.concat([pl.DataFrame(asked, schema=dict.fromkeys(columns, pl.String), orient="row"), *files])
        return stored.join(given.unique(), on=columns, how="anti")

    def _is_of_register(self, row: dict[str, Any]) -> bool:
        return self._feeds[row["source_id"]].kind == "federal_register"

    def read_in_order(self) -> Iterator[Harvest]:
        """What the documents say, as it was stored: a pass over feeds at once, files and stretches of archives each."""
        for _, run in groupby(self.readable, key=lambda row: row["run_id"]):
            for is_alone, group in groupby(run, key=self._is_alone):
                rows = list(group)
                if is_alone:
                    yield from map(self._read, rows)
                else:
                    rows.sort(key=lambda row: self._order[row["source_id"]])
                    yield join_harvests(map(self._read, rows))

    def _is_alone(self, row: dict[str, Any]) -> bool:
        return _is_file(row) or (row["source_id"], row["run_id"]) in self._backfills

    def _read(self, row: dict[str, Any]) -> Harvest:
        if (found := self._files.get(_name(row))) is not None:
            return found
        told = harvest(self._payload(row), self._feeds[row["source_id"]], row["run_id"])
        is_issued = row["source_id"] in REGISTER_FEEDS and self._is_alone(row)
        return as_published(told) if is_issued else told

    def _read_file(self, row: dict[str, Any]) -> Harvest | None:
        """What a file says; None where nobody can read it any more."""
        feed = self._feeds.get(row["source_id"])
        try:
            return read_received(self._payload(row), feed, self._feeds.values(), row["run_id"]).harvest
        except MalformedError:
            return None

    def _payload(self, row: dict[str, Any]) -> Payload:
        where = "source_id = $source_id and content_sha256 = $content_sha256"
        names = {name: row[name] for name in ("source_id", "content_sha256")}
        [found] = self._warehouse.frame(DOCUMENT, where, **names).rows(named=True)
        return Payload(
            row["source_id"],
            row["url"] or "",
            found["fetched_at_utc"],
            found["http_status"] or 0,
            unpack_body(found["body_zlib"]),
            found["content_type"] or "",
        )


def _name(row: dict[str, Any]) -> tuple[str, str]:
    return row["source_id"], row["content_sha256"]


def _is_file(row: dict[str, Any]) -> bool:
    return urlsplit(row["url"] or "").scheme == "file"


def _put(table: Table, known: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """`known` with `rows` merged as the warehouse does: by key, when a row was first seen never changes."""
    if not rows.height:
        return known
    keys = list(table.key)
    first = known.select(*keys, pl.col(_FIRST_SEEN).alias("known_first"))
    merged = rows.join(first, on=keys, how="left", validate="1:1").with_columns(
        pl.coalesce("known_first", _FIRST_SEEN).alias(_FIRST_SEEN)
    )
    return pl.concat([known.join(rows, on=keys, how="anti"), merged.select(known.columns)])
