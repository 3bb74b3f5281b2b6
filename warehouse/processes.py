"""Parts of one piece of work, done by this process and by further ones beside it."""

from __future__ import annotations

import gc
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from threading import Event
from typing import Generic, TypeVar

# How long a process that closed its connection, or was asked to, may take to end.
_SECONDS_TO_END = 10.0

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")
_Taken = TypeVar("_Taken")
# Another process that works, and the connection to it.
_Other = tuple[SpawnProcess, Connection]


@dataclass(frozen=True, slots=True)
class Elsewhere(Generic[_Part, _Done]):
    """Work that a further process can do: `prepare`, a function of a module, makes what does a part from `source`."""

    prepare: Callable[..., AbstractContextManager[Callable[[_Part], _Done]]]
    source: tuple[object, ...]
    unable: tuple[type[Exception], ...]  # what leaves all that is asked for to who asks
    # Is told the exit code of one that failed, or minus the signal that ended it; may raise.
    tell_end: Callable[[int], None]


def do_together(
    do_here: Callable[[_Part], _Done], parts: Sequence[_Part], n_further: int, elsewhere: Elsewhere[_Part, _Done]
) -> Generator[_Done, None, None]:
    """Do parts here from the first on, and in `n_further` processes from the last on, until they meet.

    What is done comes in any order. What another process could not do is done here, where its error is told.
    """
    todo = deque(parts)
    if not n_further:
        yield from map(do_here, todo)
        return
    done: deque[_Done] = deque()
    others: list[_Other] = []
    is_over = Event()
    with ThreadPoolExecutor(n_further) as pool:
        try:
            # A machine that starts no further process has this one do all.
            with suppress(OSError):
                for _ in range(n_further):
                    _start_process(elsewhere, others)
            handed = [pool.submit(_hand_out, other, elsewhere, todo, done, is_over) for other in others if other[0].pid]
            while (part := _taken(todo.popleft)) is not None:
                yield do_here(part)
                while (found := _taken(done.popleft)) is not None:
                    yield found
                for future in handed:
                    if future.done():
                        future.result()
            for future in handed:
                future.result()
            yield from (*done, *map(do_here, todo))
        finally:
            # Nobody waits for the rest after an error or Ctrl-C, nor is told of an end that is wanted.
            todo.clear()
            is_over.set()
            for process, _ in others:
                if process.pid:
                    _end(process)


def _start_process(elsewhere: Elsewhere[_Part, _Done], others: list[_Other]) -> None:
    """Start a process that works: a fresh one, for a copy of this would hold its threads' locks."""
    here, there = Pipe()
    process = get_context("spawn").Process(
        target=_work_elsewhere, args=(there, elsewhere.prepare, elsewhere.unable), daemon=True
    )
    others.append((process, here))  # before it starts, so that an interrupt meanwhile leaves none behind
    with _interrupts_held():
        process.start()
    there.close()  # or its end would never be noticed


def _work_elsewhere(
    pipe: Connection,
    prepare: Callable[..., AbstractContextManager[Callable[[_Part], _Done]]],
    unable: tuple[type[Exception], ...],
) -> None:
    """Do the parts that are asked for until nobody asks; leave them to who asks where this cannot."""
    with suppress(*unable, EOFError, ConnectionError), without_collections(), prepare(*pipe.recv()) as do:
        while True:
            pipe.send(do(pipe.recv()))


def _end(process: SpawnProcess) -> None:
    process.terminate()
    process.join(_SECONDS_TO_END)
    if process.is_alive():
        process.kill()
        process.join()


def _hand_out(
    other: _Other, elsewhere: Elsewhere[_Part, _Done], todo: deque[_Part], done: deque[_Done], is_over: Event
) -> None:
    """Let a process do parts until none is left or it ends."""
    (process, pipe), is_told = other, False
    while (part := _taken(todo.pop)) is not None:
        try:
            if not is_told:
                pipe.send(elsewhere.source)
                is_told = True
            pipe.send(part)
            done.append(pipe.recv())
        except (EOFError, ConnectionError):
            todo.append(part)
            process.join(_SECONDS_TO_END)
            if process.exitcode and not is_over.is_set():
                elsewhere.tell_end(process.exitcode)
            _end(process)
            return


def _taken(take: Callable[[], _Taken]) -> _Taken | None:
    try:
        return take()
    except IndexError:
        return None


@contextmanager
def without_collections() -> Iterator[None]:
    """Hold back searches for cycles: our work makes few, and each search walks over every row that is held."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started inside the block never see Ctrl-C, where the system can hold signals back: not on Windows."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The first start would start it, and let Ctrl-C through again before the process itself is there.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
