"""How the columns of any statement are cast, so that frames can hold them and formats can write them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from duckdb.sqltypes import DuckDBPyType


class Face(Enum):
    """What a column must survive: cells of text, the values of JSON, or a typed file."""

    CELLS = auto()
    JSON = auto()
    TYPED = auto()


# Kinds that frames hold and every format writes as they are.
_WHOLE = ("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint")
_PLAIN = frozenset({*_WHOLE, "boolean", "float", "double", "decimal", "varchar"})
# Kinds that frames hold with years that calendars know; `infinity` and years past them are text.
TIMES = {
    "date": ("date '0001-01-01'", "date '9999-12-31'"),
    "timestamp": ("timestamp '0001-01-01'", "timestamp '9999-12-31 23:59:59.999999'"),
    "timestamp_s": ("timestamp_s '0001-01-01'", "timestamp_s '9999-12-31 23:59:59'"),
    "timestamp_ms": ("timestamp_ms '0001-01-01'", "timestamp_ms '9999-12-31 23:59:59'"),
    "timestamp_ns": ("timestamp_ns '1678-01-01'", "timestamp_ns '2262-01-01'"),
    "timestamp with time zone": ("timestamptz '0001-01-01 00:00:00+00'", "timestamptz '9999-12-31 23:59:59.999999+00'"),
    "time": ("time '00:00:00'", "time '23:59:59.999999'"),
}
_TEXT = "varchar"


def cast_column(column: str, kind: DuckDBPyType, face: Face) -> str:
    """The expression that gives `column` in a form that a frame holds and `face` writes.

    What has no such form (intervals, bits, unions, variants, …) is the text that DuckDB shows; lists, structs and maps
    are JSON text in cells.
    """
    wanted = _cast_kind(kind, face, is_inner=False)
    value = column if wanted == str(kind).lower() else f"cast({column} as {wanted})"
    return f"cast(to_json({value}) as varchar)" if _is_nested(wanted) and face is Face.CELLS else value


def range_of(kind: DuckDBPyType) -> tuple[str, str] | None:
    """The first and last value of a kind of time that frames and calendars know; None for other kinds."""
    return TIMES.get(kind.id)


def _cast_kind(kind: DuckDBPyType, face: Face, is_inner: bool) -> str:
    if kind.id in _PLAIN:
        return str(kind).lower()
    if kind.id in TIMES:
        return _TEXT if is_inner else str(kind).lower()
    if kind.id == "blob" and face is Face.TYPED:
        return "blob"
    if kind.id in ("list", "array"):
        return f"{_cast_kind(_child(kind, 'child'), face, is_inner=True)}[]"
    if kind.id == "map":
        return f"map(varchar, {_cast_kind(_child(kind, 'value'), face, is_inner=True)})"
    if kind.id == "struct":
        fields = (f"{_quoted(name)} {_cast_kind(inner, face, is_inner=True)}" for name, inner in _children(kind))
        return f"struct({', '.join(fields)})"
    return _TEXT


def _children(kind: DuckDBPyType) -> Iterator[tuple[str, DuckDBPyType]]:
    for name, inner in kind.children:
        if isinstance(inner, DuckDBPyType):
            yield name, inner


def _child(kind: DuckDBPyType, name: str) -> DuckDBPyType:
    return dict(_children(kind))[name]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _is_nested(kind: str) -> bool:
    return kind.endswith("[]") or kind.startswith(("struct(", "map("))
