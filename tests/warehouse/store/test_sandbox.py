"""A statement that somebody typed gets its answer in every format, and reaches nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.output import csv_text
from warehouse.store.connection import open_writer
from warehouse.store.errors import QueryError
from warehouse.store.publish import publish
from warehouse.store.published.faces import Face
from warehouse.store.published.sandbox import Allowance, Sandbox, open_sandbox

ALLOWANCE = Allowance(megabytes=200, seconds=20)
# One value of every type: as SQL, in a cell of CSV, in JSON.
VALUES = {
    "ARRAY": ("[1, 2]::int[2]", "[1,2]", [1, 2]),
    "BIGINT": ("-5::bigint", "-5", -5),
    "BIGNUM": ("123456789012345678901234567890123456789012::bignum", "123456789012345678901234567890123456789012", ...),
    "BIT": ("'1010'::bit", "1010", "1010"),
    "BLOB": (r"'\xAAz'::blob", r"\xAAz", r"\xAAz"),
    "BOOLEAN": ("true", "true", True),
    "DATE": ("date '2026-06-12'", "2026-06-12", "2026-06-12"),
    "DECIMAL": ("1.50::decimal(18, 2)", "1.50", "1.50"),
    "DOUBLE": ("0.1::double", "0.1", 0.1),
    "ENUM": ("'a'::enum('a', 'b')", "a", "a"),
    "FLOAT": ("1.5::float", "1.5", 1.5),
    "GEOMETRY": ("'POINT(1 2)'::geometry", "POINT (1 2)", "POINT (1 2)"),
    "HUGEINT": ("(2::hugeint)**120::hugeint", ..., ...),
    "INTEGER": ("7::integer", "7", 7),
    "INTERVAL": ("interval 1 month", "1 month", "1 month"),
    "JSON": ("""'{"a": 1}'::json""", '{"a": 1}', '{"a": 1}'),
    "LIST": ("[1, null]", "[1,null]", [1, None]),
    "MAP": ("map {interval 1 day: date '2026-06-12'}", '{"1 day":"2026-06-12"}', {"1 day": "2026-06-12"}),
    "NULL": ("null", "", None),
    "SMALLINT": ("7::smallint", "7", 7),
    "STRUCT": ("{'a b': [interval 1 day]}", '{"a b":["1 day"]}', {"a b": ["1 day"]}),
    "TIME WITH TIME ZONE": ("'10:00:00+02'::timetz", "10:00:00+02", "10:00:00+02"),
    "TIME": ("time '00:00:00'", "00:00:00", "00:00:00"),
    "TIMESTAMP WITH TIME ZONE": ("timestamptz '2026-06-12 00:00:00+00'", "2026-06-12T00:00:00Z", ...),
    "TIMESTAMP": ("timestamp '2026-06-12 00:00:00'", "2026-06-12T00:00:00", ...),
    "TIMESTAMPTZ_NS": ("'2026-06-12 00:00:00+00'::timestamptz_ns", "2026-06-12 00:00:00+00", ...),
    "TIMESTAMP_MS": ("'2026-06-12 00:00:00.5'::timestamp_ms", "2026-06-12T00:00:00.500", ...),
    "TIMESTAMP_NS": ("'2026-06-12 00:00:00'::timestamp_ns", "2026-06-12T00:00:00", ...),
    "TIMESTAMP_S": ("'2026-06-12 00:00:00'::timestamp_s", "2026-06-12T00:00:00", ...),
    "TIME_NS": ("'10:00:00.5'::time_ns", "10:00:00.5", "10:00:00.5"),
    "TINYINT": ("7::tinyint", "7", 7),
    "TUPLE": ("row(1, interval 1 day)", "(1, 1 day)", "(1, 1 day)"),
    "TYPE": ("get_type(1)", "INTEGER", "INTEGER"),
    "UBIGINT": ("7::ubigint", "7", 7),
    "UHUGEINT": ("340282366920938463463374607431768211455::uhugeint", "340282366920938463463374607431768211455", ...),
    "UINTEGER": ("7::uinteger", "7", 7),
    "UNION": ("union_value(a := 1)", "1", "1"),
    "USMALLINT": ("7::usmallint", "7", 7),
    "UTINYINT": ("7::utinyint", "7", 7),
    "UUID": ("'051a1426-fdd4-406c-8638-3cf6e3d44257'::uuid", "051a1426-fdd4-406c-8638-3cf6e3d44257", ...),
    "VARCHAR": ("'ä, b'", "ä, b", "ä, b"),
    "VARIANT": ("1::variant", "1", "1"),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    with open_writer(folder / "warehouse.duckdb", 1) as writer:
        publish(writer, folder / "warehouse.duckdb", folder / "aftershock.duckdb")
    return folder / "aftershock.duckdb"


@pytest.fixture
def sandbox(published: Path) -> Iterator[Sandbox]:
    with open_sandbox(published, ALLOWANCE) as opened:
        yield opened


def test_every_type_of_the_database_has_a_value_here() -> None:
    rows = duckdb.connect().execute("select distinct logical_type from duckdb_types()").fetchall()
    assert {name for (name,) in rows} <= set(VALUES)


@pytest.mark.parametrize("kind", VALUES)
def test_every_type_is_written_in_every_format(sandbox: Sandbox, kind: str) -> None:
    sql, cell, value = VALUES[kind]
    statement = f"select {sql} as x"
    text = csv_text(sandbox.ask(statement, Face.CELLS))
    read = pl.read_csv(io.StringIO(text), infer_schema=False)["x"].to_list()
    assert read == [cell or None] if cell is not ... else read[0]
    [row] = json.loads(sandbox.ask(statement, Face.JSON).write_json())
    assert row["x"] == value if value is not ... else row["x"]
    buffer = io.BytesIO()
    sandbox.ask(statement).write_parquet(buffer)
    assert pl.read_parquet(io.BytesIO(buffer.getvalue())).shape == (1, 1)


@pytest.mark.parametrize(
    "sql",
    [
        "'infinity'::date",
        "'-infinity'::timestamp",
        "'infinity'::timestamptz",
        "date '0044-03-15 (BC)'",
        "time '24:00:00'",
    ],
)
def test_a_time_that_no_calendar_knows_is_text(sandbox: Sandbox, sql: str) -> None:
    for face in Face:
        assert sandbox.ask(f"select {sql} as x", face).schema == {"x": pl.String}


def test_a_column_of_known_times_keeps_its_type(sandbox: Sandbox) -> None:
    assert sandbox.ask("select timestamptz '2026-06-12 00:00:00+00' as x").schema == {"x": pl.Datetime("us", "UTC")}


def test_order_and_repeated_names_are_kept_apart(sandbox: Sandbox) -> None:
    frame = sandbox.ask("select 1 as a, n as a, n as n from range(3) as t(n) order by n desc; -- the end")
    assert frame.columns == ["a", "a_1", "n"]
    assert frame["n"].to_list() == [2, 1, 0]


@pytest.mark.parametrize("statement", ["explain select 1", "describe ops.run", "summarize ops.run", "pragma version"])
def test_what_explains_is_answered(sandbox: Sandbox, statement: str) -> None:
    assert sandbox.ask(statement, Face.CELLS).height >= 1


@pytest.mark.parametrize(
    "statement",
    [
        "from read_text('/etc/hostname')",
        "from '{folder}/other.csv'",
        "attach '{folder}/other.duckdb'",
        "copy (select 1) to '{folder}/out.csv'",
        "export database '{folder}/out'",
        "from 'https://127.0.0.1:1/x.csv'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set memory_limit = '9GB'",
        "from ALLOWANCE",
    ],
)
def test_nothing_but_the_published_file_is_in_reach(sandbox: Sandbox, tmp_path: Path, statement: str) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(QueryError):
        sandbox.ask(statement.replace("{folder}", str(tmp_path)))
    assert sorted(tmp_path.iterdir()) == before


def test_files_are_in_reach_of_those_who_mean_it(published: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    with open_sandbox(published, Allowance(200, 20, are_files_allowed=True)) as sandbox:
        assert sandbox.ask(f"from '{tmp_path}/other.csv'").rows() == [(1,)]


def test_an_endless_statement_is_stopped(published: Path) -> None:
    with open_sandbox(published, Allowance(200, 0.3)) as sandbox:
        with pytest.raises(QueryError, match=r"stopped after 0\.3 s.*--seconds"):
            sandbox.ask("select sum(a.range * b.range) from range(10000000) as a, range(10000000) as b")
        assert sandbox.ask("select 1 as x").rows() == [(1,)]


def test_an_answer_larger_than_memory_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(QueryError, match="more than 200 MB"):
        sandbox.ask("select range, random() as r, uuid() as u from range(100000000)")
