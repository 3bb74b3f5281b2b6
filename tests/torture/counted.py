"""What torture tests try and what went wrong, kept for the table of `python -m tests.torture.count`."""

from __future__ import annotations

import json
import os
from pathlib import Path

COUNTS_FILE = "AFTERSHOCK_TORTURE_COUNTS"
SCALE = "AFTERSHOCK_TORTURE_SCALE"
KILLS = "AFTERSHOCK_TORTURE_KILLS"


def times(short: int) -> int:
    """How often to try: `short` in CI, that many times the scale that the command sets."""
    return short * int(os.environ.get(SCALE, "1"))


def number(name: str, short: int) -> int:
    """A count of its own: what the command sets, else `short`."""
    return int(os.environ.get(name, str(short)))


def note(what: str, n_tried: int, n_refused: int, n_wrong: int) -> None:
    """Add a line to the file of counts, where the command asks for one: tried, refused in words, lost or wrong."""
    path = os.environ.get(COUNTS_FILE)
    if path:
        with Path(path).open("a") as file:
            line = {"what": what, "tried": n_tried, "refused in words": n_refused, "lost or wrong": n_wrong}
            file.write(json.dumps(line) + "\n")
