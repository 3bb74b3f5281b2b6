"""One number per table that changes when any of its values does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from warehouse.store.frames import run_statement
from warehouse.tables.contract import Table


def digest_table(connection: duckdb.DuckDBPyConnection, table: Table, where: str = "true") -> str:
    """The number of rows (those for which `where` holds) and a digest of their values in any order, as one text."""
    return digest_parts(connection, table, (), where)[""][""]


def digest_parts(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[str], where: str = "true", **parameters: Any
) -> dict[str, dict[str, str]]:
    """The same for the rows of each value of each of the table's `columns`, by one reading of the rows.

    Rows without a value are left out of that column's; an empty column with an empty value stands for all rows.
    """
    selected = ", ".join((*columns, "count(*)", row_digest(table)))
    found = run_statement(connection, f"select {selected} from {table.name} where {where} group by all", parameters)
    parts: dict[str, dict[str, tuple[int, int]]] = {"": {"": (0, 0)}, **{column: {} for column in columns}}
    for *values, n_rows, digest in found:
        for column, value in zip(("", *columns), ("", *values), strict=True):
            if value is not None:
                n_before, before = parts[column].get(value, (0, 0))
                parts[column][value] = (n_before + n_rows, before ^ digest)
    return {column: {value: f"{n} {digest}" for value, (n, digest) in of.items()} for column, of in parts.items()}


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
