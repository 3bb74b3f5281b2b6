"""Processes that `aftershock serve` starts: none of them outlives the one that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

# How often a process looks whether the one that started it is still there.
LOOK_SECONDS = 0.5
# A process that was asked to stop ends its transaction within this time, or is killed.
STOP_SECONDS = 15.0


def end_with_parent(parent_pid: int) -> None:
    """From now on end this process when `parent_pid` is no longer its parent: asked first, killed after STOP_SECONDS.

    A parent that is killed cannot stop its children, so each child looks after itself.
    """

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


@contextmanager
def child_process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, its words in `log`; at the end the whole group is stopped, then killed."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Inside, SIGTERM is a Ctrl-C: what was started is stopped in order."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
