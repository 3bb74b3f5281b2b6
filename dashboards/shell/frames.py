"""The tables a page may read, with an empty frame for every table that is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import polars as pl

from warehouse.tables.contract import Table


def newest(frame: pl.DataFrame, column: str) -> datetime | None:
    """The latest instant of a column; None when there is none."""
    value = frame[column].max() if frame.height else None
    return value if isinstance(value, datetime) else None


def oldest(frame: pl.DataFrame, column: str) -> datetime | None:
    """The earliest instant of a column; None when there is none."""
    value = frame[column].min() if frame.height else None
    return value if isinstance(value, datetime) else None


def extremes(values: pl.Series) -> tuple[float, float]:
    """The smallest and largest number of a column; zeros when there is none."""
    known = values.drop_nulls()
    return (float(known.to_numpy().min()), float(known.to_numpy().max())) if known.len() else (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Frames:
    """Tables by name. Reading a table that the published file does not hold gives its empty frame."""

    by_name: Mapping[str, pl.DataFrame]
    _parts: dict[tuple[str, str], dict[str, pl.DataFrame]] = field(default_factory=dict)

    def get(self, table: Table) -> pl.DataFrame:
        """All rows of `table`."""
        frame = self.by_name.get(table.name)
        return _empty(table) if frame is None else frame

    def named(self, name: str) -> pl.DataFrame:
        """The rows of a named query, or a frame without columns."""
        return self.by_name.get(name, pl.DataFrame())

    def part(self, table: Table, column: str, value: str) -> pl.DataFrame:
        """The rows of `table` whose `column` is `value`; the table is split once, however many parts are asked for."""
        key = (table.name, column)
        if key not in self._parts:
            frame = self.get(table).filter(pl.col(column).is_not_null())
            split = frame.partition_by(column, as_dict=True, maintain_order=True)
            self._parts[key] = {str(name[0]): part for name, part in split.items()}
        found = self._parts[key].get(value)
        return _empty(table) if found is None else found


@cache
def _empty(table: Table) -> pl.DataFrame:
    return table.empty()
