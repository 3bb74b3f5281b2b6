"""An installation compiles what a first run would."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from analysis.compile import compile_loops
from tests.paths import PROJECT

SOURCES = [path for path in sorted((PROJECT / "analysis").rglob("*.py")) if "@numba.njit(" in path.read_text()]


def entry_points(path: Path) -> dict[str, object]:
    """The compiled functions of a file that none of them calls: the others are compiled inside their callers."""
    module = importlib.import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    loops = {name: found for name, found in vars(module).items() if hasattr(found, "nopython_signatures")}
    bodies = [node for node in ast.parse(path.read_text()).body if getattr(node, "name", "") in loops]
    called = {ast.unparse(node.func) for body in bodies for node in ast.walk(body) if isinstance(node, ast.Call)}
    return {name: found for name, found in loops.items() if name not in called}


def test_there_are_compiled_loops() -> None:
    assert {path.name for path in SOURCES} >= {"compiled.py", "volatility_fit.py", "merge_sums.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_compiled_loop_is_compiled_ahead(path: Path) -> None:
    compile_loops()
    found = {name: len(loop.nopython_signatures) for name, loop in entry_points(path).items()}  # type: ignore[attr-defined]
    assert found
    assert all(found.values()), found
