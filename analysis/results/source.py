"""Which modules and packaged files a module of ours rests on, as they were when a process first asked."""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.readers import MultiplexedPath
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec

ROOTS = ("analysis", "flows", "ingest", "warehouse")  # packages whose source decides results
# Libraries whose next version may compute another last digit, read another word or keep rows in another order.
LIBRARIES = ("arch", "duckdb", "exchange-calendars", "numba", "numpy", "polars", "rapidfuzz", "scipy", "statsmodels")
PACKAGED_ENDINGS = (".sql", ".toml", ".csv")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]+)|import[ \t]+([^\n]+))", re.MULTILINE
)
_WORD = re.compile(r"import\b")
# Imports of a block that no interpreter enters.
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+[^\n]*\n|[ \t]*\n)+", re.MULTILINE)
# A module or package named in words: files beside it are read, or modules of it loaded.
_NAMED = re.compile(
    r"\(\s*(?:f\"((?:analysis|flows|ingest|warehouse)[\w.]*\.)\{|\"((?:analysis|flows|ingest|warehouse)[\w.]*)\")"
)
# Statements that are read by name: one counts where its name is quoted, because no name is put together from parts.
_QUERY = re.compile(r"sql/queries/([a-z_\d]+)\.sql")
_QUOTED = re.compile(r'"([a-z_\d]+)"')
_LOADERS = ("import_module", "__import__", "run_module", "run_path")
_LOADED_BY_NAME = re.compile(rf"(?:{'|'.join(_LOADERS)})\((?!\s*f?\"\w)")


@dataclass(frozen=True, slots=True)
class Sources:
    """Every module of ours by name, the packaged files of each package by their path in it, and what they run on."""

    modules: Mapping[str, str]
    packaged: Mapping[str, Mapping[str, bytes]]
    versions: tuple[tuple[str, str], ...] = ()  # of Python and of LIBRARIES


@cache
def read_sources() -> Sources:
    """Code and packaged files, read once by each process, which runs what it has read."""
    modules: dict[str, str] = {}
    packaged: dict[str, dict[str, bytes]] = {}
    for root in ROOTS:
        if find_spec(root):
            _read_package(root, files(root), modules, packaged)
    python = ("python", ".".join(map(str, sys.version_info[:2])))
    return Sources(modules, packaged, (python, *((name, version(name)) for name in LIBRARIES)))


def forget_sources() -> None:
    """Let what has been read be read again."""
    for known in (read_sources, hash_source, hash_everything_behind, _imports, _loads, _statements_of, _quoted_in):
        known.cache_clear()


@cache
def hash_source(name: str) -> bytes:
    """Hash of the module `name`, of every module that it imports, directly or through others, and of the LIBRARIES.

    A module that came since the sources were read has them read again. ModuleNotFoundError when there is none.
    """
    if name not in read_sources().modules:
        forget_sources()
    return _hash(sorted((found, read_sources().modules[found]) for found in _reach([name], _imports)))


@cache
def hash_everything_behind(names: tuple[str, ...]) -> str:
    """Hash of all that can change what these modules do: what they import, load, run on, and read beside modules.

    A package whose modules are found by walking its folder counts as a whole, and a module loaded by a name that the
    text does not tell counts as everything there is. A packaged file counts with every module of its package and below:
    who reads files of another package has to name it. A query counts where one of them quotes its name.
    ModuleNotFoundError when there is no such module.
    """
    return _hash_with_files(_reach(names, _loads))


def _hash_with_files(names: Set[str]) -> str:
    """A packaged file counts with the package it lies in, a query where a module quotes its name."""
    sources, parts = read_sources(), list[tuple[str, str | bytes]]()
    quoted = frozenset[str]().union(*map(_quoted_in, names))
    for name in sorted(names):
        parts.append((name, sources.modules[name]))
        parts += [
            (f"{name}/{path}", content)
            for path, content in sorted(sources.packaged.get(name, {}).items())
            if not (query := _QUERY.fullmatch(path)) or query[1] in quoted
        ]
    return _hash(parts).hex()


@cache
def _quoted_in(name: str) -> frozenset[str]:
    return frozenset(_QUOTED.findall(read_sources().modules[name]))


def _hash(parts: Iterable[tuple[str, str | bytes]]) -> bytes:
    digest = hashlib.sha256(repr(read_sources().versions).encode())
    for name, content in parts:
        body = content.encode() if isinstance(content, str) else content
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return digest.digest()


def _read_package(
    package: str, folder: Traversable, modules: dict[str, str], packaged: dict[str, dict[str, bytes]]
) -> None:
    """The modules of a package where it looks for them: a loaded one knows, and may have been given a folder more."""
    modules.setdefault(package, "")
    loaded = getattr(sys.modules.get(package), "__path__", ())
    for item in (MultiplexedPath(*loaded) if loaded else folder).iterdir():
        if item.name.endswith(".py"):
            name = item.name.removesuffix(".py")
            modules[package if name == "__init__" else f"{package}.{name}"] = item.read_text(encoding="utf-8")
        elif item.is_dir() and item.joinpath("__init__.py").is_file():
            _read_package(f"{package}.{item.name}", item, modules, packaged)
        else:
            packaged.setdefault(package, {}).update(_contents(item, item.name))


def _contents(item: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of a packaged file, or of all in a folder."""
    if item.is_dir():
        for below in item.iterdir():
            yield from _contents(below, f"{path}/{below.name}")
    elif path.endswith(PACKAGED_ENDINGS):
        yield path, item.read_bytes()


def _reach(names: Iterable[str], follow: Callable[[str], frozenset[str]]) -> set[str]:
    modules, reached, waiting = read_sources().modules, set[str](), [*names]
    while waiting:
        found = waiting.pop()
        if found not in modules:
            raise ModuleNotFoundError(f"no module {found}")
        if found not in reached:
            reached.add(found)
            waiting.extend(follow(found))
    return reached


@cache
def _imports(name: str) -> frozenset[str]:
    """Modules of ours that a module imports, with the packages around them."""
    modules, found = read_sources().modules, set[str]()
    for module, names in _statements_of(name):
        # What is imported from a module may be a module too.
        for target in [module, *(f"{module}.{each}" for each in names)] if module else names:
            if _is_ours(target) and target not in found:
                found.update(_with_parents(target))
    return frozenset(found & modules.keys())


@cache
def _loads(name: str) -> frozenset[str]:
    """Modules of ours that a module may load: those it imports, and those it names for files or modules in them."""
    modules, text = read_sources().modules, read_sources().modules[name]
    is_known = all(
        target in modules
        for module, names in _statements_of(name)
        for target in ([module] if module else names)
        if _is_ours(target)
    )
    if not is_known or (any(loader in text for loader in _LOADERS) and _LOADED_BY_NAME.search(text)):
        return frozenset(modules)
    named = _NAMED.findall(text)
    walked = tuple(start for start, _ in named if start)
    found = {part for start, whole in named for part in _with_parents(whole or start.rstrip("."))}
    found.update(module for module in modules if walked and module.startswith(walked))
    return _imports(name) | (found & modules.keys())


def _is_ours(name: str) -> bool:
    return name.startswith(".") or name.partition(".")[0] in ROOTS


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


@cache
def _statements_of(name: str) -> Sequence[tuple[str, list[str]]]:
    """Module and names of each import of a module, at any depth; no module where the names are modules themselves."""
    text = read_sources().modules[name]
    known = _FOR_TYPES.sub("", text) if "if TYPE_CHECKING" in text else text
    found = _IMPORT.findall(known)
    is_plain = "\\\n" not in known and not any(mark in names + others for _, names, others in found for mark in "#;")
    if is_plain and len(found) == len(_WORD.findall(known)):
        return [(module, _names(names or others)) for module, names, others in found]
    return list(_parse(known))


def _names(listed: str) -> list[str]:
    """The names of `a as b, c`, in brackets or not."""
    return [name.split()[0] for name in listed.strip("()").split(",") if name.strip()]


def _parse(text: str) -> Iterator[tuple[str, list[str]]]:
    """The imports of a text that says more of them than a line of its own each."""
    for node in _statements(ast.parse(text).body):
        if isinstance(node, ast.Import):
            yield "", [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), [alias.name for alias in node.names]


def _statements(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every statement, at any depth; expressions, of which there are ten times as many, hold none."""
    for node in nodes:
        yield node
        for block in ("body", "orelse", "handlers", "finalbody", "cases"):
            yield from _statements(getattr(node, block, ()))
