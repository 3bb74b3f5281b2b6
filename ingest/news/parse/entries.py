"""Entries from the items of a feed: plain text, safe links, both clocks, a stable id."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass

import polars as pl

from ingest.news.feeds import Feed
from ingest.news.parse.dates import judge_claim
from ingest.news.parse.decode import DecodeReason
from ingest.news.parse.items import Item, Items, read_items
from ingest.news.parse.language import agreed_language, detect_languages
from ingest.news.parse.text import MAX_SUMMARY_CHARACTERS, MAX_TITLE_CHARACTERS, clean_link, plain_text
from ingest.refusals import Refusal, refuse_document, refuse_rows
from ingest.source import Source
from warehouse.tables.news import ENTRY

# A headline made from a summary stops here.
TITLE_FROM_SUMMARY_CHARACTERS = 160
MAX_GUID_CHARACTERS = 512

_FRONT_PAGE = re.compile(r"^https?://[^/?#]+/?(?:[?#].*)?$")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$")


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a document gave: `entries` as `core.entry`, `quarantined` as `raw.quarantine`, and why not more."""

    entries: pl.DataFrame
    quarantined: pl.DataFrame
    reason: DecodeReason | None = None
    detail: str = ""


def parse_feed(body: bytes, feed: Feed, source: Source) -> ParsedFeed:
    """The entries of one feed document as first versions of their titles, seen when it was received.

    Items without any words, and documents that are not feeds, go to quarantine with the reason. A feed without items
    is `no_entries`, which is not an error. Never raises and never reaches out.
    """
    return build_entries(read_items(body, source.content_type), feed, source, body)


def build_entries(found: Items, feed: Feed, source: Source, body: bytes) -> ParsedFeed:
    """Entries of the items found in `body`; a document that gave none or not all is refused with its reason."""
    rows: list[dict[str, object]] = []
    refused: list[Refusal] = []
    for position, item in enumerate(found.items, start=1):
        row = _entry_row(item, feed, source)
        if row is None:
            payload = json.dumps({key: value for key, value in asdict(item).items() if isinstance(value, str)})
            refused.append(Refusal("no_words", "an item without title, summary or link", payload, position))
        else:
            rows.append(row)
    if found.reason is not None and found.reason is not DecodeReason.NO_ENTRIES:
        refused.append(refuse_document(str(found.reason), found.detail, body))
    entries = pl.DataFrame(_with_ids(rows), schema=ENTRY.schema)
    told = agreed_language(detect_languages(entries["title"]), pl.col("language"))
    entries = entries.with_columns(told.alias("language"))
    return ParsedFeed(entries, refuse_rows(refused, ENTRY.name, source), found.reason, found.detail)


def _entry_row(item: Item, feed: Feed, source: Source) -> dict[str, object] | None:
    summary = plain_text(item.summary or item.content, MAX_SUMMARY_CHARACTERS)
    link = clean_link(item.link, feed.url) or (clean_link(item.guid) if item.guid else None)
    title = plain_text(item.title) or plain_text(summary, TITLE_FROM_SUMMARY_CHARACTERS) or link
    if title is None:
        return None
    claim = judge_claim(item.published, item.updated, feed.clock, source.received_at)
    outlet = plain_text(item.source_title) if feed.category == "aggregator" else None
    return {
        "feed_id": feed.feed_id,
        "outlet": outlet or feed.outlet,
        "outlet_kind": feed.category,
        "guid": clean_guid(item.guid) or link or "title:" + digest(title)[:32],
        "has_own_id": clean_guid(item.guid) is not None,
        "url": link,
        "title": title,
        "summary": summary if summary != title else None,
        "language": _language(item.language, feed.language),
        "published_at_utc": claim.at,
        "published_earliest_at_utc": claim.earliest,
        "published_raw": plain_text(claim.raw),
        "time_basis": claim.basis,
        "first_seen_at_utc": source.received_at,
        "title_version": 1,
        "run_id": source.run_id,
    }


def _language(written: str | None, configured: str) -> str:
    if written and _LANGUAGE.match(written.strip().replace("_", "-")):
        return written.strip().replace("_", "-")
    return configured if configured != "mul" else "und"


def clean_guid(guid: str | None) -> str | None:
    """A publisher's id as plain text; a hash of it when it is too long to keep."""
    text = plain_text(guid, MAX_TITLE_CHARACTERS * 10)
    if text is None or len(text) <= MAX_GUID_CHARACTERS:
        return text
    return "sha256:" + digest(text)


def _with_ids(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """`rows` with entry ids, each id once.

    A publisher that gives different headlines one id has no ids: those rows go by link, else by id and title. Items
    without an id that share link and title, or link to the front page, are told apart by their times.
    """
    titles: dict[object, set[object]] = {}
    for row in rows:
        titles.setdefault(row["guid"], set()).add(row["title"])
    links = Counter((row["url"], row["title"]) for row in rows)
    n_titles_of_link = Counter(url for url, _ in links)
    times: dict[tuple[object, object], set[object]] = {}
    for row in rows:
        times.setdefault((row["guid"], row["title"]), set()).add(row["published_at_utc"])
    unique: dict[str, dict[str, object]] = {}
    for row in rows:
        n_times = len(times[row["guid"], row["title"]])
        if len(titles[row["guid"]]) > 1:
            is_link_clear = row["url"] is not None and n_titles_of_link[row["url"]] == 1
            row["guid"] = row["url"] if is_link_clear else f"{row['guid']}#{digest(str(row['title']))[:16]}"
        if not row["has_own_id"] and row["published_at_utc"] and (n_times > 1 or _is_front_page(row["url"])):
            row["guid"] = f"{row['guid']}#{row['published_at_utc']}"
        row["entry_id"] = entry_id(str(row["feed_id"]), str(row["guid"]), 1)
        unique.setdefault(str(row["entry_id"]), row)
    return [{name: row[name] for name in ENTRY.column_names} for row in unique.values()]


def _is_front_page(url: object) -> bool:
    return isinstance(url, str) and _FRONT_PAGE.match(url) is not None


def entry_id(feed_id: str, guid: str, title_version: int) -> str:
    """The id of one version of a headline: sha256 over feed, guid and version."""
    return digest(f"{feed_id}\x1f{guid}\x1f{title_version}")


def digest(text: str) -> str:
    """sha256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()
