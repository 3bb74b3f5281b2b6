"""Every command that the README shows really runs."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from flows.configuration import read_own
from flows.jobs.config_check import examine_configuration, read_changes
from tests.conftest import run_aftershock
from tests.paths import PROJECT


def console_commands() -> list[str]:
    """The `$ aftershock …` lines of the README's console blocks, continuation lines joined."""
    blocks = re.findall(r"```console\n(.*?)```", (PROJECT / "README.md").read_text(), flags=re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ aftershock ")]


@pytest.fixture(scope="module")
def folder_after_a_run(bundled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    for example in (PROJECT / "tests" / "golden" / "readme").glob("*"):
        (folder / example.name).write_bytes(example.read_bytes())
    shutil.copytree(bundled_home, folder / "aftershock-home")
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return run_aftershock(folder / "aftershock-home", folder, *shlex.split(command)[1:])


@pytest.mark.parametrize("command", console_commands())
def test_command_of_the_readme_runs(folder_after_a_run: Path, command: str) -> None:
    result = run(command, folder_after_a_run)
    assert result.returncode == 0, result.stderr
    assert result.stdout or result.stderr


def test_readme_shows_the_two_commands_and_some_more() -> None:
    text = (PROJECT / "README.md").read_text()
    assert "make run" in text
    assert "make test" in text
    assert len(console_commands()) >= 10


def test_the_examples_of_own_files_are_read(tmp_path: Path) -> None:
    form, feed, alert = re.findall(r"```toml\n(.*?)```", (PROJECT / "README.md").read_text(), flags=re.DOTALL)
    for file, text, name in (
        ("forms.toml", form, "levitate"), ("feeds.toml", feed, "cr_decrypt"), ("alerts.toml", alert, "desk"),
    ):  # fmt: skip
        (tmp_path / file).write_text(text)
        changes = read_changes(file, read_own(tmp_path, file))
        assert [change.identity for change in changes if change.identity] == [(name,)]
    assert examine_configuration(tmp_path).faults == ()
