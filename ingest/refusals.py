"""The one builder of rows that are refused, in the shape of raw.quarantine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ingest.source import Source
from warehouse.tables.contract import UTC
from warehouse.tables.prices import QUARANTINE

# As much of a refused document or item as is kept beside the reason.
MAX_PAYLOAD_CHARACTERS = 4000
REFUSED = pl.Schema(
    {
        "subject_id": pl.String,
        "reason": pl.String,
        "detail": pl.String,
        "payload_json": pl.String,
        "row_number": pl.Int64,
        "identity": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row or document that is not kept: a short reason, the sentence, and as much of it as is worth keeping.

    `subject_id` is what it was about (null: the source itself). `identity` stands for the payload in the id where only
    the first of its kind is worth keeping, such as an error page.
    """

    reason: str
    detail: str
    payload: str
    row_number: int | None = None
    subject_id: str | None = None
    identity: str | None = None


def refuse_rows(refusals: Iterable[Refusal], table_name: str, source: Source) -> pl.DataFrame:
    """raw.quarantine for refusals of rows meant for `table_name`; the same one is kept once."""
    rows = [
        (
            refusal.subject_id or source.source_id,
            refusal.reason,
            refusal.detail,
            refusal.payload[:MAX_PAYLOAD_CHARACTERS],
            refusal.row_number,
            refusal.identity,
        )
        for refusal in refusals
    ]
    return refuse_frame(pl.DataFrame(rows, schema=REFUSED, orient="row"), table_name, source)


def refuse_document(reason: str, detail: str, body: bytes) -> Refusal:
    """A whole document that was no feed, or not all of one; of each reason of a source the first is kept."""
    return Refusal(reason, detail, body[:MAX_PAYLOAD_CHARACTERS].decode("utf-8", errors="replace"), identity=reason)


def refuse_frame(refused: pl.DataFrame, table_name: str, source: Source) -> pl.DataFrame:
    """raw.quarantine for rows with the columns of REFUSED, of which `identity` may be absent; each is kept once.

    The id is a hash over source, subject, reason and payload (or identity), so that the same bad row has the same id.
    """
    if not refused.height:
        return QUARANTINE.empty()
    identity = pl.coalesce("identity", "payload_json") if "identity" in refused.columns else pl.col("payload_json")
    frame = refused.select(
        pl.lit(table_name).alias("table_name"),
        pl.lit(source.source_id).alias("source_id"),
        "subject_id",
        "reason",
        "detail",
        "payload_json",
        "row_number",
        pl.lit(source.received_at).cast(UTC).alias("seen_at_utc"),
        pl.lit(source.run_id).alias("run_id"),
        pl.lit(None, dtype=UTC).alias("released_at_utc"),
        identity.alias("identity"),
    )
    ids = [_hash(parts) for parts in frame.select("source_id", "subject_id", "reason", "identity").iter_rows()]
    named = frame.with_columns(pl.Series("quarantine_id", ids, dtype=pl.String))
    return named.unique("quarantine_id", keep="first", maintain_order=True).select(QUARANTINE.column_names)


def _hash(parts: tuple[str | None, ...]) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", errors="replace")).hexdigest()
