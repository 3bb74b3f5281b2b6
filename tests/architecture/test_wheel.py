"""The wheel holds the five packages with their data, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.paths import PROJECT

PACKAGES = {"flows", "ingest", "analysis", "warehouse", "dashboards"}


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return zipfile.ZipFile(next(target.glob("*.whl"))).namelist()


def test_wheel_holds_five_packages_only(wheel_names: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel_names if ".dist-info" not in name} == PACKAGES


def test_wheel_holds_every_data_file(wheel_names: list[str]) -> None:
    wanted = {
        str(path.relative_to(PROJECT))
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*")
        if path.suffix in {".toml", ".sql", ".csv", ".css", ".js", ".html", ".jinja"} and path.is_file()
    }
    assert wanted - set(wheel_names) == set()
    assert any(Path(name).suffix == ".sql" for name in wanted)
