"""Answer a statement that somebody typed, with nothing but the published file in reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from duckdb.sqltypes import DuckDBPyType

from warehouse.store.arrow import ArrowStream
from warehouse.store.connection import Reader, open_reader
from warehouse.store.errors import DamagedError, QueryError, fault_of
from warehouse.store.frames import run_statement
from warehouse.store.published.faces import Face, cast_column, range_of
from warehouse.tables.units import plain

# Answers are made inside the database first, so that this bounds them too.
_ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a statement may use; without `are_files_allowed` it reaches no file, network or extension."""

    megabytes: int
    seconds: float
    are_files_allowed: bool = False


class Sandbox:
    """A reader's connection with its settings locked."""

    def __init__(self, reader: Reader, limits: Allowance) -> None:
        self._connection = reader.connection
        self._limits = limits
        for setting in (
            f"set memory_limit = '{limits.megabytes}MB'",
            "set max_temp_directory_size = '0KB'",
            "set python_enable_replacements = false",
            "set allow_community_extensions = false",
            *(() if limits.are_files_allowed else ("set enable_external_access = false",)),
            "set lock_configuration = true",
        ):
            run_statement(self._connection, setting)

    def ask(self, statement: str, face: Face = Face.TYPED) -> pl.DataFrame:
        """The rows of one statement, every column of a kind that `face` writes; the order is the statement's.

        Two columns of one name are told apart by a number. Raises QueryError when the statement is not a single
        valid one, or reaches past what is allowed.
        """
        timer = threading.Timer(self._limits.seconds, self._connection.interrupt)
        timer.start()
        try:
            return self._answer(self._single(statement), face)
        except duckdb.InterruptException as exc:
            raise QueryError(
                f"stopped after {plain(self._limits.seconds)} s; ask for less, or give more with --seconds"
            ) from exc
        except duckdb.OutOfMemoryException as exc:
            raise QueryError(
                f"needs more than {self._limits.megabytes} MB; ask for less, or give more with --megabytes"
            ) from exc
        except duckdb.PermissionException as exc:
            raise QueryError(f"{exc}; --allow-files allows what the machine's user may do") from exc
        except duckdb.Error as exc:
            if isinstance(fault_of(exc, Path(), ""), DamagedError):
                raise  # of the file, which only the one that opened it can name
            raise QueryError(str(exc)) from exc
        finally:
            timer.cancel()

    def _single(self, statement: str) -> duckdb.Statement:
        parsed = self._connection.extract_statements(statement)
        if len(parsed) != 1:
            raise QueryError(f"expected one statement, got {len(parsed)}")
        return parsed[0]

    def _answer(self, statement: duckdb.Statement, face: Face) -> pl.DataFrame:
        text = _without_end(statement.query)
        relation = self._connection.sql(text)
        if relation is None:
            raise QueryError("the statement returns no rows; the published file is read-only")
        names, kinds = _distinct(relation.columns), relation.types
        places = [f"c{place}" for place in range(len(names))]
        if statement.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI):
            places = [f"#{place + 1}" for place in range(len(names))]
            shown = relation.project(", ".join(cast_column(*pair, face) for pair in zip(places, kinds, strict=True)))
            return pl.DataFrame(ArrowStream(shown), schema=names)
        held = (
            f"{place if range_of(kind) else cast_column(place, kind, face)} as {place}"
            for place, kind in zip(places, kinds, strict=True)
        )
        asked = f"select {', '.join(held)} from (\n{text}\n) as asked({', '.join(places)})"
        run_statement(self._connection, f"drop table if exists temp.{_ANSWER}")
        run_statement(self._connection, f"create temp table {_ANSWER} as {asked}")
        columns = (self._shown(*pair) for pair in zip(places, kinds, strict=True))
        frame = pl.DataFrame(ArrowStream(self._connection.sql(f"select {', '.join(columns)} from temp.{_ANSWER}")))
        return frame.rename(dict(zip(frame.columns, names, strict=True)))

    def _shown(self, place: str, kind: DuckDBPyType) -> str:
        """A column of the answer; a time that no calendar knows (infinity) makes its column text."""
        known = range_of(kind)
        if known:
            beyond = f"select count(*) from temp.{_ANSWER} where {place} not between {known[0]} and {known[1]}"
            [(n_beyond,)] = run_statement(self._connection, beyond)
            if n_beyond:
                return f"cast({place} as varchar) as {place}"
        return place


@contextmanager
def open_sandbox(path: Path, limits: Allowance) -> Iterator[Sandbox]:
    """A sandbox over the published file; raises NotPublishedError when there is none."""
    with open_reader(path) as reader:
        yield Sandbox(reader, limits)


def _without_end(text: str) -> str:
    """A statement without the semicolon and the comments after it, so that it can stand in parentheses."""
    words = [(start, kind) for start, kind in duckdb.tokenize(text) if kind != duckdb.token_type.comment]
    data = text.encode()
    if words and data[words[-1][0] :].lstrip().startswith(b";"):
        return data[: words[-1][0]].decode()
    return text


def _distinct(names: list[str]) -> list[str]:
    """`names` with a number after each that stood before."""
    found: list[str] = []
    for name in names:
        free, number = name, 1
        while free in found:
            free, number = f"{name}_{number}", number + 1
        found.append(free)
    return found
