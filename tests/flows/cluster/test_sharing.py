"""Work of a step goes on where its other process is killed, and a person is told."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from multiprocessing import active_children
from multiprocessing.connection import wait
from pathlib import Path

import pytest

import flows.cluster.sharing
from flows import pipeline
from flows.cluster.sharing import share_calls, share_events
from flows.context import RunContext, StepReport
from flows.settings import Settings
from warehouse.processes import Crew
from warehouse.store.connection import open_writer
from warehouse.tables.ops import STEP

PARTS = [(number,) for number in range(8)]


@contextmanager
def dying() -> Iterator[Callable[[tuple[int]], int]]:
    """What the other process does: it is killed at once."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield sum


@contextmanager
def failing() -> Iterator[Callable[[tuple[int]], int]]:
    """What the other process does: it fails, and prints why."""
    sys.stderr.close()
    raise MemoryError
    yield sum


def wait_for_its_end(part: tuple[int]) -> int:
    """Its end is seen here and collected by who hands it parts: of two who collect one is told nothing."""
    if part == PARTS[0]:
        wait([process.sentinel for process in active_children()], 30)
    return sum(part)


@pytest.mark.parametrize(("prepare", "how"), [(dying, "by signal 9"), (failing, "with code 1")])
def test_where_the_other_process_ends_one_does_the_rest_and_the_report_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], AbstractContextManager[object]], how: str
) -> None:
    monkeypatch.setattr(flows.cluster.sharing, "EVENTS_WORTH_A_PROCESS", 8)
    monkeypatch.setattr(flows.cluster.sharing, "count_processes", lambda: 2)  # on a machine of one core, too

    def step(context: RunContext) -> StepReport:
        share = share_events(context, prepare, ())
        assert sorted(share(wait_for_its_end, PARTS)) == list(range(8))
        # Too few for a process of their own.
        assert list(share(lambda part: len(active_children()), PARTS[:7])) == [0] * 7
        return StepReport(0, "8 parts")

    monkeypatch.setattr(pipeline, "STEPS", (("parts", "parts"), ("rest", "rest")))
    monkeypatch.setattr(pipeline, "load_step", {"parts": step, "rest": lambda _context: StepReport(0, "rest")}.get)
    settings = Settings(tmp_path, None, True, 5.0, None, None)
    pipeline.run_pipeline(settings, datetime(2026, 7, 2, tzinfo=UTC), say=lambda _line: None)
    with open_writer(settings.warehouse_path, 5.0) as warehouse:
        told = dict(warehouse.frame(STEP).select("step", "detail").iter_rows())
    assert told["parts"].startswith(f"8 parts; a second process was ended {how}")
    assert told["rest"] == "rest"


def tell_process(number: int) -> tuple[int, int]:
    time.sleep(0.05)
    return number, os.getpid()


def die_elsewhere(number: int, here: int) -> int:
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return number


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunContext]:
    monkeypatch.setattr(flows.cluster.sharing, "CALLS_WORTH_A_PROCESS", 8)
    settings = Settings(tmp_path, None, True, 5.0, None, None)
    with open_writer(settings.warehouse_path, 5.0) as warehouse, Crew(1) as crew:
        crew.start()
        yield RunContext(settings, warehouse, "run", datetime(2026, 7, 2, tzinfo=UTC), lambda _line: None, crew)


def test_calls_give_what_they_give_in_their_order_from_either_process(context: RunContext) -> None:
    [other] = active_children()
    found = share_calls(context)([(tell_process, (number,)) for number in range(200)])
    assert [number for number, _ in found] == list(range(200))
    assert {process for _, process in found} == {os.getpid(), other.pid}
    few = share_calls(context)([(tell_process, (number,)) for number in range(7)])
    assert few == [(number, os.getpid()) for number in range(7)]


def test_calls_of_a_process_that_is_killed_are_done_here_and_told(context: RunContext) -> None:
    calls = [(die_elsewhere, (number, os.getpid())) for number in range(100)]
    assert share_calls(context)(calls) == list(range(100))
    assert context.notes == ["a second process was ended by signal 9, for want of memory perhaps: one did the rest"]
