"""One number per table that changes when any of its values does."""

from __future__ import annotations

from typing import Any

import duckdb

from warehouse.store.frames import run_statement
from warehouse.tables.contract import Table


def digest_table(connection: duckdb.DuckDBPyConnection, table: Table, where: str = "true") -> str:
    """The number of rows (those for which `where` holds) and a digest of their values in any order, as one text."""
    sql = f"select count(*), {row_digest(table)} from {table.name} where {where}"
    [(n_rows, digest)] = run_statement(connection, sql)
    return f"{n_rows} {digest}"


def digest_parts(
    connection: duckdb.DuckDBPyConnection, table: Table, column: str, where: str = "true", **parameters: Any
) -> dict[str, str]:
    """The same for the rows of each value of one of the table's columns; rows without a value are left out."""
    sql = f"select {column}, count(*), {row_digest(table)} from {table.name}"
    sql += f" where {column} is not null and ({where}) group by all"
    found = run_statement(connection, sql, parameters)
    return {value: f"{n_rows} {digest}" for value, n_rows, digest in found}


def digest_file(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The same for every table as it is stored, by name, whatever version wrote the file: each byte of it is read."""
    names = "select schema_name || '.' || table_name from duckdb_tables() where not internal order by all"
    tables = [name for (name,) in run_statement(connection, names)]
    digests = {}
    for name in tables:
        [(n_rows, digest)] = run_statement(
            connection, f"select count(*), coalesce(bit_xor(hash(stored)), 0) from {name} as stored"
        )
        digests[name] = f"{n_rows} {digest}"
    return digests


def row_digest(table: Table) -> str:
    """The aggregate that digests rows: keys are unique, so no two rows cancel each other."""
    return f"coalesce(bit_xor(hash({', '.join(table.column_names)})), 0)"
