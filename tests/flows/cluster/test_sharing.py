"""Work of a step goes on where its other process is killed, and a person is told."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import active_children
from pathlib import Path

import flows.cluster.sharing
from flows.cluster.sharing import share_events
from flows.context import RunContext
from flows.settings import Settings
from warehouse.store.connection import open_writer

PARTS = [(number,) for number in range(8)]


@contextmanager
def dying() -> Iterator[Callable[[tuple[int]], int]]:
    """What the other process does: it is killed at once."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield sum


def wait_for_its_end(part: tuple[int]) -> int:
    for process in active_children():
        process.join(30)
    return sum(part)


def test_after_a_kill_one_process_does_the_rest_and_says_so(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(flows.cluster.sharing, "EVENTS_WORTH_A_PROCESS", 8)
    monkeypatch.setattr(flows.cluster.sharing, "count_processes", lambda: 2)
    said: list[str] = []
    settings = Settings(tmp_path, None, True, 5.0, None, None)
    with open_writer(tmp_path / "warehouse.duckdb", 5.0) as warehouse:
        context = RunContext(settings, warehouse, "run", datetime(2026, 7, 2, tzinfo=UTC), said.append)
        share = share_events(context, dying, ())
        assert sorted(share(wait_for_its_end, PARTS)) == list(range(8))
        assert len(said) == 1
        assert "ended by signal 9" in said[0]
        # Too few for a process of their own.
        assert list(share(lambda part: len(active_children()), PARTS[:7])) == [0] * 7
