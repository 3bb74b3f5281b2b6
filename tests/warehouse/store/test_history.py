"""Earlier files are kept within bounds, and what differs between two is counted by table, subject and column."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.warehouse.store.rows import make_row
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.publish import COMPARED_BYTES, publish, write_differences
from warehouse.store.published.changes import IncomparableError, changes_since, compare_files
from warehouse.store.published.history import keep_published, kept_files, spare_path
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT

AS_OF = datetime(2026, 6, 13, tzinfo=UTC)


def make_file(path: Path, content: str, at: int) -> None:
    path.write_text(content)
    os.utime(path, (at, at))


def test_the_last_files_are_kept_newest_first(tmp_path: Path) -> None:
    published = tmp_path / "aftershock.duckdb"
    assert keep_published(published) is None
    for number in range(5):
        published.unlink(missing_ok=True)
        make_file(published, str(number), 1_700_000_000 + number)
        keep_published(published, most_files=3)
    assert [file.path.read_text() for file in kept_files(published)] == ["4", "3", "2"]


def test_a_day_of_many_publications_leaves_its_last_and_the_newest_stay_one_by_one(tmp_path: Path) -> None:
    published = tmp_path / "aftershock.duckdb"
    for day in range(1, 10):
        for hour in range(6):
            published.unlink(missing_ok=True)
            make_file(published, f"{day} {hour}", int(datetime(2026, 6, day, hour, tzinfo=UTC).timestamp()))
            keep_published(published)
    assert [file.path.read_text() for file in kept_files(published)] == [
        *("9 5", "9 4", "9 3"),
        *("8 5", "7 5", "6 5", "5 5"),
    ]


def test_kept_files_are_bounded_in_bytes_and_the_newest_stays(tmp_path: Path) -> None:
    published = tmp_path / "aftershock.duckdb"
    for number in range(3):
        published.unlink(missing_ok=True)
        make_file(published, str(number) * 100, 1_700_000_000 + number)
        keep_published(published, most_bytes=250)
    assert len(kept_files(published)) == 2
    keep_published(published, most_bytes=1)
    assert [file.path.read_text()[0] for file in kept_files(published)] == ["2"]


def test_a_kept_file_costs_no_bytes_of_its_own(tmp_path: Path) -> None:
    published = tmp_path / "aftershock.duckdb"
    published.write_text("a")
    kept = keep_published(published)
    assert kept is not None
    assert kept.stat().st_ino == published.stat().st_ino


def publish_often(writer: Warehouse, source: Path, target: Path, times: int) -> None:
    """Publish and keep; each file is a second younger than the one before."""
    for number in range(times):
        writer.replace(STUDY_RESULT, result("e", float(number)))
        keep_published(target, most_files=2)
        publish(writer, source, target)
        os.utime(target, (1_700_000_000 + number,) * 2)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system cannot tell whether a file is open")
def test_a_publication_writes_the_blocks_in_which_a_spare_file_differs(tmp_path: Path) -> None:
    source, target = tmp_path / "warehouse.duckdb", tmp_path / "aftershock.duckdb"
    with open_writer(source, 1) as writer:
        publish_often(writer, source, target, 4)
        keep_published(target, most_files=2)
        spare = spare_path(target).stat().st_ino
        publish(writer, source, target)
        assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_ino == spare
    assert not spare_path(target).exists()


def test_blocks_that_are_equal_are_not_written(tmp_path: Path) -> None:
    wanted = bytearray(5 * COMPARED_BYTES + 7)
    (tmp_path / "source").write_bytes(wanted)
    for spoil, n_written in (({}, 0), ({3: b"x"}, 1), ({3: b"x", 5 * COMPARED_BYTES + 1: b"y"}, 2)):
        before = bytearray(wanted) + b"longer"
        for place, byte in spoil.items():
            before[place : place + 1] = byte
        (tmp_path / "target").write_bytes(before)
        assert write_differences(tmp_path / "source", tmp_path / "target") == n_written
        assert (tmp_path / "target").read_bytes() == wanted
    (tmp_path / "target").write_bytes(wanted[: 2 * COMPARED_BYTES])
    assert write_differences(tmp_path / "source", tmp_path / "target") == 4
    assert (tmp_path / "target").read_bytes() == wanted


def test_a_spare_file_that_somebody_reads_is_left_to_him(tmp_path: Path) -> None:
    source, target = tmp_path / "warehouse.duckdb", tmp_path / "aftershock.duckdb"
    with open_writer(source, 1) as writer:
        publish_often(writer, source, target, 4)
        oldest = kept_files(target)[-1].path
        with oldest.open("rb") as reader:
            before = oldest.read_bytes()
            keep_published(target, most_files=2)
            assert not oldest.exists()
            publish(writer, source, target)
            assert target.read_bytes() == source.read_bytes() != before
            assert reader.read() == before


def result(event: str, value: float, n: int = 5, spec: str = "a", as_of: datetime = AS_OF) -> pl.DataFrame:
    return make_row(
        STUDY_RESULT, result_id=f"{event}-{n}", event_id=event, estimate=value, spec_sha256=spec, data_as_of_utc=as_of
    )


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    source, before, after = (tmp_path / f"{name}.duckdb" for name in ("warehouse", "before", "after"))
    with open_writer(source, 1) as writer:
        writer.merge(STUDY_RESULT, pl.concat([result("e", 0.1, 1), result("e", 0.2, 2), result("gone", 0.3)]))
        publish(writer, source, before)
        later = AS_OF.replace(day=14)
        rows = [result("e", 0.15, 1, as_of=later), result("e", 0.2, 2, spec="b"), result("new", 0.4)]
        writer.replace(STUDY_RESULT, pl.concat(rows))
        publish(writer, source, after)
    return before, after


def test_changes_are_counted_by_table_subject_and_column(two_files: tuple[Path, Path]) -> None:
    found = compare_files(*two_files, [EVENT, STUDY_RESULT])
    columns = ["table_name", "subject", "column_name", "n_added", "n_removed", "n_changed", "example_after"]
    assert found.select(columns).rows() == [
        ("out.study_result", "e", "estimate", 0, 0, 1, "0.15"),
        ("out.study_result", "gone", "row", 0, 1, 0, None),
        ("out.study_result", "new", "row", 1, 0, 0, None),
    ]
    assert found["as_of_after_utc"].to_list() == [AS_OF.replace(day=14), None, AS_OF]


def test_an_example_is_of_one_row(tmp_path: Path) -> None:
    before, after = tmp_path / "before.duckdb", tmp_path / "after.duckdb"
    for path, values in ((before, (None, 0.2)), (after, (0.1, None))):
        with open_writer(path, 1) as writer:
            rows = [result("e", 0.0, n).with_columns(estimate=pl.lit(v, pl.Float64)) for n, v in enumerate(values)]
            writer.merge(STUDY_RESULT, pl.concat(rows))
    found = compare_files(before, after, [STUDY_RESULT])
    assert found.select("column_name", "n_changed", "example_before", "example_after").rows() == [
        ("estimate", 2, "0.2", None)
    ]


def test_the_sign_of_zero_and_no_number_at_all_are_no_changes(tmp_path: Path) -> None:
    before, after = tmp_path / "before.duckdb", tmp_path / "after.duckdb"
    for path, zero, other in ((before, 0.0, 1), (after, -0.0, 2)):
        with open_writer(path, 1) as writer:
            rows = [result("e", zero, 1), result("f", float("nan"), 2)]
            writer.merge(STUDY_RESULT, pl.concat(rows).with_columns(n=pl.lit(other, pl.Int64)))
    found = compare_files(before, after, [STUDY_RESULT])
    assert found.select("subject", "column_name").rows() == [("e", "n"), ("f", "n")]


def test_a_table_of_keys_alone_is_compared(two_files: tuple[Path, Path]) -> None:
    keys = replace(STUDY_RESULT, columns=tuple(c for c in STUDY_RESULT.columns if c.name in STUDY_RESULT.key))
    found = compare_files(*two_files, [keys])
    assert found.select("subject", "n_added", "n_removed").rows() == [("gone-5", 0, 1), ("new-5", 1, 0)]


def test_a_row_without_an_event_is_about_its_group(tmp_path: Path) -> None:
    source, before = tmp_path / "warehouse.duckdb", tmp_path / "before.duckdb"
    with open_writer(source, 1) as writer:
        publish(writer, source, before)
        row = make_row(STUDY_RESULT, result_id="of_a_group", group_id="category:outage", estimate=0.1)
        writer.merge(STUDY_RESULT, row)
        found = changes_since(writer.connection, before, [STUDY_RESULT])
    assert found.select("subject", "column_name", "n_added").rows() == [("category:outage", "row", 1)]


def test_a_file_beside_itself_has_no_change(two_files: tuple[Path, Path]) -> None:
    assert compare_files(two_files[0], two_files[0], [EVENT, STUDY_RESULT]).is_empty()


def test_a_damaged_earlier_file_is_named(two_files: tuple[Path, Path], tmp_path: Path) -> None:
    two_files[0].write_bytes(b"x" * 20_000)
    with (
        open_writer(tmp_path / "warehouse.duckdb", 1) as writer,
        pytest.raises(IncomparableError, match=r"before\.duckdb"),
    ):
        changes_since(writer.connection, two_files[0], [STUDY_RESULT])
