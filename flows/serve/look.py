"""What Prefect's server says of itself to somebody who looks: schedules, automations, late runs."""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from warehouse.tables.units import listing, plural

# What `serve` leaves in the home: the word that opens the API, and the address it answers at.
WORD_FILE = "prefect-word.txt"
ADDRESS_FILE = "prefect-address.txt"
# Where the pages are served, for links from Prefect.
PAGES_FILE = "pages-address.txt"
# The process that runs what is due, while it is served.
WORKER_FILE = "schedules-process.txt"
ASK_SECONDS = 5
# Who asks for our health waits a few seconds at most.
HEALTH_ASK_SECONDS = 2
_OURS = {"deployments": {"tags": {"all_": ["aftershock"]}}}


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing the doctor looked at; an optional one that is not good limits a feature and breaks nothing."""

    subject: str
    is_good: bool
    is_optional: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule as Prefect has it; instants are ISO UTC, None where there is none."""

    name: str
    is_ready: bool
    is_paused: bool
    last_began_utc: str | None
    last_ended_utc: str | None
    last_outcome: str | None
    next_due_utc: str | None


@dataclass(frozen=True, slots=True)
class Served:
    """Whether the process of the schedules lives (None: it was not started here), each schedule, and why none."""

    is_process_alive: bool | None
    schedules: tuple[Schedule, ...]
    reason: str | None


def read_schedules(home: Path, configured_url: str | None) -> Served:
    """What runs when: the process that runs what is due, and each schedule as Prefect's server has it."""
    is_alive = _is_alive(home / WORKER_FILE)
    url, word = _server(home, configured_url)
    if url is None:
        return Served(is_alive, (), "aftershock serve has not run here: nothing is scheduled")
    ask = partial(_ask, url, word, seconds=HEALTH_ASK_SECONDS)
    try:
        found = ask("deployments/filter", _OURS)
        with ThreadPoolExecutor() as executor:
            schedules = tuple(executor.map(partial(_schedule, ask), found))
    except (OSError, ValueError) as exc:
        return Served(is_alive, (), f"Prefect's server does not answer ({exc})")
    return Served(is_alive, tuple(sorted(schedules, key=lambda schedule: schedule.name)), None)


def _schedule(ask: Callable[[str, Mapping[str, Any]], list[dict[str, Any]]], deployment: Mapping[str, Any]) -> Schedule:
    mine = {"deployments": {"id": {"any_": [deployment["id"]]}}}

    def newest(sort: str, limit: int, **run: Any) -> list[dict[str, Any]]:
        return ask("flow_runs/filter", {**mine, "flow_runs": run, "sort": sort, "limit": limit})

    began = newest("START_TIME_DESC", 1, start_time={"is_null_": False})
    ended = newest("END_TIME_DESC", 1, end_time={"is_null_": False})
    due = newest("NEXT_SCHEDULED_START_TIME_ASC", 1, state={"type": {"any_": ["SCHEDULED"]}})
    return Schedule(
        deployment["name"],
        deployment.get("status") == "READY",
        bool(deployment.get("paused")),
        began[0]["start_time"] if began else None,
        ended[0]["end_time"] if ended else None,
        ended[0]["state_name"] if ended else None,
        due[0]["next_scheduled_start_time"] if due else None,
    )


def _is_alive(note: Path) -> bool | None:
    """Whether the process of a note is there."""
    pid = _read(note)
    if pid is None or not pid.isdigit():
        return None
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, PermissionError):  # gone, or another user's, which is not ours
        return False
    return True


def _server(home: Path, configured_url: str | None) -> tuple[str | None, str | None]:
    """The address of Prefect's API, and the word that opens one of our own."""
    return configured_url or _read(home / ADDRESS_FILE), None if configured_url else _read(home / WORD_FILE)


def look_at_prefect(home: Path, configured_url: str | None) -> list[Examined]:
    """Whether the schedules are served, which they are, and the automations that watch them."""
    url, word = _server(home, configured_url)
    if url is None:
        return [Examined("prefect", False, True, "aftershock serve has not run here: nothing is scheduled")]
    try:
        schedules, automations = _ask(url, word, "deployments/filter", _OURS), _ask(url, word, "automations/filter", {})
    except (OSError, ValueError) as exc:
        return [Examined("prefect", False, True, f"{url} does not answer ({exc}): start it with aftershock serve")]
    paused = [found["name"] for found in schedules if found.get("paused")]
    served = [found["name"] for found in schedules if found.get("status") == "READY"]
    is_served = bool(schedules) and len(served) == len(schedules) and not paused
    said = f"{plural(len(schedules), 'schedule')}: {listing(sorted(found['name'] for found in schedules))}"
    off = f"; paused: {listing(sorted(paused))}" if paused else ""
    lost = "" if is_served or paused else "; nothing serves them: start aftershock serve"
    names = listing(sorted(f"{found['name']}{'' if found['enabled'] else ' (off)'}" for found in automations))
    return [
        Examined("prefect", True, True, f"{url} answers"),
        Examined("schedules", is_served, True, f"{said}{off}{lost}"),
        Examined("automations", bool(automations), True, names or "none: aftershock serve makes them"),
    ]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def _ask(
    url: str, word: str | None, what: str, body: Mapping[str, Any], seconds: float = ASK_SECONDS
) -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/json"}
    if word:
        headers["Authorization"] = f"Basic {base64.b64encode(word.encode()).decode()}"
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{url.rstrip('/')}/{what}", data=data, headers=headers)  # noqa: S310 - configured
    with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - the same
        found: list[dict[str, Any]] = json.load(answer)
    return found
