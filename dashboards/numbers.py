"""Numbers that know where they come from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Self
from urllib.parse import parse_qsl, quote

import polars as pl

from dashboards.marks import mark, mark_time
from warehouse.tables import units
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table
from warehouse.tables.spoken import spoken

NAMED = "query:"
# What may be done to a stored value before it is written, by name.
TRANSFORMS: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "neg": lambda value: -value,
    "simple": math.expm1,
    "next": lambda value: max(round(value), 1) + 1,
    "least_one": lambda value: max(round(value), 1),
    "times": lambda value: 1.0 + value,
    "twentieth": lambda value: round(value / 20),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a number stands in the published file.

    `source` is a table or `query:` and the name of a query, `key` the columns and values that pick the row (all rows
    without any), `column` a column or an aggregate such as `count(*)`; `steps` name what was done to the value since.
    """

    source: str
    key: tuple[tuple[str, str], ...]
    column: str
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The text of `data-from`: source|key|column."""
        return f"{self.source}|{_words_of(self.key)}|{self.column}"

    @classmethod
    def read(cls, text: str) -> Origin:
        """The origin that `text` was written from; ValueError when it is none."""
        source, key, column = text.split("|")
        return cls(source, tuple(parse_qsl(key, keep_blank_values=True, strict_parsing=bool(key))), column)

    @property
    def unit(self) -> str:
        """The unit of the column by its contract; empty for counts and named queries."""
        table = tables_by_name().get(self.source)
        return next((c.unit for c in table.columns if c.name == self.column), "") if table else ""


class _Signed:
    """What numbers with an origin share: words written from them carry it.

    A number of a row finds its origin when it is asked for: most numbers are compared and never written.
    """

    found_in: Origin | tuple[StoredRow, str]

    @property
    def origin(self) -> Origin:
        """Where the number stands; KeyError when its row lacks a part of the key."""
        if not isinstance(self.found_in, Origin):
            row, name = self.found_in
            self.found_in = row.origin(name)
        return self.found_in

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.unsigned(), self.origin)

    def sign(self, words: str, form: str) -> str:
        """`words` with the mark of their origin and of the function that wrote them."""
        written = "+".join((*self.origin.steps, form))
        return mark(str(self.origin), repr(self), written, words)

    def unsigned(self) -> Any:
        """The number alone."""
        return float(self)  # type: ignore[arg-type] # every one of these is a number

    def __str__(self) -> str:
        return units.plain(self)  # type: ignore[arg-type] # every one of these is a number

    def __format__(self, spec: str) -> str:
        return units.pattern(self, spec) if spec else str(self)  # type: ignore[arg-type] # a number


class Number(_Signed, float):
    """A fraction, price or other measure with its origin; arithmetic gives plain floats without one."""

    def __new__(cls, value: float, origin: Origin | tuple[StoredRow, str]) -> Self:
        number = super().__new__(cls, value)
        number.found_in = origin
        return number

    def __abs__(self) -> float:
        return Number(abs(float(self)), replace(self.origin, steps=(*self.origin.steps, "abs")))

    def __neg__(self) -> float:
        return Number(-float(self), replace(self.origin, steps=(*self.origin.steps, "neg")))


class Count(_Signed, int):
    """A whole number with its origin."""

    def unsigned(self) -> int:
        """The number alone."""
        return int(self)

    def __new__(cls, value: int, origin: Origin | tuple[StoredRow, str]) -> Self:
        number = super().__new__(cls, value)
        number.found_in = origin
        return number

    def __str__(self) -> str:
        return units.count(self)


class Words(_Signed, str):
    """A stored sentence that may hold numbers, as people read it."""

    def __new__(cls, text: str, origin: Origin | tuple[StoredRow, str]) -> Self:
        words = super().__new__(cls, spoken(text))
        words.found_in = origin
        return words

    def sign(self, words: str, form: str) -> str:
        """`words` with the mark of their origin and of the function that wrote them."""
        return mark(str(self.origin), "", form, words)

    def unsigned(self) -> str:
        """The sentence alone."""
        return str.__str__(self)

    def __str__(self) -> str:
        return self.sign(self.unsigned(), "text")

    def __format__(self, spec: str) -> str:
        return str(self)


class Moment(datetime):
    """A moment that is written inside a `<time>`."""

    def sign(self, words: str, form: str) -> str:
        """`words` with the moment they name."""
        return mark_time(units.iso_instant(self), words)

    def unsigned(self) -> datetime:
        """The moment alone."""
        return datetime(
            self.year, self.month, self.day, self.hour, self.minute, self.second, self.microsecond, self.tzinfo
        )

    @classmethod
    def of(cls, at: datetime) -> Moment:
        """The same moment."""
        return cls(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, at.tzinfo)

    def __sub__(self, other: Any) -> Any:
        found = super().__sub__(other)
        return Length(seconds=found.total_seconds()) if isinstance(found, timedelta) else found


class Length(timedelta):
    """A length of time that is written inside a `<time>`."""

    def sign(self, words: str, form: str) -> str:
        """`words` with the length they name, in seconds."""
        return mark_time(f"PT{round(abs(self.total_seconds()))}S", words)

    def unsigned(self) -> timedelta:
        """The length alone."""
        return timedelta(seconds=self.total_seconds())


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The table whose rows a frame holds: `fixed` are parts of the key that the frame leaves out because all rows share
    them, `simple` the columns that hold returns where the table has log points."""

    table: Table
    simple: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    columns: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", columns_of(self.table))

    def rows(self, frame: pl.DataFrame) -> Iterator[StoredRow]:
        """The rows of a frame, signed."""
        return (StoredRow(row, self) for row in frame.iter_rows(named=True))

    def select(self, frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
        """The columns `names` of a frame and, after them, the parts of the key that tell its rows apart."""
        parts = [part for part in self.table.key if part not in self.fixed]
        return frame.select(list(dict.fromkeys([*names, *parts])))

    def row(self, frame: pl.DataFrame, place: int) -> StoredRow:
        """One row of a frame, signed."""
        return StoredRow(frame.row(place, named=True), self)

    def steps(self, column: str) -> tuple[str, ...]:
        """What was done to a column since it was stored."""
        return ("simple",) if column in self.simple else ()

    def key(self, row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Columns and values that pick a row; KeyError when it lacks a part of the key."""
        return tuple((part, self.fixed[part] if part in self.fixed else key_text(row[part])) for part in self.table.key)

    def origin(self, column: str, key: tuple[tuple[str, str], ...]) -> Origin:
        """Where the value of a column stands in the row that `key` picks."""
        return Origin(self.table.name, key, column, self.steps(column))


class StoredRow(dict[str, Any]):
    """A row of a table whose numbers, moments and sentences come signed."""

    def __init__(self, values: Mapping[str, Any], source: StoredRows, **more: Any) -> None:
        super().__init__(values, **more)
        self.source = source
        self._key: tuple[tuple[str, str], ...] | None = None

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        kind = type(value)
        if kind is datetime:
            return Moment.of(value)
        sign = _SIGNED.get(kind)
        if sign is None or (kind is str and name not in SENTENCES) or name not in self.source.columns:
            return value
        return sign(value, (self, name))

    def origin(self, name: str) -> Origin:
        """Where the value of a column stands; KeyError when the row lacks a part of the key."""
        if self._key is None:  # the same for every number of the row
            self._key = self.source.key(_Raw(self))
        return self.source.origin(name, self._key)

    def get(self, name: str, default: Any = None) -> Any:
        """The signed value, or `default` where there is no such column."""
        if name not in self:
            return default
        return self[name]

    def also(self, **more: Any) -> StoredRow:
        """The same row with values that the table does not hold."""
        return StoredRow(self, self.source, **more)


class _Raw(Mapping[str, Any]):
    """The values of a row unsigned."""

    def __init__(self, row: StoredRow) -> None:
        self._row = row

    def __getitem__(self, name: str) -> Any:
        return dict.__getitem__(self._row, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __len__(self) -> int:
        return len(self._row)


_SIGNED: dict[type, Callable[[Any, tuple[StoredRow, str]], Any]] = {float: Number, int: Count, str: Words}


# Columns of stored sentences, which a page prints as they are spoken.
SENTENCES = frozenset(
    {
        "reason",
        "closest_true_statement",
        "measured",
        "conventions",
        "detail",
        "missing_data",
        "note",
        "summary",
        "offer",
        "warning",
        "rarity",
        "elsewhere",
        "description",
        "example_json",
    }
)


def signed_rows(frame: pl.DataFrame, table: Table, simple: tuple[str, ...] = ()) -> Iterator[StoredRow]:
    """The rows of a frame of `table`, each with the origin of its numbers; the frame keeps the columns of the key.

    The columns `simple` hold returns where the table has log points.
    """
    return StoredRows(table, simple).rows(frame)


def ended(sentence: str) -> str:
    """A sentence with its full stop, stored or not."""
    return f"{sentence}" if sentence.endswith(".") else f"{sentence}."


def whole(value: float) -> int:
    """A measure that counts things as a whole number, with its origin if it has one."""
    return Count(int(value), value.origin) if isinstance(value, Number) else int(value)


def then(value: float, step: str) -> float:
    """What a transform of TRANSFORMS makes of a number, which its origin says."""
    made = TRANSFORMS[step](value)
    if not isinstance(value, (Number, Count)):
        return made
    origin = replace(value.origin, steps=(*value.origin.steps, step))
    return Count(made, origin) if isinstance(made, int) else Number(made, origin)


def counted(value: int, source: str | Table, column: str = "count(*)", **key: Any) -> Count:
    """A count of rows of a table where columns equal `key`, or a number of a named query (`query:name`)."""
    return Count(value, _named(source, column, key))


def derived(value: float, source: str | Table, column: str, **key: Any) -> Number:
    """An aggregate of a column, such as `max(estimate)`, or a number of a named query."""
    return Number(value, _named(source, column, key))


def stated(text: str, source: str | Table, column: str, **key: Any) -> Words:
    """A stored sentence picked by an aggregate such as `min(detail)`."""
    return Words(text, _named(source, column, key))


def _named(source: str | Table, column: str, key: Mapping[str, Any]) -> Origin:
    name = source if isinstance(source, str) else source.name
    return Origin(name, tuple((part, key_text(value)) for part, value in key.items()), column)


def key_text(value: Any) -> str:
    """A value of a key as text: moments as ISO 8601 UTC, numbers as short as they are exact."""
    if isinstance(value, datetime):
        return units.iso_instant(value) if not value.microsecond else value.isoformat()
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int):
        return int.__repr__(value)
    return float.__repr__(value) if isinstance(value, float) else str.__str__(value)


def key_words(parts: Iterable[tuple[str, Any]]) -> str:
    """Columns and values of a key as `column=value&column=value`."""
    return "&".join([f"{name}={_quoted(value)}" for name, value in parts])


@lru_cache(maxsize=4_096)
def _words_of(key: tuple[tuple[str, str], ...]) -> str:
    return key_words(key)


# The same ids and moments stand in the keys of thousands of numbers; 1 and 1.0 are not the same words.
@lru_cache(maxsize=65_536, typed=True)
def _quoted(value: Any) -> str:
    return quote(key_text(value), safe=" :/,")


@cache
def tables_by_name() -> dict[str, Table]:
    """Every table of the published file by name."""
    return load_tables()


@cache
def columns_of(table: Table) -> frozenset[str]:
    """The names of a table's columns."""
    return frozenset(table.column_names)
