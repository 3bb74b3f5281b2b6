"""TOML is read in one place, and a person's files are opened in one place."""

import ast
import re

from flows.configuration import OWN_FILES
from tests.paths import PROJECT
from warehouse.config import load_config

LOADER = PROJECT / "warehouse" / "config.py"
ROOMS = ("analysis", "dashboards", "flows", "ingest", "warehouse")
SOURCES = sorted(path for room in ROOMS for path in (PROJECT / room).rglob("*.py"))


def imports_tomllib(source: str) -> bool:
    return any(
        "tomllib" in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def reads_own_file(source: str) -> bool:
    """A path to a file of config/ that is opened on the spot."""
    names = "|".join(re.escape(name) for name in OWN_FILES)
    return bool(re.search(rf'/ "(?:{names})"', source))


def test_toml_is_read_by_the_one_loader() -> None:
    assert [path for path in SOURCES if imports_tomllib(path.read_text())] == [LOADER]


def test_own_files_are_opened_by_their_one_reader() -> None:
    assert [path for path in SOURCES if reads_own_file(path.read_text())] == []


def test_a_second_loader_is_seen() -> None:
    assert imports_tomllib("import tomllib")
    assert imports_tomllib("from tomllib import loads")
    assert reads_own_file('path = config_path / "feeds.toml"')


def test_the_loader_takes_text_and_opens_nothing() -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(LOADER.read_text())) if isinstance(node, ast.Call)}
    assert not [name for name in calls if name == "open" or name.endswith(("Path", "read_bytes"))]
    assert load_config.__annotations__["texts"] == "ConfigText | None"
