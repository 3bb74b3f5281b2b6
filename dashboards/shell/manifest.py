"""What the site's folder holds already, so that only changed pages are rendered and stale ones removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import polars as pl

from warehouse.replacing import replacing

MANIFEST_NAME = ".manifest.json"
# The entry that stands for the whole site.
SITE_KEY = ""


class SiteError(RuntimeError):
    """The pages cannot be written; the message says what, where and what to do."""


class BundleError(SiteError):
    """The plotly.js asked for cannot draw the pages; another setting helps, another disk does not."""


class Manifest:
    """Inputs and files of each page of one site folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before: dict[str, dict[str, object]] = _read(folder / MANIFEST_NAME)
        self.after: dict[str, dict[str, object]] = {}

    def keep_all(self, stamp: str) -> int:
        """The number of pages when all were made under this stamp and all their files are there, else 0."""
        pages = {path: entry for path, entry in self.before.items() if path != SITE_KEY}
        if self.before.get(SITE_KEY, {}).get("inputs") != stamp:
            return 0
        return len(pages) if all((self.folder / name).is_file() for name in _names(pages)) else 0

    def is_unchanged(self, path: str, inputs: str) -> bool:
        """Whether the page was rendered from these inputs before and all its files are still there; if so, keep it."""
        entry = self.before.get(path)
        if entry is None or entry.get("inputs") != inputs:
            return False
        names = [str(name) for name in entry.get("files", [])]  # type: ignore[attr-defined] # written by us as a list
        if not all((self.folder / name).is_file() for name in names):
            return False
        self.after[path] = entry
        return True

    def record(self, path: str, inputs: str, names: Iterable[str]) -> None:
        """Remember what a page was rendered from and which files it wrote."""
        self.after[path] = {"inputs": inputs, "files": sorted(names)}

    def finish(self, stamp: str) -> int:
        """Remove files that no page has any more and write the manifest; returns how many files went.

        `stamp` stands for everything the whole site was made from.
        """
        self.record(SITE_KEY, stamp, ())
        kept = _names(self.after)
        stale = _names(self.before) - kept
        for name in stale:
            with writing(self.folder / name):
                (self.folder / name).unlink(missing_ok=True)
        write_if_changed(self.folder / MANIFEST_NAME, json.dumps(self.after, indent=0, sort_keys=True).encode())
        return len(stale)


def write_if_changed(path: Path, content: bytes) -> bool:
    """Replace the file atomically unless it already holds `content`; returns whether it was written."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return False
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The next run can draw it again.
        with replacing(path, f"{path.suffix}.partial", is_synced=False) as draft:
            draft.write_bytes(content)
    return True


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a SiteError that names the file."""
    try:
        yield
    except OSError as exc:
        raise SiteError(f"cannot write {path}: {exc.strerror}; free space or set AFTERSHOCK_HOME") from exc


def hash_texts(*texts: str) -> str:
    """A hash over texts and over the code that renders them."""
    digest = hashlib.sha256(code_hash().encode())
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def hash_frame(frame: pl.DataFrame) -> str:
    """A hash over the columns and values of a frame, in order."""
    digest = hashlib.sha256(repr(frame.schema).encode())
    if frame.height:
        digest.update(frame.hash_rows(seed=17).to_numpy().tobytes())
    return digest.hexdigest()


def describe_file(path: Path) -> str:
    """What tells a published file from another in its place; empty when there is none."""
    if not path.is_file():
        return ""
    found = path.stat()
    return f"{path} {found.st_ino} {found.st_size} {found.st_mtime_ns}"


@cache
def code_hash() -> str:
    """A hash over every file of this package and the version of polars, within which row hashes are stable."""
    digest = hashlib.sha256(pl.__version__.encode())
    for name, content in sorted(_contents(files("dashboards"), "")):
        digest.update(name.encode() + content)
    return digest.hexdigest()


def _contents(folder: Traversable, prefix: str) -> Iterable[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            if item.name != "__pycache__":
                yield from _contents(item, f"{prefix}{item.name}/")
        elif item.name.endswith((".py", ".jinja", ".css", ".js", ".svg")):
            yield f"{prefix}{item.name}", item.read_bytes()


def _names(entries: dict[str, dict[str, object]]) -> set[str]:
    return {str(name) for entry in entries.values() for name in entry.get("files", [])}  # type: ignore[attr-defined] # lists


def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
