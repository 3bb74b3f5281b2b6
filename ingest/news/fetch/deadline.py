"""A limit on the processor time that one call of somebody else's pure-Python parser may take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

from warehouse.tables.units import plain

T = TypeVar("T")

# Reading the clock costs more than most calls, so only every so many calls look at it.
CALLS_PER_LOOK = 100


class OutOfTimeError(Exception):
    """The call was stopped because it took too long."""


class _Stop(BaseException):
    """Raised inside the call; not an Exception, so that no handler in there keeps it."""


def call_within(seconds: float, function: Callable[[], T]) -> T:
    """The result of `function()`; OutOfTimeError when this thread has worked on it for `seconds`.

    The clock is looked at when Python functions are entered, so it stops loops of calls, in any thread and on any
    system. The interpreter's trace hook is borrowed meanwhile (measured: 1.5 times the processor time).
    """
    limit = time.thread_time() + seconds
    thread_time = time.thread_time

    n_calls = 0

    def watch(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal n_calls
        n_calls += 1
        if not n_calls % CALLS_PER_LOOK and thread_time() > limit:
            raise _Stop

    previous = sys.gettrace()
    sys.settrace(watch)
    try:
        return function()
    except _Stop as exc:
        raise OutOfTimeError(f"stopped after {plain(seconds)} s of work") from exc
    finally:
        sys.settrace(previous)
