"""How much of the database is held in memory."""

from __future__ import annotations

from contextlib import suppress

import duckdb

from warehouse.store.connection import Warehouse
from warehouse.store.frames import run_statement

# What stays held between the steps of a run.
_HELD_MEGABYTES = 80


def limit_memory(warehouse: Warehouse, megabytes: int) -> None:
    """Keep the database's own cache below a size, for long imports; it spills to disk beyond."""
    run_statement(warehouse.connection, f"set memory_limit = '{int(megabytes)}MB'")


def release_memory(warehouse: Warehouse) -> None:
    """Let go of blocks that were read, and of any limit: the next step reads others, and the system holds the file.

    Not to be asked inside a transaction, which a refusal would end.
    """
    # What is in use stays, and where a disk refuses to hold it instead all stays.
    with suppress(duckdb.Error):
        limit_memory(warehouse, _HELD_MEGABYTES)
    run_statement(warehouse.connection, "reset memory_limit")
