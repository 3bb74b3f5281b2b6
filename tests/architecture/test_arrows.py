"""The arrows between the packages hold, and each rule is able to fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.test_lock import DISTRIBUTION, declared
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
    "pages-do-not-print-the-site": ("dashboards/pages/planted_too.py", "import dashboards.shell.site"),
    "figures-below-pages": ("dashboards/figures/planted.py", "import dashboards.shell.page"),
    "findings-are-sentences": ("dashboards/findings/planted.py", "import dashboards.figures.figure"),
    "statistics-apart": ("analysis/engine/stats/planted.py", "import analysis.engine.stats.bmp"),
    "models-apart": ("analysis/engine/models/planted.py", "import analysis.engine.models.market"),
    "analysis-rooms": ("analysis/tape/planted.py", "import analysis.engine.kernel"),
    "events-from-words": ("analysis/events/planted.py", "import analysis.tape.returns"),
    "numba-owner": ("analysis/single/planted.py", "import numba"),
    "analysis-is-pure": ("analysis/planted.py", "import os"),
    "duckdb-owner": ("flows/planted.py", "import duckdb, filelock"),
    "ccxt-feedparser-httpx-owner": (
        "flows/planted_too.py",
        "import ccxt, feedparser, httpx, brotli, protego, nh3, stamina",
    ),
    "statsmodels-scipy-owner": (
        "flows/planted_three.py",
        "import statsmodels, scipy, arch, numba, rapidfuzz, threadpoolctl, exchange_calendars",
    ),
    "plotly-owner": ("flows/planted_four.py", "import plotly, jinja2, markupsafe, kaleido"),
    "lake-owner": ("warehouse/store/planted_two.py", "import deltalake, pyarrow"),
    "store-knows-no-lake": ("warehouse/tables/planted_two.py", "import warehouse.lake.errors"),
    "cluster-owner": ("flows/commands/planted.py", "import distributed, cloudpickle"),
    "prefect-typer-owner": ("ingest/planted_three.py", "import prefect, typer, rich, tomlkit"),
}

# Further borders that one contract holds: each of these imports alone breaks `analysis-rooms`.
ROOMS = [
    ("results", "analysis.tape.returns"),
    ("tape", "analysis.single.study"),
    ("engine", "analysis.single.study"),
    ("engine", "analysis.groups.plan"),
    ("single", "analysis.groups.plan"),
    ("single", "analysis.together.network"),
    ("together", "analysis.single.study"),
    ("claims", "analysis.together.network"),
    ("events", "analysis.claims.language"),
    ("groups", "analysis.own.study"),
    ("own", "analysis.groups.plan"),
]

# Libraries that more than one room may import, each with its reason.
SHARED = {
    "polars": "frames are the currency",
    "numpy": "arrays inside frames; the generators of jitter",
    "pydantic": "loaders and settings",
    "tzdata": "never imported: the zones of systems without any",
    "fastapi": "never imported: a bound for prefect",
    "sqlalchemy": "never imported: a bound for prefect",
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


def copy_tree(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.csv"))
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of the tree with every violation planted in it."""
    tree = copy_tree(tmp_path_factory.mktemp("broken"))
    for path, line in VIOLATIONS.values():
        (tree / path).write_text(line + "\n")
    for number, (room, module) in enumerate(ROOMS):
        (tree / "analysis" / room / f"planted_{number}.py").write_text(f"import {module}\n")
    return lint_imports(tree).stdout


def test_every_arrow_holds(tmp_path: Path) -> None:
    result = lint_imports(copy_tree(tmp_path))
    assert result.returncode == 0, result.stdout
    assert f"{len(contracts())} kept, 0 broken" in result.stdout


def test_every_arrow_can_break(report: str) -> None:
    for contract in contracts():
        assert contract["id"] in VIOLATIONS, f"plant a violation of {contract['id']}"
        assert f"{contract['name']} BROKEN" in report, contract["id"]


@pytest.mark.parametrize("number", range(len(ROOMS)), ids=lambda number: " to ".join(ROOMS[number]))
def test_every_border_between_the_rooms_of_analysis_can_break(report: str, number: int) -> None:
    room, module = ROOMS[number]
    assert f"analysis.{room}.planted_{number} -> {module}" in report


def test_every_owned_library_is_refused_elsewhere(report: str) -> None:
    for path, line in (VIOLATIONS[c["id"]] for c in contracts() if c["id"].endswith("-owner")):
        module = path.removesuffix(".py").replace("/", ".")
        for library in line.removeprefix("import ").split(", "):
            assert f"{module} -> {library}" in report, library


def test_every_library_has_an_owner_or_is_shared_with_a_reason() -> None:
    owned = {
        name for contract in contracts() if contract["id"].endswith("-owner") for name in contract["forbidden_modules"]
    }
    assert owned & set(SHARED) == set()
    assert declared() == {DISTRIBUTION.get(name, name) for name in owned} | set(SHARED)
