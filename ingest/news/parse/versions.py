"""Revised titles as versions: what is new in a harvest, given what is known."""

from __future__ import annotations

import polars as pl

from ingest.news.parse.entries import entry_id
from warehouse.tables.news import ENTRY

KNOWN_COLUMNS = ("feed_id", "guid", "title", "title_version")


def select_new(entries: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows of `entries` whose (feed, guid, title) is not in `known`, as `core.entry` with final versions and ids.

    `known` has feed_id, guid, title, title_version for at least the feeds in `entries`. A known guid with another
    title becomes its next version; several new titles of one guid are numbered as they were seen. A title that comes
    back is not new. Nothing known is ever changed, so the first sight of each wording stays.
    """
    if not entries.height:
        return ENTRY.empty()
    fresh = entries.join(
        known.select("feed_id", "guid", "title").unique(), on=["feed_id", "guid", "title"], how="anti"
    ).sort("first_seen_at_utc", "published_at_utc", maintain_order=True, nulls_last=True)
    fresh = fresh.unique(["feed_id", "guid", "title"], keep="first", maintain_order=True)
    latest = known.group_by("feed_id", "guid").agg(pl.col("title_version").max().alias("latest_version"))
    numbered = fresh.join(latest, on=["feed_id", "guid"], how="left", validate="m:1").with_columns(
        title_version=pl.col("latest_version").fill_null(0)
        + pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("feed_id", "guid")
    )
    ids = [
        entry_id(feed_id, guid, version)
        for feed_id, guid, version in numbered.select("feed_id", "guid", "title_version").iter_rows()
    ]
    return ENTRY.conform(numbered.with_columns(pl.Series("entry_id", ids, dtype=pl.String)).select(ENTRY.column_names))
