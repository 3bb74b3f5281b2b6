"""The file is in a format that every DuckDB client from 1.2 on opens."""

import subprocess
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.paths import PROJECT
from warehouse.store.connection import open_reader, open_writer
from warehouse.store.publish import publish
from warehouse.store.storage import STORAGE_VERSION, storage_version
from warehouse.tables.ops import CHECK_RESULT

# Installed by .ci/run; elsewhere: python -m venv .venv-oldest && .venv-oldest/bin/pip install duckdb==1.2.2
OLDEST_CLIENT = PROJECT / ".venv-oldest" / "bin" / "python"
ROW = {"check_id": "a", "description": "b", "severity": "error", "n_offending": 0, "example_json": None}
ROW |= {"run_id": "r", "rests_on": "s"}


def make_rows() -> pl.DataFrame:
    return pl.DataFrame([ROW], schema=CHECK_RESULT.schema)


def published(folder: Path) -> Path:
    source, target = folder / "warehouse.duckdb", folder / "aftershock.duckdb"
    with open_writer(source, 5) as warehouse:
        warehouse.replace(CHECK_RESULT, make_rows())
        publish(warehouse, source, target)
    return target


def test_a_new_file_and_its_publication_are_in_the_promised_format(tmp_path: Path) -> None:
    with open_reader(published(tmp_path)) as reader:
        assert storage_version(reader.connection) == f"{STORAGE_VERSION}+"


def test_a_file_of_a_newer_format_is_converted_once_with_rows_types_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema ops")
        columns = ", ".join(
            f"{c.name} {c.sql_type}{'' if c.is_nullable else ' not null'}" for c in CHECK_RESULT.columns
        )
        connection.execute(f"create table {CHECK_RESULT.name} ({columns})")
        connection.execute(f"insert into {CHECK_RESULT.name} values ('a', 'b', 'error', 0, null, 'r', 's')")
        assert storage_version(connection) != f"{STORAGE_VERSION}+"
    for _ in range(2):
        with open_writer(path, 5) as warehouse:
            assert storage_version(warehouse.connection) == f"{STORAGE_VERSION}+"
            assert warehouse.frame(CHECK_RESULT).equals(make_rows())
            uncommented = warehouse.sql("select count(*) as n from duckdb_tables() where comment is null")["n"].item()
            assert uncommented == 1  # ops.migration, which has no contract
    assert not path.with_suffix(".converting").exists()


def test_the_oldest_promised_client_reads_the_publication(tmp_path: Path) -> None:
    if not OLDEST_CLIENT.exists():
        pytest.skip(
            "needs duckdb 1.2 in .venv-oldest: python -m venv .venv-oldest, then pip install duckdb==1.2.2 in it"
        )
    code = (
        "import sys, duckdb; c = duckdb.connect(sys.argv[1], read_only=True);"
        "print(duckdb.__version__, c.execute('select check_id from ops.check_result').fetchall(),"
        "c.execute('select count(*) from core.coin_candle').fetchall())"
    )
    run = subprocess.run(
        [OLDEST_CLIENT, "-c", code, published(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.split(" ", 1) == ["1.2.2", "[('a',)] [(0,)]\n"]
