"""Documents of the US Federal Register: days of signature, filing and publication, from its API's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any
from urllib.parse import urlencode

import polars as pl

from ingest.news.feeds import Feed
from ingest.news.parse.dates import read_instant
from ingest.news.parse.decode import DecodeReason, decode_text, load_json
from ingest.news.parse.entries import ParsedFeed, build_entries
from ingest.news.parse.items import Item, Items, text_of
from ingest.news.parse.text import MAX_SUMMARY_CHARACTERS, clean_link, plain_text
from ingest.refusals import Refusal, refuse_rows
from ingest.source import Source
from warehouse.tables.news import REGISTER_DOCUMENT

# Two readings of the limits exist (page times size up to 2,000, or 10,000): the smaller is safe under both.
MAX_RESULTS_PER_SLICE = 2000
PER_PAGE = 1000
_KINDS = {
    "Rule": "rule",
    "RULE": "rule",
    "Proposed Rule": "proposed_rule",
    "PRORULE": "proposed_rule",
    "Notice": "notice",
    "NOTICE": "notice",
    "Presidential Document": "presidential_document",
    "PRESDOCU": "presidential_document",
}
FIELDS = (
    "document_number",
    "title",
    "abstract",
    "type",
    "subtype",
    "executive_order_number",
    "agency_names",
    "signing_date",
    "publication_date",
    "correction_of",
    "html_url",
)
# The register numbers a correction (C) or a second printing (R) after the document it mends: C1-2026-12345.
_CORRECTION_NUMBER = re.compile(r"^[CR]\d{1,2}-([A-Z0-9]{2,4}-\d{1,6})$")
_DOCUMENT_NUMBER = re.compile(r"/((?:[CR]\d{1,2}-)?[A-Z0-9]{2,4}-\d{1,6})(?:\.json)?/?$")


@dataclass(frozen=True, slots=True)
class ParsedRegister:
    """What a reply gave: documents, the same as headlines, refused rows, the whole count and the next page."""

    documents: pl.DataFrame
    headlines: ParsedFeed
    n_total: int
    next_page_url: str | None
    reason: DecodeReason | None = None
    detail: str = ""


def register_query(term: str, start: date, end: date, *, is_presidential: bool = False) -> str:
    """The query of documents published in [`start`, `end`) that mention `term` (all when empty), fields by name."""
    last = end - timedelta(days=1)
    pairs = [
        *([("conditions[term]", f'"{term}"')] if term else []),
        ("conditions[publication_date][gte]", start.isoformat()),
        ("conditions[publication_date][lte]", last.isoformat()),
        ("order", "oldest"),
        ("per_page", str(PER_PAGE)),
        *(("fields[]", field) for field in FIELDS),
    ]
    if is_presidential:
        pairs.append(("conditions[type][]", "PRESDOCU"))
    return urlencode(pairs)


def parse_documents(body: bytes, feed: Feed, source: Source) -> ParsedRegister:
    """The documents of one API reply, or of a plain list of them; never raises."""
    text = decode_text(body, source.content_type).lstrip("\ufeff \t\r\n")
    reason: DecodeReason | None = None
    detail = ""
    document: Any = {}
    if not text:
        reason, detail = DecodeReason.EMPTY_BODY, "the answer has no content"
    elif text.startswith("<"):
        reason, detail = (
            DecodeReason.HTML_PAGE,
            "a web page was served instead of JSON (an access page?); try again later",
        )
    else:
        try:
            document = load_json(text)
        except (ValueError, RecursionError) as exc:
            reason, detail = DecodeReason.BROKEN_JSON, f"not valid JSON: {str(exc)[:200]}"
    results = (
        document if isinstance(document, list) else document.get("results") if isinstance(document, dict) else None
    )
    if reason is None and results is None and not (isinstance(document, dict) and document.get("count") == 0):
        reason, detail = DecodeReason.NOT_A_FEED, "JSON without a list named results, so not the register's"
    rows = [row for row in results or [] if isinstance(row, dict)]
    documents, refused = _document_rows(rows, source)
    headlines = build_entries(Items(tuple(map(_headline, rows)), reason, detail), feed, source, body)
    quarantined = pl.concat([headlines.quarantined, refuse_rows(refused, REGISTER_DOCUMENT.name, source)])
    envelope: Mapping[str, Any] = document if isinstance(document, dict) else {}
    return ParsedRegister(
        documents,
        ParsedFeed(headlines.entries, quarantined, reason, detail),
        count if isinstance(count := envelope.get("count"), int) else len(rows),
        clean_link(text_of(envelope.get("next_page_url"))),
        reason,
        detail,
    )


def _document_rows(rows: Iterable[dict[str, Any]], source: Source) -> tuple[pl.DataFrame, list[Refusal]]:
    kept: dict[str, dict[str, object]] = {}
    refused = []
    for position, row in enumerate(rows, start=1):
        number, title = plain_text(str(row.get("document_number") or "")), plain_text(text_of(row.get("title")))
        published = _day(row.get("publication_date"))
        if number is None or title is None or published is None:
            words = "a document without number, title or publication day"
            refused.append(Refusal("no_identity", words, json.dumps(row), position))
            continue
        agencies = row.get("agency_names") if isinstance(row.get("agency_names"), list) else []
        kept[number] = {
            "document_number": number,
            "title": title,
            "abstract": plain_text(text_of(row.get("abstract")), MAX_SUMMARY_CHARACTERS),
            "kind": "presidential_document"
            if row.get("executive_order_number")
            else _KINDS.get(str(row.get("type") or ""), "unknown"),
            "subkind": _subkind(row),
            "executive_order_number": plain_text(str(row.get("executive_order_number") or "")),
            "agencies": plain_text(", ".join(str(name) for name in agencies or []), 1000),
            "signed_on": _day(row.get("signing_date")),
            "filed_at_utc": read_instant(str(row.get("filed_at") or "")),
            "published_on": published,
            "corrects_document_number": _corrected(row, number),
            "url": clean_link(text_of(row.get("html_url"))),
            "first_seen_at_utc": source.received_at,
            "run_id": source.run_id,
        }
    return pl.DataFrame(list(kept.values()), schema=REGISTER_DOCUMENT.schema), refused


def _corrected(row: dict[str, Any], number: str) -> str | None:
    """The number of the document that this one corrects; the register gives its address."""
    stated = _DOCUMENT_NUMBER.search(text_of(row.get("correction_of")) or "")
    if stated:
        return stated.group(1)
    own = _CORRECTION_NUMBER.match(number)
    return own.group(1) if own else None


def _subkind(row: dict[str, Any]) -> str | None:
    if row.get("executive_order_number"):
        return "executive_order"
    words = plain_text(text_of(row.get("subtype")) or text_of(row.get("presidential_document_type")))
    return words.lower().replace(" ", "_") if words else None


def _headline(row: dict[str, Any]) -> Item:
    """The document as a headline of the day it was published; a filing for inspection is a claim with an hour."""
    return Item(
        guid=str(row.get("document_number") or "") or None,
        link=text_of(row.get("html_url")),
        title=text_of(row.get("title")),
        summary=text_of(row.get("abstract")),
        published=text_of(row.get("filed_at")) or text_of(row.get("publication_date")),
    )


def _day(value: object) -> date | None:
    at = read_instant(value) if isinstance(value, str) else None
    return at.astimezone(UTC).date() if at else None


def month_slices(since: date, until: date) -> list[tuple[date, date]]:
    """Half-open calendar months that cover [`since`, `until`), oldest first."""
    slices = []
    start = since
    while start < until:
        end = min((start.replace(day=1) + timedelta(days=32)).replace(day=1), until)
        slices.append((start, end))
        start = end
    return slices
