"""A run records what it does, survives what goes wrong, and ends with the documented code."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows import pipeline
from flows.context import RunContext, StepReport
from flows.pipeline import run_pipeline
from flows.settings import Settings
from warehouse.store.connection import open_writer
from warehouse.tables.ops import RUN, STEP

NOW = datetime(2026, 6, 13, 2, tzinfo=UTC)


def make_settings(home: Path) -> Settings:
    return Settings(home, None, True, 0.1, None, None)


def say_nothing(_sentence: str) -> None:
    return None


def report(n_changed: int, *problems: str) -> Callable[[RunContext], StepReport]:
    return lambda _context: StepReport(n_changed, "done", problems)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[RunContext], StepReport]]:
    table: dict[str, Callable[[RunContext], StepReport]] = {"prices": report(3), "news": report(0, "feed x: no answer")}
    monkeypatch.setattr(pipeline, "STEPS", (("prices", "prices"), ("news", "news"), ("publish", "publish")))
    monkeypatch.setattr(pipeline, "load_step", lambda reference: table.get(reference, report(0)))
    return table


def test_a_run_and_its_steps_are_recorded(tmp_path: Path, steps: dict[str, object]) -> None:
    settings = make_settings(tmp_path)
    outcome = run_pipeline(settings, NOW, say=say_nothing)
    assert outcome.n_changed == 3
    assert outcome.source_problems == ["feed x: no answer"]
    with open_writer(settings.warehouse_path, 1) as warehouse:
        assert warehouse.frame(RUN)["outcome"].to_list() == ["source_failed"]
        assert warehouse.frame(STEP, order_by="step")["n_changed"].to_list() == [0, 3, 0]


def test_a_step_that_breaks_marks_the_run_as_crashed(tmp_path: Path, steps: dict[str, object]) -> None:
    def explode(_context: RunContext) -> StepReport:
        raise ZeroDivisionError("planted")

    steps["news"] = explode
    settings = make_settings(tmp_path)
    with pytest.raises(ZeroDivisionError, match="planted"):
        run_pipeline(settings, NOW, say=say_nothing)
    with open_writer(settings.warehouse_path, 1) as warehouse:
        assert warehouse.frame(RUN)["outcome"].to_list() == ["crashed"]
        assert warehouse.frame(STEP)["step"].to_list() == ["prices"]


def test_only_the_named_steps_run(tmp_path: Path, steps: dict[str, object]) -> None:
    outcome = run_pipeline(make_settings(tmp_path), NOW, say=say_nothing, names=["news"])
    assert [step.name for step in outcome.steps] == ["news"]


def test_every_step_of_the_table_can_be_loaded() -> None:
    for _name, reference in pipeline.STEPS:
        assert callable(pipeline.load_step(reference))


def run_command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.argv = ['aftershock', *sys.argv[1:]]; from flows.cli import main; main()"
    environment = {"AFTERSHOCK_HOME": str(home), "AFTERSHOCK_LOCK_DEADLINE_SECONDS": "0.1", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_busy_database_ends_with_5_and_says_so(tmp_path: Path) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1):
        result = run_command(tmp_path, "run", "--offline")
    assert result.returncode == 5, result.stderr
    assert "is being written by another run" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_home_that_cannot_be_written_ends_with_6(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run_command(tmp_path / "file" / "home", "run", "--offline")
    assert result.returncode == 6, result.stderr
    assert "Traceback" not in result.stderr


def test_a_query_before_the_first_run_says_what_to_do(tmp_path: Path) -> None:
    result = run_command(tmp_path, "query", "select 1")
    assert result.returncode == 2
    assert "run `aftershock run` first" in result.stderr


def test_an_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    result = run_command(tmp_path, "fly")
    assert result.returncode == 2
    assert "No such command" in result.stderr
