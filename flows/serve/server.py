"""Processes of `aftershock serve`: Prefect's server and the schedules."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.errors import EXIT_SOURCE, CommandError
from flows.serve.children import STOP_SECONDS, child_process
from flows.serve.logs import turn_over
from flows.serve.look import ADDRESS_FILE, WORD_FILE, WORKER_FILE
from flows.serve.turns import FOLDER, wait_until_idle
from flows.serve.web import LOOPBACK
from flows.settings import Settings, child_environment

SECRET_BYTES = 24
# A busy two-core machine needs this long to start Prefect's server.
SERVER_START_SECONDS = 120
# A server that runs says so within this time.
ANSWER_SECONDS = 5
# How often the size of the logs is looked at.
LOG_LOOK_SECONDS = 60.0
# How often whether a process that we started has ended.
CHILD_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PrefectApi:
    """Where Prefect's API is, with the words that open it and its process when we started it."""

    url: str
    secret: str | None
    process: subprocess.Popen[bytes] | None

    @property
    def ui_url(self) -> str:
        """Its web interface."""
        return self.url.removesuffix("/api")


@contextmanager
def prefect_server(settings: Settings, port: int) -> Iterator[PrefectApi]:
    """The configured Prefect API, or a server of our own on loopback, closed by a secret made for this start."""
    if settings.prefect_api_url:
        require_prefect(settings.prefect_api_url)
        yield PrefectApi(settings.prefect_api_url, None, None)
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    url, secret = f"http://{LOOPBACK}:{port}/api", _write_secret(settings)
    command = [sys.executable, "-m", "flows.serve.guarded", str(os.getpid()), "prefect"]
    command += ["server", "start", "--host", LOOPBACK, "--port", str(port)]
    with child_process(
        command, child_environment(settings, url, secret), settings.home / "prefect-server.log"
    ) as process:
        _wait_until_healthy(url, process)
        (settings.home / ADDRESS_FILE).write_text(url + "\n", encoding="utf-8")
        yield PrefectApi(url, secret, process)


def _write_secret(settings: Settings) -> str:
    """A user and password for Prefect's API, in a file that only its owner can read."""
    secret = f"aftershock:{secrets.token_urlsafe(SECRET_BYTES)}"
    path = settings.home / WORD_FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secret + "\n", encoding="utf-8")
    return secret


@contextmanager
def schedules(
    settings: Settings, api: PrefectApi, prices_minutes: int, news_minutes: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The process that runs what is due; at the end the runs under way are waited for before Prefect's server goes."""
    arguments = f"{prices_minutes}, {news_minutes}, {os.getpid()}, is_own_server={api.secret is not None}"
    code = f"from flows.serve.deployments import serve_schedules; serve_schedules({arguments})"
    # Prefect's worker keeps files under one name in the system's folder, which another user of the machine may own.
    room = settings.home / FOLDER / "tmp"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True, exist_ok=True)
    environment = {**child_environment(settings, api.url, api.secret), "TMPDIR": str(room)}
    try:
        with child_process([sys.executable, "-c", code], environment, settings.home / "schedules.log") as process:
            (settings.home / WORKER_FILE).write_text(str(process.pid), encoding="utf-8")
            yield process
    finally:
        (settings.home / WORKER_FILE).unlink(missing_ok=True)
        wait_until_idle(settings.home, STOP_SECONDS)


def require_prefect(api_url: str) -> None:
    """CommandError when no Prefect server answers at `api_url`."""
    reason = why_silent(api_url)
    if reason is not None:
        raise CommandError(
            f"no Prefect server answers at {api_url} ({reason}): start it, or unset PREFECT_API_URL to do without",
            EXIT_SOURCE,
        )


def why_silent(api_url: str) -> str | None:
    """Why Prefect's server does not answer; None when it does."""
    try:
        with urllib.request.urlopen(f"{api_url.rstrip('/')}/health", timeout=ANSWER_SECONDS):  # noqa: S310 - configured
            return None
    except (OSError, ValueError, http.client.HTTPException) as exc:
        return str(exc)


def _wait_until_healthy(api_url: str, process: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(SERVER_START_SECONDS * 2):
        if process.poll() is not None:
            raise CommandError(f"Prefect's server ended with {process.returncode}; see prefect-server.log", EXIT_SOURCE)
        if why_silent(api_url) is None:
            return
        pause.wait(0.5)
    raise CommandError(
        f"Prefect's server did not answer within {SERVER_START_SECONDS} s; see prefect-server.log", EXIT_SOURCE
    )


def wait_for_interrupt(
    api: PrefectApi,
    process: subprocess.Popen[bytes],
    home: Path,
    say: Callable[[str], None],
    watch: Callable[[], object],
) -> None:
    """Block until Ctrl-C, or until the schedules or our Prefect server end by themselves, which is an error.

    Meanwhile logs are turned over, and `watch` looks whether runs end.
    """
    children = [("the schedules", process, "schedules.log"), ("Prefect's server", api.process, "prefect-server.log")]
    pause, looked_at = threading.Event(), time.monotonic()
    try:
        while True:
            for name, child, log in children:
                # Without its server the worker would go on asking for work in vain, and nothing would run again.
                if child is not None and (code := child.poll()) is not None:
                    raise CommandError(f"{name} ended with {code}; see {log}", EXIT_SOURCE)
            if time.monotonic() - looked_at > LOG_LOOK_SECONDS:
                turn_over(home)
                watch()
                looked_at = time.monotonic()
            pause.wait(CHILD_LOOK_SECONDS)
    except KeyboardInterrupt:
        say("stopping …")
