"""`aftershock query` as an analyst types it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.context import RunContext
from flows.output import Format, emit, printable, talk
from flows.steps.publish import publish_warehouse
from tests.command_parameters import all_parameters
from tests.flows.shipped import open_shipped
from tests.paths import PROJECT, SHARED
from warehouse.store.errors import QueryError
from warehouse.store.published.history import keep_published


@pytest.fixture(scope="module", autouse=True)
def published_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    all_parameters()  # registers the commands
    with open_shipped(home) as run:
        publish_warehouse(RunContext(run.settings, run.warehouse, run.run_id, run.now, run.say))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSHOCK_HOME", str(home))
        yield home


def query(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["query", *words], input=stdin)


def test_midnight_is_a_time_and_colons_are_no_pictures() -> None:
    result = query("select timestamptz '2026-06-12 00:00:00+00' as t, ':smile: [bold]x[/bold]' as words")
    assert "2026-06-12 00:00:00" in result.stdout
    assert ":smile: [bold]x[/bold]" in result.stdout


def test_a_statement_comes_from_standard_input() -> None:
    assert query("-", "--format", "csv", stdin="select 1 as a\n;\n").stdout == "a\n1\n"


@pytest.mark.parametrize(
    ("name", "first"), [("a.csv", b"a,d\n1,1 day\n"), ("a.json", b'[{"a":1'), ("a.parquet", b"PAR1")]
)
def test_the_ending_of_a_file_decides_its_format(tmp_path: Path, name: str, first: bytes) -> None:
    result = query("select 1 as a, interval 1 day as d", "--out", str(tmp_path / name))
    assert result.exit_code == 0
    assert (tmp_path / name).read_bytes().startswith(first)
    assert result.stdout == ""


def test_a_file_without_a_known_ending_is_refused(tmp_path: Path) -> None:
    result = query("select 1", "--out", str(tmp_path / "a.xyz"))
    assert result.exception is not None
    assert ".parquet" in str(result.exception)


def test_a_wrong_name_is_the_statements_fault_not_the_files() -> None:
    result = query("select * from out.claim_verdct")
    assert isinstance(result.exception, QueryError)
    assert "claim_verdict" in str(result.exception)


def test_control_characters_of_data_never_reach_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "TAO\x1b]0;pwn\x07\x1b[31m\x9b2J\u202e/USDT"
    emit(pl.DataFrame({"a\x1b[1m": [evil]}), Format.TABLE, title=evil)
    talk(evil)
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert "TAO]0;pwn[31m2J/USDT" in text
        assert not set(text) & set("\x1b\x07\x9b\u202e")


def test_a_terminal_shows_csv_without_control_characters_and_a_pipe_gets_the_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, expected in ((Terminal(), "a\n[31m\n"), (io.StringIO(), "a\n\x1b[31m\n")):
        monkeypatch.setattr(sys, "stdout", stream)
        emit(pl.DataFrame({"a": ["\x1b[31m"]}), Format.CSV)
        assert stream.getvalue() == expected


def test_lines_and_letters_stay() -> None:
    assert printable("a\tb\nÄ–…é日本 ✕") == "a\tb\nÄ–…é日本 ✕"


def test_only_one_place_writes_to_the_terminal() -> None:
    allowed = {"flows/output.py", "flows/cli.py"}
    found = {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "flows").rglob("*.py")
        if "sys.stdout.write" in path.read_text() or "sys.stderr.write" in path.read_text()
    }
    assert found <= allowed


def test_the_shipped_case_of_an_evil_symbol_is_shown_harmless(tmp_path: Path, published_home: Path) -> None:
    case = SHARED / "cases" / "operator" / "ansi.csv"
    if not case.exists():
        pytest.skip("needs ../shared/cases beside the project")
    runner = CliRunner()
    imported = runner.invoke(app, ["import", "prices", str(case)])
    listed = runner.invoke(app, ["quarantine", "list"])
    for text in (imported.output, listed.output, str(imported.exception), str(listed.exception)):
        assert not set(text) & set("\x1b\x07")


def test_an_earlier_instant_asks_the_file_that_stood_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish_text(text: str, at: int) -> None:
        published = tmp_path / "aftershock.duckdb"
        keep_published(published)
        published.unlink(missing_ok=True)
        with duckdb.connect(str(published)) as connection:
            connection.execute(f"create table word as select '{text}' as said")
        os.utime(published, (at, at))

    for text, at in (("first", 1_000_000), ("second", 2_000_000), ("third", 3_000_000)):
        publish_text(text, at)
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))

    def said(instant: str) -> str:
        return query("select said from word", "--as-of", instant, "--format", "csv").stdout.split()[-1]

    assert said("1970-01-20T00:00:00Z") == "first"
    assert said("1970-01-24T03:33:19Z") == "first"
    assert said("1970-01-24T03:33:20Z") == "second"
    assert said("2026-01-01") == "third"
    fault = query("select said from word", "--as-of", "1970-01-02").exception
    assert "no published file of 1970-01-02 00:00:00 UTC or before is kept: the oldest is of 1970-01-12" in str(fault)
