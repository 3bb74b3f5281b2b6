"""Every packaged SQL file runs, and the dictionary page is fresh."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from tests.paths import PROJECT
from warehouse.store.checks import check_texts, run_checks
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.catalog import load_tables
from warehouse.tables.dictionary import dictionary_markdown
from warehouse.tables.queries import query_text
from warehouse.tables.views import load_views

QUERIES = sorted(
    entry.name.removesuffix(".sql")
    for entry in (files("warehouse") / "sql" / "queries").iterdir()
    if entry.name.endswith(".sql")
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    with open_writer(tmp_path_factory.mktemp("store") / "warehouse.duckdb", 1) as writer:
        yield writer


@pytest.mark.parametrize("name", QUERIES)
def test_query_runs_on_an_empty_warehouse(warehouse: Warehouse, name: str) -> None:
    text = query_text(name)
    assert text.startswith("-- "), "line one says what the query is for"
    parameters = dict.fromkeys(re.findall(r"\$(\w+)", text))
    assert warehouse.query(name, **parameters).width > 0


def test_checks_pass_on_an_empty_warehouse(warehouse: Warehouse) -> None:
    assert [result.check_id for result in run_checks(warehouse) if result.n_offending] == []
    for text in check_texts().values():
        assert text.startswith("-- ")


def test_contract_comments_are_stored(warehouse: Warehouse) -> None:
    comments = warehouse.sql(
        "select comment from duckdb_columns() where schema_name = 'core' and table_name = 'candle'"
    )
    assert comments["comment"].null_count() == 0
    assert comments.height == len(load_tables()["core.candle"].columns)


def test_dictionary_page_is_fresh() -> None:
    page = (PROJECT / "warehouse" / "README.md").read_text()
    assert page == dictionary_markdown(load_tables(), load_views()), (
        "run: aftershock describe --markdown > warehouse/README.md"
    )


def test_reopening_an_existing_file_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with open_writer(path, 1) as writer:
        writer.connection.execute("insert into ops.run values ('r', 'run', now(), null, 'done', '1')").fetchall()
    with open_writer(path, 1) as writer:
        assert writer.sql("select count(*) as n from ops.run")["n"].to_list() == [1]
