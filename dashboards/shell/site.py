"""Build the site's folder from the published database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path

import polars as pl

from dashboards.shell.frames import Frames
from dashboards.shell.manifest import BundleError, Manifest, SiteError, copy_if_changed, hash_inputs, write_if_changed
from dashboards.shell.page import render_page
from dashboards.shell.plan import TABLES, Job, plan_pages
from dashboards.shell.theme import css_variables
from warehouse.store.connection import Reader, open_reader
from warehouse.tables.contract import Table

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
QUERIES_OF_TABLES = {"latest_reference": "out.reference_price"}
SCRIPTS = ("theme-init.js", "site.js", "search.js")
# Bundles of plotly.js that hold every trace type the pages draw.
COMPLETE_BUNDLES = ("", "cartesian", "strict", "gl2d")
_BUNDLE_HEADER = re.compile(r"plotly\.js (?:\((?P<bundle>[a-z0-9]+) - minified\) )?v(?P<version>[0-9.]+)")


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a build did."""

    n_pages: int
    n_rendered: int
    n_unchanged: int
    n_removed: int
    index_path: Path


def build_site(
    published_path: Path,
    site_path: Path,
    *,
    now: datetime,
    plotly_js: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> SiteReport:
    """Render the pages whose inputs changed since the last build into `site_path`; unchanged pages are kept.

    Pages depend on the published data alone, never on `now`, which dates nothing but the Atom feed's own update.
    Raises SiteError when the folder cannot be written, its kind BundleError when `plotly_js` cannot draw the pages.
    """
    frames = read_frames(published_path)
    _copy_assets(site_path, plotly_js)
    manifest = Manifest(site_path)
    n_rendered = n_unchanged = 0
    jobs = plan_pages(frames, now)
    for job in jobs:
        inputs = hash_inputs(job.inputs, job.key)
        if manifest.is_unchanged(job.path, inputs):
            n_unchanged += 1
            continue
        manifest.record(job.path, inputs, _write(job, site_path))
        n_rendered += 1
        if n_rendered % 100 == 0:
            say(f"{n_rendered} pages written")
    n_removed = manifest.finish()
    return SiteReport(len(jobs), n_rendered, n_unchanged, n_removed, site_path / "index.html")


def read_frames(published_path: Path) -> Frames:
    """Every table and query the pages use; what an older file lacks is left out or null."""
    with open_reader(published_path) as reader:
        stored: dict[str, set[str]] = {}
        for table_name, column_name in reader.query("stored_columns").iter_rows():
            stored.setdefault(table_name, set()).add(column_name)
        frames = {table.name: _read_table(reader, table, stored.get(table.name, set())) for table in TABLES}
        names = list(QUERIES) if set(stored) >= QUERY_NEEDS else []
        names += [name for name, table_name in QUERIES_OF_TABLES.items() if table_name in stored]
        return Frames({**frames, **{name: reader.query(name) for name in names}})


def _read_table(reader: Reader, table: Table, stored: set[str]) -> pl.DataFrame:
    if any(column.name not in stored and not column.is_nullable for column in table.columns):
        return table.empty()
    present = tuple(column for column in table.columns if column.name in stored)
    frame = reader.frame(replace(table, columns=present))
    absent = [pl.lit(None, dtype=column.dtype).alias(column.name) for column in table.columns if column not in present]
    return frame.with_columns(absent).select(table.column_names)


def _write(job: Job, site_path: Path) -> list[str]:
    rendered = job.render()
    for name, content in rendered.items():
        write_if_changed(site_path / name, content.encode("utf-8"))
    return list(rendered)


def _copy_assets(site_path: Path, plotly_js: Path | None) -> None:
    source = files("dashboards") / "assets"
    css = css_variables() + (source / "site.css").read_text(encoding="utf-8")
    write_if_changed(site_path / "assets" / "site.css", css.encode("utf-8"))
    for name in (*SCRIPTS, "icon.svg"):
        write_if_changed(site_path / "assets" / name, (source / name).read_bytes())
    target = site_path / "assets" / "plotly.min.js"
    if plotly_js is not None:
        check_bundle(plotly_js)
        copy_if_changed(plotly_js, target)
        return
    with as_file(files("plotly") / "package_data" / "plotly.min.js") as bundled:
        copy_if_changed(bundled, target)


def check_bundle(plotly_js: Path) -> None:
    """Refuse a plotly.js that cannot draw the pages: a missing trace type would silently become empty axes."""
    try:
        with plotly_js.open(encoding="utf-8", errors="replace") as file:
            head = file.read(2000)
    except OSError as exc:
        raise BundleError(f"AFTERSHOCK_PLOTLY_JS={plotly_js} cannot be read: {exc.strerror}; unset it") from exc
    found = _BUNDLE_HEADER.search(head)
    expected = _BUNDLE_HEADER.search(
        (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")[:2000]
    )
    if found is None or expected is None or found["version"] != expected["version"]:
        version = expected["version"] if expected else "the version of the Python package"
        raise BundleError(f"AFTERSHOCK_PLOTLY_JS={plotly_js} is not plotly.js v{version}; use that version or unset it")
    if (found["bundle"] or "") not in COMPLETE_BUNDLES:
        raise BundleError(
            f"AFTERSHOCK_PLOTLY_JS={plotly_js} is the {found['bundle']} bundle, which lacks heat maps; "
            "use the cartesian or the full one"
        )


__all__ = ["BundleError", "SiteError", "SiteReport", "build_site", "check_bundle", "read_frames", "render_page"]
