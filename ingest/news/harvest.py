"""One received document, whatever its kind, as rows of the tables it feeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ingest.news.feeds import Feed
from ingest.news.parse.decode import DecodeReason
from ingest.news.parse.entries import ParsedFeed, build_entries, parse_feed
from ingest.news.parse.federal_register import parse_documents
from ingest.news.parse.gdelt import read_articles
from ingest.news.parse.incidents import parse_incidents
from ingest.news.parse.search_json import read_search
from ingest.payload import Payload
from ingest.source import Source
from warehouse.tables.news import ENTRY, INCIDENT, REGISTER_DOCUMENT
from warehouse.tables.prices import QUARANTINE

# A document that ends so was read well: it only had nothing, or more than is taken at once.
HARMLESS = frozenset({DecodeReason.NO_ENTRIES, DecodeReason.TOO_MANY_ENTRIES})


@dataclass(frozen=True, slots=True)
class Harvest:
    """Rows of one document; `reason` is set when it gave nothing or not all."""

    entries: pl.DataFrame
    incidents: pl.DataFrame
    register_documents: pl.DataFrame
    quarantined: pl.DataFrame
    reason: DecodeReason | None = None
    detail: str = ""

    @property
    def is_malformed(self) -> bool:
        """Whether the document was not what its address promises."""
        return self.reason is not None and self.reason not in HARMLESS


def harvest(payload: Payload, feed: Feed, run_id: str) -> Harvest:
    """The rows in `payload`: incidents from status pages, documents from the register, headlines from all others."""
    source = payload.stamp(run_id)
    if feed.category == "status":
        told = parse_incidents(payload.body, feed, source)
        return Harvest(
            ENTRY.empty(), told.incidents, REGISTER_DOCUMENT.empty(), told.quarantined, told.reason, told.detail
        )
    documents = REGISTER_DOCUMENT.empty()
    if feed.kind == "federal_register":
        register = parse_documents(payload.body, feed, source)
        documents, parsed = register.documents, register.headlines
    else:
        parsed = _headlines(payload.body, feed, source)
    return Harvest(
        parsed.entries,
        INCIDENT.empty(),
        documents,
        QUARANTINE.conform(parsed.quarantined),
        parsed.reason,
        parsed.detail,
    )


def join_harvests(harvests: Iterable[Harvest]) -> Harvest:
    """The rows of several documents together, in their order."""
    parts = list(harvests)
    return Harvest(
        pl.concat([ENTRY.empty(), *(part.entries for part in parts)]),
        pl.concat([INCIDENT.empty(), *(part.incidents for part in parts)]),
        pl.concat([REGISTER_DOCUMENT.empty(), *(part.register_documents for part in parts)]),
        pl.concat([QUARANTINE.empty(), *(part.quarantined for part in parts)]),
    )


def _headlines(body: bytes, feed: Feed, source: Source) -> ParsedFeed:
    if feed.kind == "gdelt":
        parsed = build_entries(read_articles(body, source.content_type), feed, source, body)
        # The crawler is an archive that saw the page: its sight bounds ours from above.
        seen = parsed.entries.with_columns(
            time_basis=pl.when(pl.col("published_at_utc").is_null()).then("time_basis").otherwise(pl.lit("crawl")),
            first_seen_at_utc=pl.min_horizontal("published_at_utc", "first_seen_at_utc"),
        )
        return ParsedFeed(seen, parsed.quarantined, parsed.reason, parsed.detail)
    if feed.kind in ("hn_json", "govuk_json"):
        return build_entries(read_search(body, feed.kind, source.content_type), feed, source, body)
    return parse_feed(body, feed, source)
