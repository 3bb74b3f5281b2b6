"""A row of any table from the few values that a test is about."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from warehouse.tables.contract import Table

AT = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)
TEXT = {pl.String: "x", pl.Float64: 1.0, pl.Int64: 1, pl.Boolean: True}


def make_row(table: Table, **values: object) -> pl.DataFrame:
    """One row of a table; required columns that are not given have a value that means nothing."""
    filled = {c.name: AT if c.name.endswith("_utc") else TEXT[c.dtype] for c in table.columns if not c.is_nullable}
    row = filled | values
    return pl.DataFrame([row], schema={name: table.schema[name] for name in row})
