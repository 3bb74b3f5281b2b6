"""The same steps under Prefect: a flow run with an artifact, and a schedule that really fires."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.settings import Settings
from tests.flows.serve.served import start_serving, wait_for
from warehouse.store.connection import open_reader
from warehouse.store.errors import StoreError

pytestmark = pytest.mark.prefect

START_SECONDS = 120
FIRE_SECONDS = 240
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=START_SECONDS):
        yield


def test_a_flow_run_does_the_steps_and_leaves_an_artifact(tmp_path: Path, prefect_api: None) -> None:
    from prefect.client.orchestration import get_client

    from flows.serve.deployments import run_as_flow

    settings = Settings(tmp_path, None, True, 5, None, None)
    outcome = run_as_flow(settings, NOW, lambda _sentence: None)
    assert [step.name for step in outcome.steps][:2] == ["bundle", "prices"]
    assert settings.published_path.exists()
    with get_client(sync_client=True) as client:
        texts = [str(artifact.data) for artifact in client.read_artifacts()]
    assert any(outcome.run_id in text and "| bundle |" in text for text in texts)


def test_only_a_transient_error_is_tried_again(prefect_api: None) -> None:
    from prefect.states import Failed

    from flows.serve.deployments import _is_transient
    from ingest.errors import PermanentError, TransientError

    def failed_with(error: Exception) -> object:
        return Failed(data=error, message="planted")

    transient = TransientError("feed", "timed out", "an answer", "try later")
    permanent = PermanentError("feed", "is gone", "an answer", "remove it")
    assert _is_transient(None, None, failed_with(transient))
    assert not _is_transient(None, None, failed_with(permanent))


def test_a_scheduled_run_really_fires(tmp_path: Path) -> None:
    served = start_serving(tmp_path)
    try:
        wait_for(lambda: finished_runs(tmp_path) or served.process.poll() is not None, START_SECONDS + FIRE_SECONDS)
        assert served.process.poll() is None
        assert finished_runs(tmp_path) >= 1
    finally:
        served.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            served.process.wait(30)
        for pid in served.processes():
            os.kill(pid, signal.SIGKILL)


def finished_runs(home: Path) -> int:
    try:
        with open_reader(home / "aftershock.duckdb") as reader:
            return int(reader.sql("select count(*) as n from ops.run where outcome = 'done'")["n"].item())
    except StoreError:
        return 0
