"""Provider incidents as rows: from any status document, reconciled with what is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ingest.news.feeds import Feed
from ingest.news.parse.decode import DecodeReason, decode_text, load_json
from ingest.news.parse.entries import digest
from ingest.news.parse.incident_facts import IncidentFact
from ingest.news.parse.items import Items, read_items
from ingest.news.parse.status_feed import read_status_items
from ingest.news.parse.status_json import READERS, ShapeError
from ingest.news.parse.text import clean_link, plain_text
from ingest.refusals import Refusal, refuse_document, refuse_rows
from ingest.source import Source
from warehouse.tables.news import INCIDENT
from warehouse.tables.units import iso_minute

# Whose clock is believed when two sources tell of one incident.
BASIS_RANK = {"incident": 0, "statement": 1, "publisher": 2, "submission": 3, "crawl": 4, "date_only": 5}


@dataclass(frozen=True, slots=True)
class ParsedIncidents:
    """What a status document gave: rows of `core.incident`, refused rows, and why not more."""

    incidents: pl.DataFrame
    quarantined: pl.DataFrame
    reason: DecodeReason | None = None
    detail: str = ""


def parse_incidents(body: bytes, feed: Feed, source: Source) -> ParsedIncidents:
    """The incidents of one status document, seen when it was received; never raises.

    A page that is not of the expected product is a reason, never "no incidents": silence is not good news.
    """
    if feed.kind in READERS:
        return _parse_json(body, feed, source)
    found = read_items(body, source.content_type)
    facts = read_status_items(found.items, source.received_at)
    reason = None if found.reason is DecodeReason.NO_ENTRIES else found.reason
    return build_incidents(facts, feed, source, Items((), reason, found.detail), body)


def _parse_json(body: bytes, feed: Feed, source: Source) -> ParsedIncidents:
    text = decode_text(body, source.content_type).lstrip("\ufeff \t\r\n")
    reason: DecodeReason | None = None
    detail = ""
    facts: list[IncidentFact] = []
    if not text:
        reason, detail = DecodeReason.EMPTY_BODY, "the answer has no content"
    elif text.startswith("<"):
        reason, detail = DecodeReason.HTML_PAGE, "a web page was served instead of JSON; open the address in a browser"
    else:
        try:
            facts = READERS[feed.kind](load_json(text))
        except ShapeError as exc:
            reason, detail = DecodeReason.NOT_A_FEED, f"{exc}; the provider may have changed its status product"
        except (ValueError, RecursionError) as exc:
            reason, detail = DecodeReason.BROKEN_JSON, f"not valid JSON: {str(exc)[:200]}"
    return build_incidents(facts, feed, source, Items((), reason, detail), body)


def build_incidents(
    facts: Iterable[IncidentFact], feed: Feed, source: Source, found: Items, body: bytes
) -> ParsedIncidents:
    """Rows of `facts`; those without a title or a start, or that end before they start, are quarantined.

    `found` says why `body` gave none or not all.
    """
    rows: dict[str, dict[str, object]] = {}
    refused: list[Refusal] = []
    for fact in facts:
        title = plain_text(fact.title)
        problem = refuse(title, fact.started, fact.resolved)
        if problem or title is None or fact.started is None:
            name, words = problem or ("no_title", "an incident without a title")
            refused.append(Refusal(name, words, fact.raw))
            continue
        provider = feed.provider or feed.feed_id
        row: dict[str, object] = {
            "incident_id": f"{provider}:{plain_text(fact.id) or digest(f'{title}{fact.started}')[:16]}",
            "provider": provider,
            "title": title,
            "impact": fact.impact,
            "components": plain_text(", ".join(fact.components), 1000),
            "started_at_utc": fact.started,
            "resolved_at_utc": fact.resolved,
            "first_seen_at_utc": source.received_at,
            "time_basis": "incident",
            "url": clean_link(fact.url, feed.url),
            "source_id": feed.feed_id,
            "run_id": source.run_id,
        }
        rows.setdefault(str(row["incident_id"]), row)
    if found.reason is not None:
        refused.append(refuse_document(str(found.reason), found.detail, body))
    frame = pl.DataFrame(list(rows.values()), schema=INCIDENT.schema)
    return ParsedIncidents(frame, refuse_rows(refused, INCIDENT.name, source), found.reason, found.detail)


def refuse(title: str | None, started: datetime | None, resolved: datetime | None) -> tuple[str, str] | None:
    """Why an incident cannot be kept, as reason id and words; None when it can."""
    if title is None:
        return "no_title", "an incident without a title"
    if started is None:
        return "no_start", "an incident without a start that can be read"
    if resolved is not None and resolved < started:
        return "ends_before_start", f"resolved {iso_minute(resolved)} before started {iso_minute(started)}"
    return None


def reconcile(fresh: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """One row per incident of `fresh`, its gaps filled from `known` and from its other tellings, as `core.incident`.

    The clock of the best basis wins, newer tellings win within a basis, and what a source does not say (impact,
    components, end) never erases what another said. First sight is the earliest; the first source keeps the row.
    """
    if not fresh.height:
        return INCIDENT.empty()
    told = pl.concat(
        [
            known.filter(pl.col("incident_id").is_in(fresh["incident_id"].unique().implode())).with_columns(
                is_fresh=pl.lit(False)
            ),
            fresh.with_columns(is_fresh=pl.lit(True)),
        ]
    ).with_columns(
        rank=pl.col("time_basis").replace_strict(BASIS_RANK, default=9, return_dtype=pl.Int64),
        told_impact=pl.when(pl.col("impact") != "unknown").then("impact"),
        # Scraped pages repeat the start as the end: no incident is over in the instant it begins.
        resolved_at_utc=pl.when(pl.col("resolved_at_utc") != pl.col("started_at_utc")).then("resolved_at_utc"),
    )
    best = told.sort("rank", "is_fresh", descending=[False, True], maintain_order=True)
    starts = best.group_by("incident_id", maintain_order=True).agg(pl.col("started_at_utc").first().alias("best_start"))
    # Prose gives minutes where an earlier telling had seconds: an incident must not begin before it did.
    precise = (
        told.join(starts, on="incident_id", validate="m:1")
        .filter(pl.col("started_at_utc").dt.truncate("1m") == pl.col("best_start"))
        .group_by("incident_id")
        .agg(pl.col("started_at_utc").max().alias("precise_start"))
    )
    oldest = told.sort("is_fresh", maintain_order=True)
    merged = best.group_by("incident_id", maintain_order=True).agg(
        pl.col("provider", "title", "started_at_utc", "time_basis").first(),
        pl.col("told_impact").drop_nulls().first().alias("impact"),
        pl.col("components", "resolved_at_utc", "url").drop_nulls().first(),
        pl.col("first_seen_at_utc").min(),
    )
    owners = oldest.group_by("incident_id", maintain_order=True).agg(pl.col("source_id", "run_id").first())
    joined = merged.join(owners, on="incident_id", validate="1:1").join(
        precise, on="incident_id", how="left", validate="1:1"
    )
    joined = joined.with_columns(started_at_utc=pl.coalesce("precise_start", "started_at_utc")).with_columns(
        impact=pl.col("impact").fill_null("unknown"),
        resolved_at_utc=pl.when(pl.col("resolved_at_utc") > pl.col("started_at_utc")).then("resolved_at_utc"),
    )
    return INCIDENT.conform(joined.select(INCIDENT.column_names))
