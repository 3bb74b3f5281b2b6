"""Health and metrics tell of the schedules: their process, and when each ran and is due."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from flows.serve.look import WORKER_FILE, read_schedules
from flows.serve.web import health_metrics, read_health
from flows.settings import Settings
from tests.flows.serve.prefect_answers import prefect_answering

NOW = datetime(2026, 7, 1, tzinfo=UTC)
RUNS = {
    "START_TIME_DESC": {"start_time": "2026-06-30T23:58:00Z", "end_time": None, "state_name": "Running"},
    "END_TIME_DESC": {"start_time": "2026-06-30T23:56:00Z", "end_time": "2026-06-30T23:57:00Z", "state_name": "Failed"},
    "NEXT_SCHEDULED_START_TIME_ASC": {"next_scheduled_start_time": "2026-07-01T00:02:00Z"},
}


def answer(path: str, body: dict[str, Any]) -> object:
    if path == "/api/deployments/filter":
        assert body["deployments"]["tags"] == {"all_": ["aftershock"]}
        never = {"id": "2", "name": "windows", "paused": True, "status": "NOT_READY"}
        return [never, {"id": "1", "name": "prices", "paused": False, "status": "READY"}]
    return [RUNS[body["sort"]]] if body["deployments"]["id"]["any_"] == ["1"] else []


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with prefect_answering(tmp_path, answer):
        yield Settings(tmp_path, None, True, 5, None, None)


def test_health_tells_when_each_schedule_ran_and_is_due(settings: Settings) -> None:
    (settings.home / WORKER_FILE).write_text(str(os.getpid()))
    served: Any = read_health(settings, NOW)["schedules"]
    assert (served["is_process_alive"], served["reason"]) == (True, None)
    prices, windows = served["schedules"]
    assert prices == {
        "name": "prices",
        "is_ready": True,
        "is_paused": False,
        "last_began_utc": "2026-06-30T23:58:00Z",
        "last_ended_utc": "2026-06-30T23:57:00Z",
        "last_outcome": "Failed",
        "next_due_utc": "2026-07-01T00:02:00Z",
    }
    assert (windows["is_ready"], windows["is_paused"], windows["next_due_utc"]) == (False, True, None)


def test_metrics_show_a_schedule_that_nothing_runs(settings: Settings) -> None:
    text = generate_latest(health_metrics(read_health(settings, NOW))).decode()
    assert 'aftershock_schedule_is_ready{schedule="windows"} 0.0' in text
    assert f'aftershock_schedule_next_due_timestamp_seconds{{schedule="prices"}} {NOW.timestamp() + 120:.8e}' in text
    assert 'next_due_timestamp_seconds{schedule="windows"}' not in text
    assert "process_is_alive" not in text


def test_a_dead_process_is_seen_even_where_prefect_is_gone(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    (tmp_path / WORKER_FILE).write_text(str(ended.pid))
    served = read_schedules(tmp_path, "http://127.0.0.1:1/api")
    assert served.is_process_alive is False
    assert "does not answer" in str(served.reason)
    health = read_health(Settings(tmp_path, None, True, 5, None, "http://127.0.0.1:1/api"), NOW)
    assert b"aftershock_schedules_process_is_alive 0.0" in generate_latest(health_metrics(health))
