"""Headlines of the GDELT DOC 2.0 API: what a crawler saw, and when it saw it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ingest.news.parse.decode import DecodeReason, decode_text, load_json
from ingest.news.parse.items import Item, Items, text_of

# `artlist` gives no more and has no pages: a fuller window is split.
MAX_RECORDS = 250
# The service asks for one request every five seconds and sheds load beyond it.
SECONDS_BETWEEN_REQUESTS = 6.0
SMALLEST_WINDOW = timedelta(minutes=15)
# Narrow enough to stay below the record limit on most days, wide enough to be few.
QUERY = (
    '("artificial intelligence" OR OpenAI OR Anthropic) '
    '(regulation OR "export controls" OR "executive order" OR outage OR lawsuit OR ban) sourcelang:english'
)
_STAMP = "%Y%m%d%H%M%S"


def gdelt_query(start: datetime, end: datetime) -> str:
    """The query of articles seen in [`start`, `end`), oldest first is not offered: newest first."""
    return urlencode(
        [
            ("query", QUERY),
            ("mode", "artlist"),
            ("format", "json"),
            ("maxrecords", str(MAX_RECORDS)),
            ("startdatetime", start.strftime(_STAMP)),
            ("enddatetime", (end - timedelta(seconds=1)).strftime(_STAMP)),
            ("sort", "datedesc"),
        ]
    )


def read_articles(body: bytes, content_type: str = "") -> Items:
    """The articles of one reply as items; an empty object means no match, plain text is a refusal in words."""
    text = decode_text(body, content_type).strip()
    if not text:
        return Items((), DecodeReason.EMPTY_BODY, "the answer has no content")
    if text.startswith("<"):
        return Items((), DecodeReason.HTML_PAGE, "a web page was served instead of JSON; try again later")
    try:
        document = load_json(text)
    except (ValueError, RecursionError):
        return Items((), DecodeReason.BROKEN_JSON, f"the service answered in words: {text[:160]}")
    rows = document.get("articles", []) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return Items((), DecodeReason.NOT_A_FEED, "JSON without a list named articles")
    items = tuple(_item(row) for row in rows if isinstance(row, dict))
    return Items(items) if items else Items((), DecodeReason.NO_ENTRIES, "no article matched")


def _item(row: dict[str, Any]) -> Item:
    language = str(row.get("language") or "")
    return Item(
        guid=text_of(row.get("url")),
        link=text_of(row.get("url")),
        title=text_of(row.get("title")),
        published=text_of(row.get("seendate")),
        source_title=text_of(row.get("domain")),
        language="en" if language == "English" else None,
    )


def halve_window(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The two halves of a window, on whole seconds."""
    middle = (start + (end - start) / 2).replace(microsecond=0)
    return [(start, middle), (middle, end)]
