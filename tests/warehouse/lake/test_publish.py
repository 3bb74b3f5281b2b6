"""What is written into a lake: what changed, and nothing else, whoever publishes beside."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.builders import make_rows
from tests.warehouse.lake.lakes import MARKETS, NOW, make_candles, publish_candles, small_warehouse
from warehouse.lake.errors import LakeError, LakeUnreachableError, NoReleaseError
from warehouse.lake.layout import LakeAddress, digest_of_parts, is_parted
from warehouse.lake.publish import parts_of_log, publish_table
from warehouse.lake.reading import mounted, open_table, scan_table
from warehouse.lake.release import RELEASE, Release, read_release, write_release
from warehouse.lake.upkeep import compare_lake
from warehouse.store.connection import open_writer
from warehouse.tables.catalog import load_tables
from warehouse.tables.news import ENTRY
from warehouse.tables.prices import CANDLE

HOSTILE_TEXTS = ["", " ", "\x00", "\u202eabc", "=cmd()", "é/ü %2F", "'; drop table x; --", "a\nb,c", "\U0001f9e8"]
HOSTILE_NUMBERS = [float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308]
FAR_TIMES = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]


@pytest.fixture
def address(tmp_path: Path) -> LakeAddress:
    return LakeAddress(str(tmp_path / "lake"))


def as_stored(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(CANDLE.key)


def test_every_contract_comes_back_equal_with_hostile_values(tmp_path: Path, address: LakeAddress) -> None:
    tables = load_tables()
    with open_writer(tmp_path / "warehouse.duckdb", 5.0) as warehouse:
        for table in tables.values():
            texts = [column.name for column in table.columns if column.dtype == pl.String]
            rows: list[dict[str, object]] = [dict.fromkeys(texts, text) for text in HOSTILE_TEXTS]
            for number, row in enumerate(rows):
                for column in table.columns:
                    if column.dtype == pl.Float64:
                        row[column.name] = HOSTILE_NUMBERS[number % len(HOSTILE_NUMBERS)]
                    elif isinstance(column.dtype, pl.Datetime):
                        row[column.name] = FAR_TIMES[number % 2] if not is_parted(table) else NOW
                if "timeframe" in row:
                    row["timeframe"] = "1h"
            warehouse.replace(table, make_rows(table, *rows).unique(subset=list(table.key), keep="first"))

        versions = {name: publish_table(warehouse, table, address).version for name, table in tables.items()}
        write_release(address, versions, NOW)
        release = read_release(address)

        compared = compare_lake(warehouse, release)
        assert {row.table for row in compared} == tables.keys()
        assert [row for row in compared if row.state != "equal"] == []
        by_polars = scan_table(release, ENTRY).collect().sort("entry_id")
        assert by_polars.equals(warehouse.frame(ENTRY).sort("entry_id"))


def test_publishing_again_writes_nothing(tmp_path: Path, address: LakeAddress) -> None:
    with small_warehouse(tmp_path) as warehouse:
        first = publish_candles(warehouse, address)
        again = publish_candles(warehouse, address)

    assert (first.n_parts, first.n_parts_written) == (3, 3)
    assert (again.n_parts_written, again.version) == (0, first.version)


def test_one_changed_value_rewrites_one_month(tmp_path: Path, address: LakeAddress) -> None:
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)
        files = set(open_table(read_release(address), CANDLE).file_uris())
        changed = make_candles().filter(pl.col("open_time_utc") == datetime(2026, 5, 3, tzinfo=UTC)).head(1)
        warehouse.merge(CANDLE, changed.with_columns(close_quote=pl.lit(1.5)))

        assert publish_candles(warehouse, address).n_parts_written == 1
        later = open_table(read_release(address), CANDLE).file_uris()
        assert [name for name in later if name not in files] == [name for name in later if "month=2026-05" in name]
        found = scan_table(read_release(address), CANDLE).collect()
        assert as_stored(found).equals(as_stored(warehouse.frame(CANDLE)))


def test_a_deleted_row_and_an_emptied_month_leave_the_lake(tmp_path: Path, address: LakeAddress) -> None:
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)
        kept = warehouse.frame(CANDLE).filter(pl.col("open_time_utc") >= datetime(2026, 5, 2, tzinfo=UTC))
        warehouse.replace(CANDLE, kept)

        assert publish_candles(warehouse, address).n_parts_written == 2
        with mounted(read_release(address)) as lake:
            assert as_stored(lake.frame(CANDLE)).equals(as_stored(kept))
            assert not [part for part in digest_of_parts(lake.connection, CANDLE) if "2026-04" in part]


def test_an_empty_table_is_a_table(tmp_path: Path, address: LakeAddress) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 5.0) as warehouse:
        publish_candles(warehouse, address)
        with mounted(read_release(address)) as lake:
            assert lake.frame(CANDLE).schema == CANDLE.schema


def test_another_shape_writes_the_table_anew(
    tmp_path: Path, address: LakeAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)
        monkeypatch.setattr("warehouse.lake.publish.shape_of_table", lambda _table: "another version's")
        again = publish_candles(warehouse, address)

        assert again.version == 1
        assert as_stored(scan_table(read_release(address), CANDLE).collect()).equals(as_stored(warehouse.frame(CANDLE)))


def test_columns_carry_their_meaning_and_unit(tmp_path: Path, address: LakeAddress) -> None:
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)

    fields = {field.name: field.metadata for field in open_table(read_release(address), CANDLE).schema().fields}
    meant = {column.name: {"comment": column.description, "unit": column.unit} for column in CANDLE.columns}
    assert {name: fields[name] for name in meant if name != "timeframe"} == {
        name: value for name, value in meant.items() if name != "timeframe"
    }


def _publish_values(folder: str, close: float) -> None:
    with open_writer(Path(folder) / f"w{close}.duckdb", 5.0) as warehouse:
        warehouse.merge(CANDLE, make_candles().with_columns(close_quote=pl.lit(close)))
        for number in range(5):
            warehouse.merge(CANDLE, make_candles(35).with_columns(close_quote=pl.lit(close + number)))
            publish_table(warehouse, CANDLE, LakeAddress(f"{folder}/lake"))


@pytest.mark.slow
def test_the_log_describes_the_files_after_two_publishers_raced(tmp_path: Path, address: LakeAddress) -> None:
    context = multiprocessing.get_context("spawn")
    racers = [context.Process(target=_publish_values, args=(str(tmp_path), close)) for close in (100.0, 900.0)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(120)
    assert [racer.exitcode for racer in racers] == [0, 0]

    from deltalake import DeltaTable

    version = DeltaTable(address.of(CANDLE.name)).version()
    release = Release(address, "", {CANDLE.name: version})
    with mounted(release) as lake:
        assert digest_of_parts(lake.connection, CANDLE) == parts_of_log(open_table(release, CANDLE))[0]
        assert lake.frame(CANDLE).height == make_candles().height


PUBLISHER = """
import sys
from pathlib import Path
import polars as pl
from tests.warehouse.lake.lakes import make_candles, publish_candles
from warehouse.lake.layout import LakeAddress
from warehouse.store.connection import open_writer
from warehouse.tables.prices import CANDLE
folder, lake = Path(sys.argv[1]), sys.argv[2]
with open_writer(folder / "warehouse.duckdb", 5.0) as warehouse:
    print("ready", flush=True)
    for close in range(1_000_000):
        warehouse.merge(CANDLE, make_candles().with_columns(close_quote=pl.lit(float(close))))
        publish_candles(warehouse, LakeAddress(lake))
"""


@pytest.mark.slow
def test_killed_publishers_leave_one_state_or_the_next(tmp_path: Path, address: LakeAddress) -> None:
    folder = tmp_path / "home"
    for pause in (0.05, 0.11, 0.23, 0.31, 0.44):
        command = [sys.executable, "-c", PUBLISHER, str(folder), address.uri]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(1.0 + pause)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

        with mounted(read_release(address)) as lake:
            closes = lake.frame(CANDLE)["close_quote"]
        assert closes.len() == make_candles().height
        assert closes.n_unique() == 1
    with open_writer(folder / "warehouse.duckdb", 5.0) as warehouse:
        publish_candles(warehouse, address)
        assert [row.state for row in compare_lake(warehouse, read_release(address)) if row.table == CANDLE.name] == [
            "equal"
        ]


def test_a_damaged_lake_is_told_from_one_that_is_behind(tmp_path: Path, address: LakeAddress) -> None:
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)
        warehouse.merge(CANDLE, make_candles(1).with_columns(close_quote=pl.lit(7.0)))
        release = read_release(address)

        def state() -> str:
            return next(row.state for row in compare_lake(warehouse, release) if row.table == CANDLE.name)

        assert state() == "behind"
        publish_candles(warehouse, address)
        release = read_release(address)
        assert state() == "equal"
        file = Path(open_table(release, CANDLE).file_uris()[0])
        rows = pl.read_parquet(file)
        rows.with_columns(close_quote=pl.lit(1.0)).write_parquet(file)
        assert state() == "damaged"


def test_a_lake_without_release_is_named_with_its_remedy(address: LakeAddress, tmp_path: Path) -> None:
    with pytest.raises(NoReleaseError, match="holds no release; write one: aftershock lake publish"):
        read_release(address)
    Path(address.uri).mkdir()
    (Path(address.uri) / RELEASE).write_text("{")
    with pytest.raises(LakeError, match=r"release.json is damaged .* write it anew") as damaged:
        read_release(address)
    assert not isinstance(damaged.value, NoReleaseError)
    refused = LakeAddress(str(tmp_path / "file"))
    Path(refused.uri).write_text("no folder")
    with (
        small_warehouse(tmp_path) as warehouse,
        pytest.raises((LakeUnreachableError, LakeError), match=str(refused.uri)),
    ):
        publish_candles(warehouse, refused)


def test_a_release_names_versions_and_its_time(tmp_path: Path, address: LakeAddress) -> None:
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)

    document = json.loads((Path(address.uri) / RELEASE).read_text())
    assert document == {"released_at_utc": NOW.isoformat(), "versions": {CANDLE.name: 0}}
    assert sorted(scan_table(read_release(address), CANDLE).collect()["market_id"].unique()) == sorted(MARKETS)
