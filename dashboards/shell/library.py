"""The drawing library that a site loads: plotly.js, of which a page starts only the kinds of trace that are drawn."""

from __future__ import annotations

import re
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

from dashboards.figures.figure import TRACE_TYPES
from dashboards.shell.manifest import BundleError, write_if_changed

# Bundles of plotly.js that hold every trace type the pages draw.
COMPLETE_BUNDLES = ("", "cartesian", "strict", "gl2d")
# The kind that every bundle starts by itself.
_BUILT_IN = frozenset({"scatter"})
_HEADER = re.compile(r"plotly\.js (?:\((?P<bundle>[a-z0-9]+) - minified\) )?v(?P<version>[0-9.]+)")
# Where a bundle starts its kinds of trace, each by a call of the module that holds it: register([a(),b()]).
_STARTED = re.compile(r"register\(\[((?:[\w$]+\(\),?)+)\]\)")
# How a module of a bundle begins: name=wrap((exports,module)=>{
_MODULE = re.compile(r"[, ;]([\w$]+)=[\w$]+\(\(?[\w$,]*\)?=>\{")
# How far behind its beginning a module states the name of its trace or passes one on, at most, in characters.
_STATED_WITHIN = 4000


def copy_library(chosen: Path | None, target: Path) -> None:
    """Put the library, `chosen` or the one of the Python package, at `target`, unless it stands there already.

    Raises BundleError when `chosen` cannot draw the pages.
    """
    if chosen is not None:
        check_bundle(chosen)
        _copy(chosen, target)
        return
    with as_file(_bundled()) as bundled:
        _copy(bundled, target)


def library_text() -> str:
    """The library of the Python package, for a page that carries it."""
    return lean(_bundled().read_text(encoding="utf-8"))


def lean(library: str) -> str:
    """`library` that starts no kind of trace but those of TRACE_TYPES, in a quarter of the time.

    One whose list of kinds is not written as expected is given back as it is.
    """
    started = _STARTED.findall(library)
    if len(started) != 1:
        return library
    kept = [_starter(library, kind) for kind in sorted(TRACE_TYPES - _BUILT_IN)]
    if not set(kept) <= set(started[0].split(",")):
        return library
    return _STARTED.sub(lambda _: f"register([{','.join(kept)}])", library)


def check_bundle(plotly_js: Path) -> None:
    """Refuse a plotly.js that cannot draw the pages: a missing trace type would silently become empty axes."""
    try:
        with plotly_js.open(encoding="utf-8", errors="replace") as file:
            head = file.read(2000)
    except OSError as exc:
        raise BundleError(f"AFTERSHOCK_PLOTLY_JS={plotly_js} cannot be read: {exc.strerror}; unset it") from exc
    found = _HEADER.search(head)
    with _bundled().open(encoding="utf-8") as file:
        expected = _HEADER.search(file.read(2000))
    if found is None or expected is None or found["version"] != expected["version"]:
        version = expected["version"] if expected else "the version of the Python package"
        raise BundleError(f"AFTERSHOCK_PLOTLY_JS={plotly_js} is not plotly.js v{version}; use that version or unset it")
    if (found["bundle"] or "") not in COMPLETE_BUNDLES:
        raise BundleError(
            f"AFTERSHOCK_PLOTLY_JS={plotly_js} is the {found['bundle']} bundle, which lacks heat maps; "
            "use the cartesian or the full one"
        )


def _bundled() -> Traversable:
    return files("plotly") / "package_data" / "plotly.min.js"


def _copy(source: Path, target: Path) -> None:
    # The first line tells whether the target was made from this file for these kinds, without reading the rest.
    stated = f"/* Starts {', '.join(sorted(TRACE_TYPES))} of {source.stat().st_size} bytes. */\n"
    if target.is_file() and target.stat().st_mtime >= source.stat().st_mtime:
        with target.open(encoding="utf-8", errors="replace") as file:
            if file.readline() == stated:
                return
    write_if_changed(target, (stated + lean(source.read_text(encoding="utf-8"))).encode())


def _starter(library: str, kind: str) -> str:
    """The call that starts a kind of trace: of the module that passes on the one that states its name; else empty."""
    stated = _module_before(library, library.find(f'moduleType:"trace",name:"{kind}"'))
    passed_on = _module_before(library, library.find(f"exports={stated}()"))
    return f"{passed_on}()"


def _module_before(library: str, place: int) -> str:
    """The name of the module that a place of the text lies in, by its last beginning before it; empty without one."""
    names = _MODULE.findall(library, max(place - _STATED_WITHIN, 0), max(place, 0))
    return names[-1] if names else ""
