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
            parts.extend(run_statement(connection, _changes_sql(before, after, table, columns)))
    return pl.DataFrame(parts, schema=_SCHEMA, orient="row").sort("table_name", "subject", "column_name")


def _columns_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    sql = "select schema_name, table_name, column_name from duckdb_columns() where database_name = $database"
    for schema, table, column in run_statement(connection, sql, {"database": database}):
        found.setdefault(f"{schema}.{table}", set()).add(column)
    return found


def _changes_sql(before: str, after: str, table: Table, columns: list[str]) -> str:
    """Changes of one table by subject and column, found among the rows whose digest only one side has."""
    # One of the key is equal in every pair: a table may hold nothing else to compare.
    compared = [name for name in columns if name not in table.key and name not in ACCOUNTS] or [table.key[0]]
    told = [name for name in (*_SUBJECTS, *table.key) if name in columns]
    subject = ", ".join(f"cast({side}.{name} as varchar)" for name in told for side in ("b", "a"))
    matched = " and ".join(f"b.{name} is not distinct from a.{name}" for name in table.key)
    ages = (f"{side}.{_AS_OF}" if _AS_OF in columns else "null::timestamptz" for side in ("b", "a"))
    sides = {"b": f"{before}.{table.name}", "a": f"{after}.{table.name}"}
    digested = (
        f"(select rowid, hash({', '.join((*table.key, *compared))}) as digest from {name}) as {side}"
        for side, name in sides.items()
    )
    differing = (
        f"(select *, rowid from {name} where rowid in (select {side} from differing)) as {side}"
        for side, name in sides.items()
    )
    return f"""
        with differing as materialized (
            select b.rowid as b, a.rowid as a from {" full join ".join(digested)} using (digest)
            where b.rowid is null or a.rowid is null
        ), pairs as materialized (
            select coalesce({subject}) as subject, b.rowid is null as is_added, a.rowid is null as is_removed,
                {", ".join(f"{age} as {name}" for age, name in zip(ages, _AGES, strict=True))},
                [{", ".join(map(_compared, compared))}] as cells
            from {" full join ".join(differing)} on {matched}
        ), cells as (
            select subject, unnest(cells, recursive := true) from pairs where not is_added and not is_removed
        ), subjects as (
            select subject, count(*) filter (is_added) as n_added, count(*) filter (is_removed) as n_removed,
                {", ".join(f"max({name}) as {name}" for name in _AGES)}
            from pairs group by all
        ), found as (
            select subject, '{_ROW}' as name, n_added, n_removed, 0 as n_changed, null as was, null as became
            from subjects where n_added > 0 or n_removed > 0
            union all
            select subject, name, 0, 0, n_changed, example.was, example.became from (
                select subject, name, count(*) as n_changed, min({{was: was, became: became}}) as example
                from cells where is_other group by all)
        )
        select '{table.name}', found.*, {", ".join(_AGES)} from found join subjects using (subject)"""


def _compared(column: str) -> str:
    return (
        f"{{name: '{column}', is_other: b.{column} is distinct from a.{column}, "
        f"was: cast(b.{column} as varchar), became: cast(a.{column} as varchar)}}"
    )
