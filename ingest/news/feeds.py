"""The registry of feeds: the packaged list, extended or overridden by the user's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, HttpUrl, ValidationError

from warehouse.tables.news import FEED

PACKAGED_NAME = "ingest/news/feeds.toml"

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

Kind = Literal[
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
Category = Literal["lab", "status", "regulator", "think_tank", "press", "aggregator", "crypto_press", "project"]


class FeedsError(ValueError):
    """A feed list cannot be used; the message names file, entry, key and remedy."""


class _FeedRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    kind: Kind
    category: Category
    url: HttpUrl
    clock: Literal["publisher", "submission", "date_only"]
    confidence: Literal["high", "medium", "low"]
    outlet: str | None = None
    provider: str | None = None
    language: str = "en"
    interval_minutes: int | None = None
    is_enabled: bool = True
    note: str | None = None
    evidence: str | None = None


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


def load_feeds(config_path: Path | None = None) -> tuple[Feed, ...]:
    """The packaged feeds in file order, then the user's; `<config_path>/feeds.toml` changes single keys by id.

    Raises FeedsError naming file, entry and key.
    """
    rows = read_rows((files("ingest.news") / "feeds.toml").read_text(encoding="utf-8"), PACKAGED_NAME)
    sources = dict.fromkeys(rows, PACKAGED_NAME)
    user_file = config_path / "feeds.toml" if config_path else None
    if user_file and user_file.exists():
        for feed_id, row in read_rows(user_file.read_text(encoding="utf-8"), str(user_file)).items():
            rows[feed_id] = {**rows.get(feed_id, {}), **row}
            sources[feed_id] = str(user_file)
    return tuple(_build(row, sources[feed_id]) for feed_id, row in rows.items())


def read_rows(text: str, name: str) -> dict[str, dict[str, Any]]:
    """The `[[feed]]` tables of one file by id, not yet checked key by key."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise FeedsError(f"{name}: not valid TOML: {exc}") from exc
    unknown = sorted(set(document) - {"feed"})
    if unknown:
        raise FeedsError(f"{name}: unknown key {unknown[0]!r}; expected tables [[feed]]")
    rows: dict[str, dict[str, Any]] = {}
    for position, row in enumerate(document.get("feed", []), start=1):
        feed_id = row.get("id") if isinstance(row, dict) else None
        if not isinstance(feed_id, str) or not feed_id:
            raise FeedsError(f"{name}: [[feed]] number {position} has no id; give it a text id")
        if feed_id in rows:
            raise FeedsError(f"{name}: feed {feed_id!r} appears twice; keep one")
        rows[feed_id] = row
    return rows


def _build(row: dict[str, Any], name: str) -> Feed:
    try:
        checked = _FeedRow.model_validate(row)
    except ValidationError as exc:
        first = exc.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise FeedsError(f"{name}: feed {row['id']!r}, key {key!r}: {first['msg']}") from exc
    return Feed(
        feed_id=checked.id,
        title=checked.title,
        kind=checked.kind,
        category=checked.category,
        url=row["url"],
        clock=checked.clock,
        confidence=checked.confidence,
        outlet=checked.outlet or checked.title,
        provider=checked.provider,
        language=checked.language,
        interval_minutes=checked.interval_minutes or INTERVAL_MINUTES[checked.category],
        is_enabled=checked.is_enabled,
        note=checked.note,
        evidence=checked.evidence,
    )


def feeds_frame(feeds: tuple[Feed, ...]) -> pl.DataFrame:
    """The registry as `core.feed`, one row per feed."""
    rows = [{name: getattr(feed, name) for name in FEED.column_names} for feed in feeds]
    return FEED.conform(pl.DataFrame(rows, schema=FEED.schema))
