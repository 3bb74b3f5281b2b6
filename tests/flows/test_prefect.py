"""The same steps under Prefect: a flow run with an artifact, and a schedule that really fires."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.settings import Settings
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_scheduled_run_really_fires(tmp_path: Path) -> None:
    environment = {**os.environ, "AFTERSHOCK_HOME": str(tmp_path), "AFTERSHOCK_OFFLINE": "1"}
    environment.pop("PREFECT_API_URL", None)
    code = "import sys; sys.argv[0] = 'aftershock'; from flows.cli import main; main()"
    ports = ["--prefect-port", str(free_port()), "--pages-port", str(free_port())]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--prices-every", "1", "--news-every", "60", *ports],
        env=environment,
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + START_SECONDS + FIRE_SECONDS
        while time.monotonic() < deadline and not finished_runs(tmp_path):
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            time.sleep(1)
        assert finished_runs(tmp_path) >= 1
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def finished_runs(home: Path) -> int:
    try:
        with open_reader(home / "aftershock.duckdb") as reader:
            return int(reader.sql("select count(*) as n from ops.run where outcome = 'done'")["n"].item())
    except StoreError:
        return 0
