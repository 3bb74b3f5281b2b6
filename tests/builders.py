"""Rows of any table, with plain defaults for what a test does not care about."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.contract import Table

DEFAULT_TIME = datetime(2026, 6, 12, 23, tzinfo=UTC)
DEFAULTS: dict[Any, Any] = {
    pl.String: "x",
    pl.Float64: 1.0,
    pl.Int64: 1,
    pl.Boolean: False,
    pl.Date: date(2026, 6, 12),
    pl.Binary: b"x",
    UTC_TYPE: DEFAULT_TIME,
}


def make_rows(table: Table, *rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of `table`: required columns that a row leaves out get a default, nullable ones are null."""
    defaults = {c.name: None if c.is_nullable else DEFAULTS[c.dtype] for c in table.columns}
    return pl.DataFrame([{**defaults, **row} for row in rows], schema=table.schema)
