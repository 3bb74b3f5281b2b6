"""Write a frame into its table: merge on the natural key, or replace the whole table or a part of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from warehouse.store.frames import abandon, run_statement, staged
from warehouse.tables.contract import ContractError, Table

# When a row was first seen never changes; and a row that differs only here has not changed.
FIRST_SIGHT = frozenset({"first_seen_at_utc", "seen_at_utc", "fetched_at_utc"})
NOT_COMPARED = FIRST_SIGHT | {"run_id"}


@dataclass(frozen=True, slots=True)
class MergeCount:
    """Rows that were new and rows whose values changed."""

    n_inserted: int
    n_updated: int

    @property
    def n_changed(self) -> int:
        """Both together."""
        return self.n_inserted + self.n_updated


def merge_rows(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> MergeCount:
    """Insert the rows of `frame` whose key is new, update those whose values differ, leave the rest untouched.

    Raises ContractError when the frame does not match `table`.
    """
    rows = table.conform(frame)
    if not rows.height:
        return MergeCount(0, 0)
    count_rows = f"select count(*) from {table.name}"
    [(n_before,)] = run_statement(connection, count_rows)
    with staged(connection, rows) as stage:
        [(n_changed,)] = run_statement(connection, merge_sql(table, stage))
    [(n_after,)] = run_statement(connection, count_rows)
    n_inserted = int(n_after) - int(n_before)
    return MergeCount(n_inserted, int(n_changed) - n_inserted)


def merge_sql(table: Table, stage: str) -> str:
    """The merge statement of a table; its result is the count of rows written."""
    names = table.column_names
    compared = [name for name in names if name not in table.key and name not in NOT_COMPARED]
    updated = [name for name in names if name not in table.key and name not in FIRST_SIGHT]
    on = " and ".join(f"t.{name} = s.{name}" for name in table.key)
    differs = " or ".join(f"t.{name} is distinct from s.{name}" for name in compared)
    assignments = ", ".join(f"{name} = s.{name}" for name in updated)
    update = f"when matched and ({differs}) then update set {assignments} " if compared else ""
    return (
        f"merge into {table.name} as t using {stage} as s on {on} {update}"
        f"when not matched then insert ({', '.join(names)}) values ({', '.join(f's.{n}' for n in names)})"
    )


def replace(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> int:
    """Make the table hold exactly `frame`, in one transaction; returns the rows that differ (0: nothing was written).

    Two rows are the same when all columns but the run and first-sight columns are.
    """
    rows = table.conform(frame)
    columns = ", ".join(name for name in table.column_names if name not in NOT_COMPARED)
    with staged(connection, rows) as stage:
        given, kept = f"select {columns} from {stage}", f"select {columns} from {table.name}"
        [(n_new, n_gone)] = run_statement(
            connection,
            f"select (select count(*) from ({given} except all {kept})),"
            f" (select count(*) from ({kept} except all {given}))",
        )
        if not (n_new or n_gone):
            return 0
        with _transaction(connection):
            run_statement(connection, f"delete from {table.name}")
            _insert(connection, table, stage)
    return max(int(n_new), int(n_gone))


def replace_part(
    connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame, part: str, parameters: dict[str, Any]
) -> int:
    """Make the rows for which `part` holds exactly `frame`, in one transaction; returns how many rows were written.

    `part` is a condition with $parameters, all of which it uses. Rows that are the same, and rows outside the part, are
    not touched. Raises ContractError for a row of `frame` outside the part: nothing would ever take it out again.
    """
    rows = table.conform(frame)
    with staged(connection, rows) as stage:
        outside = f"select count(*) from {stage} where ({part}) is distinct from true"
        [(n_outside,)] = run_statement(connection, outside, parameters)
        if n_outside:
            raise ContractError(f"{table.name}: {n_outside} of {rows.height} rows are outside the part {part}")
        key = ", ".join(table.key)
        is_given = f"({key}) in (select ({key}) from {stage})"
        is_stored = any(
            run_statement(connection, f"select 1 from {table.name} where {stored} limit 1", given)
            for stored, given in ((part, parameters), (is_given, {}))
        )
        if not is_stored:  # a merge takes three times as long as rows that need no comparing
            _insert(connection, table, stage)
            return rows.height
        with _transaction(connection):
            [(n_gone,)] = run_statement(
                connection, f"delete from {table.name} where ({part}) and not ({is_given})", parameters
            )
            [(n_written,)] = run_statement(connection, merge_sql(table, stage)) if rows.height else [(0,)]
    return int(n_gone) + int(n_written)


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, stage: str) -> None:
    # Named columns: one that was added later stands last in the file, wherever its contract puts it.
    every = ", ".join(table.column_names)
    run_statement(connection, f"insert into {table.name} ({every}) select {every} from {stage}")


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All statements inside the block, or none of them."""
    run_statement(connection, "begin")
    try:
        yield
        run_statement(connection, "commit")
    except duckdb.Error:
        abandon(connection)
        raise
