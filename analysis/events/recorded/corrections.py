"""Corrections in the Federal Register as evidence of the event whose document they mend."""

from __future__ import annotations

import polars as pl

from analysis.events.recorded.merging import absorb
from warehouse.tables.news import EVENT_SOURCE

CORRECTION = "correction"
REGISTER = "Federal Register"
# The number of a document in its address: /documents/2025/01/31/2025-02172/removing-barriers or /d/2025-02172.
_NUMBER_IN_ADDRESS = r"federalregister\.gov/(?:documents/\d{4}/\d{2}/\d{2}|d)/([^/?#]+)"


def attach_corrections(
    events: pl.DataFrame, sources: pl.DataFrame, documents: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and evidence (`core.event`, `core.event_source`) with each correction beside what it corrects.

    A row of `documents` (`core.register_document`) that corrects one of an event's documents joins its evidence with
    the role `correction`, which neither dates nor counts; an event of nothing but corrections is none of its own.
    """
    numbered = sources.select("event_id", number=pl.col("url").str.extract(_NUMBER_IN_ADDRESS, 1))
    first = numbered.drop_nulls().unique("number", keep="first", maintain_order=True)
    told_by = dict(first.select("number", "event_id").iter_rows())
    mending = documents.filter(pl.col("corrects_document_number").is_in(list(told_by))).sort("document_number")
    mended = {row["document_number"]: told_by[row["corrects_document_number"]] for row in mending.iter_rows(named=True)}
    if not mended:
        return events, sources
    is_mending = pl.col("number").is_in(list(mended))
    only_mending = numbered.group_by("event_id").agg(is_mending.fill_null(False).all(), first=pl.col("number").first())
    matches = {event_id: mended[first] for event_id, is_all, first in only_mending.iter_rows() if is_all}
    told = numbered.filter(is_mending).iter_rows()
    known = {number for event_id, number in told if matches.get(event_id, event_id) == mended[number]}
    missing = mending.filter(~pl.col("document_number").is_in(list(known)))
    matches |= {f"{CORRECTION} {number}": mended[number] for number in missing["document_number"]}
    joined = absorb(pl.concat([sources, _correction_rows(missing)]), matches)
    role = pl.when(pl.col("url").str.extract(_NUMBER_IN_ADDRESS, 1).is_in(list(mended))).then(pl.lit(CORRECTION))
    return events.filter(~pl.col("event_id").is_in(list(matches))), EVENT_SOURCE.conform(
        joined.with_columns(role.otherwise("role").alias("role"))
    )


def _correction_rows(documents: pl.DataFrame) -> pl.DataFrame:
    """A row of evidence per document, under a name of its own."""
    rows = documents.select(
        event_id=pl.format("{} {}", pl.lit(CORRECTION), "document_number"),
        source_number=pl.lit(1, dtype=pl.Int64),
        outlet=pl.lit(REGISTER),
        title="title",
        url="url",
        published_at_utc=pl.col("published_on").cast(EVENT_SOURCE.schema["published_at_utc"]),
        first_seen_at_utc="first_seen_at_utc",
        time_basis=pl.lit("date_only"),
        role=pl.lit(CORRECTION),
    )
    return EVENT_SOURCE.conform(rows)
