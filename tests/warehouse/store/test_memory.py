"""What the database holds in memory between the steps of a run."""

from pathlib import Path

import pytest

from warehouse.store import memory
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.frames import run_statement
from warehouse.store.memory import release_memory

HELD_MEGABYTES = 5
SUM_OF_ROWS = "select sum(number) from long"


def held_megabytes(warehouse: Warehouse) -> float:
    [(n_bytes,)] = run_statement(warehouse.connection, "select sum(memory_usage_bytes) from duckdb_memory()")
    return float(n_bytes) / 1e6


def limit_of(warehouse: Warehouse) -> str:
    [(limit,)] = run_statement(warehouse.connection, "select current_setting('memory_limit')")
    return str(limit)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database whose one table takes 16 MB and more, however it is packed."""
    path = tmp_path / "warehouse.duckdb"
    with open_writer(path, 1) as warehouse:
        run_statement(warehouse.connection, "create table long as select hash(range) as number from range(2_000_000)")
    return path


def test_blocks_that_were_read_are_let_go_and_read_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_HELD_MEGABYTES", HELD_MEGABYTES)
    with open_writer(path, 1) as warehouse:
        limit = limit_of(warehouse)
        rows = run_statement(warehouse.connection, SUM_OF_ROWS)
        assert held_megabytes(warehouse) > 2 * HELD_MEGABYTES
        release_memory(warehouse)
        assert held_megabytes(warehouse) <= HELD_MEGABYTES
        assert limit_of(warehouse) == limit
        assert run_statement(warehouse.connection, SUM_OF_ROWS) == rows


def test_a_disk_that_refuses_to_hold_rows_is_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_HELD_MEGABYTES", 0)
    (path.parent / "file").touch()
    with open_writer(path, 1) as warehouse:
        limit = limit_of(warehouse)
        run_statement(warehouse.connection, f"set temp_directory = '{path.parent / 'file'}'")
        run_statement(warehouse.connection, "create temp table held as from long")
        release_memory(warehouse)
        assert limit_of(warehouse) == limit
        [(n_held,)] = run_statement(warehouse.connection, "select count(*) from held")
        assert n_held == 2_000_000
