"""What Prefect's server says of itself to somebody who looks: schedules, automations, late runs."""

from __future__ import annotations

import base64
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.tables.units import listing, plural

# What `serve` leaves in the home: the word that opens the API, and the address it answers at.
WORD_FILE = "prefect-word.txt"
ADDRESS_FILE = "prefect-address.txt"
# Where the pages are served, for links from Prefect.
PAGES_FILE = "pages-address.txt"
ASK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing the doctor looked at; an optional one that is not good limits a feature and breaks nothing."""

    subject: str
    is_good: bool
    is_optional: bool
    detail: str


def look_at_prefect(home: Path, configured_url: str | None) -> list[Examined]:
    """Whether the schedules are served, which they are, and the automations that watch them."""
    url = configured_url or _read(home / ADDRESS_FILE)
    if url is None:
        return [Examined("prefect", False, True, "aftershock serve has not run here: nothing is scheduled")]
    word = None if configured_url else _read(home / WORD_FILE)
    try:
        schedules, automations = (_ask(url, word, f"{kind}/filter") for kind in ("deployments", "automations"))
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


def _ask(url: str, word: str | None, what: str) -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/json"}
    if word:
        headers["Authorization"] = f"Basic {base64.b64encode(word.encode()).decode()}"
    request = urllib.request.Request(f"{url.rstrip('/')}/{what}", data=b"{}", headers=headers)  # noqa: S310 - configured
    with urllib.request.urlopen(request, timeout=ASK_SECONDS) as answer:  # noqa: S310 - the same
        found: list[dict[str, Any]] = json.load(answer)
    return found
