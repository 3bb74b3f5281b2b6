"""The registry of feeds: the packaged list, extended or overridden by the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, Field, HttpUrl, TypeAdapter

from warehouse.config import ConfigText, Entry, EntryTable, FileForm, load_config, packaged_text
from warehouse.tables.news import FEED

# How often to ask, in minutes: most feeds hold one to two weeks, status pages and wires change within the hour. Below
# multiples of the ten-minute schedule, so that jitter does not push a feed to the pass after next.
INTERVAL_MINUTES = {
    "status": 5,
    "crypto_press": 15,
    "lab": 15,
    "press": 25,
    "aggregator": 25,
    "regulator": 50,
    "project": 120,
    "think_tank": 240,
}

_Kind = Literal[
    "rss",
    "atom",
    "jsonfeed",
    "statuspage_json",
    "incident_io_json",
    "incident_io_native",
    "rootly_json",
    "better_stack_json",
    "gcp_json",
    "aws_json",
    "federal_register",
    "govuk_json",
    "hn_json",
    "gdelt",
]
_Category = Literal["lab", "status", "regulator", "think_tank", "press", "aggregator", "crypto_press", "project"]


def _require_address(value: str) -> str:
    _ADDRESS.validate_python(value)
    return value


_ADDRESS: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)
# Kept as written: a parsed address would end in a slash of its own.
Address = Annotated[str, AfterValidator(_require_address)]


class FeedEntry(Entry):
    """One `[[feed]]`; `evidence` is a dated check by somebody."""

    id: str
    title: str
    kind: _Kind
    category: _Category
    url: Address
    clock: Literal["publisher", "submission", "date_only"]
    confidence: Literal["high", "medium", "low"]
    outlet: str | None = None
    provider: str | None = None
    language: str = "en"
    interval_minutes: int | None = Field(default=None, gt=0)
    is_enabled: bool = True
    note: str | None = None
    evidence: str | None = None


FEEDS = EntryTable("feed", FeedEntry)
FEED_FORM = FileForm((FEEDS,))


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed we watch; `provider` is the entity id of a status page, `url` the address as written."""

    feed_id: str
    title: str
    kind: str
    category: str
    url: str
    clock: str
    confidence: str
    outlet: str
    provider: str | None
    language: str
    interval_minutes: int
    is_enabled: bool
    note: str | None = None
    evidence: str | None = None


def load_feeds(own: ConfigText | None = None) -> tuple[Feed, ...]:
    """The packaged feeds in file order, then a person's own; ConfigError names what is wrong and where."""
    entries = load_config(FEED_FORM, packaged_text("ingest.news", "feeds.toml"), own).entries(FEEDS)
    return tuple(_feed(entry) for entry in entries)


def _feed(entry: FeedEntry) -> Feed:
    return Feed(
        feed_id=entry.id,
        title=entry.title,
        kind=entry.kind,
        category=entry.category,
        url=entry.url,
        clock=entry.clock,
        confidence=entry.confidence,
        outlet=entry.outlet or entry.title,
        provider=entry.provider,
        language=entry.language,
        interval_minutes=entry.interval_minutes or INTERVAL_MINUTES[entry.category],
        is_enabled=entry.is_enabled,
        note=entry.note,
        evidence=entry.evidence,
    )


def feeds_frame(feeds: tuple[Feed, ...]) -> pl.DataFrame:
    """The registry as `core.feed`, one row per feed."""
    rows = [{name: getattr(feed, name) for name in FEED.column_names} for feed in feeds]
    return FEED.conform(pl.DataFrame(rows, schema=FEED.schema))
