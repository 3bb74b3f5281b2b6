"""Every file of config/ is read alike: an own entry changes the keys it names, and a wrong file is told its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from flows.cli import app, main, register_commands
from flows.configuration import OWN_FILES, read_own, unread_files
from flows.errors import EXIT_USAGE, CommandError
from flows.jobs.config_check import FORMS, LOADS, examine_configuration, read_changes, require_sound
from flows.jobs.doctor import examine
from flows.settings import Settings
from warehouse.config import ConfigText, load_config, packaged_text


@dataclass(frozen=True)
class Kind:
    """One kind of entry: a known id, a key to change, a wrong value of it, a misspelling, and a whole new entry."""

    file: str
    table: str
    id_lines: str
    key: str
    value: str
    wrong: str
    misspelt: str
    new: str
    base: str = ""  # stands in for what ships, where nothing ships
    carried: str = ""  # the line that an entry cannot do without, beside its id

    @property
    def entry(self) -> str:
        return f"[[{self.table}]]\n{self.id_lines}\n{self.carried}"

    @property
    def n_id_lines(self) -> int:
        return (self.id_lines + "\n" + self.carried).count("\n")

    def load(self, own: str | None) -> dict[str, BaseModel]:
        form, package = FORMS[self.file]
        packaged = packaged_text(package, self.file) if package else ConfigText("base", self.base)
        table = next(table for table in form.tables if table.name == self.table)
        entries = load_config(form, packaged, None if own is None else ConfigText(self.file, own)).entries(table)
        return {" ".join(str(getattr(entry, name)) for name in table.identity): entry for entry in entries}


STUDY = """title = "X"
asset_ids = ["TAO"]
benchmark_asset_ids = ["BTC"]
benchmark_exchanges = ["binanceusdm"]
timeframes = ["4h"]
timing_rule = "first_public_evidence"
event_origins = ["ledger"]
examined_origins = ["ledger"]
windows_hours = [12, 24]
main_window_hours = 12
estimation_hours = 240
minimum_estimation_hours = 48
placebo_history_hours = 480
mask_origins = ["ledger"]
mask_hours = 24
path_before_hours = 12
path_after_hours = 24
specification_asset_ids = ["TAO"]
search_hours = 24
"""
CLAIM = """episode = "mine"
quote = "It rose."
kind = "rise_within"
asset = "TAO"
at = 2026-06-12T23:56:41Z
rise = 0.1
hours = 6
"""
FORM = """kind = "direction_only"
direction = "up"
pattern = 'WORD UP UP UP'
examples = ["TAO quietly rose rose rose -> TAO direction_only up none"]
counter_examples = ["TAO fell"]
"""
KINDS = (
    Kind(
        "feeds.toml",
        "feed",
        'id = "cr_decrypt"',
        "interval_minutes",
        "7",
        '"7"',
        "interval_minute",
        'title = "X"\nkind = "rss"\ncategory = "press"\nurl = "https://x.example/"\nclock = "publisher"\n'
        'confidence = "low"\n',
    ),
    Kind(
        "assets.toml", "asset", 'asset_id = "TAO"', "role", '"other"', '"token"', "rule", 'name = "X"\nrole = "other"\n'
    ),
    Kind(
        "markets.toml",
        "market",
        'exchange = "okx"\nsymbol = "TAO/USDT"',
        "contract_multiplier",
        "10",
        "-1",
        "contract_multiple",
        'asset_id = "TAO"\nkind = "spot"\n',
    ),
    Kind("forms.toml", "form", 'id = "doubled"', "sure", "false", '"yes"', "shure", FORM),
    Kind("studies.toml", "study", 'id = "reaction"', "main_window_hours", "12", '"12"', "main_window", STUDY),
    Kind("claims.toml", "claim", 'id = "tao-30-percent-in-12-hours"', "hours", "13", "-1", "hourz", CLAIM),
    Kind(
        "tags.toml",
        "category",
        'id = "sports"',
        "is_relevant",
        "true",
        '"yes"',
        "is_relevnat",
        'name = "X"\n[[category.rule]]\nid = "x"\nscore = 0.9\nall = ["x"]\n',
    ),
    Kind("languages.toml", "name", 'id = "anthropic"', "zh", '["安索"]', '"安索"', "zhh", 'zh = ["安索"]\n'),
    Kind(
        "entities.toml",
        "entity",
        'id = "anthropic"',
        "jurisdiction",
        '"GB"',
        "1",
        "juridiction",
        'name = "X"\nkind = "lab"\naliases = ["Xy"]\n',
    ),
    Kind(
        "alerts.toml",
        "rule",
        'id = "mine"',
        "least_outlets",
        "5",
        "0",
        "leastoutlets",
        'to = "AFTERSHOCK_ALERT_MAIL"\n',
        base='[[rule]]\nid = "mine"\nto = "AFTERSHOCK_ALERT_MAIL"\nleast_outlets = 2\n',
        carried='to = "AFTERSHOCK_ALERT_MAIL"\n',
    ),
    Kind(
        "events.toml",
        "event",
        'id = "mine"',
        "severity",
        "5",
        "9",
        "severty",
        'title = "X"\ncategory = "outage"\nbest_at = 2026-01-01T00:00:00Z\n',
        base='[[event]]\nid = "mine"\ntitle = "Mine"\nseverity = 2\n',
    ),
)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.table)


def write(home: Path, file: str, text: str | bytes) -> Path:
    config = home / "config"
    config.mkdir(exist_ok=True)
    (config / file).write_bytes(text.encode() if isinstance(text, str) else text)
    return config


def only_fault(config: Path) -> str:
    (fault,) = examine_configuration(config).faults
    return fault


def test_every_file_that_may_stand_in_config_is_a_kind_here() -> None:
    assert {kind.file for kind in KINDS} == set(OWN_FILES) == set(FORMS)


@every_kind
def test_an_own_entry_changes_only_the_key_it_names(kind: Kind) -> None:
    before, after = kind.load(None), kind.load(f"{kind.entry}{kind.key} = {kind.value}\n")
    assert list(after) == list(before)
    [name] = [name for name in before if before[name] != after[name]]
    assert getattr(after[name], kind.key) != getattr(before[name], kind.key)
    assert after[name].model_copy(update={kind.key: getattr(before[name], kind.key)}) == before[name]


@every_kind
def test_a_new_entry_stands_behind_those_that_ship(kind: Kind) -> None:
    new_id = kind.id_lines.rpartition('"')[0].rpartition('"')
    added = f'[[{kind.table}]]\n{new_id[0]}"{"ZZZ" if kind.table == "asset" else "zzz"}"\n{kind.new}'
    before, after = kind.load(None), kind.load(added)
    assert list(after)[:-1] == list(before)
    assert list(after)[-1].split()[-1].lower() == "zzz"


@every_kind
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(kind: Kind, tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, kind.file, f"# mine\n\n{kind.entry}{kind.misspelt} = {kind.value}\n"))
    assert fault.startswith(f"{tmp_path / 'config' / kind.file} line {4 + kind.n_id_lines}: {kind.table} ")
    assert f"{kind.misspelt}: unknown key" in fault
    assert f"did you mean '{kind.key}'?" in fault


@every_kind
def test_a_value_that_does_not_fit_is_named_with_its_line(kind: Kind, tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, kind.file, f"{kind.entry}{kind.key} = {kind.wrong}\n"))
    assert f"{kind.file} line {2 + kind.n_id_lines}: {kind.table} " in fault
    assert f": {kind.key}: " in fault
    assert " should be " in fault


@every_kind
def test_an_entry_without_id_is_named_with_its_line(kind: Kind, tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, kind.file, f"# mine\n[[{kind.table}]]\n{kind.key} = {kind.value}\n"))
    assert f"{kind.file} line 2: {kind.table} number 1: " in fault
    assert "missing; give the entry a text as its " in fault


@every_kind
def test_an_id_that_stands_twice_in_one_file_is_named_with_both_lines(kind: Kind, tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, kind.file, kind.entry + kind.entry))
    assert f"{kind.file} line {3 + kind.n_id_lines}: " in fault
    assert "stands on line 2 already" in fault


@every_kind
def test_broken_toml_is_named_with_its_line(kind: Kind, tmp_path: Path) -> None:
    assert f"{kind.file} line 3: not valid TOML" in only_fault(
        write(tmp_path, kind.file, f"# mine\n\n[[{kind.table}]\n")
    )


@every_kind
def test_a_table_nobody_reads_is_named_with_the_one_that_was_meant(kind: Kind, tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, kind.file, f'[[{kind.table}s]]\nid = "x"\n'))
    assert f"line 1: unknown key '{kind.table}s'; did you mean [[{kind.table}]]?" in fault


@every_kind
@pytest.mark.parametrize("written", ["\ufeff{}", "{}\n"], ids=["byte order mark", "CRLF"])
def test_marks_of_other_editors_change_nothing(kind: Kind, written: str, tmp_path: Path) -> None:
    text = written.format(f"{kind.entry}{kind.key} = {kind.value}\n").replace("\n", "\r\n")
    config = write(tmp_path, kind.file, text)
    assert examine_configuration(config).faults == ()
    [change] = read_changes(kind.file, read_own(config, kind.file))
    assert (change.table, change.keys) == (kind.table, (*kind.carried.split()[:1], kind.key))


@every_kind
def test_a_wrong_file_ends_the_check_and_a_run_with_the_usage_code(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, kind.file, f"{kind.entry}{kind.key} = {kind.wrong}\n")
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    for command in (["config", "check"], ["run", "--offline"], ["rebuild"]):
        monkeypatch.setattr("sys.argv", ["aftershock", *command])
        with pytest.raises(SystemExit) as caught:
            main()
        assert caught.value.code == EXIT_USAGE
        said = capsys.readouterr()
        assert f"{kind.file} line {2 + kind.n_id_lines}: " in said.err
        assert "no rows" not in said.out
    assert not (tmp_path / "warehouse.duckdb").exists()


@pytest.mark.parametrize("load", LOADS)
def test_every_load_sees_the_own_files(load, tmp_path: Path) -> None:
    for kind in KINDS:
        write(tmp_path, kind.file, f"{kind.entry}{kind.misspelt} = 1\n")
    with pytest.raises(ValueError, match="unknown key"):
        load(tmp_path / "config")


def test_a_list_replaces_the_whole_list() -> None:
    kind = next(kind for kind in KINDS if kind.table == "study")
    own = kind.load('[[study]]\nid = "reaction"\nasset_ids = ["TAO"]\n')["reaction"]
    assert own.asset_ids == ("TAO",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("main_window_hours = 23", "main_window_hours: 23 is none of windows_hours (1, 4, 12, 24, 72, 168)"),
        ("benchmark_asset_ids = []", "benchmark_asset_ids: [] "),
        ("windows_hours = [0, 24]", "windows_hours.#1: 0 should be greater than 0"),
    ],
)
def test_a_study_that_could_not_be_measured_is_refused_at_the_door(line: str, message: str, tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, "studies.toml", f'[[study]]\nid = "reaction"\n{line}\n'))
    assert f"studies.toml line 3: study 'reaction': {message}" in fault


def test_a_new_id_that_is_not_whole_is_told_what_is_missing_and_which_id_was_perhaps_meant(tmp_path: Path) -> None:
    config = write(tmp_path, "feeds.toml", '[[feed]]\nid = "cr_decript"\ninterval_minutes = 5\n')
    faults = examine_configuration(config).faults
    assert len(faults) == 6
    assert all("line 1: feed 'cr_decript': " in fault and "did you mean 'cr_decrypt'" in fault for fault in faults)


def test_a_fault_in_one_file_does_not_hide_those_of_another(tmp_path: Path) -> None:
    write(tmp_path, "feeds.toml", "[[feed]\n")
    config = write(tmp_path, "claims.toml", "[[claim]\n")
    assert [fault.partition(" line")[0] for fault in examine_configuration(config).faults] == [
        str(config / "claims.toml"),
        str(config / "feeds.toml"),
    ]


def test_what_one_file_says_of_another_is_checked(tmp_path: Path) -> None:
    text = '[[market]]\nexchange = "okx"\nsymbol = "A/B"\nasset_id = "TAOO"\nkind = "spot"\n'
    fault = only_fault(write(tmp_path, "markets.toml", text))
    assert "markets.toml line 4: market 'okx A/B': asset_id: no asset 'TAOO'; did you mean 'TAO'" in fault


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'[[feed]]\nid = "caf\xe9"\n', r"feeds\.toml line 2: not UTF-8 \(byte 0xe9\); save it as UTF-8"),
        ('[[feed]]\nid = "x"\n'.encode("utf-16"), r"feeds\.toml line 1: not UTF-8 \(byte 0xff\)"),
    ],
)
def test_another_encoding_is_named_with_its_line(body: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=message) as caught:
        require_sound(write(tmp_path, "feeds.toml", body))
    assert caught.value.exit_code == EXIT_USAGE


def test_a_folder_in_the_place_of_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "feeds.toml").mkdir()
    with pytest.raises(CommandError, match=r"feeds\.toml is a folder"):
        read_own(tmp_path, "feeds.toml")


def test_a_file_that_cannot_be_read_is_never_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "feeds.toml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CommandError, match=r"feeds\.toml cannot be read: No such file"):
        read_own(tmp_path, "feeds.toml")


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    assert any("Not a directory" in fault for fault in examine_configuration(tmp_path / "config").faults)


def test_a_file_nobody_reads_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    write(tmp_path, "tag.toml", "")
    write(tmp_path, ".hidden", "")
    assert unread_files(config := write(tmp_path, "prices.csv", "")) == [
        f"{config / 'prices.csv'} is not read; known are {', '.join(OWN_FILES)}",
        f"{config / 'tag.toml'} is not read; did you mean tags.toml?",
    ]


def test_the_doctor_looks_at_config(tmp_path: Path) -> None:
    settings = Settings(tmp_path, None, True, 5.0, None, None)

    def finding() -> tuple[bool, bool, str]:
        [found] = [found for found in examine(settings, datetime.now(UTC)) if found.subject == "config"]
        return found.is_good, found.is_optional, found.detail

    assert finding()[0]
    config = write(tmp_path, "tag.toml", "")
    assert finding() == (False, True, f"{config / 'tag.toml'} is not read; did you mean tags.toml?")
    write(tmp_path, "tags.toml", "[[category]\n")
    assert finding()[:2] == (False, False)


def test_config_check_says_what_each_file_adds_and_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in KINDS:
        write(tmp_path, kind.file, f"{kind.entry}{kind.key} = {kind.value}\n")
    write(tmp_path, "assets.toml", '[[asset]]\nasset_id = "ZKAI"\nname = "Z"\nrole = "ai_token"\n')
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    if not app.registered_groups:
        register_commands()
    result = CliRunner().invoke(app, ["config", "check", "--format", "csv"])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "file,entry,does,keys",
        'alerts.toml,rule mine,adds,"to, least_outlets"',
        'assets.toml,asset ZKAI,adds,"name, role"',
        "claims.toml,claim tao-30-percent-in-12-hours,changes,hours",
        "entities.toml,entity anthropic,changes,jurisdiction",
        "events.toml,event mine,changes,severity",
        "feeds.toml,feed cr_decrypt,changes,interval_minutes",
        "forms.toml,form doubled,changes,sure",
        "languages.toml,name anthropic,changes,zh",
        "markets.toml,market okx TAO/USDT,changes,contract_multiplier",
        "studies.toml,study reaction,changes,main_window_hours",
        "tags.toml,category sports,changes,is_relevant",
    ]
    assert "11 entries in 11 files" in result.stderr


def test_what_is_set_against_a_claim_is_an_event_of_the_ledger(tmp_path: Path) -> None:
    own = '[[claim]]\nid = "tao-30-percent-in-12-hours"\nagainst = ["2024-07-02-bittensor-package-{}"]\n'
    fault, near = only_fault(write(tmp_path, "claims.toml", own.format("thef"))), "2024-07-02-bittensor-package-theft"
    assert f"line 3: claim 'tao-30-percent-in-12-hours': against: '{near[:-1]}' is no event of the ledger" in fault
    assert fault.endswith(f"did you mean '{near}'?")
    assert examine_configuration(write(tmp_path, "claims.toml", own.format("theft"))).faults == ()
