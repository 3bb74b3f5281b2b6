"""`aftershock serve` in a process group of its own, with what Prefect and the system know of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

START_SECONDS = 240.0
NEWS_MINUTES = 60
COMMAND = "import sys; sys.argv[0] = 'aftershock'; from flows.cli import main; main()"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """One `aftershock serve` on a home, offline, with prices every minute."""

    home: Path
    port: int
    pages_port: int
    process: subprocess.Popen[bytes]
    said: Path  # what it says to its terminal

    def processes(self) -> dict[int, str]:
        """Every process that lives in this home, and its command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if f"AFTERSHOCK_HOME={self.home}".encode() in environment and words:
                found[int(folder.name)] = words
        return found

    def ask(self, path: str, body: object | None = None) -> Any:
        """What Prefect's API answers to somebody who has the word; OSError while it does not answer."""
        word = (self.home / "prefect-word.txt").read_text().strip() if (self.home / "prefect-word.txt").exists() else ""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Basic {b64encode(word.encode()).decode()}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def runs(self) -> list[dict[str, Any]]:
        """Every flow run that Prefect knows, newest first; none while its server does not answer."""
        try:
            return list(self.ask("flow_runs/filter", {"sort": "EXPECTED_START_TIME_DESC"}))
        except OSError:
            return []

    def states(self) -> dict[str, str]:
        """State type by flow run id."""
        return {str(run["id"]): str(run["state_type"]) for run in self.runs()}

    def kill_group(self) -> None:
        """SIGKILL to the process that was started; its children must notice by themselves."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start_serving(
    home: Path,
    *,
    port: int | None = None,
    prices_minutes: int = 1,
    variables: Mapping[str, str] = MappingProxyType({"AFTERSHOCK_OFFLINE": "1"}),
) -> Served:
    """Start it; the caller ends it."""
    environment = {**os.environ, "AFTERSHOCK_HOME": str(home), **variables}
    environment.pop("PREFECT_API_URL", None)
    port, pages_port = port or free_port(), free_port()
    said = home.with_name(f"{home.name}-serve.txt")
    options = [
        "--prices-every",
        str(prices_minutes),
        "--news-every",
        str(max(prices_minutes, NEWS_MINUTES)),
        "--prefect-port",
        str(port),
        "--pages-port",
        str(pages_port),
    ]
    with said.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "serve", *options],
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=words,
        )
    return Served(home, port, pages_port, process, said)


def wait_for(what: Callable[[], object], seconds: float = START_SECONDS) -> object:
    """The first true answer of `what`; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := what():
            return answer
        time.sleep(0.5)
    raise AssertionError(f"nothing came within {seconds:g} s")
