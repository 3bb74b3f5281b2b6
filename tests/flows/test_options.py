"""A wrong word in any command ends with exit code 2, the option's name, near words and an example."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from flows import options
from flows.cli import app
from flows.commands import pages, serve
from flows.context import RunContext
from flows.errors import CommandError
from flows.steps.publish import publish_warehouse
from tests.command_parameters import Parameter, all_parameters
from tests.flows.shipped import open_shipped

WRONG = {
    options.parse_asset: ("TOA", "TAO"),
    options.parse_counterpart: ("BTCC", "BTC"),
    options.parse_event: ("2026-06-12-fable-mythos-acess", "2026-06-12-fable-mythos-access-restriction"),
    options.parse_event_part: ("2026-06-12-fable-mythos-acess", "2026-06-12-fable-mythos-access-restriction"),
    options.parse_category: ("outages", "outage"),
    options.parse_timeframe: ("15min", "15m"),
    options.parse_stored_timeframe: ("15m", "resample"),
    options.parse_market: ("binanceusdm:TAO/USD", "binanceusdm:TAO/USDT:USDT"),
    options.parse_reason: ("frosen", "frozen"),
    options.parse_instant: ("13.06.2026", "2026-06-13T01:00:00Z"),
    options.parse_past_instant: ("2099-01-01", "future"),
    options.parse_exact_instant: ("2026-06-13", "2026-06-13T01:00:00Z"),
    options.parse_last_instant: ("tomorrow", "2026-06-13T01:00:00Z"),
}
# Right words for what a command cannot do without.
RIGHT = {
    options.parse_category: "outage",
    options.parse_asset: "TAO",
    options.parse_event: "2026-06-12-fable-mythos-access-restriction",
    options.parse_exact_instant: "2026-06-13T01:00:00Z",
    options.parse_past_instant: "2026-06-01",
}


@pytest.fixture(scope="module", autouse=True)
def published_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    with open_shipped(home) as run:
        publish_warehouse(RunContext(run.settings, run.warehouse, run.run_id, run.now, run.say))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSHOCK_HOME", str(home))
        patch.setenv("AFTERSHOCK_OFFLINE", "1")
        yield home


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


PARAMETERS = all_parameters()
TYPED = [parameter for parameter in PARAMETERS if parameter.info.parser in WRONG]


@pytest.mark.parametrize("parameter", TYPED, ids=[f"{p.path} {p.name}" for p in TYPED])
def test_a_wrong_word_is_exit_code_2_with_name_near_words_and_example(parameter: Parameter) -> None:
    wrong, expected = WRONG[parameter.info.parser]
    words = parameter.path.split()
    for other in (p for p in PARAMETERS if p.path == parameter.path):
        if other is parameter or other.is_required:
            word = wrong if other is parameter else RIGHT.get(other.info.parser, "README.md")
            words += [other.option, word] if other.option else [word]
    result = run(*words)
    assert result.exit_code == 2, result.output
    said = " ".join(result.stderr.split())
    assert f"Invalid value for '{parameter.shown_name}'" in said
    assert expected in said


def test_every_kind_of_word_is_asked_for_somewhere() -> None:
    assert {parameter.info.parser for parameter in TYPED} == set(WRONG)


@pytest.mark.parametrize("written", ["tao", "TAO", "Tao"])
def test_an_asset_is_known_in_any_case(written: str) -> None:
    assert options.parse_asset(written) == "TAO"


def test_a_users_own_asset_is_known_before_a_run(published_home: Path) -> None:
    with pytest.raises(typer.BadParameter):
        options.parse_asset("ZKAI")
    own = published_home / "config" / "assets.toml"
    own.parent.mkdir()
    own.write_text('[[asset]]\nasset_id = "ZKAI"\nname = "zk"\nrole = "ai_token"\n')
    try:
        assert options.parse_asset("zkai") == "ZKAI"
    finally:
        shutil.rmtree(own.parent)


@pytest.mark.parametrize(
    ("file", "read"), [("assets.toml", options.parse_asset), ("tags.toml", options.parse_category)]
)
def test_a_fault_in_a_users_own_file_is_named_by_file_and_entry(
    published_home: Path, file: str, read: Callable[[str], str]
) -> None:
    own = published_home / "config" / file
    own.parent.mkdir()
    own.write_text('[[wrong]]\nid = "x"\n')
    try:
        with pytest.raises(CommandError, match=file):
            read("nothing")
    finally:
        shutil.rmtree(own.parent)


def test_a_part_of_an_id_is_enough_only_where_parts_are_asked_for() -> None:
    part = "fable-mythos-access"
    assert options.parse_event_part(part) == "2026-06-12-fable-mythos-access-restriction"
    with pytest.raises(typer.BadParameter, match=r"nearest: 2026-06-12-fable-mythos-access-restriction"):
        options.parse_event(part)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("fabel-acess-restriction", "nearest: 2026-06-12-fable-mythos-access-restriction"),
        ("nope", "none looks like it; for example"),
    ],
)
def test_an_unknown_event_is_told_what_shares_its_words_or_where_all_are(typed: str, said: str) -> None:
    with pytest.raises(typer.BadParameter, match=said) as fault:
        options.parse_event(typed)
    assert "there are" not in str(fault.value)
    assert str(fault.value).endswith("all: aftershock events list")


def test_a_part_that_two_events_share_is_refused_with_both() -> None:
    with pytest.raises(
        typer.BadParameter, match=r"2026-06-12-fable.*2026-07-01-fable|2026-07-01-fable.*2026-06-12-fable"
    ):
        options.parse_event_part("fable")


@pytest.mark.parametrize(
    "written",
    [
        "2026-06-13T01:00:00Z",
        "2026-06-13T01:00:00+00:00",
        "2026-06-13 01:00",
        "2026-06-13T01:00Z",
        "2026-06-13T01:00:00",
    ],
)
def test_an_instant_is_utc_however_it_is_written(written: str) -> None:
    assert options.parse_instant(written) == datetime(2026, 6, 13, 1, tzinfo=UTC)
    assert options.parse_last_instant(written) == datetime(2026, 6, 13, 1, tzinfo=UTC)


def test_a_day_alone_is_its_first_instant_and_as_an_upper_bound_its_last_second() -> None:
    assert options.parse_instant("2026-06-13") == datetime(2026, 6, 13, tzinfo=UTC)
    assert options.parse_last_instant("2026-06-13") == datetime(2026, 6, 13, 23, 59, 59, tzinfo=UTC)


def test_another_zone_is_refused_with_the_instant_in_utc() -> None:
    with pytest.raises(typer.BadParameter, match="2026-06-12T23:00:00Z"):
        options.parse_instant("2026-06-13T01:00:00+02:00")


def test_before_the_first_run_an_event_id_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    assert options.parse_event("a") == "a"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", "README.md"), "is no DuckDB file"),
        (("serve", "--pages-port", "99999"), "65535"),
        (("serve", "--prefect-port", "99999"), "65535"),
        (("pages", "--port", "99999"), "65535"),
        (("import", "prices", "absent.csv", "--dry-run"), "absent.csv: no such file"),
        (("study", "size", "--candles", "absent.csv"), "absent.csv: no such file"),
        (("events", "score", "--labels", "labels.csv"), "column relevant: expected 1 or 0"),
        (("quarantine", "list", "--market", "binanceusdm:TAO/USD"), "nearest: binanceusdm:TAO/USDT:USDT"),
    ],
)
def test_a_mistake_of_the_user_is_exit_code_2_with_a_sentence(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "README.md").write_text("# words, and more of them\n")
    (tmp_path / "labels.csv").write_text("title,relevant,category,story_id\nChatGPT is down,yes,outage,1\n")
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    code = getattr(result.exception, "exit_code", result.exit_code)
    assert code == 2, result.exception
    assert said in result.stderr + str(result.exception)


def test_a_dry_run_of_a_release_writes_nothing(published_home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in published_home.iterdir()}
    result = run("quarantine", "release", "--reason", "frozen", "--dry-run")
    assert result.exit_code == 0, result.output
    assert {path: path.stat().st_mtime_ns for path in published_home.iterdir()} == before


def test_a_lock_deadline_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_LOCK_DEADLINE_SECONDS", "soon")
    assert "AFTERSHOCK_LOCK_DEADLINE_SECONDS is 'soon'" in str(run("coverage").exception)


def test_every_command_that_shows_the_pages_has_one_port() -> None:
    ports = {
        inspect.signature(command).parameters[name].default
        for command, name in ((serve.serve, "pages_port"), (pages.build_pages, "port"))
    }
    assert ports == {options.PAGES_PORT}
