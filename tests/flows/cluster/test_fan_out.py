"""Tasks on a real Dask cluster: the rows of one process, in their order, whatever dies on the way."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analysis.engine.battery import load_models
from flows.cluster import probe
from flows.cluster.connect import ClusterError, connected, preflight
from flows.cluster.fan_out import Task, fan_out
from flows.cluster.runs import choose_source, model_tasks
from flows.cluster.tasks import model_rows, release_record, size_of_tests
from flows.steps.publish import publish_warehouse
from tests.flows.cluster.work import end_worker, leave_trace, refuse, square
from tests.flows.shipped import open_shipped

EPISODE = "2026-06-12-fable-mythos-access-restriction"
ROOT = Path(__file__).parents[3]
TASKS: list[Task] = [(number,) for number in range(8)]
EXPECTED = [number * number for number in range(8)]


def squares(frames: Iterator[pl.DataFrame]) -> list[int]:
    return pl.concat(list(frames))["square"].to_list()


def run(
    client: Any, function: Callable[..., pl.DataFrame], tasks: list[Task], folder: Path, deadline: float = 60.0
) -> Iterator[pl.DataFrame]:
    return fan_out(
        client,
        function,
        tasks,
        folder=folder,
        algorithm="a",
        say=lambda _line: None,
        deadline_seconds=deadline,
    )


@dataclass
class Cluster:
    """A scheduler and workers as a person starts them."""

    address: str
    workers: list[subprocess.Popen[bytes]]
    folder: Path

    def add_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder / "work")]
        worker = _start(["worker", self.address, *options], **environment)
        self.workers.append(worker)
        return worker


def _start(arguments: list[str], **environment: str) -> subprocess.Popen[bytes]:
    words = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0", **environment}
    command = [sys.executable, "-m", "dask", *arguments]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, env=words, stdout=quiet, stderr=quiet, start_new_session=True)


@contextmanager
def started_cluster(folder: Path, n_workers: int) -> Iterator[Cluster]:
    pytest.importorskip("distributed", reason="the extra `scale` is not installed; enable with: make scale")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheduler = _start(["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"])
    cluster = Cluster(f"tcp://127.0.0.1:{port}", [], folder)
    try:
        for _ in range(n_workers):
            cluster.add_worker()
        yield cluster
    finally:
        for child in (*cluster.workers, scheduler):
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def test_without_a_cluster_the_same_function_runs_here(tmp_path: Path) -> None:
    assert squares(run(None, square, TASKS, tmp_path)) == EXPECTED
    assert list(tmp_path.iterdir()) == []


def test_an_address_where_nobody_answers_is_named() -> None:
    pytest.importorskip("distributed", reason="the extra `scale` is not installed; enable with: make scale")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(ClusterError, match=f"no Dask scheduler at {address}"), connected(address):
            pass


@pytest.mark.slow
def test_a_cluster_gives_the_rows_of_one_process(tmp_path: Path) -> None:
    from analysis.engine.size import SizeRequest

    request = SizeRequest(n_events=6, replications=12, estimation=40)
    tasks: list[Task] = [(request, name) for name in ("normal", "clustered 0.1", "student t3")]
    here = [size_of_tests(*task) for task in tasks]
    with started_cluster(tmp_path, 2) as cluster, connected(cluster.address) as client:
        there = list(run(client, size_of_tests, tasks, tmp_path / "parts"))
    assert [a.equals(b) for a, b in zip(here, there, strict=True)] == [True, True, True]
    assert list((tmp_path / "parts").iterdir()) == []


@pytest.mark.slow
def test_heavy_estimators_of_a_lake_give_the_rows_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GARCH, state space and synthetic control among them: a task an event and token, on two workers."""
    pytest.importorskip("deltalake", reason="the extra `scale` is not installed; enable with: make scale")
    from flows.desk.lake import publish_lake

    with open_shipped(tmp_path / "home") as run_of_record:
        publish_warehouse(run_of_record)
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path / "home"))
    publish_lake(str(tmp_path / "lake"), [], lambda _line: None)
    source = choose_source(str(tmp_path / "lake"), None)
    tasks = [task for task in model_tasks(source, [EPISODE], None) if task[3] in ("TAO", "FET")]
    here = [model_rows(*task) for task in tasks]
    release_record()
    assert [frame.height for frame in here] == [len(load_models())] * 2
    with started_cluster(tmp_path, 2) as cluster, connected(cluster.address) as client:
        there = list(run(client, model_rows, tasks, tmp_path / "parts", deadline=600.0))
    assert [a.equals(b) for a, b in zip(here, there, strict=True)] == [True, True]


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_driver_cost_no_result(tmp_path: Path) -> None:
    traces, parts = tmp_path / "traces", tmp_path / "parts"
    traces.mkdir()
    tasks: list[Task] = [(str(traces), number, 0.4) for number in range(8)]
    driver = (
        "import sys; from pathlib import Path; from flows.cluster.connect import connected\n"
        "from tests.flows.cluster.test_fan_out import run; from tests.flows.cluster.work import leave_trace\n"
        "with connected(sys.argv[1]) as client:\n"
        "    list(run(client, leave_trace, [(sys.argv[2], n, 0.4) for n in range(8)], Path(sys.argv[3])))\n"
    )
    with started_cluster(tmp_path, 2) as cluster:
        first = subprocess.Popen([sys.executable, "-c", driver, cluster.address, str(traces), str(parts)], cwd=ROOT)
        while not list(parts.glob("*.arrow")):
            time.sleep(0.05)
            assert first.poll() is None
        first.kill()
        first.wait()
        kept = len(list(parts.glob("*.arrow")))
        os.killpg(cluster.workers[0].pid, signal.SIGKILL)
        cluster.workers[0].wait(30)  # a worker that dies while it is asked what it runs is an error

        with connected(cluster.address) as client:
            assert squares(run(client, leave_trace, tasks, parts)) == EXPECTED
    assert kept >= 1
    assert len({path.name.split("-")[0] for path in traces.iterdir()}) == len(tasks)


@pytest.mark.slow
def test_what_cannot_end_is_named(tmp_path: Path) -> None:
    with started_cluster(tmp_path, 1) as cluster, connected(cluster.address) as client:
        with pytest.raises(ClusterError, match=r"no task ended in 1 s \(tcp://127.0.0.1:\d+ has 1\)"):
            list(run(client, square, [(1, 30.0)], tmp_path / "parts", deadline=1.0))
        with pytest.raises(ValueError, match="3 cannot be measured"):
            list(run(client, refuse, [(3,)], tmp_path / "parts"))
        with pytest.raises(ClusterError, match="died of the same task: most likely memory"):
            list(run(client, end_worker, [(1,)], tmp_path / "parts"))


@pytest.mark.slow
def test_a_worker_that_differs_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = probe.describe_machine
    with started_cluster(tmp_path, 1) as cluster, connected(cluster.address) as client:
        assert preflight(client) == 1
        for name in ("Python", "polars", "source of analysis", "bits of log and exp"):
            mine = real(["polars"], ["analysis"]) | {name: "another"}
            monkeypatch.setattr("flows.cluster.connect._describe_here", lambda mine=mine: mine)
            with pytest.raises(ClusterError, match=rf"worker tcp://.*: {name} is .*, here another; install the same"):
                preflight(client)
