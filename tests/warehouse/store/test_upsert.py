"""Writing frames: merge changes only what is new, replace writes only what differs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.contract import ContractError
from warehouse.tables.ops import RUN

START = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)


def make_runs(*run_ids: str, outcome: str = "done") -> pl.DataFrame:
    rows = [(run_id, "run", START, None, outcome, "1") for run_id in run_ids]
    return pl.DataFrame(rows, schema=RUN.schema, orient="row")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def test_merge_counts_new_and_changed_rows(warehouse: Warehouse) -> None:
    assert warehouse.merge(RUN, make_runs("a", "b")).n_inserted == 2
    again = warehouse.merge(RUN, make_runs("a", "b"))
    assert (again.n_inserted, again.n_updated) == (0, 0)
    changed = warehouse.merge(RUN, pl.concat([make_runs("b", outcome="crashed"), make_runs("c")]))
    assert (changed.n_inserted, changed.n_updated) == (1, 1)
    assert warehouse.frame(RUN, order_by="run_id")["outcome"].to_list() == ["done", "crashed", "done"]


@pytest.mark.parametrize(("stored", "given"), [(None, START), (START, None)])
def test_a_value_that_comes_or_goes_is_a_change(
    warehouse: Warehouse, stored: datetime | None, given: datetime | None
) -> None:
    ended = [
        make_runs("a").with_columns(pl.lit(at, RUN.schema["finished_at_utc"]).alias("finished_at_utc"))
        for at in (stored, given)
    ]
    warehouse.merge(RUN, ended[0])
    assert warehouse.merge(RUN, ended[1]).n_updated == 1
    assert warehouse.frame(RUN)["finished_at_utc"].to_list() == [given]


def test_what_is_stored_comes_back_the_same(warehouse: Warehouse) -> None:
    rows = make_runs("a", "b", "c")
    warehouse.merge(RUN, rows)
    assert warehouse.frame(RUN, order_by="run_id").equals(rows)


def test_merge_of_no_rows_changes_nothing(warehouse: Warehouse) -> None:
    assert warehouse.merge(RUN, RUN.empty()).n_changed == 0


def test_replace_writes_only_when_rows_differ(warehouse: Warehouse) -> None:
    assert warehouse.replace(RUN, make_runs("a", "b")) == 2
    assert warehouse.replace(RUN, make_runs("b", "a")) == 0
    assert warehouse.replace(RUN, make_runs("a")) == 1
    assert warehouse.frame(RUN)["run_id"].to_list() == ["a"]


def test_a_parameter_is_a_value_not_sql(warehouse: Warehouse) -> None:
    warehouse.merge(RUN, make_runs("a' or 1=1 --"))
    assert warehouse.frame(RUN, where="run_id = $run_id", run_id="x' or 1=1 --").is_empty()
    assert warehouse.frame(RUN, where="run_id = $run_id", run_id="a' or 1=1 --").height == 1


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (make_runs("a", "a"), "repeat a key"),
        (make_runs("a").drop("outcome"), "outcome is missing"),
        (make_runs("a").with_columns(pl.lit(1).alias("colour")), "unknown column"),
        (make_runs("a").with_columns(pl.lit(1).alias("version")), "version is Int32; expected String"),
        (make_runs("a").with_columns(pl.lit(None, pl.String).alias("command")), "command has 1 null"),
    ],
)
def test_a_frame_that_breaks_its_contract_is_refused(warehouse: Warehouse, frame: pl.DataFrame, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        warehouse.merge(RUN, frame)
    assert warehouse.frame(RUN).is_empty()
