"""A file with rows in every table takes new columns, keeps its rows, and refuses what it cannot fill."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from warehouse.store.connection import open_writer
from warehouse.store.errors import StoreError
from warehouse.store.migrate import create_sql, migrate
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table

AT = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)


def make_value(dtype: Any) -> Any:
    """A plain value of a column's type."""
    if isinstance(dtype, pl.List):
        return [make_value(dtype.inner)]
    if isinstance(dtype, pl.Datetime):
        return AT
    plain: dict[Any, Any] = {pl.String: "x", pl.Boolean: True, pl.Date: date(2026, 6, 12), pl.Binary: b"x"}
    return plain.get(dtype, 1)


def make_row(table: Table) -> pl.DataFrame:
    values = {column.name: [make_value(column.dtype)] for column in table.columns}
    return table.conform(pl.DataFrame(values, schema=table.schema))


def test_a_full_file_takes_every_nullable_column_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    tables = load_tables()
    dropped = {
        name: [column.name for column in table.columns if column.is_nullable and column.name not in table.key]
        for name, table in tables.items()
    }
    with open_writer(path, 5) as warehouse:
        for table in tables.values():
            warehouse.replace(table, make_row(table))
        for name, columns in dropped.items():
            for column in columns:
                warehouse.connection.execute(f"alter table {name} drop column {column}")
        warehouse.connection.execute("delete from ops.migration where starts_with(migration_id, 'contracts-')")
    with open_writer(path, 5) as warehouse:
        for name, table in tables.items():
            kept = warehouse.frame(table)
            assert kept.columns == list(table.column_names), name
            first = make_row(table).drop(dropped[name])
            assert kept.drop(dropped[name]).filter(pl.struct(first.columns).is_in(first.to_struct().implode())).height
            if dropped[name] and kept.height == 1:
                assert kept.select(dropped[name]).null_count().row(0) == (1,) * len(dropped[name]), name
            # What a step writes next lies under the right names, wherever the new columns stand in the file.
            warehouse.replace(table, make_row(table))
            assert warehouse.frame(table).equals(make_row(table)), name


@pytest.fixture
def connection(tmp_path: Path):
    connection = duckdb.connect(str(tmp_path / "small.duckdb"))
    migrate(connection)
    connection.execute("delete from ops.migration where starts_with(migration_id, 'contracts-')")
    yield connection
    connection.close()


def test_a_required_column_is_refused_by_a_table_with_rows(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("drop table core.asset")
    connection.execute("create table core.asset (asset_id varchar not null)")
    connection.execute("insert into core.asset values ('TAO')")
    with pytest.raises(
        StoreError, match=r"core\.asset\.\w+ is new and required, and the table has rows: add a migration"
    ):
        migrate(connection)


def test_a_required_column_is_added_to_an_empty_table(connection: duckdb.DuckDBPyConnection) -> None:
    table = load_tables()["core.asset"]
    connection.execute("drop table core.asset")
    connection.execute("create table core.asset (asset_id varchar not null)")
    migrate(connection)
    names = [row[0] for row in connection.execute("describe core.asset").fetchall()]
    assert sorted(names) == sorted(table.column_names)


def test_another_stored_type_is_named(connection: duckdb.DuckDBPyConnection) -> None:
    table = load_tables()["core.asset"]
    connection.execute("drop table core.asset")
    connection.execute(create_sql(table).replace("asset_id varchar", "asset_id bigint"))
    with pytest.raises(StoreError, match=r"core\.asset\.asset_id is stored as BIGINT; expected varchar"):
        migrate(connection)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into ops.migration values ('0099_later.sql', now())",
        "insert into ops.run values ('r', 'run', now(), now(), 'done', '99.0.0')",
    ],
)
def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "warehouse.duckdb"
    with open_writer(path, 1) as warehouse:
        warehouse.connection.execute(statement).fetchall()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="update this one"), open_writer(path, 1):
        pass
    assert path.read_bytes() == before
