"""Every packaged SQL file runs, and the dictionary page is fresh."""

import re
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from tests.paths import PROJECT
from tests.warehouse.store.rows import AT, make_row
from warehouse.store.checks import check_texts, run_checks
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.bars import DAY
from warehouse.tables.catalog import load_tables
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.claims import CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.dictionary import dictionary_markdown
from warehouse.tables.news import EVENT
from warehouse.tables.own import STUDY_BAR, STUDY_EVENT
from warehouse.tables.prices import CANDLE
from warehouse.tables.queries import query_text
from warehouse.tables.studies import STUDY_RESULT
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


@pytest.mark.parametrize(("timeframe", "bar"), [("5m", timedelta(minutes=5)), ("1h", timedelta(hours=1)), ("1d", DAY)])
def test_a_claim_is_traced_to_the_bar_whose_close_it_starts_from_and_no_earlier_one(
    tmp_path: Path, timeframe: str, bar: timedelta
) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        warehouse.merge(CLAIM_VERDICT, make_row(CLAIM_VERDICT, claim_id="rose", timeframe=timeframe))
        reading = {
            "claim_id": "rose",
            "reading_id": "literal",
            "market_id": "a:B/C",
            "from_utc": AT,
            "to_utc": AT + bar,
        }
        warehouse.merge(CLAIM_READING, make_row(CLAIM_READING, **reading))
        for place in (-2, -1, 0, 1):
            candle = {"market_id": "a:B/C", "timeframe": timeframe, "open_time_utc": AT + place * bar}
            warehouse.merge(CANDLE, make_row(CANDLE, **candle))
        found = warehouse.query("trace_bars", key="rose", estimation_hours=1.0).row(0, named=True)
    assert (found["n_bars"], found["first_open_utc"]) == (2, AT - bar)


@pytest.mark.parametrize(("estimation_hours", "n_bars"), [(3.0, 5), (6.0, 8)])
def test_a_number_is_traced_to_the_bars_of_its_studys_own_estimation(
    tmp_path: Path, estimation_hours: float, n_bars: int
) -> None:
    hour = timedelta(hours=1)
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        warehouse.merge(EVENT, make_row(EVENT, event_id="e", best_at_utc=AT))
        names = {"event_id": "e", "market_id": "a:B/C"}
        warehouse.merge(
            STUDY_RESULT, make_row(STUDY_RESULT, result_id="r", study_id="s", window_end_hours=2.0, **names)
        )
        warehouse.merge(MARKET_CHOICE, make_row(MARKET_CHOICE, purpose="s", timeframe="1h", **names))
        for place in range(-9, 9):
            candle = {"market_id": "a:B/C", "timeframe": "1h", "open_time_utc": AT + place * hour}
            warehouse.merge(CANDLE, make_row(CANDLE, **candle))
        found = warehouse.query("trace_bars", key="r", estimation_hours=estimation_hours).row(0, named=True)
    assert (found["n_bars"], found["first_open_utc"]) == (n_bars, AT - timedelta(hours=estimation_hours))


def test_a_number_of_an_own_study_is_traced_to_the_rows_of_its_own_file_and_no_other(tmp_path: Path) -> None:
    window = {"market_id": "own:TAO", "event_id": "vote", "window_end_hours": 2.0}
    hour = timedelta(hours=1)
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        for study_id in ("mine", "theirs"):
            event = {"study_id": study_id, "event_id": "vote", "asset_id": "TAO", "at_utc": AT}
            warehouse.merge(STUDY_EVENT, make_row(STUDY_EVENT, **event))
            for place in range(-4, 4):
                bar = {"study_id": study_id, "market_id": "own:TAO", "source_id": f"{study_id}.csv"}
                warehouse.merge(STUDY_BAR, make_row(STUDY_BAR, open_time_utc=AT + place * hour, **bar))
        warehouse.merge(STUDY_RESULT, make_row(STUDY_RESULT, result_id="one", study_id="mine", **window))
        group = {"group_id": "own:mine", "window_end_hours": 2.0}
        warehouse.merge(STUDY_RESULT, make_row(STUDY_RESULT, result_id="all", study_id="mine", **group))
        for result_id in ("one", "all"):
            [found] = warehouse.query("trace_bars", key=result_id, estimation_hours=3.0).rows(named=True)
            assert (found["source_id"], found["n_bars"], found["n_events"]) == ("mine.csv", 5, 1)
            assert (found["first_open_utc"], found["last_open_utc"]) == (AT - 3 * hour, AT + hour)


def test_a_number_of_a_kind_of_event_is_traced_to_the_bars_of_every_event_of_that_kind(tmp_path: Path) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        for place, (event_id, category, status) in enumerate(
            (("a", "outage", "detected"), ("b", "outage", "confirmed"), ("c", "outage", "rejected"), ("d", "law", "x"))
        ):
            at = AT + place * 10 * DAY
            event = {"event_id": event_id, "category": category, "status": status, "best_at_utc": at}
            warehouse.merge(EVENT, make_row(EVENT, **event))
            choice = {"event_id": event_id, "purpose": "reaction", "market_id": "a:B/C", "timeframe": "1h"}
            warehouse.merge(MARKET_CHOICE, make_row(MARKET_CHOICE, **choice))
            candle = {"market_id": "a:B/C", "timeframe": "1h", "open_time_utc": at, "run_id": event_id}
            warehouse.merge(CANDLE, make_row(CANDLE, **candle))
        result = {"result_id": "r", "study_id": "groups", "group_id": "category:outage", "window_end_hours": 2.0}
        warehouse.merge(STUDY_RESULT, make_row(STUDY_RESULT, **result))
        found = warehouse.query("trace_bars", key="r", estimation_hours=3.0)
    assert found.select("run_id", "n_bars").rows() == [("a", 1), ("b", 1)]
