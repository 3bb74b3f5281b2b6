"""One fingerprint of everything that can change a result: data, specification, and the source of what computes it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from types import FunctionType

import numpy as np
import polars as pl

from analysis.results.source import hash_source


@dataclass(frozen=True, slots=True)
class SourceCode:
    """The source of a module and of every module of ours that it imports, by the module's name."""

    module: str


@dataclass(frozen=True, slots=True)
class Digested:
    """The digest of a part that many fingerprints name, in the part's place."""

    digest: bytes

    @classmethod
    def of(cls, part: object) -> Digested:
        """Of any part that has a fingerprint."""
        return cls(_digest(part))


def fingerprint(*parts: object) -> str:
    """sha256 over `parts` in order, the same in every process and different for different parts.

    Parts are None, truth values, numbers, text, bytes, instants and lengths of time, arrays, polars frames, sources,
    functions (with the source of their module), and dataclasses, sequences, sets and mappings of such; order counts in
    sequences and frames only. TypeError for anything else.
    """
    return _digest(parts).hex()


def _digest(part: object) -> bytes:
    if type(part) is Digested:
        return part.digest
    # Rows of a study repeat the same few words; numbers stay out, because 0.0 and -0.0 are one key and two values.
    return _digest_of_text(part) if type(part) is str else _digest_of(part)


@lru_cache(maxsize=65_536)
def _digest_of_text(text: str) -> bytes:
    return _digest_of(text)


def _digest_of(part: object) -> bytes:
    digest = hashlib.sha256(_kind(part).encode())
    for piece in _pieces(part):
        # Lengths first, so that no two lists of pieces run together into the same bytes.
        digest.update(struct.pack(">Q", len(piece)))
        digest.update(piece)
    return digest.digest()


def _kind(part: object) -> str:
    return _kind_of(type(part))  # type: ignore[arg-type]  # a class is hashable, which mypy does not know


@cache
def _kind_of(kind: type) -> str:
    if issubclass(kind, SourceCode):
        return "source"
    if is_dataclass(kind):
        return f"dataclass {kind.__qualname__}"
    for name, kinds in _KINDS:
        if issubclass(kind, kinds):
            return name
    raise TypeError(f"{kind.__name__} has no fingerprint: pass its values")


_KINDS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("none", type(None)),
    ("bool", (bool, np.bool_)),
    ("int", (int, np.integer)),
    ("float", (float, np.floating)),
    ("text", str),
    ("bytes", bytes),
    ("instant", datetime),
    ("date", date),
    ("duration", timedelta),
    ("array", np.ndarray),
    ("frame", pl.DataFrame),
    ("function", FunctionType),
    ("mapping", Mapping),
    ("set", AbstractSet),
    ("sequence", (tuple, list)),
)


def _pieces(part: object) -> Iterable[bytes]:
    """The bytes that stand for a part; the plain kinds first, of which there are most."""
    if type(part) in _PLAIN:
        return (_words(part).encode(),)
    return _compound_pieces(part)


def _compound_pieces(part: object) -> Iterator[bytes]:
    match part:
        case np.ndarray():
            yield f"{part.dtype.str} {part.shape}".encode()
            yield part.tobytes()
        case pl.DataFrame():
            for column in part.iter_columns():
                yield from _column_pieces(column)
        case SourceCode():
            yield hash_source(part.module)
        case FunctionType():
            yield part.__qualname__.encode()
            yield hash_source(part.__module__)
        case Mapping():
            yield from sorted(_digest(key) + _digest(value) for key, value in part.items())
        case AbstractSet():
            yield from sorted(_digest(element) for element in part)
        case tuple() | list():
            yield from map(_digest, part)
        case bytes():
            yield part
        case datetime() | date():
            yield part.isoformat().encode()
        case _ if is_dataclass(part) and not isinstance(part, type):
            yield from (name.encode() + _digest(getattr(part, name)) for name in _field_names(type(part)))
        case _:
            yield _words(part).encode()


_PLAIN = frozenset((type(None), bool, int, float, str))


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _words(part: object) -> str:
    if isinstance(part, bool | np.bool_):
        return str(bool(part))
    if isinstance(part, int | np.integer):
        return str(int(part))
    return repr(float(part)) if isinstance(part, float | np.floating) else str(part)


def _column_pieces(column: pl.Series) -> Iterator[bytes]:
    """Name, type, absences and values of a column of fixed width or text."""
    yield f"{column.name} {column.dtype}".encode()
    has_nulls = column.null_count() > 0
    yield column.is_null().to_numpy().tobytes() if has_nulls else bytes(column.len())
    if column.dtype == pl.String:
        known = column.fill_null("") if has_nulls else column
        yield known.str.len_bytes().to_numpy().tobytes()
        yield "".join(known).encode()
    else:
        physical = column.to_physical()
        yield (physical.fill_null(0) if has_nulls else physical).to_numpy().tobytes()
