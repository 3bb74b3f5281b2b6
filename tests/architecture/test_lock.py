"""The lock installs the same files everywhere: declared libraries only, pinned, hashed, from no named place."""

import ast
import re
import sys
import tomllib

import pytest

from tests.audit import judge
from tests.paths import PROJECT

LOCKS = ("requirements.lock", "requirements-scale.lock", "requirements-uv.lock", "requirements-audit.lock")
PACKAGES = ("flows", "ingest", "analysis", "warehouse", "dashboards")
# Import names that differ from the name of the distribution.
DISTRIBUTION = {
    "core": "axe-core-python",
    "exchange_calendars": "exchange-calendars",
    "prometheus_client": "prometheus-client",
    "pydantic_core": "pydantic",  # pydantic's other half, released with it and pinned by it
}


def complaints(text: str) -> list[str]:
    """What is wrong with a lock: an entry without a pin, without a hash of 64 digits, or an address."""
    joined = re.sub(r"\\\n\s*", " ", text)
    found = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        if line.startswith("-") or "://" in line or "@" in line.split("--hash")[0]:
            found.append(f"an address or an option: {line[:60]}")
        elif not re.match(r"[A-Za-z0-9._-]+==[^ ;]+", line):
            found.append(f"no pin: {line[:60]}")
        elif not re.search(r"--hash=sha256:[0-9a-f]{64}\b", line):
            found.append(f"no hash: {line[:60]}")
    return found


def declared() -> set[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project.get("optional-dependencies", {}).values() for line in lines]
    return {re.match(r"[A-Za-z0-9_-]+", line).group().lower() for line in (*project["dependencies"], *extras)}  # type: ignore[union-attr]


def imported() -> dict[str, str]:
    """Top-level names that the product imports from outside, each with one file that does."""
    names: dict[str, str] = {}
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules = [node.module]
                names |= {module.split(".")[0]: str(path.relative_to(PROJECT)) for module in modules}
    return {n: p for n, p in names.items() if n not in sys.stdlib_module_names and n not in PACKAGES}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_is_pinned_and_hashed(name: str) -> None:
    assert complaints((PROJECT / name).read_text()) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("polars==2.1.0\n", "no hash"),
        ("polars>=2 \\\n    --hash=sha256:" + "0" * 64, "no pin"),
        ("--index-url somewhere\n", "option"),
        ("polars @ file:///wheels/polars.whl \\\n    --hash=sha256:" + "0" * 64, "address"),
        ("polars==2.1.0 \\\n    --hash=sha256:" + "0" * 63, "no hash"),
    ],
)
def test_a_loose_lock_is_seen(text: str, word: str) -> None:
    assert any(word in complaint for complaint in complaints(text))


def test_what_is_imported_is_declared() -> None:
    missing = {n: p for n, p in imported().items() if DISTRIBUTION.get(n, n) not in declared()}
    assert missing == {}, "import through another library's back: declare it in pyproject.toml"


def test_what_is_declared_is_locked() -> None:
    texts = [(PROJECT / name).read_text() for name in LOCKS]
    locked = {found for text in texts for found in re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)}
    assert declared() - locked == set()


def test_untyped_libraries_are_declared() -> None:
    overrides = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    modules = {module.split(".")[0] for entry in overrides for module in entry["module"]}
    assert {DISTRIBUTION.get(name, name) for name in modules} <= declared(), (
        "an override for a library that is not there"
    )


def test_a_known_weakness_is_a_finding_and_a_package_not_looked_up_is_told() -> None:
    weak = {"name": "left", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
    sound = {"name": "right", "version": "2.0", "vulns": []}
    unknown = {"name": "own", "skip_reason": "not found"}
    assert judge([sound]) == ([], "1 of 1 packages looked up")
    found, what = judge([weak, sound, unknown])
    assert found == ["left 1.0: CVE-1, mended in 1.1"]
    assert what.startswith("2 of 3 packages looked up: ")
