"""The house rules that a program can check, each seen failing once."""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.architecture.test_arrows import contracts
from tests.paths import PROJECT

MAXIMUM_LINES = 400
MAXIMUM_FUNCTION_LINES = 60
MAXIMUM_MODULES = 16
# Lines of docstrings for 100 lines of code of the analysis.
LEAST_DOCSTRING_SHARE = 12
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
PACKAGES = ("flows", "ingest", "analysis", "warehouse", "dashboards")
# Folders of like things, found by walking them.
WIDE_FOLDERS = {"stats", "models", "figures", "pages", "commands", "tables", "queries"}
# What every module of a kind calls by the same name.
ENTRY_POINTS = {"compute", "fit", "register", "STATISTIC", "MODEL", "main"}
THE_ONE_CATCH_ALL = "flows/cli.py"


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def long_things(text: str) -> list[str]:
    """Files and functions that are longer than the house allows."""
    found = [f"{text.count(chr(10))} lines"] if text.count("\n") > MAXIMUM_LINES else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or 0) - node.lineno + 1
            found += [f"{node.name}: {length} lines"] if length > MAXIMUM_FUNCTION_LINES else []
    return found


def caught_types(handler: ast.ExceptHandler) -> list[ast.expr | None]:
    return list(handler.type.elts) if isinstance(handler.type, ast.Tuple) else [handler.type]


def rule_breaks(text: str, name: str) -> list[str]:
    """What a product module does that the house forbids; `name` is its path, whose stem is judged too."""
    tree = ast.parse(text)
    found = [] if ast.get_docstring(tree) else ["no sentence of purpose"]
    found += ["a vague name"] if Path(name).stem in VAGUE_NAMES else []
    found += ["something is left to do"] if re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text) else []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and name != THE_ONE_CATCH_ALL:
            for caught in caught_types(node):
                if caught is None or getattr(caught, "id", "") in ("Exception", "BaseException"):
                    found.append(f"line {node.lineno} catches everything")
        if isinstance(node, ast.Assert):
            found.append(f"line {node.lineno}: assert is for tests")
    return found


def public_names(text: str) -> set[str]:
    """Names that a module defines at its top and does not keep for itself."""
    names: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")} - ENTRY_POINTS


def doubles(modules: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Public names that more than one of the modules (path, text) defines, with their paths."""
    homes: dict[str, list[str]] = defaultdict(list)
    for name, text in modules:
        for public in public_names(text):
            homes[public].append(name)
    return {public: paths for public, paths in homes.items() if len(paths) > 1}


def crowded(paths: Iterable[str]) -> dict[str, int]:
    """Folders with more modules than the house allows, but for folders of like things."""
    counts: dict[str, int] = defaultdict(int)
    for path in paths:
        if not path.endswith("__init__.py"):
            counts[str(Path(path).parent)] += 1
    return {f: n for f, n in counts.items() if n > MAXIMUM_MODULES and Path(f).name not in WIDE_FOLDERS}


def docstring_share(texts: Iterable[str]) -> float:
    """Lines of docstrings for 100 lines of code, which are neither blank, comment nor docstring."""
    code = documented = 0
    for text in texts:
        code += sum(bool(line.strip()) and not line.strip().startswith("#") for line in text.splitlines())
        for node in ast.walk(ast.parse(text)):
            body = getattr(node, "body", None)
            is_home = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            if is_home and body and ast.get_docstring(node):
                lines = text.splitlines()[body[0].lineno - 1 : body[0].end_lineno]
                documented += len(lines)
                code -= sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)
    return 100 * documented / code


@pytest.mark.parametrize("path", python_files(*PACKAGES), ids=named)
def test_a_module_keeps_the_rules(path: Path) -> None:
    assert rule_breaks(path.read_text(), named(path)) == []


@pytest.mark.parametrize(
    ("text", "name", "word"),
    [
        ("import os\n", "flows/x.py", "purpose"),
        ('"""One."""\n', "flows/utils.py", "vague"),
        ('"""One."""\n# TO' + "DO: more\n", "flows/x.py", "left to do"),
        ('"""One."""\ntry:\n    f()\nexcept Exception:\n    g()\n', "flows/x.py", "catches everything"),
        ('"""One."""\ntry:\n    f()\nexcept (OSError, Exception):\n    g()\n', "flows/x.py", "catches everything"),
        ('"""One."""\ntry:\n    f()\nexcept:\n    g()\n', "flows/x.py", "catches everything"),
        ('"""One."""\nassert f()\n', "flows/x.py", "assert"),
    ],
)
def test_a_broken_rule_is_seen(text: str, name: str, word: str) -> None:
    assert any(word in broken for broken in rule_breaks(text, name))


@pytest.mark.parametrize("path", python_files(*PACKAGES, "tests"), ids=named)
def test_files_and_functions_are_short(path: Path) -> None:
    assert long_things(path.read_text()) == [], "which two things is it?"


def test_long_files_and_functions_are_seen() -> None:
    assert long_things("x = 1\n" * 400) == []
    assert long_things("x = 1\n" * 401) == ["401 lines"]
    assert long_things("def f():\n" + "    g()\n" * 59) == []
    assert long_things("def f():\n" + "    g()\n" * 60) == ["f: 61 lines"]


def test_no_public_name_is_defined_twice() -> None:
    found = doubles((named(path), path.read_text()) for path in python_files(*PACKAGES))
    assert found == {}, "is it the same thing?"


def test_a_second_definition_is_seen() -> None:
    modules = [
        ("a.py", "HOURS = 1\n_kept = 2\n\n\ndef compute(): ...\n"),
        ("b.py", "HOURS: int = 1\n_kept = 2\n\n\ndef compute(): ...\n\n\nclass Row: ...\n"),
        ("c.py", "def Row(): ...\n"),
    ]
    assert doubles(modules) == {"HOURS": ["a.py", "b.py"], "Row": ["b.py", "c.py"]}


def test_a_folder_holds_at_most_sixteen_modules() -> None:
    assert crowded(named(path) for path in python_files(*PACKAGES, "tests")) == {}, "draw a room in it"


def test_a_crowded_folder_is_seen() -> None:
    assert crowded(f"analysis/x/m{i}.py" for i in range(17)) == {"analysis/x": 17}
    assert crowded(["analysis/x/__init__.py", *(f"analysis/x/m{i}.py" for i in range(16))]) == {}
    assert crowded(f"analysis/engine/stats/m{i}.py" for i in range(17)) == {}


def test_the_analysis_explains_itself() -> None:
    assert docstring_share(path.read_text() for path in python_files("analysis")) >= LEAST_DOCSTRING_SHARE


def test_silence_is_measured() -> None:
    assert docstring_share(['"""One."""\n\n# why\n' + "x = 1\n" * 10]) == 10
    assert docstring_share(["def f():\n" + '    """One.\n\n    Two.\n    """\n' + "    g()\n" * 9]) == 40


def test_only_settings_read_the_environment() -> None:
    readers = [p for p in python_files(*PACKAGES) if re.search(r"os\.(environ|getenv)", p.read_text())]
    assert [named(p) for p in readers] == ["flows/settings.py"]


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


def map_rows() -> dict[str, str]:
    """The rows of the README's map by folder."""
    rows = (PROJECT / "README.md").read_text().split("## Map")[1].split("\n## ")[0].splitlines()
    return {row.split("`")[1].strip("/"): row for row in rows if row.startswith("| `")}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_map_names_every_room_and_only_rooms(package: str) -> None:
    rooms = {path.name for path in (PROJECT / package).iterdir() if path.is_dir() and any(path.rglob("*.*"))}
    rooms -= {"__pycache__", "assets", "templates"}
    assert set(re.findall(r"`([a-z]+)/`", map_rows()[package])) - {package} == rooms


@pytest.mark.parametrize("package", PACKAGES)
def test_the_map_names_what_a_folder_owns(package: str) -> None:
    owned = {name.strip() for name in map_rows()[package].strip("|").split("|")[-1].split(",")}
    refused = {n for c in contracts() if c["id"].endswith("-owner") for n in c["forbidden_modules"]}
    assert owned == {n for n in refused if package in owners(n)}


def owners(library: str) -> set[str]:
    """The packages that no contract forbids to import `library`."""
    held = [c for c in contracts() if c["id"].endswith("-owner") and library in c["forbidden_modules"]]
    return set(PACKAGES) - {module for c in held for module in c["source_modules"]}
