"""A limit on the processor time that one call of somebody else's pure-Python parser may take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


class OutOfTimeError(Exception):
    """The call was stopped because it took too long."""


class _Stop(BaseException):
    """Raised inside the call; not an Exception, so that no handler in there keeps it."""


def call_within(seconds: float, function: Callable[[], T]) -> T:
    """The result of `function()`; OutOfTimeError when this thread has worked on it for `seconds`.

    The clock is read whenever a Python function is entered or left, so it stops loops of calls, in any thread and on
    any system. The interpreter's profile hook is borrowed meanwhile.
    """
    limit = time.thread_time() + seconds
    thread_time = time.thread_time

    def watch(_frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and thread_time() > limit:
            raise _Stop

    previous = sys.getprofile()
    sys.setprofile(watch)
    try:
        return function()
    except _Stop as exc:
        raise OutOfTimeError(f"stopped after {seconds:g} s of work") from exc
    finally:
        sys.setprofile(previous)
