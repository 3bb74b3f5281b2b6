"""A lock that one process holds at a time, and that the system lets go when that process dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

# Fields of a line of /proc/locks.
_PROCESS, _PLACE = 4, 5


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Whether the lock on `path` is ours inside the block; False at once where another process holds it."""
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def lock_holders(path: Path) -> list[int]:
    """Processes that hold a lock on `path`; empty where nobody does, or where the system does not tell."""
    table = Path("/proc/locks")
    if not (table.is_file() and path.exists()):
        return []
    inode = str(path.stat().st_ino)
    fields = (line.split() for line in table.read_text(encoding="utf-8").splitlines())
    # number: kind mode access pid device:device:inode start end; a line with "->" only waits.
    held = [row for row in fields if "->" not in row and len(row) > _PLACE and row[_PLACE].rpartition(":")[2] == inode]
    return sorted({int(row[_PROCESS]) for row in held})
