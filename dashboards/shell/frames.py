"""The tables a page may read, with an empty frame for every table that is absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Protocol, runtime_checkable

import polars as pl

from dashboards.numbers import Moment, StoredRow, signed_rows
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


_ROW = "#"  # no column has this name


class UndeclaredReadError(RuntimeError):
    """A page reads what is not among its inputs, so that it would stay as it is when that changes."""


@dataclass(frozen=True, slots=True)
class Read:
    """One input of a page: a table or named query, whole, or only the rows where `column` is `value`."""

    name: str
    column: str = ""
    value: str = ""


@runtime_checkable
class ReadsParts(Protocol):
    """Tables of which rows can be read without the rest."""

    def rows(self, name: str, column: str, values: Sequence[str]) -> pl.DataFrame | None:
        """The rows whose `column` is one of `values`; None for a table that is better read whole."""


@dataclass(frozen=True, slots=True)
class SplitFrame:
    """A frame whose rows of the same values of some columns lie together, and where those lie."""

    ordered: pl.DataFrame
    places: Mapping[tuple[str, ...], tuple[int, int]]

    @classmethod
    def of(cls, frame: pl.DataFrame, columns: Sequence[str]) -> SplitFrame:
        """The parts of `frame`, each in its order; rows without a value in one of `columns` are in none."""
        if not frame.height:
            return cls(frame, {})
        # Rows are brought together by hashing: sorting them by several ids takes twice as long.
        rows = frame.select(*columns, pl.int_range(pl.len(), dtype=pl.UInt32).alias(_ROW))
        found = rows.group_by(columns, maintain_order=True).agg(_ROW)
        ends = found[_ROW].list.len().cum_sum().to_list()
        names = zip(*(found[column].to_list() for column in columns), strict=True)
        starts = (0, *ends[:-1])
        places = {
            tuple(map(str, name)): (start, end - start)
            for name, start, end in zip(names, starts, ends, strict=True)
            if None not in name
        }
        return cls(frame[found[_ROW].explode()], places)

    def get(self, name: tuple[str, ...]) -> pl.DataFrame | None:
        """The rows of one value, or of several columns' values; None when there are none."""
        place = self.places.get(name)
        return None if place is None else self.ordered.slice(*place)


@dataclass(slots=True)
class Shelf:
    """What is split already, and which parts are asked for next."""

    parts: dict[tuple[str, ...], SplitFrame] = field(default_factory=dict)
    narrow: dict[tuple[str, ...], SplitFrame] = field(default_factory=dict)
    rows: dict[tuple[str, ...], pl.DataFrame | None] = field(default_factory=dict)
    expected: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    signed: dict[tuple[str, str], dict[str, StoredRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frames:
    """Tables by name. Reading a table that the published file does not hold gives its empty frame."""

    by_name: Mapping[str, pl.DataFrame]
    _shelf: Shelf = field(default_factory=Shelf)
    _declared: frozenset[Read] | None = None

    def only(self, reads: Iterable[Read]) -> Frames:
        """The same tables, of which nothing but `reads` can be read: UndeclaredReadError names anything else."""
        return Frames(self.by_name, self._shelf, frozenset(reads))

    def expect(self, reads: Iterable[Read]) -> None:
        """Say which parts are asked for next: those of a bulky table are read together, and the last ones forgotten."""
        self._shelf.narrow.clear()
        self._shelf.rows.clear()
        self._shelf.expected.clear()
        for read in reads:
            if read.column:
                self._shelf.expected.setdefault((read.name, read.column), set()).add(read.value)

    def _permit(self, name: str, column: str = "", value: str = "") -> None:
        if self._declared is None or Read(name) in self._declared or Read(name, column, value) in self._declared:
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

        What is read is split once by these columns, however many parts are asked for.
        """
        self._permit(table.name, column, value)
        found = self._split(table.name, value, column, *more).get((value, *more.values()))
        return _empty(table) if found is None else found

    def parts(self, table: Table, column: str, values: Sequence[str]) -> pl.DataFrame:
        """The rows of `table` whose `column` is one of `values`, together and as they are stored."""
        for value in values:
            self._permit(table.name, column, value)
        frame = self.by_name.get(table.name)
        return _empty(table) if frame is None else frame.filter(pl.col(column).is_in(values))

    def row(self, table: Table, column: str, value: str) -> StoredRow | None:
        """The one row of `table` whose `column` is `value`, signed; None when there is none. All are found at once."""
        self._permit(table.name, column, value)
        if (key := (table.name, column)) not in self._shelf.signed:
            rows = signed_rows(self.by_name.get(table.name, _empty(table)), table)
            self._shelf.signed[key] = {row[column]: row for row in rows}
        return self._shelf.signed[key].get(value)

    def named_part(self, name: str, column: str, value: str) -> pl.DataFrame:
        """The same of a named query; a frame without columns when nothing is found."""
        self._permit(name, column, value)
        found = self._split(name, value, column).get((value,))
        return pl.DataFrame() if found is None else found

    def _split(self, name: str, value: str, *columns: str) -> SplitFrame:
        key, shelf = (name, *columns), self._shelf
        if key in shelf.parts:
            return shelf.parts[key]
        is_expected = value in (together := shelf.expected.get((name, columns[0]), ()))
        narrow_key = key if is_expected else (*key, value)
        if narrow_key in shelf.narrow:
            return shelf.narrow[narrow_key]
        if isinstance(self.by_name, ReadsParts):
            asked = (name, columns[0]) if is_expected else (name, columns[0], value)
            if asked not in shelf.rows:
                shelf.rows[asked] = self.by_name.rows(name, columns[0], sorted(together) if is_expected else (value,))
            if (rows := shelf.rows[asked]) is not None:
                shelf.narrow[narrow_key] = SplitFrame.of(rows, columns)
                return shelf.narrow[narrow_key]
        frame = self.by_name.get(name)
        shelf.parts[key] = SplitFrame.of(pl.DataFrame() if frame is None else frame, columns)
        return shelf.parts[key]


@cache
def _empty(table: Table) -> pl.DataFrame:
    return table.empty()
