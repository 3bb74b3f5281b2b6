"""Publish the warehouse as a read-only copy that readers never wait for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from warehouse.store.connection import Warehouse
from warehouse.store.errors import StorageFailedError
from warehouse.store.frames import run_statement


def publish(warehouse: Warehouse, source: Path, target: Path) -> None:
    """Checkpoint, copy `source` beside `target`, fsync, and replace `target` atomically.

    Open readers keep the copy they opened. Raises StorageFailedError and leaves the old copy when the disk refuses.
    """
    run_statement(warehouse.connection, "checkpoint")
    staging = target.with_suffix(".publishing")
    try:
        shutil.copyfile(source, staging)
        with staging.open("rb+") as file:
            os.fsync(file.fileno())
        staging.replace(target)
    except OSError as exc:
        staging.unlink(missing_ok=True)
        raise StorageFailedError(f"cannot publish {target}: {exc.strerror}; the earlier copy is untouched") from exc
