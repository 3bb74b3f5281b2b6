"""One writer, many readers, and clear words when the file cannot be had."""

import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from warehouse.store.checks import run_checks
from warehouse.store.connection import open_reader, open_writer
from warehouse.store.errors import (
    BusyError,
    NotPublishedError,
    OutdatedError,
    QueryError,
    StorageFailedError,
    StoreError,
)
from warehouse.store.frames import run_statement
from warehouse.store.publish import publish
from warehouse.store.published.sandbox import Allowance, open_sandbox
from warehouse.tables.ops import RUN
from warehouse.tables.prices import OBSERVATION, REFERENCE_PRICE

NOW = datetime(2026, 6, 13, tzinfo=UTC)


def make_run(run_id: str) -> pl.DataFrame:
    return pl.DataFrame([(run_id, "run", NOW, NOW, "done", "1")], schema=RUN.schema, orient="row")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    target = tmp_path / "aftershock.duckdb"
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        writer.merge(RUN, make_run("first"))
        publish(writer, tmp_path / "warehouse.duckdb", target)
    return target


def test_second_writer_is_told_that_the_first_is_busy(tmp_path: Path) -> None:
    with (
        open_writer(tmp_path / "warehouse.duckdb", 1),
        pytest.raises(BusyError, match="being written by another run"),
        open_writer(tmp_path / "warehouse.duckdb", 0.05),
    ):
        pass


def test_reader_is_not_disturbed_by_a_run_or_a_publication(tmp_path: Path, published: Path) -> None:
    with open_reader(published) as reader, open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        writer.merge(RUN, make_run("second"))
        publish(writer, tmp_path / "warehouse.duckdb", published)
        assert reader.frame(RUN)["run_id"].to_list() == ["first"]
    with open_reader(published) as later:
        assert later.frame(RUN, order_by="run_id")["run_id"].to_list() == ["first", "second"]


def test_missing_published_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotPublishedError, match="aftershock run"), open_reader(tmp_path / "aftershock.duckdb"):
        pass


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "aftershock.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageFailedError, match=r"aftershock\.duckdb is damaged: .*aftershock run"), open_reader(path):
        pass


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("drop table ops.run", "read-only|Cannot execute"),
        ("select 1; select 2", "expected one statement"),
        ("selec 1", "syntax error"),
        ("select nothing from ops.run", "nothing"),
    ],
)
def test_a_statement_that_cannot_run_is_explained(published: Path, statement: str, complaint: str) -> None:
    limits = Allowance(megabytes=500, seconds=20)
    with open_sandbox(published, limits) as sandbox, pytest.raises(QueryError, match=complaint):
        sandbox.ask(statement)


def test_a_stored_type_that_differs_from_its_contract_is_named(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with open_writer(path, 1) as writer:
        writer.connection.execute("alter table ops.run alter version type bigint").fetchall()
        writer.connection.execute("delete from ops.migration where migration_id like 'contracts-%'").fetchall()
    with pytest.raises(StoreError, match=r"ops\.run\.version is stored as BIGINT"), open_writer(path, 1):
        pass


def test_kill_in_the_middle_leaves_a_consistent_file(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with open_writer(path, 1) as writer:
        writer.merge(RUN, make_run("first"))
    code = (
        "import os, signal, sys; from pathlib import Path; from warehouse.store.connection import open_writer\n"
        "with open_writer(Path(sys.argv[1]), 1) as writer:\n"
        "    writer.connection.execute('begin').fetchall()\n"
        '    writer.connection.execute("delete from ops.run").fetchall()\n'
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -signal.SIGKILL
    with open_writer(path, 1) as writer:
        assert writer.frame(RUN)["run_id"].to_list() == ["first"]


def refuse_large_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_disk_that_refuses_is_a_storage_error_and_keeps_the_old_rows(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with open_writer(path, 1) as writer:
        writer.merge(RUN, make_run("first"))
    code = (
        "import sys, polars as pl; from pathlib import Path; from datetime import datetime, UTC\n"
        "from warehouse.store.connection import open_writer; from warehouse.store.errors import StorageFailedError\n"
        "from warehouse.tables.ops import RUN\n"
        "now = datetime(2026, 6, 13, tzinfo=UTC)\n"
        "rows = [(f'{i:x}' * 40, 'run', now, now, 'done', str(i)) for i in range(100_000, 300_000)]\n"
        "try:\n"
        "    with open_writer(Path(sys.argv[1]), 1) as writer:\n"
        "        writer.merge(RUN, pl.DataFrame(rows, schema=RUN.schema, orient='row'))\n"
        "        writer.connection.execute('checkpoint').fetchall()\n"
        "except StorageFailedError as error:\n"
        "    print(error); sys.exit(6)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    result = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=refuse_large_files)
    assert result.returncode == 6, result.stderr
    assert "free space" in result.stdout
    with open_writer(path, 1) as writer:
        assert "first" in writer.frame(RUN)["run_id"].to_list()


def test_a_file_of_another_version_is_named_with_its_remedy(tmp_path):
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        run_statement(warehouse.connection, "drop table out.reference_price")
        run_statement(warehouse.connection, "alter table core.observation drop column first_seen_at_utc")
        publish(warehouse, tmp_path / "warehouse.duckdb", tmp_path / "aftershock.duckdb")
    asked = (
        lambda reader: reader.frame(REFERENCE_PRICE),
        lambda reader: reader.frame(OBSERVATION),
        lambda reader: reader.query("study_observations", asset_ids=["TAO"], as_of=None),
        run_checks,
    )
    for ask in asked:
        with (
            pytest.raises(OutdatedError, match=r"written by another version: .*; bring it up to date: aftershock run"),
            open_reader(tmp_path / "aftershock.duckdb") as reader,
        ):
            ask(reader)


def test_digests_of_all_rows_and_of_those_of_each_value_come_from_one_reading(tmp_path: Path) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        assert writer.digest_parts(RUN, ("run_id",)) == {"": {"": writer.digest(RUN)}, "run_id": {}}
        ended = pl.lit(None, RUN.schema["finished_at_utc"])
        runs = pl.concat([make_run("a"), make_run("b"), make_run("c").with_columns(finished_at_utc=ended)])
        writer.merge(RUN, runs)
        found = writer.digest_parts(RUN, ("run_id", "finished_at_utc", "command"))
        assert found["run_id"] == {run_id: writer.digest_rows(RUN, f"run_id = '{run_id}'") for run_id in "abc"}
        assert found["command"] == {"run": writer.digest(RUN)}
        assert found["finished_at_utc"] == {NOW: writer.digest_rows(RUN, "finished_at_utc is not null")}
        assert found[""] == {"": writer.digest(RUN)}
        assert len({*found["run_id"].values(), found[""][""], *found["finished_at_utc"].values()}) == 5
