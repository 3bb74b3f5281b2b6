"""News files that somebody has: feeds, tables of headlines, incident lists."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl

from ingest.errors import MalformedError, PermanentError
from ingest.news.feeds import Feed
from ingest.news.harvest import HARMLESS, Harvest, harvest
from ingest.news.parse.dates import read_instant
from ingest.news.parse.decode import decode_text, load_json
from ingest.news.parse.entries import digest
from ingest.news.parse.headlines import UnknownColumnsError, parse_headlines
from ingest.news.parse.incident_facts import impact_of, incident_code
from ingest.news.parse.incidents import refuse
from ingest.news.parse.text import clean_link, plain_text
from ingest.payload import Payload
from ingest.refusals import Refusal, refuse_rows
from ingest.source import Source
from warehouse.tables.news import ENTRY, INCIDENT, REGISTER_DOCUMENT

PARQUET_MAGIC = b"PAR1"
TABLE_SUFFIXES = frozenset({".csv", ".tsv"})
LINES_SUFFIXES = frozenset({".jsonl", ".ndjson"})
# Hosts of many voices: such a host says nothing about who speaks.
SHARED_HOSTS = frozenset({"github.com", "raw.githubusercontent.com", "medium.com", "news.google.com", "bing.com"})
# A field that only answers of one service have, and the kind of feed that reads them.
_SERVICES = {
    b'"document_number"': "federal_register",
    b'"seendate"': "gdelt",
    b'"objectID"': "hn_json",
    b'"public_timestamp"': "govuk_json",
}
# The first phrase that a source's own words for its clock contain decides.
BASIS_PHRASES = (
    ("submission", "submission"),
    ("date only", "date_only"),
    ("published_at", "publisher"),
    ("status page", "incident"),
    ("statuspage", "incident"),
)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What one file held: rows of each kind, the document itself, and a sentence about what was left out."""

    payload: Payload
    kind: str
    n_rows: int
    harvest: Harvest
    note: str


def import_file(path: Path, feed: Feed | None, feeds: Iterable[Feed], seen_at: datetime, run_id: str) -> ImportedFile:
    """The news in a file, first seen at `seen_at`; a feed file may be read as an issue of a registered `feed`.

    Raises PermanentError when the file cannot be opened, MalformedError when it is none of the known kinds.
    """
    try:
        body = path.read_bytes()
    except OSError as exc:
        raise PermanentError(str(path), f"cannot be read: {exc.strerror}", remedy="check the path") from exc
    source_id = feed.feed_id if feed else f"import:{path.stem}"
    return read_received(Payload(source_id, path.absolute().as_uri(), seen_at, 200, body), feed, feeds, run_id)


def read_received(payload: Payload, feed: Feed | None, feeds: Iterable[Feed], run_id: str) -> ImportedFile:
    """The news in the bytes of a file, whose address names it; see `import_file`."""
    path, body = Path(unquote(urlsplit(payload.url).path)), payload.body
    if feed is not None:
        return _as_feed(path, payload, feed, run_id)
    suffix = path.suffix.lower()
    if body.startswith(PARQUET_MAGIC) or suffix in TABLE_SUFFIXES:
        return _as_table(path, payload, _read_table(path, body, suffix), feeds, run_id)
    if suffix in LINES_SUFFIXES:
        return _as_lines(path, payload, feeds, run_id)
    return _as_feed(path, payload, _stand_in(path, payload.source_id, body), run_id)


def _read_table(path: Path, body: bytes, suffix: str) -> pl.DataFrame:
    try:
        if body.startswith(PARQUET_MAGIC):
            return pl.read_parquet(io.BytesIO(body))
        text = decode_text(body)
        return pl.read_csv(
            io.StringIO(text),
            infer_schema=False,
            separator="\t" if suffix == ".tsv" else ",",
            truncate_ragged_lines=False,
        )
    except (pl.exceptions.PolarsError, ValueError, OSError) as exc:
        raise MalformedError(str(path), f"cannot be read as a table: {exc}", "Parquet or CSV with a header") from exc


def _as_table(path: Path, payload: Payload, table: pl.DataFrame, feeds: Iterable[Feed], run_id: str) -> ImportedFile:
    try:
        read = parse_headlines(table, payload.stamp(run_id), kinds_by_outlet(feeds))
    except UnknownColumnsError as exc:
        remedy = "name the columns title, url, outlet, published_utc"
        raise MalformedError(str(path), str(exc), "a column named title", remedy) from exc
    rows = Harvest(read.entries, INCIDENT.empty(), REGISTER_DOCUMENT.empty(), read.quarantined)
    note = f"columns not read: {', '.join(read.ignored)}" if read.ignored else ""
    return ImportedFile(payload, "headlines", read.n_rows, rows, note)


def kinds_by_outlet(feeds: Iterable[Feed]) -> dict[str, str]:
    """The category of each registered outlet, by its name and by its host, in lower case."""
    kinds: dict[str, str] = {}
    for feed in feeds:
        host = feed.url.split("/")[2].lower().removeprefix("www.")
        names = (feed.outlet.lower(),) if host in SHARED_HOSTS else (feed.outlet.lower(), host)
        for name in names:
            kinds.setdefault(name, feed.category)
    return kinds


def _as_lines(path: Path, payload: Payload, feeds: Iterable[Feed], run_id: str) -> ImportedFile:
    """JSON lines: incidents when the rows have a provider and a start, else headlines."""
    source = payload.stamp(run_id)
    rows, refused = _read_lines(payload.body)
    broken = refuse_rows(refused, ENTRY.name, source)
    if rows and "provider" in rows[0] and "started_utc" in rows[0]:
        incidents, more = incident_rows(rows, source)
        found = Harvest(ENTRY.empty(), incidents, REGISTER_DOCUMENT.empty(), pl.concat([broken, more]))
        return ImportedFile(payload, "incidents", len(rows) + len(refused), found, "")
    if not rows:
        raise MalformedError(str(path), "no line is a JSON object", "one JSON object per line")
    names = dict.fromkeys(name for row in rows for name in row)
    texts = [{name: _scalar(row.get(name)) for name in names} for row in rows]
    read = _as_table(path, payload, pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String)), feeds, run_id)
    quarantined = pl.concat([read.harvest.quarantined, broken])
    found = Harvest(read.harvest.entries, INCIDENT.empty(), REGISTER_DOCUMENT.empty(), quarantined)
    return ImportedFile(payload, "headlines", len(rows) + len(refused), found, read.note)


def _scalar(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _read_lines(body: bytes) -> tuple[list[dict[str, Any]], list[Refusal]]:
    rows: list[dict[str, Any]] = []
    refused = []
    for number, line in enumerate(decode_text(body).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = load_json(line)
        except (ValueError, RecursionError) as exc:
            row, problem = None, f"line {number} is not valid JSON: {str(exc)[:160]}"
        else:
            problem = f"line {number} is not a JSON object"
        if isinstance(row, dict):
            rows.append(row)
        else:
            refused.append(Refusal("broken_json", problem, line, number))
    return rows, refused


def incident_rows(rows: Iterable[dict[str, Any]], source: Source) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Incidents (core.incident) and refused rows (raw.quarantine) of a list.

    It has provider, title, started_utc, resolved_utc, impact, components, url, incident_id.
    Several tellings of one incident stay several rows here; `reconcile` makes them one.
    """
    kept, refused = [], []
    for number, row in enumerate(rows, start=1):
        title, provider = plain_text(str(row.get("title") or "")), plain_text(str(row.get("provider") or ""))
        started, resolved = (read_instant(str(row.get(name) or "")) for name in ("started_utc", "resolved_utc"))
        problem = refuse(title, started, resolved) or (None if provider else ("no_provider", "an incident of nobody"))
        if problem:
            refused.append(Refusal(*problem, json.dumps(row), number))
            continue
        basis = _basis_of(str(row.get("time_basis") or ""))
        kept.append(
            {
                "incident_id": f"{provider}:{_code_of(row)}",
                "provider": provider,
                "title": title,
                "impact": impact_of(row.get("impact")),
                "components": plain_text(", ".join(str(name) for name in row.get("components") or []), 1000),
                "started_at_utc": started,
                "resolved_at_utc": resolved,
                # Somebody submitted the page at that time, so it could be read then.
                "first_seen_at_utc": started if basis == "submission" else source.received_at,
                "time_basis": basis,
                "url": clean_link(row.get("url")),
                "source_id": source.source_id,
                "run_id": source.run_id,
            }
        )
    return pl.DataFrame(kept, schema=INCIDENT.schema), refuse_rows(refused, INCIDENT.name, source)


def _code_of(row: dict[str, Any]) -> str:
    """The incident's own code; a host name in its place is no code, so wording and start stand in."""
    code = plain_text(str(row.get("incident_id") or "")) or incident_code(row.get("url"))
    if code and "." not in code and "/" not in code:
        return code
    return digest(f"{row.get('title')}\x1f{row.get('started_utc')}")[:16]


def _basis_of(words: str) -> str:
    lowered = words.lower()
    return next((basis for phrase, basis in BASIS_PHRASES if phrase in lowered), "incident")


def _stand_in(path: Path, source_id: str, body: bytes) -> Feed:
    """A feed for a file that belongs to no registered one; JSON of a service of ours is told by its fields."""
    head = body[:20_000].lstrip()
    fields = [field for field in _SERVICES if field in head] if head[:1] in (b"{", b"[") else []
    kind = _SERVICES[fields[0]] if fields else "rss"
    is_register = kind == "federal_register"
    return Feed(
        feed_id=source_id,
        title=path.stem,
        kind=kind,
        category="regulator" if is_register else "press",
        url="https://www.federalregister.gov/" if is_register else "",
        clock="date_only" if is_register else "publisher",
        confidence="low",
        outlet="Federal Register" if is_register else path.stem,
        provider=None,
        language="en" if is_register else "mul",
        interval_minutes=0,
        is_enabled=False,
    )


def _as_feed(path: Path, payload: Payload, feed: Feed, run_id: str) -> ImportedFile:
    found = harvest(payload, feed, run_id)
    n_rows = found.entries.height + found.incidents.height + found.quarantined.height
    if found.is_malformed and not (found.entries.height or found.incidents.height):
        raise MalformedError(str(path), f"{found.reason}: {found.detail}", "a feed, a table or JSON lines")
    note = found.detail if found.reason and (found.reason in HARMLESS or found.is_malformed) else ""
    return ImportedFile(payload, feed.kind, n_rows, found, note)
