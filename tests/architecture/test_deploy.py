"""The files for a server say what the program does, and their own tools accept them."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from flows.options import PAGES_PORT
from flows.pipeline import NEWS_STEPS, PRICE_STEPS
from flows.serve.deployments import DAILY_CRON, deployments
from tests.paths import PROJECT

DEPLOY = PROJECT / "deploy"


def dockerfile() -> list[tuple[str, str]]:
    """Instruction and text of each instruction of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines]


def test_the_image_runs_without_rights_on_a_volume_of_its_own_and_is_watched() -> None:
    said = dockerfile()
    words = [instruction for instruction, _ in said]
    by_word = dict(said)
    assert by_word["USER"] == "aftershock"
    assert words.index("USER") < words.index("CMD")
    assert by_word["VOLUME"] == "/data"
    assert "AFTERSHOCK_HOME=/data" in by_word["ENV"]
    assert by_word["CMD"] == '["aftershock", "serve"]'


def test_what_the_image_copies_leaves_data_and_environments_out() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert {".git", ".venv", "aftershock-home", "*.duckdb"} <= set(ignored)
    # What the build reads comes along, and the goal that it makes exists.
    makefile = (PROJECT / "Makefile").read_text()
    needed = re.search(r"^\$\(STAMP\): (.+)$", makefile, re.MULTILINE)
    assert needed is not None
    for name in ("Makefile", *needed.group(1).split()):
        assert (PROJECT / name).is_file()
        assert not any(Path(name).match(pattern) for pattern in ignored)
    goals = [words.split()[-1] for instruction, words in dockerfile() if words.startswith("make ")]
    assert goals == ["install"]
    assert re.search(r"^install:", makefile, re.MULTILINE)


def test_the_image_is_watched_at_the_port_of_the_pages() -> None:
    assert f"127.0.0.1:{PAGES_PORT}/health" in dict(dockerfile())["HEALTHCHECK"]


def test_compose_opens_no_port_and_keeps_the_data() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["aftershock"]
    assert "ports" not in service
    assert service["volumes"] == ["aftershock-data:/data"]
    assert service["cap_drop"] == ["ALL"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_the_unit_starts_serve_as_a_user_without_rights() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "aftershock.service")
    service = unit["Service"]
    assert service["ExecStart"].endswith("/aftershock serve")
    assert service["User"] == "aftershock"
    assert service["ProtectSystem"] == "strict"
    assert service["Environment"] == f"AFTERSHOCK_HOME=/var/lib/{service['StateDirectory']}"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here; it checks the unit")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "aftershock.service").read_text()
    program = tmp_path / "aftershock"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "aftershock.service"
    unit.write_text(text.replace("/opt/aftershock/.venv/bin/aftershock", str(program)))
    result = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert str(unit) not in result.stderr, result.stderr


def test_each_cron_line_has_a_time_a_user_and_a_command_that_exists() -> None:
    from flows.cli import app, register_commands

    register_commands()
    known = {command.name for command in app.registered_commands}
    lines = [line for line in (DEPLOY / "aftershock.cron").read_text().splitlines() if line[:1].isdigit()]
    assert len(lines) == 2
    for line in lines:
        *times, user, program, command = line.split()
        assert len(times) == 5
        assert all(re.fullmatch(r"\*|\d+", time) for time in times)
        assert (user, program.rpartition("/")[2]) == ("aftershock", "aftershock")
        assert command in known


def test_prefect_yaml_schedules_what_serve_does() -> None:
    said = yaml.safe_load((DEPLOY / "prefect.yaml").read_text())
    found = {deployment["name"]: deployment for deployment in said["deployments"]}
    assert set(found) == {deployment.name for deployment in deployments(2, 2)}
    assert found["windows"]["parameters"]["steps"] == list(PRICE_STEPS)
    assert found["prices"]["parameters"]["steps"] == list(PRICE_STEPS)
    assert found["news"]["parameters"]["steps"] == list(NEWS_STEPS)
    assert found["daily"]["schedules"] == [{"cron": DAILY_CRON}]
    for deployment in found.values():
        path, name = deployment["entrypoint"].split(":")
        assert (PROJECT / path).is_file()
        assert f"def {name}(" in (PROJECT / path).read_text()
