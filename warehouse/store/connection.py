"""Open the database: one writer with a deadline, any number of readers of the published file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from warehouse.store.digests import digest_file, digest_parts, digest_table
from warehouse.store.errors import BusyError, NotPublishedError, OutdatedError, StorageFailedError, fault_of
from warehouse.store.frames import fetch_frame, run_statement
from warehouse.store.migrate import migrate
from warehouse.store.stamps import cure_future
from warehouse.store.storage import CONFIG, convert_storage, is_readable_by_old_clients
from warehouse.store.upsert import MergeCount, merge_rows, replace, replace_part
from warehouse.tables.contract import Table
from warehouse.tables.queries import query_text
from warehouse.tables.units import plain

# What brings each file back: either is a whole copy of the other.
WAREHOUSE_REMEDY = "bring it back from the published copy with aftershock restore, or from a backup"
PUBLISHED_REMEDY = "move it away, and the next aftershock run writes it anew from the warehouse"


class Reader:
    """Reads tables and named queries from an open file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def frame(self, table: Table, where: str = "", order_by: str = "", **parameters: Any) -> pl.DataFrame:
        """The rows of `table`, optionally `where` a condition with $parameters holds, in contract order of columns."""
        sql = f"select {', '.join(table.column_names)} from {table.name}"
        sql += f" where {where}" if where else ""
        sql += f" order by {order_by}" if order_by else ""
        return fetch_frame(self.connection, sql, parameters)

    def digest(self, table: Table) -> str:
        """A digest of all rows of `table`."""
        return digest_table(self.connection, table)

    def digest_rows(self, table: Table, where: str) -> str:
        """A digest of the rows of `table` for which the condition `where` holds."""
        return digest_table(self.connection, table, where)

    def digest_parts(
        self, table: Table, columns: Sequence[str], where: str = "true", **parameters: Any
    ) -> dict[str, dict[str, str]]:
        """A digest of the rows of each value of each of `columns`, of those for which the condition `where` holds.

        That of all of them stands under an empty column and value.
        """
        return digest_parts(self.connection, table, columns, where, **parameters)

    def digest_file(self) -> dict[str, str]:
        """A digest of all rows of every stored table, by name, for which each byte of them is read."""
        return digest_file(self.connection)

    def count_writes(self, *tables: Table) -> int:
        """How often this connection has written to `tables`; one that only reads never has."""
        return 0

    def has(self, table: Table) -> bool:
        """Whether the file holds this table; a published file may be older than the program."""
        schema, name = table.name.split(".")
        sql = "select 1 from duckdb_tables() where schema_name = $schema and table_name = $name"
        return bool(run_statement(self.connection, sql, {"schema": schema, "name": name}))

    def query(self, name: str, **parameters: Any) -> pl.DataFrame:
        """The rows of the packaged query `warehouse/sql/queries/<name>.sql`."""
        return fetch_frame(self.connection, query_text(name), parameters)

    def sql(self, statement: str) -> pl.DataFrame:
        """The rows of one statement of our own; what somebody typed goes into a sandbox."""
        return fetch_frame(self.connection, statement)


class Warehouse(Reader):
    """The one writer: it knows what it has written, so that a table is read and digested again only after that."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self._digests: dict[str, str] = {}
        self._held: dict[str, pl.DataFrame] = {}
        self._writes: Counter[str] = Counter()

    def merge(self, table: Table, frame: pl.DataFrame) -> MergeCount:
        """Upsert `frame` on the table's natural key; unchanged rows are not rewritten."""
        count = merge_rows(self.connection, table, frame)
        if count.n_changed:
            self.touch(table)
        return count

    def replace(self, table: Table, frame: pl.DataFrame) -> int:
        """Make `table` hold exactly `frame`; returns the rows that differ, 0 when nothing was written."""
        n_changed = replace(self.connection, table, frame)
        if n_changed:
            self.touch(table)
        return n_changed

    def touch(self, *tables: Table) -> None:
        """Forget what is known of tables; whatever writes to one past `merge` and `replace` says so here."""
        for table in tables:
            self._digests.pop(table.name, None)
            self._held.pop(table.name, None)
            self._writes[table.name] += 1

    def count_writes(self, *tables: Table) -> int:
        """How often this connection has written to `tables`."""
        return sum(self._writes[table.name] for table in tables)

    def digest(self, table: Table) -> str:
        """A digest of all rows of `table`, computed again only after a write."""
        if table.name not in self._digests:
            self._digests[table.name] = super().digest(table)
        return self._digests[table.name]

    def held(self, table: Table) -> pl.DataFrame:
        """All rows of `table`, read again only after a write; for tables that several steps of a run need whole."""
        if table.name not in self._held:
            self._held[table.name] = self.frame(table)
        return self._held[table.name]

    def replace_part(self, table: Table, frame: pl.DataFrame, part: str, **parameters: Any) -> int:
        """Make the rows for which the condition `part` holds exactly `frame`; returns how many were written."""
        n_changed = replace_part(self.connection, table, frame, part, parameters)
        if n_changed:
            self.touch(table)
        return n_changed

    def cure_future(self, table: Table, column: str, now: datetime) -> int:
        """Mend the instants of our own clock that lie after `now`; returns the rows."""
        n_rows = cure_future(self.connection, table, column, now)
        if n_rows:
            self.touch(table)
        return n_rows


@contextmanager
def open_writer(path: Path, deadline_seconds: float) -> Iterator[Warehouse]:
    """The writer on `path`, migrated; waits `deadline_seconds` for another writer to finish.

    Raises BusyError when it does not, StorageFailedError when the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"), timeout=deadline_seconds)
        lock.acquire()
    except Timeout as exc:
        raise BusyError(
            f"{path} is being written by another run; waited {plain(deadline_seconds)} s: try again later"
        ) from exc
    except OSError as exc:
        raise StorageFailedError(
            f"cannot write in {path.parent}: {exc.strerror}; free space or set AFTERSHOCK_HOME"
        ) from exc
    try:
        connection = _connect(path, is_read_only=False)
        if not is_readable_by_old_clients(connection):
            connection = _convert(connection, path)
        try:
            migrate(connection)
            yield Warehouse(connection)
        except duckdb.Error as exc:
            fault = fault_of(exc, path, WAREHOUSE_REMEDY)
            if fault is None and isinstance(exc, (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)):
                fault = StorageFailedError(f"{path}: {exc}; free space on the disk, then run again")
            if fault is None:
                raise
            raise fault from exc
        finally:
            connection.close()
    finally:
        lock.release()


@contextmanager
def open_reader(path: Path) -> Iterator[Reader]:
    """A read-only view of the published file as it is now; later publications do not disturb it.

    Raises NotPublishedError when there is none, OutdatedError when it lacks a table or column that is asked for.
    """
    if not path.exists():
        raise NotPublishedError(f"{path} does not exist yet: run `aftershock run` first, or set AFTERSHOCK_HOME")
    connection = _connect(path, is_read_only=True)
    try:
        yield Reader(connection)
    except (duckdb.CatalogException, duckdb.BinderException) as exc:
        missing = str(exc).splitlines()[0]
        raise OutdatedError(
            f"{path} was written by another version: {missing}; bring it up to date: aftershock run"
        ) from exc
    except duckdb.Error as exc:
        if (fault := fault_of(exc, path, PUBLISHED_REMEDY)) is None:
            raise
        raise fault from exc
    finally:
        connection.close()


def _convert(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyConnection:
    try:
        migrate(connection)  # so that there is a record of migrations to carry over
        convert_storage(connection, path)
    except (duckdb.IOException, OSError) as exc:
        connection.close()
        raise StorageFailedError(f"cannot write {path} in its new format: {exc}; free space on the disk") from exc
    return _connect(path, is_read_only=False)


def _connect(path: Path, is_read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(str(path), read_only=is_read_only, config=CONFIG)
    except duckdb.Error as exc:
        if isinstance(exc, duckdb.IOException) and "set lock" in str(exc):
            raise BusyError(f"{path} is open in another program: close it, or query the published file") from exc
        remedy = PUBLISHED_REMEDY if is_read_only else WAREHOUSE_REMEDY
        raise fault_of(exc, path, remedy) or StorageFailedError(f"cannot open {path}: {exc}") from exc
    run_statement(connection, "set TimeZone = 'UTC'")
    return connection
