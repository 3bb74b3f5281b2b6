"""`aftershock serve` after every kind of stop, with the real Prefect: the next due run happens, and nothing stays."""

import json
import os
import signal
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from filelock import FileLock

from flows.serve.turns import runs_under_way
from tests.flows.serve.served import Served, start_serving, wait_for

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see which processes are left"),
]
# One schedule of a minute, the ten seconds in which it is asked for, and a busy machine.
ONE_SCHEDULE_SECONDS = 180.0
STOP_SECONDS = 60.0
OLD_RUNS = 1000


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for pid in Served(tmp_path, 0, 0, None, tmp_path).processes():  # type: ignore[arg-type]
        os.kill(pid, signal.SIGKILL)


def has_completed(served: Served, before: set[str]) -> bool:
    return any(state == "COMPLETED" for run, state in served.states().items() if run not in before)


def add_old_runs(home: Path) -> int:
    """Put runs that ended four days ago into Prefect's database, while nothing serves; by how many pages it grew."""
    before = count_pages(home)
    with closing(sqlite3.connect(home / "prefect" / "prefect.db")) as database, database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("select * from flow_run limit 1").fetchone())
        row |= {"state_type": "COMPLETED", "state_id": None, "auto_scheduled": 0, "idempotency_key": None}
        row |= {"end_time": f"{datetime.now(UTC) - timedelta(days=4):%Y-%m-%d %H:%M:%S.%f}", "tags": '["old"]'}
        for _ in range(OLD_RUNS):
            row |= {"id": str(uuid4()), "parameters": json.dumps({"words": "x" * 2000})}
            database.execute(
                f"insert into flow_run ({', '.join(row)}) values ({', '.join('?' * len(row))})", [*row.values()]
            )
    return count_pages(home) - before


def count_pages(home: Path) -> int:
    with closing(sqlite3.connect(home / "prefect" / "prefect.db")) as database:
        return int(database.execute("pragma page_count").fetchone()[0])


def count_old_runs(home: Path) -> int:
    with closing(sqlite3.connect(home / "prefect" / "prefect.db", timeout=30)) as database:
        return int(database.execute("""select count(*) from flow_run where tags = '["old"]'""").fetchone()[0])


def run_in_flight(served: Served) -> set[str]:
    return runs_under_way(served.home)


@pytest.mark.parametrize(
    "kind", ["SIGTERM to serve", "SIGINT to serve", "SIGKILL to serve", "SIGKILL to schedules and run"]
)
def test_after_a_stop_with_a_run_in_flight_the_next_due_run_happens(home: Path, kind: str) -> None:
    home.mkdir(exist_ok=True)
    with FileLock(home / "warehouse.lock"):  # the run waits for the warehouse: it is surely in flight
        served = start_serving(home)
        wait_for(lambda: run_in_flight(served))
        stopped = run_in_flight(served)
        if kind in ("SIGTERM to serve", "SIGINT to serve"):
            served.process.send_signal(signal.SIGTERM if "TERM" in kind else signal.SIGINT)
            assert served.process.wait(STOP_SECONDS) == 0
        elif kind == "SIGKILL to serve":
            served.kill_group()
        else:
            for pid, words in served.processes().items():
                if "serve_schedules" in words or "prefect.engine" in words or "prefect.flow_engine" in words:
                    os.kill(pid, signal.SIGKILL)
            assert served.process.wait(STOP_SECONDS) == 3
        wait_for(lambda: not served.processes(), STOP_SECONDS)

    grown = add_old_runs(home) if kind == "SIGKILL to serve" else 0
    again = start_serving(home, port=served.port)
    wait_for(lambda: has_completed(again, stopped), ONE_SCHEDULE_SECONDS + STOP_SECONDS)
    # Nothing orders the first new run and the news of the old one's end.
    wait_for(lambda: {again.states().get(run, "CRASHED") for run in stopped} <= {"CRASHED", "CANCELLED"}, STOP_SECONDS)
    if grown:
        wait_for(lambda: not count_old_runs(home), ONE_SCHEDULE_SECONDS)
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(STOP_SECONDS) == 0
    wait_for(lambda: not again.processes(), STOP_SECONDS)
    if grown:
        # As many runs again take the room that the forgotten ones left.
        assert add_old_runs(home) < grown / 5


def test_the_api_and_the_pages_answer_only_their_own_people(home: Path) -> None:
    served = start_serving(home)
    wait_for(lambda: served.runs())
    assert status(f"http://127.0.0.1:{served.port}/api/deployments/filter", b"{}") == 401
    assert status(f"http://127.0.0.1:{served.pages_port}/health", host="evil.example") == 400
    assert oct((home / "prefect-word.txt").stat().st_mode & 0o777) == "0o600"
    preflight = urllib.request.Request(f"http://127.0.0.1:{served.port}/api/flow_runs/filter", method="OPTIONS")
    preflight.add_header("Origin", "http://evil.example")
    preflight.add_header("Access-Control-Request-Method", "POST")
    try:
        with urllib.request.urlopen(preflight, timeout=10) as answer:
            allowed = answer.headers.get("Access-Control-Allow-Origin")
    except urllib.error.HTTPError as error:
        allowed = error.headers.get("Access-Control-Allow-Origin")
    assert allowed not in ("*", "http://evil.example")
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(STOP_SECONDS) == 0


def status(url: str, data: bytes | None = None, host: str | None = None) -> int:
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
