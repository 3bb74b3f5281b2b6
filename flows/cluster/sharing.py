"""The processes of this machine that share what a step measures of many events."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from operator import itemgetter
from typing import Any, TypeVar

from analysis.threads import N_THREADS, Call, ShareCalls
from flows.context import RunContext
from warehouse.processes import Crew, Elsewhere, end_words, without_collections

# Events from which on a further process measures more than its start takes.
EVENTS_WORTH_A_PROCESS = 60
# Calls, of a tenth of a second each, from which on another process is asked.
CALLS_WORTH_A_PROCESS = 20

_Rows = TypeVar("_Rows")
# Events that are measured at one go.
_Part = TypeVar("_Part", bound=Sequence[Any])
_Work = Callable[[_Part], _Rows]


def count_processes() -> int:
    """How many processes may work at once, this one among them."""
    return min(N_THREADS, os.cpu_count() or 1)


def open_crew(get_ready: Callable[[], object] | None = None) -> Crew:
    """The processes that share work with this one; each calls `get_ready` when it starts."""
    return Crew(count_processes() - 1, get_ready)


def share_events(
    context: RunContext, prepare: Callable[..., AbstractContextManager[_Work[_Part, _Rows]]], source: tuple[object, ...]
) -> Callable[[_Work[_Part, _Rows], Sequence[_Part]], Generator[_Rows, None, None]]:
    """A `map` that lets another process do some of many parts, in any order, by what `prepare` makes of `source` there.

    The rows are the same. Where that process is killed or fails, this one does the rest, and the step's report says so.
    """
    elsewhere = Elsewhere(prepare, source, (), _tell_end_to(context))

    def share(do_here: _Work[_Part, _Rows], parts: Sequence[_Part]) -> Generator[_Rows, None, None]:
        n_wanted = sum(map(len, parts)) // EVENTS_WORTH_A_PROCESS
        with without_collections(), closing(context.crew.do_together(do_here, parts, n_wanted, elsewhere)) as done:
            yield from done

    return share


def share_calls(context: RunContext) -> ShareCalls:
    """What each call gives, in order, where another process may do some of many; told like events if it is killed."""
    elsewhere = Elsewhere(_calling, (), (), _tell_end_to(context))

    def share(calls: Sequence[Call]) -> list[Any]:
        n_wanted = len(calls) // CALLS_WORTH_A_PROCESS
        done = context.crew.do_together(_call, [*enumerate(calls)], n_wanted, elsewhere)
        with without_collections(), closing(done):
            return [found for _, found in sorted(done, key=itemgetter(0))]

    return share


def _call(numbered: tuple[int, Call]) -> tuple[int, Any]:
    number, (function, given) = numbered
    return number, function(*given)


@contextmanager
def _calling() -> Iterator[Callable[[tuple[int, Call]], tuple[int, Any]]]:
    yield _call


def _tell_end_to(context: RunContext) -> Callable[[int], None]:
    return lambda exit_code: context.notes.append(f"{end_words(exit_code)}: one did the rest")
