"""What a reader is told of a number: the statement that returns it, and how it was written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboards.marks import CLOSE, OPEN
from dashboards.numbers import NAMED, Origin, columns_of, tables_by_name
from warehouse.tables.queries import query_text

# Columns of a result that say how it was computed and how far its data reach.
_BESIDE = ("conventions", "data_as_of_utc")


def sql_of(origin: Origin) -> str:
    """The statement that returns the number, with what its row says of conventions and as-of."""
    values = {name: value.replace("'", "''") for name, value in origin.key}
    if origin.source.startswith(NAMED):
        text = query_text(origin.source.removeprefix(NAMED)).strip()
        if "$" not in text:
            where = " and ".join(f"{name} = '{value}'" for name, value in values.items())
            return f"select {origin.column} from ({text}) where {where}"
        for name, value in values.items():
            text = text.replace(f"${name}", f"'{value}'")
        return text
    table = tables_by_name()[origin.source]
    beside = [name for name in _BESIDE if name in columns_of(table) and "(" not in origin.column]
    where = " and ".join(f"{name} = '{value}'" for name, value in values.items())
    names = ", ".join(dict.fromkeys([origin.column, *beside]))
    return f"select {names} from {origin.source}" + (f" where {where}" if where else "")


def sources_of(names: set[str]) -> dict[str, Any]:
    """What a page says of the tables and queries its numbers come from: meaning, and units of columns."""
    found: dict[str, Any] = {}
    for name in sorted(names):
        if name.startswith(NAMED):
            found[name] = {"sql": query_text(name.removeprefix(NAMED)).strip()}
            continue
        table = tables_by_name()[name]
        beside = [column for column in _BESIDE if column in columns_of(table)]
        units_of = {column.name: column.unit for column in table.columns if column.unit}
        found[name] = {"about": table.description, "units": units_of, "beside": beside}
    return found


class _Probe:
    """A value whose signature is the form in which it was written."""

    def sign(self, words: str, form: str) -> str:
        """The form alone."""
        return f"{OPEN}{form}{CLOSE}"


class _ProbeNumber(_Probe, float):
    def unsigned(self) -> float:
        return float(self)


class _ProbeMoment(_Probe, datetime):
    def unsigned(self) -> datetime:
        return datetime(self.year, self.month, self.day, tzinfo=self.tzinfo)


def form_of(write: Callable[[Any], str], dtype: pl.DataType) -> str:
    """How `write` writes a column: the writer of units with its arguments, or `text`; empty for other functions."""
    if dtype == pl.String:
        return "text" if write is str else ""
    words = write(_ProbeMoment(1970, 1, 1, tzinfo=UTC) if isinstance(dtype, pl.Datetime) else _ProbeNumber(1.0))
    # Words around the value are no part of what a writer can write again.
    is_whole = words.startswith(OPEN) and words.index(CLOSE) == len(words) - 1 if CLOSE in words else False
    return words[1:-1] if is_whole else ""
