"""Copies that were read to the end: kept, put back, and refused when they are damaged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.errors import EXIT_STORAGE, CommandError
from flows.jobs.safekeeping import back_up, put_back, read_to_the_end
from flows.settings import Settings
from warehouse.store.connection import open_writer
from warehouse.store.errors import BusyError, DamagedError
from warehouse.store.locks import lock_holders
from warehouse.store.publish import publish
from warehouse.tables.ops import RUN

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(tmp_path, None, True, 0.1, None, None)
    write_run(found, "first")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feeds.toml").write_text("# mine\n")
    return found


def write_run(settings: Settings, *run_ids: str) -> None:
    rows = [(run_id, "run", NOW, NOW, "done", "1") for run_id in run_ids]
    with open_writer(settings.warehouse_path, 1) as writer:
        writer.merge(RUN, pl.DataFrame(rows, schema=RUN.schema, orient="row"))
        publish(writer, settings.warehouse_path, settings.published_path)


def run_ids(settings: Settings) -> list[str]:
    with open_writer(settings.warehouse_path, 1) as writer:
        return writer.frame(RUN, order_by="run_id")["run_id"].to_list()


def test_what_was_kept_comes_back_with_the_configuration(settings: Settings, tmp_path: Path) -> None:
    folder, n_tables = back_up(settings, NOW, None)
    assert folder == tmp_path / "backups" / "20260701T000000Z"
    assert n_tables > 50
    write_run(settings, "second")
    (tmp_path / "config" / "feeds.toml").unlink()
    (tmp_path / "config").rmdir()
    _, aside = put_back(settings, NOW, folder)
    assert run_ids(settings) == ["first"]
    assert (tmp_path / "config" / "feeds.toml").read_text() == "# mine\n"
    assert aside is not None
    assert read_to_the_end(aside)["ops.run"] != read_to_the_end(settings.warehouse_path)["ops.run"]


def test_a_damaged_warehouse_comes_back_from_the_published_copy(settings: Settings) -> None:
    settings.warehouse_path.write_bytes(b"torn")
    with pytest.raises(DamagedError, match="aftershock restore"), open_writer(settings.warehouse_path, 1):
        pass
    copy, aside = put_back(settings, NOW, None)
    assert (copy, run_ids(settings)) == (settings.published_path, ["first"])
    assert aside is not None
    assert aside.read_bytes() == b"torn"


def test_a_write_ahead_log_of_the_earlier_file_is_not_replayed_on_the_copy(settings: Settings) -> None:
    log = settings.warehouse_path.with_name("warehouse.duckdb.wal")
    log.write_bytes(b"not for this file")
    put_back(settings, NOW, None)
    assert not log.exists()
    assert run_ids(settings) == ["first"]


def test_a_damaged_copy_changes_nothing(settings: Settings) -> None:
    write_run(settings, *(f"{i:x}" * 20 for i in range(20_000)))
    before = settings.warehouse_path.read_bytes()
    torn = bytearray(settings.published_path.read_bytes())
    for place in range(12_288, len(torn), 5_000):
        torn[place] ^= 0xFF
    settings.published_path.write_bytes(bytes(torn))
    with pytest.raises(CommandError, match="is damaged too: name a backup") as told:
        put_back(settings, NOW, None)
    assert told.value.exit_code == EXIT_STORAGE
    assert settings.warehouse_path.read_bytes() == before


def test_nothing_is_put_back_under_a_writer(settings: Settings) -> None:
    import os

    with open_writer(settings.warehouse_path, 1):
        assert lock_holders(settings.warehouse_path.with_suffix(".lock")) == [os.getpid()]
        with pytest.raises(BusyError, match="being written"):
            put_back(settings, NOW, None)


def test_a_backup_does_not_overwrite_another(settings: Settings) -> None:
    back_up(settings, NOW, None)
    with pytest.raises(CommandError, match="exists"):
        back_up(settings, NOW, None)
    back_up(settings, NOW + timedelta(seconds=1), None)


def test_another_database_is_no_copy(settings: Settings, tmp_path: Path) -> None:
    from warehouse.store.frames import run_statement

    with open_writer(tmp_path / "other.duckdb", 1) as other:
        run_statement(other.connection, "drop schema ops cascade")
        for schema in ("core", "out", "raw"):
            run_statement(other.connection, f"drop schema if exists {schema} cascade")
    with pytest.raises(CommandError, match="no table of Aftershock"):
        put_back(settings, NOW, tmp_path / "other.duckdb")
