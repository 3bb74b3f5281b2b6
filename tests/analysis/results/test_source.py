"""What a module rests on is told from its text: imports, modules loaded by name, files packaged beside it."""

from __future__ import annotations

import ast
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from analysis.results import source
from analysis.results.source import (
    LIBRARIES,
    Sources,
    forget_sources,
    hash_everything_behind,
    hash_source,
    read_sources,
)


def make_sources(
    modules: dict[str, str], packaged: dict[str, dict[str, bytes]], versions: tuple[tuple[str, str], ...]
) -> Sources:
    packages = ("analysis", "analysis.room", "warehouse", "flows", "flows.commands")
    return Sources(dict.fromkeys(packages, "") | modules, packaged, versions)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch):
    """Puts sources in the place of the real ones."""

    def plant(
        modules: dict[str, str], packaged: dict[str, dict[str, bytes]] | None = None, numpy: str = "2.4.0"
    ) -> None:
        forget_sources()
        planted = make_sources(modules, packaged or {}, (("numpy", numpy),))
        monkeypatch.setattr(source, "read_sources", cache(lambda: planted))

    forget_sources()
    yield plant
    monkeypatch.undo()
    forget_sources()


STEP = "flows.step"
NEAR = {"analysis.near": "A = 1\n", "analysis.room.far": "B = 1\n", "analysis.aside": "C = 1\n"}
WAYS = {
    "a module": "import analysis.room.far\n",
    "a name": "from analysis.room.far import B\n",
    "a module from its package": "from analysis.room import far as near, nearer\n",
    "within a function": "def load():\n    from analysis.room.far import B\n    return B\n",
    "over lines, with a remark in brackets": "from analysis.room import (\n    near,  # why (here)\n    far,\n)\n",
    "behind another statement": "A = 1; import analysis.room.far\n",
    "before another statement": "from analysis.room import near, far; A = 1\n",
    "in one line with a condition, a name": "if A: from analysis.room.far import B\n",
    "over lines, before the name": "from analysis.room.far \\\n    import B\n",
    "over lines, before the module": "from \\\n    analysis.room.far import B\n",
    "named to be read from": 'text = files("analysis.room.far")\n',
    "named to be loaded": 'import_module("analysis.room.far")\n',
    "walked over": 'import_module(f"analysis.room.{name}")\n',
    "not to be told": "import_module(name)\n",
    "relative": "from . import something\n",
    "unknown": "import analysis.compiled\n",
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_every_way_to_another_module_is_followed(planted, text: str) -> None:
    planted(NEAR | {STEP: text})
    before = hash_everything_behind((STEP,))
    planted(NEAR | {STEP: text, "analysis.room.far": "B = 2\n"})
    assert hash_everything_behind((STEP,)) != before


def test_what_is_not_reached_or_only_named_for_types_is_no_part(planted) -> None:
    text = "from analysis.near import A\n\nif TYPE_CHECKING:\n    import analysis.aside\n"
    planted(NEAR | {STEP: text})
    before = hash_everything_behind((STEP,)), hash_source(STEP)
    planted(NEAR | {STEP: text, "analysis.aside": "C = 2\n", "analysis.room.far": "B = 2\n", "analysis.new": ""})
    assert (hash_everything_behind((STEP,)), hash_source(STEP)) == before
    planted(NEAR | {STEP: text, "analysis.near": "A = 2\n"})
    assert hash_everything_behind((STEP,)) != before[0]
    assert hash_source(STEP) != before[1]


def test_a_module_that_is_new_in_a_walked_package_counts(planted) -> None:
    text = 'import_module(f"analysis.room.{name}")\n'
    planted(NEAR | {STEP: text})
    before = hash_everything_behind((STEP,))
    planted(NEAR | {STEP: text, "analysis.room.newcomer": ""})
    assert hash_everything_behind((STEP,)) != before


@pytest.mark.parametrize(
    ("package", "counts"), [("analysis.room", True), ("analysis", True), ("flows.commands", False)]
)
def test_packaged_files_count_with_the_packages_of_what_is_reached(planted, package: str, counts: bool) -> None:
    modules = NEAR | {STEP: "from analysis.room.far import B\n"}
    planted(modules, {package: {"rules.toml": b"a = 1"}})
    before = hash_everything_behind((STEP,))
    planted(modules, {package: {"rules.toml": b"a = 2"}})
    assert (hash_everything_behind((STEP,)) != before) is counts
    planted(modules, {package: {"rules.toml": b"a = 1", "sql/new.sql": b""}})
    assert (hash_everything_behind((STEP,)) != before) is counts


def test_a_query_counts_where_its_name_is_quoted_and_another_file_always(planted) -> None:
    quoting = NEAR | {"warehouse.store": "", STEP: "import warehouse.store\nimport analysis.near\n"}
    asking = quoting | {"analysis.near": 'rows = reader.query("mine", day=1)\n'}
    files = {"sql/queries/mine.sql": b"1", "sql/queries/other.sql": b"1", "sql/views/mine.sql": b"1"}

    def hash_of(modules: dict[str, str], **changed: bytes) -> str:
        planted(
            modules, {"warehouse": files | {f"sql/{name}.sql".replace("__", "/"): new for name, new in changed.items()}}
        )
        return hash_everything_behind((STEP,))

    assert hash_of(asking, queries__mine=b"2") != hash_of(asking)
    assert hash_of(quoting, queries__mine=b"2") == hash_of(quoting)
    assert hash_of(asking, queries__other=b"2") == hash_of(asking)
    assert hash_of(quoting, views__mine=b"2") != hash_of(quoting)


def test_no_name_of_a_query_is_put_together_from_parts() -> None:
    """Who asks a query quotes its name, or is given it quoted; the others are inputs of pages by their rows."""
    quoted = set[str]()
    for name, text in read_sources().modules.items():
        quoted |= source._quoted_in(name)
        for node in ast.walk(ast.parse(text)):
            asked = node.func if isinstance(node, ast.Call) and node.args else None
            if getattr(asked, "attr", "") == "query" or getattr(asked, "id", "") == "query_text":
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp | ast.Call), f"{name}: line {node.lineno}"
    queries = {Path(path).stem for path in read_sources().packaged["warehouse"] if path.startswith("sql/queries/")}
    pages = "".join(file.read_text() for file in Path("dashboards").rglob("*.py"))
    assert len(queries & quoted) > 50
    assert [query for query in queries - quoted if query not in pages] == []


def test_another_version_of_a_library_is_another_source(planted) -> None:
    planted(NEAR | {STEP: ""}, numpy="2.4.0")
    before = hash_everything_behind((STEP,)), hash_source(STEP)
    planted(NEAR | {STEP: ""}, numpy="2.4.1")
    assert hash_everything_behind((STEP,)) != before[0]
    assert hash_source(STEP) != before[1]


def test_every_library_that_computes_is_told_by_its_version() -> None:
    told = dict(read_sources().versions)
    assert all(told[name] == version(name) for name in LIBRARIES)
    assert {"duckdb", "numba", "numpy", "polars", "scipy", "statsmodels"} <= set(LIBRARIES)


def test_a_module_that_is_not_there_is_an_error(planted) -> None:
    planted(NEAR)
    with pytest.raises(ModuleNotFoundError, match=r"flows\.step"):
        hash_everything_behind((STEP,))


def test_text_and_syntax_tree_name_the_same_imports_in_every_module_of_ours() -> None:
    differing = []
    for name, text in read_sources().modules.items():
        read = {(module, *names) for module, names in source._statements_of(name)}
        if read != {(module, *names) for module, names in source._parse(source._FOR_TYPES.sub("", text))}:
            differing.append(name)
    assert differing == []


def test_every_module_and_packaged_file_is_read() -> None:
    sources = read_sources()
    root = Path(source.__file__).parents[2]
    for package in source.ROOTS:
        files = [path.relative_to(root) for path in (root / package).rglob("*") if path.is_file()]
        modules = {
            ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files if path.suffix == ".py"
        }
        assert modules <= sources.modules.keys()
        data = {path.as_posix() for path in files if path.suffix in source.PACKAGED_ENDINGS}
        read = {f"{name.replace('.', '/')}/{path}" for name, found in sources.packaged.items() for path in found}
        assert data <= read
