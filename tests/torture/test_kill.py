"""`kill -9` after every step, then a run: the same result as an undisturbed run."""

import signal
from pathlib import Path

import pytest

from flows.jobs.maintenance import compare_published
from flows.pipeline import STEPS
from tests.e2e.command import run_aftershock
from tests.torture.counted import note

pytestmark = pytest.mark.slow

NOW = "2026-07-02T00:00:00Z"
KILL_AFTER = """
import os, signal, sys
import flows.pipeline as pipeline
load, victim = pipeline.load_step, sys.argv.pop(1)
references = dict(pipeline.STEPS)
def load_and_kill(reference):
    step = load(reference)
    def killed(context):
        report = step(context)
        if reference == references[victim]:
            os.kill(os.getpid(), signal.SIGKILL)
        return report
    return killed
pipeline.load_step = load_and_kill
from flows.cli import main
main()
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("undisturbed")
    result = run_aftershock(home, "run", "--offline", "--now", NOW)
    assert result.returncode == 0, result.stderr
    return home


def test_a_run_killed_after_each_step_in_turn_ends_like_an_undisturbed_one(tmp_path: Path, undisturbed: Path) -> None:
    """Each run goes on where the one before was killed, and is killed a step later."""
    for step, _ in STEPS:
        killed = run_aftershock(tmp_path, step, "run", "--offline", "--now", NOW, code=KILL_AFTER)
        assert killed.returncode == -signal.SIGKILL, f"{step}: {killed.stderr}"
    result = run_aftershock(tmp_path, "run", "--offline", "--now", NOW)
    assert result.returncode == 0, result.stderr
    differences = compare_published(undisturbed / "aftershock.duckdb", tmp_path / "aftershock.duckdb")
    # The history of verdicts names the run that judged; another home has another run.
    assert differences.filter(differences["table"] != "out.claim_history").rows() == []
    pages = {p.relative_to(undisturbed) for p in (undisturbed / "site").rglob("*.html")}
    assert pages == {p.relative_to(tmp_path) for p in (tmp_path / "site").rglob("*.html")}
    note("kill -9 after each step", len(STEPS), 0, 0)
