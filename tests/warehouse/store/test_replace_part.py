"""A part of a table is replaced, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.contract import ContractError
from warehouse.tables.studies import EXCLUSION

OF_STUDY = "study_id = $study_id"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1.0) as opened:
        opened.replace(EXCLUSION, make_rows(("mine", "a"), ("mine", "b"), ("other", "a")))
        yield opened


def make_rows(*keys: tuple[str, str], reason: str = "no bars") -> pl.DataFrame:
    return pl.DataFrame(
        [(study, event, "okx:TAO/USDT", reason) for study, event in keys], schema=EXCLUSION.schema, orient="row"
    )


def read(warehouse: Warehouse) -> list[tuple[str, str, str]]:
    return warehouse.frame(EXCLUSION, order_by="study_id, event_id").select("study_id", "event_id", "reason").rows()


def test_rows_of_the_part_come_go_and_change_and_others_stay(warehouse: Warehouse) -> None:
    rows = pl.concat([make_rows(("mine", "b"), reason="frozen"), make_rows(("mine", "c"))])
    assert warehouse.replace_part(EXCLUSION, rows, OF_STUDY, study_id="mine") == 3
    assert read(warehouse) == [("mine", "b", "frozen"), ("mine", "c", "no bars"), ("other", "a", "no bars")]


def test_equal_rows_are_not_written(warehouse: Warehouse) -> None:
    rows = make_rows(("mine", "b"), ("mine", "a"))
    assert warehouse.replace_part(EXCLUSION, rows, OF_STUDY, study_id="mine") == 0
    assert warehouse.replace_part(EXCLUSION, rows.head(1), OF_STUDY, study_id="mine") == 1


def test_the_first_rows_of_a_part_come_and_others_stay(warehouse: Warehouse) -> None:
    before = read(warehouse)
    assert warehouse.replace_part(EXCLUSION, make_rows(("new", "a"), ("new", "b")), OF_STUDY, study_id="new") == 2
    assert read(warehouse) == [*before[:2], ("new", "a", "no bars"), ("new", "b", "no bars"), *before[2:]]


def test_a_row_that_comes_into_an_empty_part_from_outside_is_not_there_twice(warehouse: Warehouse) -> None:
    rows = make_rows(("mine", "b"), ("mine", "c"), reason="frozen")
    assert warehouse.replace_part(EXCLUSION, rows, "reason = $reason", reason="frozen") == 2
    assert [row for row in read(warehouse) if row[0] == "mine"] == [
        ("mine", "a", "no bars"),
        ("mine", "b", "frozen"),
        ("mine", "c", "frozen"),
    ]


def test_an_empty_frame_empties_the_part(warehouse: Warehouse) -> None:
    assert warehouse.replace_part(EXCLUSION, EXCLUSION.empty(), OF_STUDY, study_id="mine") == 2
    assert read(warehouse) == [("other", "a", "no bars")]


def test_a_row_outside_the_part_is_refused_and_nothing_is_written(warehouse: Warehouse) -> None:
    before = read(warehouse)
    with pytest.raises(ContractError, match="1 of 2 rows are outside the part"):
        warehouse.replace_part(EXCLUSION, make_rows(("mine", "z"), ("other", "z")), OF_STUDY, study_id="mine")
    assert read(warehouse) == before
