"""Read a release: as lazy frames, or as a DuckDB reader on which every query of the product runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import polars as pl
from deltalake import DeltaTable

from warehouse.lake.errors import LakeError
from warehouse.lake.faults import named_faults
from warehouse.lake.layout import is_parted
from warehouse.lake.release import Release
from warehouse.store.connection import Reader
from warehouse.store.frames import run_statement, staged
from warehouse.store.migrate import view_files
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table
from warehouse.tables.prices import CANDLE, CANDLE_REVISION, MARKET

# What the view of candles per unit of their asset reads.
_BENEATH_CANDLES = {CANDLE.name, CANDLE_REVISION.name, MARKET.name}
_REMEDY = "move its table's folder away and publish again, or keep vacuum's files longer"
_PART_TYPES = ", hive_partitioning = true, hive_types = {'timeframe': varchar, 'month': varchar}"


def open_table(release: Release, table: Table) -> DeltaTable:
    """The table at the release's version; LakeError where the release has none, or its files are swept away."""
    if table.name not in release.versions:
        uri = release.address.uri
        raise LakeError(f"{uri} has no {table.name} in its release; add it: aftershock lake publish {uri}")
    with named_faults(release.address, f"open {table.name}"):
        return DeltaTable(release.address.of(table.name), version=release.versions[table.name])


def scan_table(release: Release, table: Table) -> pl.LazyFrame:
    """The rows of the table at the release's version, in the contract's columns."""
    return pl.scan_delta(open_table(release, table)).select(table.column_names).cast(table.schema)


@contextmanager
def mounted(release: Release) -> Iterator[Reader]:
    """A reader over the tables of the release: files of a folder are read in place, an object store's are fetched."""
    tables = load_tables()
    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
    try:
        run_statement(connection, "set TimeZone = 'UTC'")
        for name in sorted(release.versions.keys() & tables.keys()):
            run_statement(connection, f"create schema if not exists {name.partition('.')[0]}")
            _mount(connection, release, tables[name])
        if release.versions.keys() >= _BENEATH_CANDLES:
            run_statement(connection, view_files()["coin_candle.sql"])
        yield Reader(connection)
    except duckdb.IOException as exc:
        said = str(exc).splitlines()[0]
        raise LakeError(f"{release.address.uri}: a file of the release is gone or damaged ({said}); {_REMEDY}") from exc
    finally:
        connection.close()


def _mount(connection: duckdb.DuckDBPyConnection, release: Release, table: Table) -> None:
    # Never the folder: it holds files that no version of the table has any more.
    files = open_table(release, table).file_uris() if release.address.is_local else []
    if files:
        names = ", ".join(table.column_names)
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        source = f"read_parquet([{listed}]{_PART_TYPES if is_parted(table) else ''})"
        run_statement(connection, f"create view {table.name} as select {names} from {source}")
        return
    with staged(connection, scan_table(release, table).collect()) as stage:
        run_statement(connection, f"create table {table.name} as select * from {stage}")
