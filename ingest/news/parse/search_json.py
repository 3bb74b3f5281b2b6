"""Items of search services that answer JSON of their own: Hacker News and GOV.UK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingest.news.parse.decode import DecodeReason, decode_text, load_json
from ingest.news.parse.items import Item, Items, text_of

GOVUK = "https://www.gov.uk"


def read_search(body: bytes, kind: str, content_type: str = "") -> Items:
    """The hits of one reply as items; never raises."""
    text = decode_text(body, content_type).strip()
    if not text:
        return Items((), DecodeReason.EMPTY_BODY, "the answer has no content")
    if text.startswith("<"):
        return Items((), DecodeReason.HTML_PAGE, "a web page was served instead of JSON; open the address in a browser")
    try:
        document = load_json(text)
    except (ValueError, RecursionError) as exc:
        return Items((), DecodeReason.BROKEN_JSON, f"not valid JSON: {str(exc)[:200]}")
    list_name, read = _READERS[kind]
    rows = document.get(list_name) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return Items((), DecodeReason.NOT_A_FEED, f"JSON without a list named {list_name}")
    items = tuple(read(row) for row in rows if isinstance(row, dict))
    return Items(items) if items else Items((), DecodeReason.NO_ENTRIES, "nothing matched")


def _read_hacker_news(row: dict[str, Any]) -> Item:
    number = row.get("objectID")
    return Item(
        guid=str(number) if number else None,
        link=text_of(row.get("url")) or (f"https://news.ycombinator.com/item?id={number}" if number else None),
        title=text_of(row.get("title")) or text_of(row.get("story_title")),
        summary=text_of(row.get("story_text")),
        published=text_of(row.get("created_at")),
        source_title="Hacker News",
    )


def _read_govuk(row: dict[str, Any]) -> Item:
    link = text_of(row.get("link"))
    return Item(
        guid=text_of(row.get("_id")) or link,
        link=f"{GOVUK}{link}" if link and link.startswith("/") else link,
        title=text_of(row.get("title")),
        summary=text_of(row.get("description")),
        published=text_of(row.get("public_timestamp")),
    )


_READERS: dict[str, tuple[str, Callable[[dict[str, Any]], Item]]] = {
    "hn_json": ("hits", _read_hacker_news),
    "govuk_json": ("results", _read_govuk),
}
