"""What `rebuild` and `diff` do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from flows.configuration import read_own
from flows.errors import CommandError
from flows.jobs.rereading import Reread, read_news_again
from flows.settings import Settings
from ingest.news.feeds import load_feeds
from warehouse.store.connection import Warehouse, open_reader, open_writer
from warehouse.store.published.changes import compare_files
from warehouse.store.published.history import HISTORY_FOLDER, kept_files
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table
from warehouse.tables.ops import STEP_INPUT
from warehouse.tables.units import iso_second

# What was received, from venues, feeds and files.
KEPT_CORE = frozenset(
    {
        "core.candle",
        "core.candle_revision",
        "core.entry",
        "core.incident",
        "core.register_document",
        "core.observation",
        "core.funding_rate",
        "core.open_interest",
        "core.market",
        "core.candle_flow",
        "core.listing",
        "core.quoted_bar",
        "core.study_bar",
        "core.study_event",
    }
)
# What was said and measured once: no run over the same data says it again.
_KEPT_RECORDS = frozenset(
    {"out.changed", "out.claim_history", "out.event_revision", "out.single_size", "out.test_size"}
)
# Tables that two published files may differ in; what tells of changes is not compared.
COMPARED: tuple[Table, ...] = tuple(
    table
    for name, table in load_tables().items()
    if name.split(".")[0] in ("core", "out") and name not in KEPT_CORE and name != "out.changed"
)
# Tables that a rebuild empties: all results, and all of core that a step derives.
DERIVED: tuple[Table, ...] = tuple(table for table in COMPARED if table.name not in _KEPT_RECORDS)
# Where a DuckDB file says what it is.
DATABASE_MARK = slice(8, 12)


def empty_derived_tables(settings: Settings) -> tuple[Reread, int]:
    """Read the kept bytes again and empty every derived table; returns what was read, and the rows removed."""
    feeds = load_feeds(read_own(settings.config_path, "feeds.toml"))
    with open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        return read_news_again(warehouse, feeds), forget_derived(warehouse)


def forget_derived(warehouse: Warehouse) -> int:
    """Empty every derived table, and what steps remember of their inputs; returns the derived rows removed."""
    warehouse.replace(STEP_INPUT, STEP_INPUT.empty())
    return sum(warehouse.replace(table, table.empty()) for table in DERIVED)


def compare_published(before: Path, after: Path) -> pl.DataFrame:
    """Rows of `out` tables that only one of two published files has: table, side, key and row as JSON."""
    parts = []
    _require_file_of_ours(before, after)
    with open_reader(before) as left, open_reader(after) as right:
        for table in COMPARED:
            if not table.name.startswith("out."):
                continue
            if not (left.has(table) and right.has(table)):
                continue
            old, new = left.frame(table), right.frame(table)
            for side, here, there in (("before", old, new), ("after", new, old)):
                only = here.join(there, on=table.column_names, how="anti", nulls_equal=True)
                parts.append(_describe_rows(table, side, only))
    return pl.concat(parts) if parts else _describe_rows(COMPARED[0], "", COMPARED[0].empty())


def find_published(published: Path, named: Path | None) -> Path:
    """The file that `named` is: a path, a name in the history, or the newest of the history when absent."""
    kept = kept_files(published)
    if named is None:
        if not kept:
            raise CommandError("no earlier file is kept yet: the next run that changes something keeps this one")
        return kept[0].path
    for path in (named, published.parent / HISTORY_FOLDER / named):
        if path.is_file():
            return path
    names = ", ".join(file.path.name for file in kept) or "none"
    raise CommandError(f"{named} is no file; kept in history: {names}")


def find_published_at(published: Path, as_of: datetime) -> Path:
    """The file that stood as the published one at an instant; CommandError when it is not kept any more."""
    if published.exists() and datetime.fromtimestamp(published.stat().st_mtime, UTC) <= as_of:
        return published
    kept = kept_files(published)
    found = next((file.path for file in kept if file.published_at <= as_of), None)
    if found is None:
        oldest = f"the oldest is of {iso_second(kept[-1].published_at)} UTC" if kept else "none is kept yet"
        raise CommandError(
            f"no published file of {iso_second(as_of)} UTC or before is kept: {oldest} (aftershock history); "
            "studies and claims take --as-of further back, by when each bar was first seen"
        )
    return found


def summarise_changes(before: Path, after: Path) -> pl.DataFrame:
    """How events and results of two published files differ: counts by table, subject and column, with an example."""
    for path in (before, after):
        _require_file_of_ours(path, after)
    return compare_files(before, after, COMPARED)


def _require_file_of_ours(path: Path, like: Path) -> None:
    if not _is_database(path):
        raise CommandError(f"{path} is no DuckDB file: give an earlier copy of {like.name}")
    with open_reader(path) as reader:
        if not any(reader.has(table) for table in COMPARED):
            raise CommandError(f"{path} holds no table of Aftershock: give an earlier copy of {like.name}")


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(DATABASE_MARK.stop)[DATABASE_MARK] == b"DUCK"


def _describe_rows(table: Table, side: str, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.lit(table.name).alias("table"),
        pl.lit(side).alias("only_in"),
        pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in table.key], separator=" / ").alias("key"),
        pl.struct(pl.all()).struct.json_encode().alias("row_json"),
    ).sort("key")
