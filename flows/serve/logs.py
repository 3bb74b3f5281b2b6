"""Logs that stay small while their writers keep them open."""

from __future__ import annotations

import shutil
from pathlib import Path

# A log is turned over beyond this size; so many earlier ones are kept.
LOG_BYTES = 20_000_000
LOGS_KEPT = 3


def turn_over(home: Path, limit: int = LOG_BYTES) -> list[Path]:
    """Copy each log beyond `limit` bytes to `NAME.log.1` and empty it; returns those. Older copies move up, then go.

    The writers append to the same open file, so it is emptied in place rather than renamed.
    """
    turned = [log for log in sorted(home.glob("*.log")) if log.stat().st_size > limit]
    for log in turned:
        for number in range(LOGS_KEPT - 1, 0, -1):
            earlier = log.with_name(f"{log.name}.{number}")
            if earlier.exists():
                earlier.replace(log.with_name(f"{log.name}.{number + 1}"))
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        with log.open("rb+") as file:
            file.truncate(0)
    return turned
