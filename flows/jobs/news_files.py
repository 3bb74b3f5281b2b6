"""Import news files that somebody has."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from flows.context import RunContext
from flows.errors import CommandError
from flows.steps.news import read_feeds, store_news
from ingest.errors import MalformedError, PermanentError
from ingest.news.collect import kept_document, select_news
from ingest.news.feeds import Feed, feeds_frame
from ingest.news.imports import ImportedFile, import_file
from warehouse.tables.news import FEED, INCIDENT, REGISTER_DOCUMENT

# The kind of a file that is none of the known ones; its note says why.
UNREADABLE = "unreadable"
REPORT_SCHEMA = {
    "file": pl.String,
    "kind": pl.String,
    "n_rows": pl.Int64,
    "n_new": pl.Int64,
    "n_known": pl.Int64,
    "n_refused": pl.Int64,
    "note": pl.String,
}


def import_news(
    context: RunContext, paths: list[Path], feed_id: str | None, seen_at: datetime, *, is_dry_run: bool
) -> pl.DataFrame:
    """Read each file and store what is new in it, unless `is_dry_run`; one row per file says what happened."""
    feeds = read_feeds(context)
    if not is_dry_run:
        context.warehouse.replace(FEED, feeds_frame(feeds))
    feed = find_feed(feeds, feed_id)
    rows = []
    for path in paths:
        context.say(f"reading {path.name} …")
        try:
            imported = import_file(path, feed, feeds, seen_at, context.run_id)
        except PermanentError as exc:
            raise CommandError(str(exc)) from exc
        except MalformedError as exc:
            rows.append((path.name, UNREADABLE, 0, 0, 0, 0, str(exc)))
            continue
        rows.append((path.name, *store_file(context, imported, is_dry_run=is_dry_run)))
    return pl.DataFrame(rows, schema=REPORT_SCHEMA, orient="row")


def find_feed(feeds: tuple[Feed, ...], feed_id: str | None) -> Feed | None:
    """The registered feed of that id; None when no id is given."""
    if feed_id is None:
        return None
    found = next((feed for feed in feeds if feed.feed_id == feed_id), None)
    if found is None:
        raise CommandError(
            f'no feed is registered as {feed_id!r}; see: aftershock query "select feed_id, title from core.feed"'
        )
    return found


def store_file(context: RunContext, imported: ImportedFile, *, is_dry_run: bool) -> tuple[str, int, int, int, int, str]:
    """Store what is new in one file; returns kind, rows, new, known, refused and a note."""
    warehouse, harvest = context.warehouse, imported.harvest
    titles = warehouse.query("titles_of_feeds", feed_ids=harvest.entries["feed_id"].unique().to_list())
    new = select_news(harvest, titles, warehouse.frame(INCIDENT), warehouse.frame(REGISTER_DOCUMENT))
    if not is_dry_run:
        store_news(warehouse, kept_document(imported.payload, context.run_id), new)
    n_new = new.entries.height + new.incidents.height
    n_refused = harvest.quarantined.height
    n_known = imported.n_rows - n_refused - n_new
    note = "; ".join(filter(None, (imported.note, _first_refusal(harvest.quarantined))))
    return imported.kind, imported.n_rows, n_new, n_known, n_refused, note


def _first_refusal(quarantined: pl.DataFrame) -> str:
    """The first refused row in words, and where the rest stands; empty when none was refused."""
    if not quarantined.height:
        return ""
    row = quarantined.row(0, named=True)
    place = f"row {row['row_number']}" if row["row_number"] is not None else "the document"
    return f"{place} refused: {row['detail']}; all of them: aftershock quarantine list"


def files_without_news(report: pl.DataFrame) -> list[str]:
    """A sentence for each file of which every row was refused."""
    lost = report.filter((pl.col("n_refused") > 0) & (pl.col("n_refused") == pl.col("n_rows")))
    return [f"{name}: no row was kept; {note}" for name, note in lost.select("file", "note").iter_rows()]
