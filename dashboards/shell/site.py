"""Build the site's folder from the published database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.findings.readings import read_reactions
from dashboards.marks import bare
from dashboards.shell.frames import Frames, Read
from dashboards.shell.library import copy_library
from dashboards.shell.manifest import (
    BundleError,
    Manifest,
    SiteError,
    describe_file,
    hash_frame,
    hash_texts,
    write_if_changed,
)
from dashboards.shell.page import render_page
from dashboards.shell.plan import PAGE_TABLES, Job, plan_pages
from dashboards.shell.share import Shared, sweep_pictures
from dashboards.shell.theme import css_variables
from warehouse.processes import Crew, Elsewhere, end_words, without_collections
from warehouse.store.connection import Reader, open_reader
from warehouse.store.errors import StoreError
from warehouse.tables.contract import Table
from warehouse.tables.correlation import CORRELATION_ROLLING
from warehouse.tables.queries import query_text
from warehouse.tables.single import SPECIFICATION
from warehouse.tables.studies import PLACEBO, STUDY_PATH, STUDY_RESULT

QUERIES = ("daily_closes", "search_headlines", "recent_runs")
QUERY_NEEDS = {
    "core.candle",
    "core.market",
    "core.asset",
    "core.story",
    "core.story_entry",
    "core.entry",
    "ops.run",
    "ops.step",
}
# Queries that rest on one table alone, which an older published file lacks.
QUERIES_OF_TABLES = {
    "press_misses": "out.press_verdict",
    "latest_reference": "out.reference_price",
    "own_studies": "out.study_result",
    "measured_pairs": "out.study_result",
}
SCRIPTS = (
    "theme-init.js",
    "site.js",
    "origins.js",
    "search.js",
    "events.js",
    "compare.js",
    "take.js",
    "check.js",
    "slide.js",
)
# What rows of a table are read by, so that none of its thousands of parts has to be sorted.
_ORDER = {STUDY_PATH: "close_time_utc", PLACEBO: "placebo_start_utc"}
# Tables of which a page needs a few rows of many: only those of the pages that are drawn next are read.
_BULKY = frozenset(table.name for table in (STUDY_PATH, STUDY_RESULT, PLACEBO, SPECIFICATION, CORRELATION_ROLLING))
# Pages drawn from one reading of the bulky tables, by one process: since each reading looks through all of those
# tables, as many as are worth the memory, and of what is left to draw a part, so that processes end together.
_PAGES_TOGETHER, _MOST_TOGETHER = 8, 25
_READINGS = 6
# Pages from which on a further process draws more than its start and its own reading of the tables take.
_PAGES_WORTH_A_PROCESS = 20

# The files of each page that was drawn, by its path.
Drawn = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a build did."""

    n_pages: int
    n_rendered: int
    n_unchanged: int
    n_removed: int
    index_path: Path
    rendered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Drawer:
    """What pages of one folder are drawn from."""

    jobs: Mapping[str, Job]
    frames: Frames
    site_path: Path
    shared: Shared
    reactions: Callable[[], object]

    @classmethod
    def of(cls, reader: Reader, site_path: Path, now: datetime) -> tuple[_Drawer, StoredTables]:
        """Every page of the site as it stands in an open published file, and the tables behind them."""
        stored = StoredTables(reader)
        frames = Frames(stored)
        reactions = cache(lambda: read_reactions(frames))
        jobs = {job.path: job for job in plan_pages(frames, now, reactions)}
        return cls(jobs, frames, site_path, Shared.read(site_path), reactions), stored

    def draw(self, paths: Sequence[str]) -> Drawn:
        """Write the files of some pages from one reading of the bulky tables."""
        jobs = [self.jobs[path] for path in paths]
        self.frames.expect(read for job in jobs for read in job.reads)
        return {job.path: _write(job, self.site_path, self.shared) for job in jobs}


def build_site(
    published_path: Path,
    site_path: Path,
    *,
    now: datetime,
    plotly_js: Path | None = None,
    crew: Crew | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> SiteReport:
    """Render the pages whose inputs changed since the last build into `site_path`; unchanged pages are kept.

    Pages depend on the published data alone, never on `now`, which dates nothing but the Atom feed's own update. Many
    pages are drawn by this process and those of `crew`; the files are the same.
    Raises SiteError when the folder cannot be written, its kind BundleError when `plotly_js` cannot draw the pages.
    """
    _copy_assets(site_path, plotly_js)
    manifest = Manifest(site_path)
    stamp = _stamp_of(published_path)
    if n_kept := manifest.keep_all(stamp):
        return SiteReport(n_kept, 0, n_kept, 0, site_path / "index.html")
    with without_collections():
        report = _draw_changed(published_path, site_path, now, crew, manifest, stamp, say)
    sweep_pictures(site_path)
    return report


def _draw_changed(
    published_path: Path,
    site_path: Path,
    now: datetime,
    crew: Crew | None,
    manifest: Manifest,
    stamp: str,
    say: Callable[[str], None],
) -> SiteReport:
    """Draw what changed; all that is held for it is let go at the end, before anybody looks for cycles again."""
    ended: list[int] = []
    crew = crew or Crew(0)
    elsewhere = Elsewhere(_drawing, (published_path, site_path, now, stamp), (SiteError, StoreError), ended.append)
    with open_reader(published_path) as reader, crew.preparing(elsewhere):
        drawer, stored = _Drawer.of(reader, site_path, now)
        inputs = stored.digests({path: job.reads for path, job in drawer.jobs.items()})
        changed = [path for path in inputs if not manifest.is_unchanged(path, inputs[path])]
        n_wanted = len(changed) // _PAGES_WORTH_A_PROCESS
        n_drawn = 0
        with closing(crew.do_together(drawer.draw, _together(changed), n_wanted, elsewhere)) as parts:
            for drawn in parts:
                for path, names in drawn.items():
                    manifest.record(path, inputs[path], names)
                n_drawn += len(drawn)
                say(f"{n_drawn} of {len(changed)} pages written")
    # One that failed by itself left its pages to this process, where its error would have been told.
    for exit_code in ended:
        if exit_code < 0:
            say(f"{end_words(exit_code)}: one drew the rest")
    n_removed = manifest.finish(stamp)
    n_pages, index = len(inputs), site_path / "index.html"
    return SiteReport(n_pages, len(changed), n_pages - len(changed), n_removed, index, frozenset(changed))


def _together(paths: Sequence[str]) -> list[Sequence[str]]:
    """Pages that one reading serves, in order: many at both ends, where processes begin, and few where they meet."""
    first: list[Sequence[str]] = []
    last: list[Sequence[str]] = []
    start, end = 0, len(paths)
    while start < end:
        n_pages = min(max(_PAGES_TOGETHER, (end - start) // _READINGS), _MOST_TOGETHER)
        first.append(paths[start : min(start + n_pages, end)])
        start = min(start + n_pages, end)
        if start < end:
            last.append(paths[max(end - n_pages, start) : end])
            end = max(end - n_pages, start)
    return [*first, *reversed(last)]


def _stamp_of(published_path: Path) -> str:
    """What stands for the whole site: the published file, and the queries that pages ask of it."""
    return hash_texts(describe_file(published_path), *map(query_text, (*QUERIES, *QUERIES_OF_TABLES)))


@contextmanager
def _drawing(
    published_path: Path, site_path: Path, now: datetime, stamp: str
) -> Iterator[Callable[[Sequence[str]], Drawn]]:
    """What draws pages in another process, which reads the published file itself; SiteError where that was replaced."""
    with open_reader(published_path) as reader:
        if _stamp_of(published_path) != stamp:
            raise SiteError(f"{published_path} was replaced while pages were drawn")
        drawer = _Drawer.of(reader, site_path, now)[0]
        drawer.reactions()  # while who asks looks for what changed
        yield drawer.draw


@contextmanager
def open_frames(published_path: Path) -> Iterator[Frames]:
    """The tables and queries the pages use, each read from the file when it is first asked for."""
    with open_reader(published_path) as reader:
        yield Frames(StoredTables(reader))


def read_frames(published_path: Path) -> Frames:
    """Every table and query the pages use; what an older file lacks is left out or null."""
    with open_reader(published_path) as reader:
        return Frames(dict(StoredTables(reader)))


class StoredTables(Mapping[str, pl.DataFrame]):
    """Tables and queries of an open published file, each read when it is first asked for.

    What an older file lacks is left out: a table that lacks a required column is empty, a nullable column null.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._frames: dict[str, pl.DataFrame] = {}
        stored: dict[str, set[str]] = {}
        for table_name, column_name in reader.query("stored_columns").iter_rows():
            stored.setdefault(table_name, set()).add(column_name)
        self._columns = stored
        self._tables = {table.name: table for table in PAGE_TABLES}
        self._queries = set(QUERIES) if set(stored) >= QUERY_NEEDS else set()
        self._queries |= {name for name, table_name in QUERIES_OF_TABLES.items() if table_name in stored}

    def __getitem__(self, name: str) -> pl.DataFrame:
        """The rows of a table or query; KeyError when it is neither."""
        if name not in self._frames:
            if name in self._queries:
                self._frames[name] = self._reader.query(name)
            else:
                self._frames[name] = self._read(self._tables[name])
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._tables, *self._queries))

    def __len__(self) -> int:
        return len(self._tables) + len(self._queries)

    def rows(self, name: str, column: str, values: Sequence[str]) -> pl.DataFrame | None:
        """The rows of a bulky table whose `column` is one of `values`; None for a table that is better read whole."""
        if name not in _BULKY:
            return None
        if name in self._frames:
            return self._frames[name].filter(pl.col(column).is_in(values))
        where = f"{column} in (select unnest($values))"
        return self._read(self._tables[name], where, values=list(values))

    def digests(self, inputs: Mapping[str, Iterable[Read]]) -> dict[str, str]:
        """What stands for the rows of the inputs of each page: other rows are another text."""
        asked: dict[str, set[str]] = {}
        for name, column in {(read.name, read.column) for reads in inputs.values() for read in reads}:
            asked.setdefault(name, set()).add(column)
        found = {name: self._digest(name, sorted(columns)) for name, columns in asked.items()}

        def told(read: Read) -> str:
            return f"{read.name} {read.column} {read.value} {found[read.name][read.column].get(read.value, '')}"

        return {path: hash_texts(*sorted(map(told, reads))) for path, reads in inputs.items()}

    def _digest(self, name: str, columns: Sequence[str]) -> dict[str, dict[str, str]]:
        """For each column the digests of its parts. Tables are digested where they lie, each by one reading."""
        if name in self._queries:
            frame = self[name]
            parts = {c: frame.partition_by(c, as_dict=True).items() if c else [(("",), frame)] for c in columns}
            return {c: {str(value): hash_frame(part) for (value,), part in of} for c, of in parts.items()}
        if name not in self._tables or (table := self._present(self._tables[name])) is None:
            return {column: {} for column in columns}
        return self._reader.digest_parts(table, [column for column in columns if column])

    def _present(self, table: Table) -> Table | None:
        """The table with the columns that the file has; None when a required one is absent."""
        names = self._columns.get(table.name, set())
        if any(column.name not in names and not column.is_nullable for column in table.columns):
            return None
        return replace(table, columns=tuple(column for column in table.columns if column.name in names))

    def _read(self, table: Table, where: str = "", **parameters: Any) -> pl.DataFrame:
        present = self._present(table)
        if present is None:
            return table.empty()
        absent = [c for c in table.columns if c not in present.columns]
        nulls = [pl.lit(None, dtype=column.dtype).alias(column.name) for column in absent]
        order = _ORDER.get(table, "") if _ORDER.get(table) in present.column_names else ""
        rows = self._reader.frame(present, where, order, **parameters)
        return rows.with_columns(nulls).select(table.column_names) if nulls else rows


def _write(job: Job, site_path: Path, shared: Shared) -> list[str]:
    rendered = job.render()
    for name, content in rendered.items():
        write_if_changed(site_path / name, shared.named(name, bare(content)).encode("utf-8"))
    return list(rendered)


def _copy_assets(site_path: Path, plotly_js: Path | None) -> None:
    source = files("dashboards") / "assets"
    css = css_variables() + slim(source / "site.css")
    write_if_changed(site_path / "assets" / "site.css", css.encode("utf-8"))
    for name in (*SCRIPTS, "print.css"):
        write_if_changed(site_path / "assets" / name, slim(source / name).encode("utf-8"))
    write_if_changed(site_path / "assets" / "icon.svg", (source / "icon.svg").read_bytes())
    copy_library(plotly_js, site_path / "assets" / "plotly.min.js")


def slim(asset: Traversable) -> str:
    """A script or style of ours without indentation and without lines that are comments."""
    lines = (line.strip() for line in asset.read_text(encoding="utf-8").splitlines())
    # Rules of a style need nothing between them.
    end = "" if asset.name.endswith(".css") else "\n"
    return "".join(f"{line}{end}" for line in lines if line and not line.startswith(("//", "/*")))


__all__ = ["BundleError", "SiteError", "SiteReport", "build_site", "read_frames", "render_page"]
