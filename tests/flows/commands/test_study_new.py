"""`aftershock study new`: three files become a study that is kept, and its page."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from flows.commands import study
from flows.errors import CommandError
from tests.paths import shared
from warehouse.store.connection import open_reader
from warehouse.tables.news import EVENT
from warehouse.tables.own import STUDY_BAR, STUDY_EVENT
from warehouse.tables.prices import CANDLE, MARKET
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

START = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = 900
PLANTED = 0.05
EVENT_HOURS = (700, 760, 800)

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AFTERSHOCK_OFFLINE", "1")
    app = typer.Typer()
    study.register(app)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["study", "new", *map(str, arguments)], catch_exceptions=False)

    return invoke


def at(hour: int) -> str:
    return f"{START + timedelta(hours=hour):%Y-%m-%d %H:%M}"


def make_files(folder: Path, *, assets: tuple[str, ...] = ("ZKAI",)) -> tuple[Path, Path, Path]:
    """Prices, market and events: each asset gains 5 % beyond the market in the bar that opens at its events."""
    rng = np.random.default_rng(7)
    market = rng.normal(0.0, 0.004, HOURS)
    columns = {}
    for number, asset in enumerate(assets):
        returns = market + rng.normal(0.0, 0.003, HOURS)
        returns[[hour + number for hour in EVENT_HOURS]] += PLANTED
        columns[asset] = 2.0 * np.exp(np.cumsum(returns))
    dates = [at(hour) for hour in range(HOURS)]
    prices, index, events = folder / "prices.csv", folder / "market.csv", folder / "events.csv"
    pl.DataFrame({"date": dates, **columns}).write_csv(prices)
    pl.DataFrame({"date": dates, "BTC": 70_000.0 * np.exp(np.cumsum(market))}).write_csv(index)
    rows = [
        (f"e{number}-{hour}", asset, at(hour + number), f"Event {hour} of {asset}")
        for number, asset in enumerate(assets)
        for hour in EVENT_HOURS
    ]
    pl.DataFrame(rows, schema=["event_id", "asset", "date", "title"], orient="row").write_csv(events)
    return prices, index, events


def make_study(run: Run, files: tuple[Path, Path, Path], name: str = "zk", *more: str) -> Result:
    prices, market, events = files
    return run(name, "--prices", prices, "--market", market, "--events", events, "--format", "csv", *more)


def rows_of(home: Path, statistic: str, study_id: str = "zk") -> pl.DataFrame:
    with open_reader(home / "aftershock.duckdb") as reader:
        return reader.frame(
            STUDY_RESULT, "study_id = $study and statistic = $name", study=study_id, name=statistic
        ).sort("event_id", "window_end_hours")


def test_one_command_gives_a_page_with_the_planted_move(run: Run, tmp_path: Path) -> None:
    result = make_study(run, make_files(tmp_path))
    assert result.exit_code == 0, result.output
    page = Path(result.stderr.rstrip().splitlines()[-1].removeprefix("Page: "))
    assert page == tmp_path / "home/site/studies/zk.html"
    text = page.read_text(encoding="utf-8")
    assert "All events together" in text
    assert "Event 700 of ZKAI" in text
    first = rows_of(tmp_path / "home", "caar").row(0, named=True)
    assert (first["window_end_hours"], first["n"], first["group_id"]) == (1.0, 3, "own:zk")
    assert first["estimate"] == pytest.approx(np.expm1(PLANTED), abs=0.01)
    singles = rows_of(tmp_path / "home", "car").filter(pl.col("window_end_hours") == 1)
    assert singles["event_id"].to_list() == ["e0-700", "e0-760", "e0-800"]
    assert (singles["estimate"] > 0.03).all()


def test_the_same_command_again_changes_nothing(run: Run, tmp_path: Path) -> None:
    files = make_files(tmp_path)
    make_study(run, files)
    config = (tmp_path / "home/config/studies.toml").read_bytes()
    published = (tmp_path / "home/aftershock.duckdb").stat().st_mtime_ns
    again = make_study(run, files)
    assert "0 rows stored" in again.stderr
    assert (tmp_path / "home/config/studies.toml").read_bytes() == config
    assert (tmp_path / "home/aftershock.duckdb").stat().st_mtime_ns == published


def test_what_a_person_changed_in_the_entry_stays(run: Run, tmp_path: Path) -> None:
    files = make_files(tmp_path)
    make_study(run, files)
    path = tmp_path / "home/config/studies.toml"
    path.write_text(path.read_text().replace("windows_hours = [1.0, 4.0,", "windows_hours = [1.0,") + "\n# mine\n")
    make_study(run, files)
    [entry] = tomllib.loads(path.read_text())["study"]
    assert entry["windows_hours"] == [1.0, 12.0, 24.0, 72.0, 168.0]
    assert "# mine" in path.read_text()
    assert 4.0 not in rows_of(tmp_path / "home", "car")["window_end_hours"].to_list()


def test_what_is_brought_for_a_study_is_no_part_of_the_record(run: Run, tmp_path: Path) -> None:
    make_study(run, make_files(tmp_path))
    with open_reader(tmp_path / "home/aftershock.duckdb") as reader:
        assert reader.frame(EVENT).is_empty()
        assert reader.frame(CANDLE).is_empty()
        assert reader.frame(MARKET, "starts_with(market_id, 'own:')").is_empty()
        assert set(reader.frame(STUDY_RESULT)["study_id"]) == {"zk"}
        assert set(reader.frame(STUDY_BAR)["source_id"]) == {"prices.csv", "market.csv"}
        assert reader.frame(STUDY_EVENT).height == 3


def test_an_event_is_measured_on_its_own_asset_alone(run: Run, tmp_path: Path) -> None:
    make_study(run, make_files(tmp_path, assets=("AAA", "BBB")))
    pairs = rows_of(tmp_path / "home", "car").select("event_id", "market_id").unique().sort("event_id")
    assert pairs["market_id"].to_list() == ["own:AAA"] * 3 + ["own:BBB"] * 3
    assert rows_of(tmp_path / "home", "caar")["n"][0] == 6


def test_rows_dated_by_their_close_move_the_bar_by_one(run: Run, tmp_path: Path) -> None:
    make_study(run, make_files(tmp_path), "zk", "--label", "close")
    first = rows_of(tmp_path / "home", "caar").row(0, named=True)
    assert abs(first["estimate"]) < 0.01


def test_a_date_without_a_time_is_left_out_with_the_reason(run: Run, tmp_path: Path) -> None:
    files = make_files(tmp_path)
    files[2].write_text("event_id,date\ne1,2026-03-30 04:00\ne2,2026-04-01\n")
    make_study(run, files)
    with open_reader(tmp_path / "home/aftershock.duckdb") as reader:
        [left_out] = reader.frame(EXCLUSION, "event_id = 'e2'").iter_rows(named=True)
    assert left_out["reason"].startswith("date only")
    assert set(rows_of(tmp_path / "home", "car")["event_id"]) == {"e1"}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("events.csv", "event_id,asset,date\ne1,ZKAI,2026-03-30\ne2,OTHER,2026-03-30\n", ("row 3", "OTHER", "ZKAI")),
        ("events.csv", "event_id,date\ne1,2026-03-30\ne1,2026-03-31\n", ("row 3", "repeats an event_id")),
        ("events.csv", "event_id,date\ne1,yesterday\n", ("yesterday", "2026-06-12T23:56:41Z")),
        ("events.csv", "event_id,date\n", ("no rows",)),
        ("events.csv", "event_id,date,selected_from\ne1,2026-03-30,luck\n", ("row 2", "luck", "news or price")),
        ("prices.csv", "date,ZKAI\n2026-03-01,1.0\n2026-03-02,-1.0\n2026-03-03,1\n", ("2026-03-02", "above zero")),
        ("prices.csv", "date,ZKAI\n2026-03-01,1.0\n2026-03-02,x\n", ("row 3", "'x' is not a number")),
        ("prices.csv", "date,ZKAI\n2026-03-01 00:00,1.0\n2026-03-01 00:07,1\n", ("0:07:00 apart", "resample")),
        ("prices.csv", "date,ZKAI\n2026-03-01,1\n2026-03-02,1\n2026-03-03,1\n2026-03-07,1\n", ("missing", "study csv")),
        ("prices.csv", "date,BTC\n2026-03-01 00:00,1.0\n2026-03-01 01:00,1\n", ("BTC", "no benchmark of itself")),
        ("market.csv", "date,BTC\n2026-03-01,1.0\n2026-03-02,1\n", ("1d", "1h", "same length")),
    ],
)
def test_a_wrong_file_is_named_with_its_row_and_remedy(
    run: Run, tmp_path: Path, name: str, text: str, words: tuple[str, ...]
) -> None:
    files = make_files(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(CommandError) as fault:
        make_study(run, files)
    assert fault.value.exit_code == 2
    assert all(word in str(fault.value) for word in (name, *words)), str(fault.value)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_shipped_study_is_not_overwritten_and_a_dry_run_says_so(
    run: Run, tmp_path: Path, more: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError, match="reaction is the id of a study that is not from files"):
        make_study(run, make_files(tmp_path), "reaction", *more)


def test_a_dry_run_writes_nothing(run: Run, tmp_path: Path) -> None:
    assert make_study(run, make_files(tmp_path), "zk", "--dry-run").exit_code == 0
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_prices_with_rows_in_another_unit_are_refused(run: Run, tmp_path: Path, more: tuple[str, ...]) -> None:
    files = make_files(tmp_path)
    spoiled = pl.when(pl.int_range(pl.len()) % 97 == 90).then(1000.0).otherwise(1.0) * pl.col("ZKAI")
    pl.read_csv(files[0]).with_columns(ZKAI=spoiled).write_csv(files[0])
    with pytest.raises(CommandError, match=r"prices\.csv, column ZKAI, row of 2026-03-04 18:00Z.*leave it empty"):
        make_study(run, files, "zk", *more)


@pytest.mark.slow
def test_a_token_that_nobody_registered_shows_the_three_percent_of_its_own_thirty_events(
    run: Run, tmp_path: Path
) -> None:
    folder = shared("cases/studies")
    result = make_study(run, (folder / "zkai_prices.csv", folder / "btc.csv", folder / "own_events.csv"))
    assert result.exit_code == 0, result.output
    first = rows_of(tmp_path / "home", "caar").row(0, named=True)
    assert first["n"] == 30
    assert first["estimate"] == pytest.approx(0.03, abs=0.003)
    assert first["lower_95"] < 0.03 < first["upper_95"]
