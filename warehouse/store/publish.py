"""Publish the warehouse as a read-only copy that readers never wait for."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

from warehouse.replacing import replacing
from warehouse.store.connection import Warehouse
from warehouse.store.errors import StorageFailedError
from warehouse.store.frames import run_statement
from warehouse.store.published.history import spare_path

# Compared and written in pieces of this size: DuckDB's own blocks.
COMPARED_BYTES = 262_144


def publish(warehouse: Warehouse, source: Path, target: Path) -> None:
    """Checkpoint, copy `source` beside `target`, fsync, and replace `target` atomically.

    Where an earlier published file is spare and nobody has it open, only the blocks in which it differs are written.
    Open readers keep the copy they opened. Raises StorageFailedError and leaves the old copy when the disk refuses.
    """
    run_statement(warehouse.connection, "checkpoint")
    try:
        with replacing(target, ".publishing") as staging:
            spare = spare_path(target)
            # Out of everybody's way first: whoever opened it under its old name is seen, and nobody can any more.
            if spare.exists():
                spare.replace(staging)
            if staging.exists() and is_closed(staging):
                write_differences(source, staging)
            else:
                staging.unlink(missing_ok=True)
                shutil.copyfile(source, staging)
    except OSError as exc:
        raise StorageFailedError(f"cannot publish {target}: {exc.strerror}; the earlier copy is untouched") from exc


def is_closed(path: Path) -> bool:
    """Whether this file has no other name and nobody, in this process or another, has it open; False where a system
    cannot tell.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    with path.open("rb+") as file:
        try:
            # The system gives a lease for writing on a file that nobody else has open, and on no other. Who opens it
            # meanwhile is announced by a signal, which would end the process where it is not one that is ignored.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError:
            return False
    return path.stat().st_nlink == 1


def write_differences(source: Path, target: Path) -> int:
    """Make `target` hold the bytes of `source`, writing the blocks that differ; returns how many were written."""
    n_written = 0
    with source.open("rb") as wanted, target.open("rb+") as file:
        while block := wanted.read(COMPARED_BYTES):
            if file.read(len(block)) != block:
                file.seek(wanted.tell() - len(block))
                file.write(block)
                n_written += 1
            file.seek(wanted.tell())
        file.truncate(wanted.tell())
    return n_written
