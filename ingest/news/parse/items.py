"""Items of a feed document, RSS, RDF, Atom, CDF or JSON Feed, exactly as written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import feedparser

from ingest.news.fetch.deadline import OutOfTimeError, call_within
from ingest.news.parse.decode import MAX_BODY_BYTES, DecodeReason, Refused, decode_text, load_json, prepare_xml

# Feeds list the newest first; what lies deeper is history and has its own import.
_MAX_ENTRIES = 1000
# When a document is too slow, this many items are tried once more.
FEW_ENTRIES = 100
FEW_CHARACTERS = 300_000
# Measured: the worst input costs 7 s per MB, so smaller bodies end well within the limits without a watch.
WATCHED_FROM_BYTES = 150_000
LIMIT_SECONDS = 0.9
FEW_LIMIT_SECONDS = 0.4
# A longer document is read as far as this; the largest honest one met had a sixth of it.
MAX_CHARACTERS = 1_500_000

# What the parser lets escape on input it did not foresee (a location without numbers, a reference beyond Unicode).
PARSER_FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RecursionError)

_ITEM_END = re.compile(r"</(?:[\w.\-]{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ITEM_START = re.compile(r"<(?:[\w.\-]{1,40}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Item:
    """One item as written: nothing is cleaned yet, so nothing here may be shown."""

    guid: str | None = None
    link: str | None = None
    title: str | None = None
    summary: str | None = None
    content: str | None = None
    published: str | None = None
    updated: str | None = None
    source_title: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """The items of one document; `reason` says why there are none, or why not all."""

    items: tuple[Item, ...]
    reason: DecodeReason | None = None
    detail: str = ""


def read_items(body: bytes, content_type: str = "") -> Items:
    """The items of a document; never raises."""
    if len(body) > MAX_BODY_BYTES:
        return Items((), DecodeReason.TOO_LARGE, f"{len(body)} bytes; at most {MAX_BODY_BYTES} are read")
    text = decode_text(body, content_type)
    opening = text.lstrip("\ufeff \t\r\n\x00")[:1]
    if not opening:
        return Items((), DecodeReason.EMPTY_BODY, "the answer has no content")
    if opening in "{[":
        return read_json_feed(text)
    prepared = prepare_xml(text)
    if isinstance(prepared, Refused):
        return Items((), prepared.reason, prepared.detail)
    return _read_xml(prepared)


def _read_xml(text: str) -> Items:
    n_items = len(_ITEM_START.findall(text))
    kept = _cut(text)
    try:
        items = _parse(kept, LIMIT_SECONDS)
    except OutOfTimeError:
        return _read_few(kept)
    if isinstance(items, Items):
        return items
    if n_items > len(items) and (len(text) > MAX_CHARACTERS or n_items > _MAX_ENTRIES):
        return Items(items, DecodeReason.TOO_MANY_ENTRIES, f"the first {len(items)} of {n_items} items were read")
    return Items(items)


def _cut(text: str, n_entries: int = _MAX_ENTRIES, n_characters: int = MAX_CHARACTERS) -> str:
    """As much of a document as is read: whole items where it has any, else its beginning."""
    if len(text) > n_characters:
        n_entries = min(n_entries, len(_ITEM_END.findall(text, 0, n_characters)))
        if not n_entries:
            return text[:n_characters]
    return cut_items(text, n_entries)[: 2 * n_characters]


def _read_few(text: str) -> Items:
    """The first items of a document that took too long, where fewer items make it smaller."""
    few = _cut(text, FEW_ENTRIES, FEW_CHARACTERS)
    if len(few) < len(text) and _ITEM_END.search(few):
        try:
            items = _parse(few, FEW_LIMIT_SECONDS)
        except OutOfTimeError:
            items = ()
        if not isinstance(items, Items) and items:
            return Items(items, DecodeReason.TOO_SLOW, f"only the first {len(items)} items were read in time")
    return Items((), DecodeReason.TOO_SLOW, f"{len(text)} characters could not be read in time")


def _explain_nothing(parsed: Any) -> Items:
    problem = str(parsed.get("bozo_exception") or "")[:200] if parsed.get("bozo") else ""
    if parsed.get("version"):
        if problem:
            return Items((), DecodeReason.BROKEN_XML, f"no item could be read: {problem}")
        return Items((), DecodeReason.NO_ENTRIES, "a feed without items")
    if problem:
        return Items((), DecodeReason.BROKEN_XML, f"neither a feed nor readable XML: {problem}")
    return Items((), DecodeReason.NOT_A_FEED, "no RSS, RDF, Atom or JSON Feed element was found")


def _parse(text: str, limit_seconds: float) -> tuple[Item, ...] | Items:
    """The items found within the limit, or the reason why there are none; OutOfTimeError."""
    body = text.encode("utf-8", errors="replace")

    def parse() -> tuple[Item, ...] | Items:
        parsed = feedparser.parse(body, response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False)
        return _collect(parsed) or _explain_nothing(parsed)

    try:
        return call_within(limit_seconds, parse) if len(body) > WATCHED_FROM_BYTES else parse()
    except PARSER_FAULTS as exc:
        return Items((), DecodeReason.PARSER_FAILED, f"the parser gave up: {type(exc).__name__}: {str(exc)[:200]}")


def cut_items(text: str, n_kept: int) -> str:
    """`text` with only its first `n_kept` items: what follows the last one (the closing elements) stays."""
    ends = [match.end() for match in _ITEM_END.finditer(text)]
    return text if len(ends) <= n_kept else text[: ends[n_kept - 1]] + text[ends[-1] :]


def _collect(parsed: Any) -> tuple[Item, ...]:
    language = text_of(parsed.get("feed", {}).get("language"))
    return tuple(_item(entry, language) for entry in parsed.get("entries", [])[:_MAX_ENTRIES])


def _item(entry: Any, language: str | None) -> Item:
    # Plain `dict` access: the parser's own falls back from one date to another.
    contents = dict.get(entry, "content") or [{}]
    source = dict.get(entry, "source") or {}
    return Item(
        guid=text_of(dict.get(entry, "id")),
        link=text_of(dict.get(entry, "link")) or _first_link(entry),
        title=text_of(dict.get(entry, "title")),
        summary=text_of(dict.get(entry, "summary")),
        content=text_of(contents[0].get("value")),
        published=text_of(dict.get(entry, "published")) or text_of(dict.get(entry, "created")),
        updated=text_of(dict.get(entry, "updated")),
        source_title=text_of(source.get("title")) if isinstance(source, dict) else None,
        language=language,
    )


def _first_link(entry: Any) -> str | None:
    return next((text_of(link.get("href")) for link in dict.get(entry, "links") or [] if link.get("href")), None)


def text_of(value: object) -> str | None:
    """`value` where it is a text with something in it, None for every other thing a document may hold there."""
    return value if isinstance(value, str) and value.strip() else None


def read_json_feed(text: str) -> Items:
    """The items of a JSON Feed (version 1 or 1.1, jsonfeed.org)."""
    try:
        document = load_json(text)
    except (ValueError, RecursionError) as exc:
        return Items((), DecodeReason.BROKEN_JSON, f"not valid JSON: {str(exc)[:200]}")
    rows = document.get("items") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return Items((), DecodeReason.NOT_A_FEED, "JSON without a list named items, so not a JSON Feed")
    language = text_of(document.get("language"))
    items = tuple(_json_item(row, language) for row in rows[:_MAX_ENTRIES] if isinstance(row, dict))
    if not items:
        return Items((), DecodeReason.NO_ENTRIES, "a feed without items")
    if len(rows) > _MAX_ENTRIES:
        return Items(items, DecodeReason.TOO_MANY_ENTRIES, f"the first {len(items)} of {len(rows)} items were read")
    return Items(items)


def _json_item(row: dict[str, Any], language: str | None) -> Item:
    identity = row.get("id")
    return Item(
        guid=str(identity) if isinstance(identity, int | float) else text_of(identity),
        link=text_of(row.get("url")) or text_of(row.get("external_url")),
        title=text_of(row.get("title")),
        summary=text_of(row.get("summary")),
        content=text_of(row.get("content_text")) or text_of(row.get("content_html")),
        published=text_of(row.get("date_published")),
        updated=text_of(row.get("date_modified")),
        language=text_of(row.get("language")) or language,
    )
