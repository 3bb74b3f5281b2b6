"""Work that two processes share is the work of one, and no process outlives it."""

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe, active_children, get_context, resource_tracker
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event

import pytest

import warehouse.processes
from warehouse.processes import Crew, Elsewhere

PARTS = list(range(1, 9))


@contextmanager
def adding(number: int) -> Iterator[Callable[[int], int]]:
    """What the other process does; it cannot do the fifth part."""

    def add(part: int) -> int:
        if part == 5:
            raise LookupError(part)
        return part + number

    yield add


@contextmanager
def telling_mask() -> Iterator[Callable[[int], bool]]:
    yield lambda part: signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@contextmanager
def telling_where(number: int) -> Iterator[Callable[[int], tuple[int, int, bool, int]]]:
    """Number of the work, the process, whether it got ready, and how many works are open there."""
    _open_works.append(number)
    try:
        yield lambda part: (number, os.getpid(), bool(_ready), sum(_open_works))
    finally:
        _open_works.remove(number)


_open_works: list[int] = []
_ready: list[int] = []


def get_ready() -> None:
    _ready.append(os.getpid())


@contextmanager
def sleeping() -> Iterator[Callable[[int], None]]:
    yield lambda part: time.sleep(60)


def fail(signal_number: int) -> None:
    raise AssertionError(signal_number)


def make_elsewhere(prepare=adding, source: tuple[object, ...] = (1000,)) -> Elsewhere:
    return Elsewhere(prepare, source, (LookupError,), fail)


def add_slowly(part: int) -> int:
    if part == 1:
        active_children()[0].join(30)  # it ends at the fifth part, from the last on
    return part


def test_parts_are_done_from_both_ends_and_what_one_cannot_do_is_done_here():
    with Crew(1) as crew:
        done = list(crew.do_together(add_slowly, PARTS, 1, make_elsewhere()))
    assert sorted(done) == [1, 2, 3, 4, 5, 1006, 1007, 1008]
    assert active_children() == []


@pytest.mark.parametrize(("n_further", "n_wanted"), [(0, 1), (1, 0)])
def test_without_a_further_process_all_is_done_here_in_order(n_further, n_wanted):
    with Crew(n_further) as crew:
        assert list(crew.do_together(lambda part: part, PARTS, n_wanted, make_elsewhere())) == PARTS
        assert active_children() == []


def wait_and_tell(part: int) -> int:
    """The first part waits until the other process has had time for one."""
    if part == 1:
        time.sleep(0.5)
    return 0


def test_one_process_does_one_work_after_another_and_is_gone_after_the_last():
    with Crew(1, get_ready) as crew:
        crew.start()
        [process] = active_children()
        works = [
            list(crew.do_together(wait_and_tell, PARTS, 1, make_elsewhere(telling_where, (number,))))
            for number in (1, 2)
        ]
        assert active_children() == [process]
    assert active_children() == []
    assert [{told for told in work if told} for work in works] == [
        {(number, process.pid, True, number)} for number in (1, 2)
    ]


@contextmanager
def noting(file: Path) -> Iterator[Callable[[int], tuple[int, int]]]:
    """Notes when the work begins and ends there."""
    with file.open("a") as notes:
        notes.write("begun ")
        notes.flush()
        yield lambda part: (os.getpid(), part)
        notes.write("ended ")


def wait_for(file: Path, text: str) -> None:
    until = time.monotonic() + 30
    while text not in (file.read_text() if file.exists() else ""):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_process_prepares_before_its_parts_are_known_and_is_told_of_the_work_once(tmp_path):
    file = tmp_path / "notes"
    elsewhere = make_elsewhere(noting, (file,))
    with Crew(1) as crew:
        crew.start()
        [process] = active_children()
        with crew.preparing(elsewhere):
            wait_for(file, "begun")
            done = list(crew.do_together(lambda part: (wait_and_tell(part), part), PARTS, 1, elsewhere))
        wait_for(file, "ended")
        assert {where for where, _ in done} == {0, process.pid}
        assert sorted(part for _, part in done) == PARTS
        assert file.read_text().split() == ["begun", "ended"]


def test_a_process_that_prepared_for_nothing_does_the_next_work(tmp_path):
    file = tmp_path / "notes"
    with Crew(1) as crew:
        crew.start()
        with pytest.raises(LookupError), crew.preparing(make_elsewhere(noting, (file,))):
            raise LookupError
        wait_for(file, "ended")
        done = list(crew.do_together(wait_and_tell, PARTS, 1, make_elsewhere(telling_where, (1,))))
        assert {told[1] for told in done if told} == {process.pid for process in active_children()}


@pytest.mark.parametrize("n_parts", [0, 8])
def test_a_process_that_ends_while_it_prepares_is_told_of_once(tmp_path, n_parts):
    file, told = tmp_path / "notes", []
    elsewhere = Elsewhere(noting, (file,), (), told.append)
    with Crew(1) as crew:
        crew.start()
        [process] = active_children()
        with crew.preparing(elsewhere):
            wait_for(file, "begun")
            process.kill()
            process.join(30)
            done = list(crew.do_together(lambda part: (0, part), PARTS[:n_parts], min(n_parts, 1), elsewhere))
    assert sorted(part for _, part in done) == PARTS[:n_parts]
    assert told == [-signal.SIGKILL]


def test_a_process_that_is_not_there_or_ended_prepares_nothing():
    with Crew(1) as crew:
        with crew.preparing(make_elsewhere()):
            assert active_children() == []
        crew.start()
        [process] = active_children()
        process.kill()
        process.join(30)
        with crew.preparing(make_elsewhere()):
            done = list(crew.do_together(add_slowly, PARTS, 1, make_elsewhere()))
    assert sorted(done) == [1, 2, 3, 4, 5, 1006, 1007, 1008]


def test_a_process_that_ended_meanwhile_is_replaced():
    with Crew(1) as crew:
        crew.start()
        [first] = active_children()
        first.kill()
        first.join(30)
        done = list(crew.do_together(wait_and_tell, PARTS, 1, make_elsewhere(telling_where, (1,))))
        [second] = active_children()
    assert {told[1] for told in done if told} == {second.pid} != {first.pid}


def test_an_end_that_an_error_here_wants_is_not_told_as_a_kill():
    told: list[int] = []
    elsewhere = Elsewhere(sleeping, (), (), told.append)

    def stumble(part: int) -> int:
        raise LookupError(part)

    with Crew(1) as crew:
        with pytest.raises(LookupError):
            list(crew.do_together(stumble, PARTS, 1, elsewhere))
        assert active_children() == []
    assert told == []


def test_ctrl_c_during_the_start_ends_the_process_that_was_started(monkeypatch):
    seen = []
    start = SpawnProcess.start

    def interrupted(process: SpawnProcess) -> None:
        start(process)
        seen.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(SpawnProcess, "start", interrupted)
    with Crew(1) as crew, pytest.raises(KeyboardInterrupt):
        list(crew.do_together(lambda part: part, PARTS, 1, make_elsewhere()))
    assert [process.exitcode for process in seen] == [-signal.SIGTERM]


def test_the_first_process_that_is_ever_started_does_not_see_ctrl_c():
    resource_tracker._resource_tracker._stop()  # as in a command, which has started nothing before
    others: list[warehouse.processes._Other] = []
    warehouse.processes._start_process(None, others)
    [(process, pipe)] = others
    pipe.send((telling_mask, (), ()))
    pipe.send(1)
    assert pipe.poll(30)
    assert pipe.recv()
    pipe.close()
    process.join(30)
    assert process.exitcode == 0


def test_a_process_that_hangs_up_and_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(warehouse.processes, "_SECONDS_TO_END", 0.01)
    here, there = Pipe()
    there.close()
    process = get_context("spawn").Process(target=time.sleep, args=(60,), daemon=True)
    process.start()
    todo, done = deque(["last"]), deque()
    told = []
    elsewhere = Elsewhere(adding, (), (), told.append)
    warehouse.processes._hand_out((process, here), elsewhere, todo, done, Event())
    assert process.exitcode in {-signal.SIGTERM, -signal.SIGKILL}
    assert (list(todo), list(done), told) == (["last"], [], [])
