"""Store tables and publish them, as a run does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.contract import Table


def publish_tables(tables: Mapping[Table, pl.DataFrame], folder: Path) -> Path:
    """A published file that holds `tables` and nothing else; the path of the copy."""
    warehouse_path, published_path = folder / "warehouse.duckdb", folder / "aftershock.duckdb"
    with open_writer(warehouse_path, 10) as warehouse:
        for table, frame in tables.items():
            warehouse.replace(table, frame)
        publish(warehouse, warehouse_path, published_path)
    return published_path
