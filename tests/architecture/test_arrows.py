"""The arrows between the packages hold, and each rule is able to fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.paths import PROJECT

PACKAGES = ("flows", "ingest", "analysis", "warehouse", "dashboards")

# One import that breaks each contract, and the module it is planted in.
VIOLATIONS = {
    "warehouse-alone": ("warehouse/store/planted.py", "import analysis.tape.returns"),
    "tables-first": ("warehouse/tables/planted.py", "import warehouse.store.errors"),
    "rooms-apart": ("ingest/planted.py", "import warehouse.store.errors"),
    "ingest-and-analysis-apart": ("ingest/planted_too.py", "import analysis.tape.returns"),
    "dashboards-show": ("dashboards/planted.py", "import ingest.errors"),
    "pages-without-store": ("dashboards/pages/planted.py", "import warehouse.store.errors"),
    "statistics-apart": ("analysis/engine/stats/planted.py", "import analysis.engine.stats.bmp"),
    "analysis-is-pure": ("analysis/planted.py", "import os"),
    "duckdb-owner": ("flows/planted.py", "import duckdb"),
    "ccxt-feedparser-httpx-owner": ("flows/planted_too.py", "import httpx"),
    "statsmodels-scipy-owner": ("flows/planted_three.py", "import scipy"),
    "plotly-owner": ("flows/planted_four.py", "import plotly"),
    "prefect-typer-owner": ("ingest/planted_three.py", "import typer"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def contracts() -> list[dict[str, str]]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.csv"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_arrow_holds(copied_tree: Path) -> None:
    result = lint_imports(copied_tree)
    assert result.returncode == 0, result.stdout
    assert f"{len(contracts())} kept, 0 broken" in result.stdout


def test_every_arrow_can_break(copied_tree: Path) -> None:
    for path, line in VIOLATIONS.values():
        (copied_tree / path).write_text(line + "\n")
    result = lint_imports(copied_tree)
    for contract in contracts():
        assert contract["id"] in VIOLATIONS, f"plant a violation of {contract['id']}"
        assert f"{contract['name']} BROKEN" in result.stdout, contract["id"]
