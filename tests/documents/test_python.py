"""docs/python.md runs from top to bottom, the notebook runs to its end, and both use the desk alone."""

from __future__ import annotations

import inspect
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from flows import desk
from flows.cli import app
from flows.desk.export import describe_columns
from flows.errors import CommandError
from tests.command_parameters import all_parameters
from tests.e2e.command import run_aftershock
from tests.paths import PROJECT
from warehouse.tables.prices import CANDLE

EPISODE = "2026-06-12-fable-mythos-access-restriction"


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    result = run_aftershock(folder, "run", "--offline", "--now", "2026-07-02T00:00:00Z")
    assert result.returncode == 0, result.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSHOCK_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def page(home: Path) -> dict[str, Any]:
    """The names that the page's blocks leave behind."""
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.+?)```", (PROJECT / "docs" / "python.md").read_text(), re.DOTALL):
        exec(compile(block, "docs/python.md", "exec"), names)
    return names


def test_the_page_shows_the_warehouse_the_tape_the_engine_and_the_claims(page: dict[str, Any]) -> None:
    assert page["largest"].height == 5
    tao = page["tao"].filter(market_id="binanceusdm:TAO/USDT:USDT")
    assert tao.height > 600
    assert tao["open_time_utc"].is_sorted()
    rows = desk.study_rows(page["study"])
    assert {"a", "b"} <= set(rows["event_id"].drop_nulls())
    assert "overstated" in [statement["verdict"] for statement in page["answer"]["statements"]]


def test_the_page_and_the_notebook_use_nothing_but_the_desk() -> None:
    for path in ("docs/python.md", "flows/desk/worked_analysis.marimo"):
        text = (PROJECT / path).read_text()
        assert set(re.findall(r"from (flows|analysis|ingest|warehouse|dashboards)(\S*) import (\w+)", text)) == {
            ("flows", "", "desk")
        }


@pytest.mark.parametrize("name", desk.__all__)
def test_what_the_desk_offers_is_typed_and_documented(name: str) -> None:
    function = getattr(desk, name)
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())
    assert function.__doc__


def test_the_notebook_runs_to_its_end(home: Path) -> None:
    pytest.importorskip("marimo", reason="the extra `notebook` is not installed")
    notebook = PROJECT / "flows" / "desk" / "worked_analysis.marimo"
    names: dict[str, Any] = {"__name__": "worked_analysis", "__file__": str(notebook)}
    exec(compile(notebook.read_text(), str(notebook), "exec"), names)
    _, found = names["app"].run()
    assert found["reactions"].height
    assert found["path"].height
    assert found["answer"]["statements"]


def export(*words: str) -> Result:
    all_parameters()
    return CliRunner().invoke(app, ["export", *words])


@pytest.mark.parametrize(("ending", "read"), [(".parquet", pl.read_parquet), (".arrow", pl.read_ipc)])
def test_an_export_holds_what_the_view_shows(tmp_path: Path, ending: str, read: Any) -> None:
    out = tmp_path / f"verdicts{ending}"
    assert export("out.verdict", "--out", str(out)).exit_code == 0
    assert read(out).sort("claim_id").equals(desk.fetch_table("out.verdict"))
    legend = pl.read_csv(tmp_path / f"verdicts{ending}.columns.csv")
    assert legend["column"].to_list() == desk.fetch_table("out.verdict").columns


def test_units_stand_beside_a_csv_of_a_query(tmp_path: Path) -> None:
    out = tmp_path / "bars.csv"
    sql = "select open_time_utc, gap_hours_x, window_hours from (select *, 1 as gap_hours_x from out.event_reaction, "
    sql += "(select min(open_time_utc) as open_time_utc from core.candle)) limit 3"
    assert export(sql, "--out", str(out)).exit_code == 0
    legend = dict(pl.read_csv(tmp_path / "bars.csv.columns.csv").select("column", "unit").iter_rows())
    assert not legend["gap_hours_x"]
    assert pl.read_csv(out).height == 3


def test_a_unit_is_told_where_the_contract_knows_it() -> None:
    known = {column.name: column for column in CANDLE.columns}
    legend = describe_columns(pl.DataFrame({"close_quote": [1.0], "other": [1]}), known)
    assert legend["unit"].to_list() == ["quote currency", ""]


def test_days_before_a_workbook_s_calendar_stand_as_text(tmp_path: Path) -> None:
    out = tmp_path / "early.xlsx"
    assert export("select date '0001-01-01' as early, date '2026-06-12' as late", "--out", str(out)).exit_code == 0
    with zipfile.ZipFile(out) as book:
        sheet, words = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings"))
    assert "0001-01-01" in words
    assert "<v>46185</v>" in sheet
    assert "<v>-" not in sheet


def test_a_workbook_has_times_as_times_text_as_text_and_the_units(tmp_path: Path) -> None:
    out = tmp_path / "book.xlsx"
    sql = "select timestamptz '2026-06-12 23:56:41+00' as at_utc, '=1+1' as words, 0.1 as x, 'nan'::double as n"
    assert export(sql, "--out", str(out)).exit_code == 0
    with zipfile.ZipFile(out) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        words = book.read("xl/sharedStrings.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert "<v>46185.997696" in sheet, "the serial of 2026-06-12 23:56:41"
    assert "<f>" not in sheet.replace("<f>#NUM!</f>", "")
    assert "=1+1" in words
    assert 'name="columns"' in names


@pytest.mark.parametrize(("what", "name"), [("out.nothing", "a.csv"), ("out.verdict", "a.docx")])
def test_what_cannot_be_exported_is_said(tmp_path: Path, what: str, name: str) -> None:
    result = export(what, "--out", str(tmp_path / name))
    assert isinstance(result.exception, CommandError)
    assert list(tmp_path.iterdir()) == []


def test_open_names_a_shell_to_install_where_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    all_parameters()
    result = CliRunner().invoke(app, ["open"])
    assert isinstance(result.exception, CommandError)
    assert "duckdb-cli" in str(result.exception)


def test_a_trace_ends_at_the_bytes_and_bars(home: Path) -> None:
    event = desk.trace_back(EPISODE)
    assert event.height == event["source_number"].n_unique()
    assert event["outlet"].null_count() == 0
    claim = desk.trace_back("tao-30-percent-in-12-hours").filter(what="literal")
    assert claim["n_bars"].item() >= 12
    assert claim["source_id"].null_count() == 0
    sql = f"select result_id from out.study_result where event_id = '{EPISODE}' and statistic = 'car' "
    sql += "and study_id = 'reaction' and market_id = 'binanceusdm:TAO/USDT:USDT' and window_end_hours = 24"
    [(result_id,)] = desk.query(sql).rows()
    number = desk.trace_back(f"out.study_result|{result_id}|estimate")
    assert round(number["value"][0], 3) == 0.205
    assert number["n_bars"].sum() > 300
    with pytest.raises(CommandError, match="no event, claim or result"):
        desk.trace_back("nothing-of-the-kind")
