"""Bring a database file to the shape of the contracts."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.resources import files

import duckdb

from warehouse.store.errors import StoreError
from warehouse.store.frames import abandon, run_statement
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table, View
from warehouse.tables.views import load_views

# Major, minor and patch.
RELEASE_PARTS = 3


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Run the migrations that this file has not seen, then add the tables, columns, comments and views that are new.

    A migration is a numbered SQL file and runs once; it is needed for what an addition cannot express (a rename, a
    new type, moved rows). A column whose stored type differs from its contract is a StoreError that names it.
    """
    run_statement(connection, "create schema if not exists ops")
    run_statement(
        connection, "create table if not exists ops.migration (migration_id varchar, applied_at_utc timestamptz)"
    )
    applied = {name for (name,) in run_statement(connection, "select migration_id from ops.migration")}
    _refuse_newer(connection, applied)
    for name, sql in sorted(migration_files().items()):
        if name not in applied:
            _apply(connection, name, sql)
    tables = load_tables()
    shapes = f"{tables!r}{load_views()!r}{view_files()!r}"
    signature = "contracts-" + hashlib.sha256(shapes.encode()).hexdigest()[:16]
    if signature not in applied:
        _extend(connection, tables)
        run_statement(connection, "insert into ops.migration values ($name, now())", {"name": signature})


def _refuse_newer(connection: duckdb.DuckDBPyConnection, applied: set[str]) -> None:
    """StoreError when a newer program has written the file: what it holds is not ours to judge."""
    unknown = sorted(name for name in applied if name[:1].isdigit() and name not in migration_files())
    if unknown:
        raise StoreError(
            f"a newer Aftershock wrote this file (its migration {unknown[0]} is unknown here): update this one"
        )
    stored = run_statement(connection, "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'run'")
    written = [text for (text,) in run_statement(connection, "select distinct version from ops.run")] if stored else []
    newer = [text for text in written if _release(text) > _release(version("aftershock"))]
    if newer:
        found = max(newer, key=_release)
        raise StoreError(f"Aftershock {found} wrote this file, this is {version('aftershock')}: update this one")


def _release(text: str) -> tuple[int, ...]:
    """The numbers of a version, 0.2.0 as (0, 2, 0); none of what is no version."""
    parts = text.split(".")
    return tuple(map(int, parts)) if len(parts) == RELEASE_PARTS and all(map(str.isdigit, parts)) else ()


def migration_files() -> dict[str, str]:
    """Migration texts by file name."""
    return _sql_files("migrations")


def view_files() -> dict[str, str]:
    """Texts that define the views over the tables, by file name."""
    return _sql_files("views")


def _sql_files(name: str) -> dict[str, str]:
    folder = files("warehouse") / "sql" / name
    scripts = (entry for entry in sorted(folder.iterdir(), key=str) if entry.name.endswith(".sql"))
    return {entry.name: entry.read_text(encoding="utf-8") for entry in scripts}


def _apply(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    run_statement(connection, "begin")
    try:
        run_statement(connection, sql)
        run_statement(connection, "insert into ops.migration values ($name, now())", {"name": name})
        run_statement(connection, "commit")
    except duckdb.Error as exc:
        abandon(connection)
        raise StoreError(f"migration {name} failed: {exc}; the file is as it was before") from exc


def _extend(connection: duckdb.DuckDBPyConnection, tables: dict[str, Table]) -> None:
    stored: dict[str, dict[str, str]] = {}
    for schema, table, column, data_type in run_statement(
        connection, "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal"
    ):
        stored.setdefault(f"{schema}.{table}", {})[column] = data_type
    run_statement(connection, "begin")
    for table in tables.values():
        run_statement(connection, f"create schema if not exists {table.name.split('.')[0]}")
        if table.name not in stored:
            run_statement(connection, create_sql(table))
        else:
            _add_columns(connection, table, stored[table.name])
        _comment(connection, table)
    for text in view_files().values():
        run_statement(connection, text)
    for view in load_views().values():
        run_statement(connection, f"comment on view {view.name} is {_literal(view.description)}")
        _comment_columns(connection, view)
    run_statement(connection, "commit")


def create_sql(table: Table) -> str:
    """The statement that creates a table; keys are checked by data checks, not constraints (measured: 4x faster)."""
    columns = ", ".join(f"{c.name} {c.sql_type}{'' if c.is_nullable else ' not null'}" for c in table.columns)
    return f"create table {table.name} ({columns})"


def _add_columns(connection: duckdb.DuckDBPyConnection, table: Table, stored: dict[str, str]) -> None:
    for column in table.columns:
        if column.name not in stored:
            if not column.is_nullable and run_statement(connection, f"select 1 from {table.name} limit 1"):
                raise StoreError(
                    f"{table.name}.{column.name} is new and required, and the table has rows: add a migration"
                )
            run_statement(connection, f"alter table {table.name} add column {column.name} {column.sql_type}")
        elif (wanted := column.sql_type.replace("timestamptz", "timestamp with time zone")) != stored[
            column.name
        ].lower():
            raise StoreError(f"{table.name}.{column.name} is stored as {stored[column.name]}; expected {wanted}")


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    run_statement(
        connection, f"comment on table {table.name} is {_literal(f'{table.description} Source: {table.source}.')}"
    )
    _comment_columns(connection, table)


def _comment_columns(connection: duckdb.DuckDBPyConnection, shape: Table | View) -> None:
    for column in shape.columns:
        run_statement(connection, f"comment on column {shape.name}.{column.name} is {_literal(column.comment)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
