"""Stamps of our own clock that lie in the future, as a clock that was ahead leaves them."""

from __future__ import annotations

from datetime import datetime

import duckdb

from warehouse.store.frames import run_statement
from warehouse.store.upsert import FIRST_SIGHT
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table

# Columns that our clock writes, beside when a row was first seen.
_OPS_STAMPS = frozenset({"attempted_at_utc", "started_at_utc", "finished_at_utc"})


def stamp_columns() -> list[tuple[Table, str]]:
    """Every (table, column) that holds an instant of our own clock."""
    found = []
    for name, table in sorted(load_tables().items()):
        wanted = FIRST_SIGHT | _OPS_STAMPS if name.startswith("ops.") else FIRST_SIGHT
        found += [(table, column) for column in table.column_names if column in wanted]
    return found


def count_future(connection: duckdb.DuckDBPyConnection, table: Table, column: str, now: datetime) -> int:
    """Rows of `table` whose `column` lies after `now`."""
    [(count,)] = run_statement(connection, f"select count(*) from {table.name} where {column} > $now", {"now": now})
    return int(count)


def cure_future(connection: duckdb.DuckDBPyConnection, table: Table, column: str, now: datetime) -> int:
    """Rows mended: a first sight becomes `now`, its latest possible value; records of runs and fetches to come go."""
    count = count_future(connection, table, column, now)
    if count and table.name.startswith("ops."):
        run_statement(connection, f"delete from {table.name} where {column} > $now", {"now": now})
    elif count:
        run_statement(connection, f"update {table.name} set {column} = $now where {column} > $now", {"now": now})
    return count
