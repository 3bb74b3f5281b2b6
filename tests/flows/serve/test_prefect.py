"""The same steps under Prefect: a flow run with an artifact, and a schedule that really fires."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.pipeline import NEWS_STEPS
from flows.settings import Settings
from tests.flows.serve.served import start_serving, wait_for
from tests.paths import PROJECT
from tests.replay.exchanges import Fault
from tests.replay.market import SimulatedMarket
from tests.replay.world import ReplayWorld
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


VENUES = SimulatedMarket(
    NOW - timedelta(days=20),
    NOW + timedelta(days=1),
    assets=("BTC", "TAO"),
    quotes=(("binance", "{}/USDT"), ("kraken", "{}/USD")),
)


def test_a_venue_that_fails_is_a_failed_task_of_a_run_that_completes(tmp_path: Path, prefect_api: None) -> None:
    """The run leaves what its steps made, from what, what failed with its remedy, and how far prices reach."""
    from prefect import flow
    from prefect.client.orchestration import get_client

    from flows.serve.deployments import _run_with_tasks

    with ReplayWorld(now=NOW, market=VENUES, faults={"kraken": Fault("451")}) as world:
        settings = Settings(tmp_path, world.url, False, 5, None, None)

        @flow(name="one-venue-fails", persist_result=False, validate_parameters=False)
        def few_steps() -> str:
            return _run_with_tasks(settings, NOW, ["bundle", "prices", "claims", "publish"], lambda _line: None).run_id

        run_id = few_steps()
    with get_client(sync_client=True) as client:
        (run,) = [run for run in client.read_flow_runs() if run.state is not None and run.name and is_of(client, run)]
        assert run.state.is_completed()
        tasks = {task.name: task.state for task in client.read_task_runs() if task.flow_run_id == run.id}
        assert tasks["kraken"].is_failed()
        assert tasks["binance"].is_completed()
        assert " series, " in str(tasks["binance"].message)
        assert {name for name, state in tasks.items() if state.is_failed()} == {"kraken"}
        assert any(name.startswith("prices") and state.is_completed() for name, state in tasks.items())
        artifacts = {a.key: str(a.data) for a in client.read_artifacts() if a.flow_run_id == run.id}
        assert run_id in artifacts["aftershock-run"]
        assert "kraken" in artifacts["aftershock-sources"]
        assert "what to do" in artifacts["aftershock-sources"]
        assert "series of" in artifacts["aftershock-coverage"]
        assert "aftershock-events" in artifacts
        wait_for(lambda: lineage(client) >= {("core/candle", "out/claim_verdict")}, 30)


def test_prefect_itself_deploys_what_its_file_says(prefect_api: None) -> None:
    """The three commands of prefect.yaml's head, but for the worker, which stays."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "AFTERSHOCK_FOLDER": str(PROJECT)}
    for words in (
        "work-pool create aftershock --type process",
        "--no-prompt deploy --all --prefect-file deploy/prefect.yaml",
    ):
        command = [sys.executable, "-m", "prefect", *words.split()]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-500:]
    with get_client(sync_client=True) as client:
        found = {item.name: item for item in client.read_deployments() if item.work_pool_name == "aftershock"}
    assert sorted(found) == ["daily", "news", "prices", "windows"]
    assert found["prices"].schedules[0].schedule.interval == timedelta(minutes=2)
    assert found["news"].parameters["steps"] == list(NEWS_STEPS)
    assert found["prices"].pull_steps[0]["prefect.deployments.steps.set_working_directory"]["directory"] == str(PROJECT)


def is_of(client: Any, run: Any) -> bool:
    return bool(client.read_flow(run.flow_id).name == "one-venue-fails")


def lineage(client: Any) -> set[tuple[str, str]]:
    """Pairs of an asset and one that was made from it, without their scheme."""
    wanted = {"filter": {"event": {"prefix": ["prefect.asset.materialization."]}}}
    events = client._client.post("/events/filter", json=wanted).json()["events"]
    return {
        tuple(
            name.removeprefix("aftershock://")
            for name in (item["prefect.resource.id"], event["resource"]["prefect.resource.id"])
        )
        for event in events
        for item in event["related"]
        if item["prefect.resource.role"] == "asset"
    }


def test_every_asset_is_a_table_of_a_step_of_the_pipeline() -> None:
    from flows.pipeline import STEPS
    from flows.serve.artifacts import MADE, step_assets

    assert set(MADE) <= {name for name, _ in STEPS}
    made, read = step_assets("studies")
    assert [asset.key for asset in made] == ["aftershock://out/study_result"]
    assert {str(getattr(asset, "key", asset)) for asset in read} == {
        "aftershock://core/candle",
        "aftershock://core/event",
    }
    assert step_assets("checks") == ([], [])
    assert "aftershock://out/claim_verdict" in {str(getattr(asset, "key", asset)) for asset in step_assets("pages")[1]}


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
        # Not in the system's folder, where another user's Prefect may have made it.
        assert (tmp_path / "schedules" / "tmp" / "runner_storage").is_dir()
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
