"""Processes of `aftershock serve`: Prefect's server, the schedules, the pages."""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flows.errors import EXIT_SOURCE, CommandError
from flows.settings import Settings, child_environment

LOOPBACK = "127.0.0.1"
# A busy two-core machine needs this long to start Prefect's server.
SERVER_START_SECONDS = 120
STOP_SECONDS = 15


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line per request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def pages_server(folder: Path, port: int) -> Iterator[str]:
    """Serve `folder` on loopback; yields its address. Port 0 takes any free one."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(QuietHandler, directory=str(folder)))
    except OSError as exc:
        raise CommandError(f"port {port} cannot be used ({exc.strerror}): choose another port for the pages") from exc
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def prefect_server(settings: Settings, port: int) -> Iterator[str]:
    """The configured Prefect API, or a server of our own on loopback; yields the API's address."""
    if settings.prefect_api_url:
        yield settings.prefect_api_url
        return
    api_url = f"http://{LOOPBACK}:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port), "--no-ui"]
    settings.home.mkdir(parents=True, exist_ok=True)
    with _process(command, settings, api_url, settings.home / "prefect-server.log") as process:
        _wait_until_healthy(api_url, process)
        yield api_url


@contextmanager
def schedules(
    settings: Settings, api_url: str, prices_minutes: int, news_minutes: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The process that runs what is due."""
    code = f"from flows.serve.deployments import serve_schedules; serve_schedules({prices_minutes}, {news_minutes})"
    command = [sys.executable, "-c", code]
    with _process(command, settings, api_url, settings.home / "schedules.log") as process:
        yield process


@contextmanager
def _process(command: list[str], settings: Settings, api_url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=child_environment(settings, api_url), stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(api_url: str, process: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(SERVER_START_SECONDS * 2):
        if process.poll() is not None:
            raise CommandError(f"Prefect's server ended with {process.returncode}; see prefect-server.log", EXIT_SOURCE)
        try:
            with urllib.request.urlopen(f"{api_url}/health", timeout=2):  # noqa: S310 - always http, on loopback
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pause.wait(0.5)
    raise CommandError(
        f"Prefect's server did not answer within {SERVER_START_SECONDS} s; see prefect-server.log", EXIT_SOURCE
    )


def wait_for_interrupt(process: subprocess.Popen[bytes], say: Callable[[str], None]) -> None:
    """Block until Ctrl-C, or until the schedules end by themselves, which is an error."""
    try:
        code = process.wait()
    except KeyboardInterrupt:
        say("stopping …")
        return
    raise CommandError(f"the schedules ended with {code}; see schedules.log", EXIT_SOURCE)
