"""A home as people run it: a real `aftershock serve`, whose passes Prefect's own runner starts."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from flows.serve.turns import runs_under_way
from tests.flows.serve.served import Served, free_port, start_serving, wait_for

# No schedule is due by the machine's clock: the days of this world are asked for one by one.
NEVER_MINUTES = 100_000
# Prefect's runner looks for due runs every second here, every ten by default.
POLLS = {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
STOP_SECONDS = 180.0
START_SECONDS = 400.0
RUN_SECONDS = 600.0
ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
# What the command line of each process holds.
SERVER, WORKER, RUN = "flows.serve.guarded", "serve_schedules", "prefect.engine"
KIBIBYTES_A_MEGABYTE = 1024


@dataclass
class ServedHome:
    """`aftershock serve` on one home and one port of Prefect's, started again as a system's manager would."""

    home: Path
    variables: Mapping[str, str]
    steps: tuple[str, ...]
    served: Served | None = None
    port: int = field(default_factory=free_port)
    megabytes: list[float] = field(default_factory=list)  # of serve, Prefect's server and the worker, between passes

    def serve(self) -> Served:
        """The server that answers, started where none is left."""
        if self.served is not None and self.served.process.poll() is None:
            return self.served
        self.served = None
        deadline = time.monotonic() + START_SECONDS
        while self.served is None and time.monotonic() < deadline:
            started = start_serving(
                self.home, port=self.port, prices_minutes=NEVER_MINUTES, variables={**self.variables, **POLLS}
            )
            wait_for(lambda s=started: s.process.poll() is not None or _schedules(s), START_SECONDS)  # type: ignore[misc]
            self.served = started if started.process.poll() is None else None
        if self.served is None:
            raise AssertionError("serve did not start again")
        return self.served

    def schedule(self, now: datetime, schedule: str = "daily") -> str:
        """Ask Prefect for a run of a schedule at an instant of the world; its id. Asked again while it is too busy."""
        served, key, deadline = self.serve(), uuid4().hex, time.monotonic() + START_SECONDS
        asked = {
            "parameters": {"steps": list(self.steps), "now": now.isoformat()},
            "state": {"type": "SCHEDULED"},
            "idempotency_key": key,
        }
        while True:
            try:
                found = served.ask(f"deployments/name/aftershock/{schedule}")
                return str(served.ask(f"deployments/{found['id']}/create_flow_run", asked)["id"])
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1.0)

    def state(self, run_id: str) -> tuple[str, str]:
        """Type and words of a run's state; both empty while the server does not answer."""
        try:
            state = self.serve().ask(f"flow_runs/{run_id}")["state"]
        except OSError:
            return "", ""
        return str(state["type"]), str(state["message"] or "")

    def end(self, run_id: str, seconds: float = RUN_SECONDS) -> tuple[str, str]:
        """The state in which a run ended, or is after so many seconds."""
        deadline = time.monotonic() + seconds
        while (found := self.state(run_id))[0] not in ENDED and time.monotonic() < deadline:
            time.sleep(1.0)
        return found

    def under_way(self, run_id: str) -> None:
        """Wait until the run has its turn, or has ended already."""
        wait_for(lambda: run_id in runs_under_way(self.home) or self.state(run_id)[0] in ENDED, RUN_SECONDS)

    def kill(self, kind: str) -> int:
        """SIGKILL to the processes whose command line holds `kind`; how many there were."""
        found = [pid for pid, words in self.processes().items() if kind in words]
        for pid in found:
            _kill(pid)
        return len(found)

    def kill_group(self) -> None:
        """SIGKILL to every process at once."""
        for pid in self.processes():
            _kill(pid)

    def limit_files(self, n_bytes: int) -> None:
        """No process may write a file beyond so many bytes, as on a disk that is full; RLIM_INFINITY lifts it."""
        for pid in self.processes():
            try:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (n_bytes, resource.RLIM_INFINITY))
            except ProcessLookupError:
                continue

    def wait_until_gone(self) -> int | None:
        """Wait until serve and all that it started have ended; the code of serve's end."""
        assert self.served is not None
        code = self.served.process.wait(STOP_SECONDS)
        wait_for(lambda: not self.processes(), STOP_SECONDS)
        return code

    def stop(self) -> int | None:
        """End it politely; the code of its end, 0 where none was running."""
        if self.served is None:
            return 0
        self.served.process.send_signal(signal.SIGTERM)
        return self.wait_until_gone()

    def processes(self) -> dict[int, str]:
        """Every process that lives in the home, and its command line."""
        return self.served.processes() if self.served is not None else {}

    def weigh(self) -> None:
        """Note the memory of what stays between two passes."""
        found = {pid: words for pid, words in self.processes().items() if RUN not in words}
        self.megabytes.append(sum(_resident(pid) for pid in found) / KIBIBYTES_A_MEGABYTE)

    def second_serve(self) -> tuple[int, str]:
        """Code and words of another serve on the same home."""
        other = start_serving(self.home, variables=self.variables)
        try:
            code = other.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(other.process.pid, signal.SIGKILL)
            return 0, "it went on"
        return code, other.said.read_text(encoding="utf-8")

    def left_under_way(self) -> list[dict[str, Any]]:
        """Runs that Prefect believes to be under way."""
        return [run for run in self.serve().runs() if run["state_type"] in ("RUNNING", "PENDING", "CANCELLING")]

    def windows_asked_for(self) -> set[str]:
        """Names of the runs that stand in Prefect's record for windows of events that complete later."""
        wanted = {"flow_runs": {"tags": {"all_": ["window"]}}, "sort": "EXPECTED_START_TIME_DESC"}
        return {str(run["name"]) for run in _all_runs(self.serve(), wanted)}

    def count_runs(self) -> int:
        """Every flow run in Prefect's record."""
        return int(self.serve().ask("flow_runs/count", {}))

    def database_bytes(self) -> int:
        """Size of Prefect's database with its log."""
        return sum(path.stat().st_size for path in (self.home / "prefect").glob("prefect.db*"))


def _schedules(served: Served) -> bool:
    """Whether the worker has registered everything: it clears up last, when windows stand too."""
    try:
        found = served.ask("deployments/filter", {})
    except OSError:
        return False
    return {"prices", "news", "daily", "windows"} <= {str(item["name"]) for item in found}


def _all_runs(served: Served, wanted: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    page, offset = [None], 0
    while page:
        page = served.ask("flow_runs/filter", {**wanted, "offset": offset})
        yield from page  # type: ignore[misc]
        offset += len(page)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _resident(pid: int) -> int:
    """Resident memory in KiB; 0 where the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
