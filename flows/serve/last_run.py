"""A note in the home about the newest runs, which tells of passes that changed and published nothing too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from warehouse.replacing import replacing
from warehouse.store.errors import StorageFailedError

FILE = "last-run.json"
# Ends after which everything that could be concluded was concluded.
GOOD_OUTCOMES = frozenset({"done", "source_failed"})


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run and the newest good one; instants are ISO UTC, None where there is none."""

    run_id: str
    outcome: str
    at_utc: str
    n_failed_sources: int
    last_good_at_utc: str | None


def note_run(home: Path, run_id: str, outcome: str, at: datetime, n_failed_sources: int) -> None:
    """Replace the note by this run's; one that went wrong keeps the last good instant. StorageFailedError."""
    before = read_last_run(home)
    last_good = at.isoformat() if outcome in GOOD_OUTCOMES else before.last_good_at_utc if before else None
    note = LastRun(run_id, outcome, at.isoformat(), n_failed_sources, last_good)
    try:
        with replacing(home / FILE) as draft:
            draft.write_text(json.dumps(asdict(note)), encoding="utf-8")
    except OSError as exc:
        raise StorageFailedError(f"cannot write {home / FILE}: {exc.strerror}; free space on the disk") from exc


def read_last_run(home: Path) -> LastRun | None:
    """The note; None before the first run, and where it cannot be read as one."""
    try:
        return LastRun(**json.loads((home / FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, TypeError):
        return None


def forget_last_run(home: Path) -> None:
    """Remove the note, as in a home in which nothing ran."""
    (home / FILE).unlink(missing_ok=True)
