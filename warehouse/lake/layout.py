"""Where a table lies in a lake, how it is divided, and what tells that a part of it has changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import duckdb

from warehouse.store.digests import row_digest
from warehouse.store.frames import run_statement
from warehouse.tables.contract import Table
from warehouse.tables.prices import CANDLE, CANDLE_REVISION, REFERENCE_PRICE

# What grows with time lies by bar length and month, so that a day's new bars rewrite one month; the rest lies whole.
PARTED = frozenset({CANDLE.name, CANDLE_REVISION.name, REFERENCE_PRICE.name})
PART_COLUMNS = ("timeframe", "month")
MONTH = "strftime(open_time_utc at time zone 'UTC', '%Y-%m') as month"
WHOLE = ""


@dataclass(frozen=True, slots=True)
class LakeAddress:
    """A lake: a folder, or an object store that its clients reach as the environment says (AWS_ENDPOINT_URL, …)."""

    uri: str

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return "://" not in self.uri

    def of(self, table_name: str) -> str:
        """Where a table of this name lies."""
        return f"{self.uri.rstrip('/')}/{table_name.replace('.', '/')}"


def is_parted(table: Table) -> bool:
    """Whether the table is divided by bar length and month."""
    return table.name in PARTED


def digest_of_parts(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    """Rows and digest of each part, by its predicate; a table that lies whole has one part, ''."""
    digest = f"count(*), {row_digest(table)}"
    if not is_parted(table):
        [(n_rows, value)] = run_statement(connection, f"select {digest} from {table.name}")
        return {WHOLE: f"{n_rows} {value}"}
    rows = run_statement(connection, f"select timeframe, {MONTH}, {digest} from {table.name} group by all order by all")
    return {f"(timeframe = '{bar}' and month = '{month}')": f"{n} {value}" for bar, month, n, value in rows}


def shape_of_table(table: Table) -> str:
    """A digest of what the digests of parts rest on: columns, types, and the library whose hash it is."""
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in table.columns)
    return hashlib.sha256(f"{columns}; duckdb {duckdb.__version__}".encode()).hexdigest()


def rows_of_parts(table: Table, parts: list[str]) -> str:
    """The select that gives the rows of these parts in order of the key, with the columns that divide the table."""
    names = ", ".join(table.column_names)
    if not is_parted(table):
        return f"select {names} from {table.name} order by {', '.join(table.key)}"
    where = " or ".join(parts) or "false"
    inner = f"select {names}, {MONTH} from {table.name}"
    return f"select * from ({inner}) where {where} order by timeframe, month, {', '.join(table.key)}"
