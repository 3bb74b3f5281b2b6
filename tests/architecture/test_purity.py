"""`analysis` is a function of its arguments: no clock, file, network, environment or unseeded chance."""

import ast
from pathlib import Path

import pytest

from tests.paths import PROJECT

FORBIDDEN_CALLS = {
    "open",
    "input",
    "print",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "dt.datetime.now",
    "date.today",
    "os.getenv",
    "Path",
    "pl.read_csv",
    "pl.read_parquet",
    "pl.scan_csv",
    "pl.scan_parquet",
    "random.random",
    "np.random.seed",
}
FORBIDDEN_MODULES = {"os", "pathlib", "time", "random", "socket", "subprocess", "secrets", "uuid", "tempfile", "io"}


def impurities(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [f"import {a.name}" for a in node.names if a.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
            found.append(f"from {node.module}")
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in FORBIDDEN_CALLS or (name.endswith("default_rng") and not (node.args or node.keywords)):
                found.append(f"line {node.lineno}: {name}()")
            if name.startswith("np.random.") and not name.endswith(
                ("default_rng", "Generator", "SeedSequence", "PCG64")
            ):
                found.append(f"line {node.lineno}: {name}()")
    return found


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "analysis").rglob("*.py")), ids=lambda p: str(p.relative_to(PROJECT))
)
def test_analysis_is_pure(path: Path) -> None:
    assert impurities(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "datetime.now()",
        "np.random.default_rng()",
        "np.random.normal()",
        "open('x')",
        "from pathlib import Path",
    ],
)
def test_an_impurity_is_seen(line: str) -> None:
    assert impurities(line)
