"""Publish the warehouse as a read-only copy that readers never wait for."""

from __future__ import annotations

import shutil
from pathlib import Path

from warehouse.replacing import replacing
from warehouse.store.connection import Warehouse
from warehouse.store.errors import StorageFailedError
from warehouse.store.frames import run_statement


def publish(warehouse: Warehouse, source: Path, target: Path) -> None:
    """Checkpoint, copy `source` beside `target`, fsync, and replace `target` atomically.

    Open readers keep the copy they opened. Raises StorageFailedError and leaves the old copy when the disk refuses.
    """
    run_statement(warehouse.connection, "checkpoint")
    try:
        with replacing(target, ".publishing") as staging:
            shutil.copyfile(source, staging)
    except OSError as exc:
        raise StorageFailedError(f"cannot publish {target}: {exc.strerror}; the earlier copy is untouched") from exc
