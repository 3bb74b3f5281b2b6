"""Run one pure function over many tasks, here or on a cluster, and give the results in the order of the tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.cluster.connect import ClusterError
from warehouse.replacing import replacing
from warehouse.tables.units import plain

if TYPE_CHECKING:
    from distributed import Client, Future

Task = tuple[Any, ...]
# So long may pass without any task ending: a lost module leaves a task pending for ever.
_DEADLINE_SECONDS = 900.0


def fan_out(
    client: Client | None,
    function: Callable[..., pl.DataFrame],
    tasks: Sequence[Task],
    *,
    folder: Path,
    algorithm: str,
    say: Callable[[str], None],
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> Iterator[pl.DataFrame]:
    """The frames of `function(*task)`, in the order of `tasks` whatever the order in which they arrive.

    On a cluster each frame is kept in `folder` under a digest of function, arguments and `algorithm` as it comes, so
    that a driver that was killed finds what is done; the parts are removed once all are given. Without a client the
    same function runs here, a task at a time. ClusterError where no task ends in `deadline_seconds`, or a worker dies
    of one again and again.
    """
    if client is None:
        for number, task in enumerate(tasks, 1):
            say(f"{number} of {len(tasks)}")
            yield function(*task)
        return
    folder.mkdir(parents=True, exist_ok=True)
    parts = [folder / f"{_key(function, task, algorithm)}.arrow" for task in tasks]
    missing = {part: task for part, task in zip(parts, tasks, strict=True) if not part.exists()}
    _compute(client, function, missing, say, deadline_seconds)
    for part in parts:
        yield pl.read_ipc(part)
    for part in parts:
        part.unlink(missing_ok=True)


def _key(function: Callable[..., pl.DataFrame], task: Task, algorithm: str) -> str:
    text = repr((function.__module__, function.__qualname__, task, algorithm))
    return hashlib.sha256(text.encode()).hexdigest()


def _compute(
    client: Client,
    function: Callable[..., pl.DataFrame],
    missing: dict[Path, Task],
    say: Callable[[str], None],
    deadline_seconds: float,
) -> None:
    from distributed import wait

    futures: dict[Future, Path] = {
        client.submit(function, *task, key=f"aftershock-{part.stem}", pure=True): part for part, task in missing.items()
    }
    n_tasks = len(futures)
    try:
        while futures:
            try:
                with client.as_current():
                    done = wait(list(futures), timeout=deadline_seconds, return_when="FIRST_COMPLETED").done
            except TimeoutError as exc:
                raise ClusterError(_stuck(client, deadline_seconds)) from exc
            for future in done:
                with replacing(futures.pop(future)) as draft:
                    _result(future).write_ipc(draft, compression="zstd")
                future.release()  # else a lost worker makes the scheduler compute finished tasks again
            say(f"{n_tasks - len(futures)} of {n_tasks}")
    finally:
        client.cancel(list(futures), force=True)


def _result(future: Future) -> pl.DataFrame:
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        found: pl.DataFrame = future.result()
    except KilledWorker as exc:
        raise ClusterError(
            f"{exc.last_worker.address if exc.last_worker else 'a worker'} and others died of the same task: "
            "most likely memory; give workers more, or fewer threads"
        ) from exc
    except FutureCancelledError as exc:
        raise ClusterError(f"the scheduler is gone ({exc}); start it, and the same command goes on") from exc
    return found


def _stuck(client: Client, seconds: float) -> str:
    held = "; ".join(f"{worker} has {len(tasks)}" for worker, tasks in client.processing().items() if tasks)
    return (
        f"no task ended in {plain(seconds)} s ({held or 'no worker holds one'}); look into the workers' logs, then run "
        "the same command again: what is done is kept"
    )
