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
from typing import Any, Generic, TypeVar

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
    # Is told the exit code of one that failed, or minus the signal that ended it.
    tell_end: Callable[[int], None]


def end_words(exit_code: int) -> str:
    """How a further process ended, of its exit code or minus the signal that ended it."""
    how = f"by signal {-exit_code}, for want of memory perhaps" if exit_code < 0 else f"with code {exit_code}"
    return f"a second process was ended {how}"


class Crew:
    """Processes that do parts beside this one, kept from one piece of work to the next: each takes seconds to start.

    There are at most `n_further`, and each calls `get_ready`, a function of a module, when it starts.
    """

    def __init__(self, n_further: int, get_ready: Callable[[], object] | None = None) -> None:
        self._n_further, self._get_ready = n_further, get_ready
        self._others: list[_Other] = []
        self._prepared: list[_Other] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.dismiss()

    def start(self, n_wanted: int | None = None) -> None:
        """Have `n_wanted` processes (all by default) that wait for work; a machine that starts none has this do all."""
        self._others = [other for other in self._others if other[0].is_alive()]
        n_missing = min(self._n_further if n_wanted is None else n_wanted, self._n_further) - len(self._others)
        with suppress(OSError):
            for _ in range(n_missing):
                _start_process(self._get_ready, self._others)

    def dismiss(self) -> None:
        """End every process, whatever it does."""
        for process, _ in self._others:
            if process.pid:
                _end(process)
        self._others.clear()
        self._prepared.clear()

    @contextmanager
    def preparing(self, elsewhere: Elsewhere[Any, Any]) -> Iterator[None]:
        """Have the processes that are there prepare for the work that `do_together` is asked for inside the block.

        It starts none, and those that are handed no part wait for the next work; one that ended meanwhile is told of.
        """
        self._prepared = [other for other in self._others if _tell(other, elsewhere)]
        try:
            yield
        finally:
            for process, pipe in self._prepared:
                with suppress(OSError):  # it ended
                    pipe.send(None)
                if process.exitcode:
                    elsewhere.tell_end(process.exitcode)
            self._prepared = []

    def do_together(
        self,
        do_here: Callable[[_Part], _Done],
        parts: Sequence[_Part],
        n_wanted: int,
        elsewhere: Elsewhere[_Part, _Done],
    ) -> Generator[_Done, None, None]:
        """Do parts here from the first on, and in up to `n_wanted` processes from the last on, until they meet.

        What is done comes in any order. What another process could not do is done here, where its error is told.
        """
        todo = deque(parts)
        if not (n_further := min(n_wanted, self._n_further)):
            yield from map(do_here, todo)
            return
        done: deque[_Done] = deque()
        is_over, is_done = Event(), False
        with ThreadPoolExecutor(n_further) as pool:
            try:
                self.start(n_further)
                asked = [(other, self._take_prepared(other)) for other in self._others[:n_further] if other[0].pid]
                handed = [pool.submit(_hand_out, other, elsewhere, todo, done, is_over, told) for other, told in asked]
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
                is_done = True
            finally:
                # Nobody waits for the rest after an error or Ctrl-C, nor is told of an end that is wanted.
                if not is_done:
                    todo.clear()
                    is_over.set()
                    self.dismiss()

    def _take_prepared(self, other: _Other) -> bool:
        is_prepared = other in self._prepared
        if is_prepared:
            self._prepared.remove(other)
        return is_prepared


def _start_process(get_ready: Callable[[], object] | None, others: list[_Other]) -> None:
    """Start a process that works: a fresh one, for a copy of this would hold its threads' locks."""
    here, there = Pipe()
    process = get_context("spawn").Process(target=_work_elsewhere, args=(there, get_ready), daemon=True)
    others.append((process, here))  # before it starts, so that an interrupt meanwhile leaves none behind
    with _interrupts_held():
        process.start()
    there.close()  # or its end would never be noticed


def _work_elsewhere(pipe: Connection, get_ready: Callable[[], object] | None) -> None:
    """Do one piece of work after another until nobody asks."""
    if get_ready is not None:
        get_ready()
    with suppress(EOFError, ConnectionError):
        while _do_asked(pipe, *pipe.recv()):
            gc.collect()


def _do_asked(
    pipe: Connection,
    prepare: Callable[..., AbstractContextManager[Callable[[_Part], _Done]]],
    unable: tuple[type[Exception], ...],
    source: tuple[object, ...],
) -> bool:
    """Do the parts of one piece of work; whether this could: else who asks does them, and this process ends."""
    try:
        with without_collections(), prepare(*source) as do:
            while (part := pipe.recv()) is not None:
                pipe.send(do(part))
    except unable:
        return False
    return True


def _end(process: SpawnProcess) -> None:
    process.terminate()
    process.join(_SECONDS_TO_END)
    if process.is_alive():
        process.kill()
        process.join()


def _tell(other: _Other, elsewhere: Elsewhere[Any, Any]) -> bool:
    """Have a process prepare for work; False of one that ended."""
    try:
        other[1].send((elsewhere.prepare, elsewhere.unable, elsewhere.source))
    except OSError:
        return False
    return True


def _hand_out(
    other: _Other,
    elsewhere: Elsewhere[_Part, _Done],
    todo: deque[_Part],
    done: deque[_Done],
    is_over: Event,
    is_told: bool = False,
) -> None:
    """Let a process do parts until none is left or it ends."""
    process, pipe = other
    try:
        while (part := _taken(todo.pop)) is not None:
            try:
                is_told = is_told or _tell(other, elsewhere)
                pipe.send(part)
                done.append(pipe.recv())
            except (EOFError, ConnectionError):
                todo.append(part)
                raise
        if is_told:
            pipe.send(None)
    except (EOFError, ConnectionError):
        process.join(_SECONDS_TO_END)
        if process.exitcode and not is_over.is_set():
            elsewhere.tell_end(process.exitcode)
        _end(process)


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
