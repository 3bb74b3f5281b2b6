"""The tables a page may read, with an empty frame for every table that is absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import polars as pl

from dashboards.numbers import Moment
from warehouse.tables.bars import bar_length
from warehouse.tables.contract import Table


def newest(frame: pl.DataFrame, column: str) -> datetime | None:
    """The latest instant of a column; None when there is none."""
    value = frame[column].max() if frame.height else None
    return Moment.of(value) if isinstance(value, datetime) else None


def last_close(coverage: pl.DataFrame) -> datetime | None:
    """When the newest bar of rows of out.coverage closed; None when there is none."""
    ends = [opened + bar_length(bar) for bar, opened in coverage.select("timeframe", "last_open_utc").iter_rows()]
    return Moment.of(max(ends)) if ends else None


def oldest(frame: pl.DataFrame, column: str) -> datetime | None:
    """The earliest instant of a column; None when there is none."""
    value = frame[column].min() if frame.height else None
    return Moment.of(value) if isinstance(value, datetime) else None


def extremes(values: pl.Series) -> tuple[float, float]:
    """The smallest and largest number of a column; zeros when there is none."""
    known = values.drop_nulls()
    return (float(known.to_numpy().min()), float(known.to_numpy().max())) if known.len() else (0.0, 0.0)


class UndeclaredReadError(RuntimeError):
    """A page reads what is not among its inputs, so that it would stay as it is when that changes."""


@dataclass(frozen=True, slots=True)
class Read:
    """One input of a page: a table or named query, whole, or only the rows where `column` is `value`."""

    name: str
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Frames:
    """Tables by name. Reading a table that the published file does not hold gives its empty frame."""

    by_name: Mapping[str, pl.DataFrame]
    _parts: dict[tuple[str, ...], dict[tuple[str, ...], pl.DataFrame]] = field(default_factory=dict)
    _declared: frozenset[Read] | None = None

    def only(self, reads: Iterable[Read]) -> Frames:
        """The same tables, of which nothing but `reads` can be read: UndeclaredReadError names anything else."""
        return Frames(self.by_name, self._parts, frozenset(reads))

    def _permit(self, name: str, column: str = "", value: str = "") -> None:
        if self._declared is None or {Read(name), Read(name, column, value)} & self._declared:
            return
        wanted = f"{name} where {column} is {value}" if column else f"all of {name}"
        raise UndeclaredReadError(f"a page reads {wanted}, which is not among its inputs: add it in shell/plan.py")

    def get(self, table: Table) -> pl.DataFrame:
        """All rows of `table`."""
        self._permit(table.name)
        frame = self.by_name.get(table.name)
        return _empty(table) if frame is None else frame

    def named(self, name: str) -> pl.DataFrame:
        """The rows of a named query, or a frame without columns."""
        self._permit(name)
        return self.by_name.get(name, pl.DataFrame())

    def part(self, table: Table, column: str, value: str, **more: str) -> pl.DataFrame:
        """The rows of `table` whose `column` is `value`, and whose columns `more` are theirs.

        The table is split once by these columns, however many parts are asked for.
        """
        self._permit(table.name, column, value)
        found = self._split(table.name, column, *more).get((value, *more.values()))
        return _empty(table) if found is None else found

    def named_part(self, name: str, column: str, value: str) -> pl.DataFrame:
        """The same of a named query; a frame without columns when nothing is found."""
        self._permit(name, column, value)
        return self._split(name, column).get((value,), pl.DataFrame())

    def _split(self, name: str, *columns: str) -> dict[tuple[str, ...], pl.DataFrame]:
        key = (name, *columns)
        if key not in self._parts:
            frame = self.by_name.get(name)
            split = {} if frame is None or not frame.height else frame.partition_by(columns, as_dict=True)
            self._parts[key] = {tuple(map(str, values)): part for values, part in split.items() if None not in values}
        return self._parts[key]


@cache
def _empty(table: Table) -> pl.DataFrame:
    return table.empty()
