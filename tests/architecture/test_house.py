"""The house rules that a program can check."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.paths import PROJECT

MAXIMUM_LINES = 400
MAXIMUM_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
PACKAGES = ("flows", "ingest", "analysis", "warehouse", "dashboards")


def python_files() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py"))


@pytest.mark.parametrize("path", python_files(), ids=lambda p: str(p.relative_to(PROJECT)))
def test_a_module_keeps_the_rules(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module starts with one sentence of purpose"
    assert text.count("\n") <= MAXIMUM_LINES, "which two rooms is it?"
    assert path.stem not in VAGUE_NAMES, "name the thing"
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text), "something is left to do"
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < MAXIMUM_FUNCTION_LINES, f"{node.name} is too long"
        if isinstance(node, ast.ExceptHandler) and path.name != "cli.py":
            assert node.type is not None, "a bare except"
            assert getattr(node.type, "id", "") not in ("Exception", "BaseException"), "catches everything"
        assert not isinstance(node, ast.Assert), "assert is for tests"


def test_only_settings_read_the_environment() -> None:
    readers = [p for p in python_files() if re.search(r"os\.(environ|getenv)", p.read_text())]
    assert [str(p.relative_to(PROJECT)) for p in readers] == ["flows/settings.py"]


def test_the_layout_is_the_owners() -> None:
    for name in (*PACKAGES, "tests", "pyproject.toml", "README.md"):
        assert (PROJECT / name).exists()


def test_no_package_index_and_no_machine_path_is_named() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False
    ).stdout.split()
    if not tracked:
        pytest.skip("needs a git checkout")
    pattern = re.compile("|".join(("py" + r"pi\.org", "python" + r"hosted", r"/wor" + "k/", r"/roo" + r"t/")))
    for name in tracked:
        path = PROJECT / name
        if path.suffix in {".png", ".parquet"} or not path.is_file():
            continue
        match = pattern.search(path.read_text(errors="replace"))
        assert match is None, f"{name} names {match and match.group()}"
