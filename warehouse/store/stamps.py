"""Stamps of our own clock that lie in the future, as a clock that was ahead leaves them."""

from __future__ import annotations

from datetime import datetime

import duckdb

from warehouse.store.frames import run_statement
from warehouse.store.upsert import FIRST_SIGHT
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table

# Records of runs and attempts, which go with the instant that they are of.
_RECORDED = frozenset({"attempted_at_utc", "started_at_utc", "finished_at_utc"})
# What else our clock writes, beside first sights: how far was asked, when something was last seen, judged or told.
_LATEST = frozenset(
    {
        "answered_at_utc",
        "asked_until_utc",
        "changed_at_utc",
        "judged_at_utc",
        "last_active_at_utc",
        "last_seen_at_utc",
        "noticed_at_utc",
        "released_at_utc",
        "sent_at_utc",
        "superseded_at_utc",
    }
)


def stamp_columns() -> list[tuple[Table, str]]:
    """Every (table, column) that holds an instant of our own clock."""
    found = []
    for name, table in sorted(load_tables().items()):
        wanted = FIRST_SIGHT | _LATEST | (_RECORDED if name.startswith("ops.") else frozenset())
        found += [(table, column) for column in table.column_names if column in wanted]
    return found


def count_future(connection: duckdb.DuckDBPyConnection, table: Table, column: str, now: datetime) -> int:
    """Rows of `table` whose `column` lies after `now`."""
    [(count,)] = run_statement(connection, f"select count(*) from {table.name} where {column} > $now", {"now": now})
    return int(count)


def cure_future(connection: duckdb.DuckDBPyConnection, table: Table, column: str, now: datetime) -> int:
    """Rows mended: an instant becomes `now`, its latest possible value; records of runs and fetches to come go."""
    count = count_future(connection, table, column, now)
    if count and column in _RECORDED:
        run_statement(connection, f"delete from {table.name} where {column} > $now", {"now": now})
    elif count:
        run_statement(connection, f"update {table.name} set {column} = $now where {column} > $now", {"now": now})
    return count
