"""Hand frames to DuckDB and take results back, through the Arrow C stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import polars as pl

from warehouse.store.arrow import ArrowStream

STAGE = "stage"


@contextmanager
def staged(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> Iterator[str]:
    """Register `frame` under the name it yields, for the statements inside the block."""
    connection.register(STAGE, ArrowStream(frame))
    try:
        yield STAGE
    finally:
        connection.unregister(STAGE)


def fetch_frame(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any] | None = None
) -> pl.DataFrame:
    """The rows of one select, as a frame; timestamps are UTC microseconds."""
    relation = connection.sql(sql, params=parameters) if parameters else connection.sql(sql)
    return pl.DataFrame(ArrowStream(relation))


def run_statement(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Execute one statement to its end and return its rows (none for most statements)."""
    return connection.execute(sql, parameters).fetchall() if parameters else connection.execute(sql).fetchall()


def abandon(connection: duckdb.DuckDBPyConnection) -> None:
    """Roll the open transaction back; a commit that the disk refused has ended it already."""
    try:
        run_statement(connection, "rollback")
    except duckdb.TransactionException as exc:
        if "no transaction" not in str(exc):
            raise
