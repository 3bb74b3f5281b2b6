"""One run of a schedule at a time, held by a file lock that the system lets go when a process dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.errors import EXIT_BUSY, CommandError
from warehouse.store.locks import lock_holders, try_lock
from warehouse.tables.units import listing

FOLDER = "schedules"
SERVING = "serve.lock"


@contextmanager
def serve_alone(home: Path) -> Iterator[None]:
    """Inside, this process alone serves the home; CommandError names the other one. A killed process serves no more."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with try_lock(folder / SERVING) as is_ours:
        if not is_ours:
            names = listing([str(pid) for pid in lock_holders(folder / SERVING)]) or "unknown"
            message = f"{home} is served already (process {names}): stop that one first, or set AFTERSHOCK_HOME"
            raise CommandError(message, EXIT_BUSY)
        yield


@contextmanager
def take_turn(home: Path, schedule: str, flow_run_id: str) -> Iterator[bool]:
    """Whether this run may go on: False while another run of the same schedule is under way."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with try_lock(folder / f"{schedule}.lock") as is_ours:
        note = folder / f"{schedule}.run"
        if is_ours:
            note.write_text(flow_run_id, encoding="utf-8")
        yield is_ours
        if is_ours:
            note.unlink(missing_ok=True)


def runs_under_way(home: Path) -> set[str]:
    """Ids of the flow runs that hold a turn now, in any process."""
    return {run_id for run_id, is_alive in _noted_runs(home) if is_alive}


def runs_that_died(home: Path) -> set[str]:
    """Ids of the flow runs that took a turn and ended without giving it back; forgotten once told."""
    return {run_id for run_id, is_alive in _noted_runs(home, forget_dead=True) if not is_alive}


def wait_until_idle(home: Path, seconds: float) -> bool:
    """Whether no run holds a turn any more, within `seconds`."""
    deadline = time.monotonic() + seconds
    while runs_under_way(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _noted_runs(home: Path, *, forget_dead: bool = False) -> list[tuple[str, bool]]:
    found = []
    for note in sorted((home / FOLDER).glob("*.run")):
        with try_lock(note.with_suffix(".lock")) as is_dead:
            found.append((note.read_text(encoding="utf-8"), not is_dead))
            if is_dead and forget_dead:
                note.unlink(missing_ok=True)
    return found
