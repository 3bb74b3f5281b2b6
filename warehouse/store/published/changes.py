"""What differs between two states of the file: by table, subject and column, counted inside the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from warehouse.store.errors import StoreError
from warehouse.store.frames import run_statement
from warehouse.tables.contract import UTC, Table

_ROW = "row"
_TEXTS, _COUNTS = ("table_name", "subject", "column_name"), ("n_added", "n_removed", "n_changed")
_EXAMPLES, _AGES = ("example_before", "example_after"), ("as_of_before_utc", "as_of_after_utc")
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(_TEXTS, pl.String),
    **dict.fromkeys(_COUNTS, pl.Int64),
    **dict.fromkeys(_EXAMPLES, pl.String),
    **dict.fromkeys(_AGES, UTC),
}
# What a row is about, the most telling first.
_SUBJECTS = ("event_id", "claim_id", "group_id", "asset_id", "market_id", "subject_id", "provider", "source_id")
# Columns that change with every run or name what a value rests on; they explain a change and are none.
ACCOUNTS = frozenset({"run_id", "spec_sha256", "data_as_of_utc", "last_seen_at_utc", "judged_at_utc"})
_AS_OF = "data_as_of_utc"


class IncomparableError(StoreError):
    """An earlier file cannot be read, so nothing can be said about changes since."""


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Iterator[str]:
    """`path` opened to read under `name` beside what is open; IncomparableError when it is no readable file."""
    try:
        run_statement(connection, f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {name} (read_only)")
    except duckdb.Error as exc:
        raise IncomparableError(f"{path} cannot be read ({str(exc).splitlines()[0]})") from exc
    try:
        yield name
    finally:
        run_statement(connection, f"detach {name}")


def changes_since(connection: duckdb.DuckDBPyConnection, earlier: Path, tables: Iterable[Table]) -> pl.DataFrame:
    """The changes from the file `earlier` to the database that is open; IncomparableError when it cannot be read."""
    [(current,)] = run_statement(connection, "select current_database()")
    with attached(connection, earlier, "earlier") as before:
        return find_changes(connection, before, current, tables)


def compare_files(before: Path, after: Path, tables: Iterable[Table]) -> pl.DataFrame:
    """The changes from one file to another; see `find_changes`."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    try:
        run_statement(connection, "set TimeZone = 'UTC'")
        with attached(connection, before, "earlier"), attached(connection, after, "later"):
            return find_changes(connection, "earlier", "later", tables)
    finally:
        connection.close()


def find_changes(
    connection: duckdb.DuckDBPyConnection, before: str, after: str, tables: Iterable[Table]
) -> pl.DataFrame:
    """One row per table, subject and column that differs, with counts and an example; empty when nothing does.

    `before` and `after` name open databases. Rows are matched on the natural key; a column named `row` counts rows that
    only one side has. A change in nothing but the run, the specification or the as-of time is none. Tables that one
    side lacks are left out, and so are columns.
    """
    shapes = {name: _columns_of(connection, name) for name in (before, after)}
    parts: list[tuple[object, ...]] = []
    for table in tables:
        columns = [c for c in table.column_names if all(c in shapes[name].get(table.name, ()) for name in shapes)]
        if set(table.key) <= set(columns):
            parts.extend(_table_changes(connection, before, after, table, columns))
    return pl.DataFrame(parts, schema=_SCHEMA, orient="row").sort("table_name", "subject", "column_name")


def _columns_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    sql = "select schema_name, table_name, column_name from duckdb_columns() where database_name = $database"
    for schema, table, column in run_statement(connection, sql, {"database": database}):
        found.setdefault(f"{schema}.{table}", set()).add(column)
    return found


def _table_changes(
    connection: duckdb.DuckDBPyConnection, before: str, after: str, table: Table, columns: list[str]
) -> Iterator[tuple[object, ...]]:
    compared = [name for name in columns if name not in table.key and name not in ACCOUNTS]
    if _digest_of(connection, before, table, compared) == _digest_of(connection, after, table, compared):
        return
    for subject, n_added, n_removed, as_of_before, as_of_after, *counts in run_statement(
        connection, _pairs_sql(before, after, table, columns, compared)
    ):
        ages = (as_of_before, as_of_after)
        if n_added or n_removed:
            yield (table.name, subject, _ROW, n_added, n_removed, 0, None, None, *ages)
        for place, column in enumerate(compared):
            n_changed, old, new = counts[3 * place : 3 * place + 3]
            if n_changed:
                yield (table.name, subject, column, 0, 0, n_changed, old, new, *ages)


def _digest_of(
    connection: duckdb.DuckDBPyConnection, database: str, table: Table, compared: list[str]
) -> list[tuple[object, ...]]:
    values = ", ".join((*table.key, *compared))
    return run_statement(connection, f"select count(*), bit_xor(hash({values})) from {database}.{table.name}")


def _pairs_sql(before: str, after: str, table: Table, columns: list[str], compared: list[str]) -> str:
    """Rows of both sides matched on the key, those that differ counted per subject."""
    told = [name for name in (*_SUBJECTS, *table.key) if name in columns]
    subject = ", ".join(f"cast({side}.{name} as varchar)" for name in told for side in ("b", "a"))
    matched = " and ".join(f"b.{name} is not distinct from a.{name}" for name in table.key)
    differs = " or ".join(["b.rowid is null", "a.rowid is null", *(_differs(column) for column in compared)])
    ages = (f"max({side}.{_AS_OF})" if _AS_OF in columns else "null::timestamptz" for side in ("b", "a"))
    counts = (
        f"count(*) filter ({_both(column)}), {_example('b', column)}, {_example('a', column)}" for column in compared
    )
    selected = (
        f"coalesce({subject}) as subject",
        "count(*) filter (b.rowid is null)",
        "count(*) filter (a.rowid is null)",
        *ages,
        *counts,
    )
    return (
        f"select {', '.join(selected)} from {before}.{table.name} as b "
        f"full join {after}.{table.name} as a on {matched} where {differs} group by 1"
    )


def _differs(column: str) -> str:
    return f"b.{column} is distinct from a.{column}"


def _both(column: str) -> str:
    return f"b.rowid is not null and a.rowid is not null and {_differs(column)}"


def _example(side: str, column: str) -> str:
    return f"any_value(cast({side}.{column} as varchar)) filter ({_both(column)})"
