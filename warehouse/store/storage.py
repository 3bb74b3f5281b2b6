"""The format of the database file: one that every DuckDB client from 1.2 on opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from warehouse.replacing import replacing
from warehouse.store.frames import run_statement

# Written by today's library, read by every client from this version on; the published copy inherits it.
STORAGE_VERSION = "v1.2.0"
CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "storage_compatibility_version": STORAGE_VERSION,
}


def storage_version(connection: duckdb.DuckDBPyConnection) -> str:
    """The oldest client that reads the open file, e.g. `v1.2.0+`."""
    [(found,)] = run_statement(
        connection, "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
    )
    return str(found)


def is_readable_by_old_clients(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the open file is in the format that this program writes."""
    return storage_version(connection) == f"{STORAGE_VERSION}+"


def convert_storage(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the open file anew in our format beside it, close it, and put the new one in its place.

    A crash leaves the old one. Comments are set again from the contracts when the file is next opened to write.
    """
    [(name,)] = run_statement(connection, "select current_database()")
    with replacing(path, ".converting") as draft:
        run_statement(connection, f"attach '{draft}' as converted (storage_version '{STORAGE_VERSION}')")
        run_statement(connection, f'copy from database "{name}" to converted')
        run_statement(connection, "delete from converted.ops.migration where migration_id like 'contracts-%'")
        run_statement(connection, "detach converted")
        run_statement(connection, "checkpoint")
        connection.close()
