"""Earlier published files, kept beside the current one: the newest and one a day, bounded in number and bytes."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from warehouse.tables.units import compact_instant

HISTORY_FOLDER = "history"
_PREFIX = "aftershock-"
# The newest are kept one by one, older ones as the last of their UTC day: seven passes may take a quarter of an hour.
MOST_FILES = 7
NEWEST_FILES = 3
# The newest of the kept files stays whatever its size.
MOST_BYTES = 3_000_000_000


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One earlier published file: when it was published, and its size."""

    path: Path
    published_at: datetime
    n_bytes: int


def kept_files(published: Path) -> list[KeptFile]:
    """The earlier files of `published`, the newest first."""
    folder = published.parent / HISTORY_FOLDER
    found = [(path, path.stat()) for path in folder.glob(f"{_PREFIX}*.duckdb")]
    files = [KeptFile(path, datetime.fromtimestamp(stat.st_mtime, UTC), stat.st_size) for path, stat in found]
    return sorted(files, key=lambda file: (file.published_at, file.path.name), reverse=True)


def keep_published(published: Path, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> Path | None:
    """Keep the file that is about to be replaced, named by when it was published, and drop what is too much.

    It is linked, not copied, where the disk can; None when nothing is published yet. OSError when the disk refuses.
    Of what is too much the newest becomes the spare, for the next publication to write over.
    """
    if not published.exists():
        return None
    folder = published.parent / HISTORY_FOLDER
    folder.mkdir(exist_ok=True)
    at = datetime.fromtimestamp(published.stat().st_mtime, UTC)
    target = folder / f"{_PREFIX}{compact_instant(at)}.duckdb"
    if not target.exists():
        try:
            os.link(published, target)
        except OSError:
            shutil.copy2(published, target)
    too_much = _too_much(kept_files(published), most_files, most_bytes)
    for file in too_much[1:]:
        file.path.unlink(missing_ok=True)
    if too_much:
        too_much[0].path.replace(spare_path(published))
    return target


def spare_path(published: Path) -> Path:
    """An earlier file that nobody wants any more, most of whose bytes are those of the next one."""
    return published.with_suffix(".spare")


def _too_much(files: list[KeptFile], most_files: int, most_bytes: int) -> list[KeptFile]:
    """The files that are not wanted, the newest first; `files` is in the same order."""
    n_kept, n_bytes = 0, 0
    days: set[date] = set()
    found = []
    for file in files:
        is_wanted = n_kept < NEWEST_FILES or file.published_at.date() not in days
        fits = n_kept < most_files and n_bytes + file.n_bytes <= most_bytes
        days.add(file.published_at.date())
        if n_kept and not (is_wanted and fits):
            found.append(file)
            continue
        n_kept += 1
        n_bytes += file.n_bytes
    return found
