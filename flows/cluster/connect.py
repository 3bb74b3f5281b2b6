"""Open an existing Dask cluster, and refuse one that could not give this machine's results."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.cluster import probe
from flows.errors import EXIT_SOURCE, CommandError
from flows.output import talk
from warehouse.tables.units import plain

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10.0
WORKER_SECONDS = 30.0
_PACKAGES = ["dask", "distributed", "numpy", "polars", "duckdb", "numba", "scipy", "statsmodels", "deltalake"]
_ROOTS = ["analysis", "warehouse", "flows", "ingest"]


class ClusterError(CommandError):
    """The cluster cannot be reached or cannot give this machine's results; the message says which worker and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, EXIT_SOURCE)


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the scheduler at `address`, every worker of which passed the preflight; closed afterwards.

    ClusterError where nobody answers, no worker comes, or one differs. TLS is Dask's own configuration.
    """
    from distributed import Client

    if not _is_private(address):
        talk(
            f"{address} is not of this machine: whoever reaches that scheduler runs code; keep it closed, or use tls://"
        )
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as exc:
        raise ClusterError(
            f"no Dask scheduler at {address}: {exc}; start one: dask scheduler, then dask worker {address}"
        ) from exc
    try:
        preflight(client)
        yield client
    finally:
        client.close()


def preflight(client: Client, seconds: float = WORKER_SECONDS) -> int:
    """How many workers there are; ClusterError names the first that would not give this machine's bits.

    Dask itself only warns of other versions, and a task whose module a worker lacks never ends.
    """
    import cloudpickle

    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError as exc:
        raise ClusterError(f"the scheduler has no worker after {plain(seconds)} s; start one: dask worker") from exc
    here = _describe_here()
    cloudpickle.register_pickle_by_value(probe)
    try:
        answers = client.run(probe.describe_machine, _PACKAGES, _ROOTS, on_error="return")
    finally:
        cloudpickle.unregister_pickle_by_value(probe)
    for worker, there in answers.items():
        if isinstance(there, BaseException):
            raise ClusterError(
                f"worker {worker} cannot be asked what it runs: {there!r}; give it this machine's Python"
            )
        for name, mine in here.items():
            if there.get(name) != mine:
                raise ClusterError(
                    f"worker {worker}: {name} is {there.get(name, 'absent')}, here {mine}; install the same there"
                )
    return len(answers)


def _describe_here() -> dict[str, str]:
    return probe.describe_machine(_PACKAGES, _ROOTS)


def _is_private(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    return is_loopback or address.startswith(("tls://", "inproc://"))
