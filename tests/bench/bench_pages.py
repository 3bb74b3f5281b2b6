"""How long five hundred event pages take, what pages weigh, and when a reader sees words and figures.

`AFTERSHOCK_PLOTLY_JS` is taken as the product takes it. `python -m tests.bench.bench_pages 50` draws fifty.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import polars as pl

from analysis.threads import N_THREADS
from dashboards.shell.page import event_path
from dashboards.shell.site import build_site
from tests.dashboards.browser import CHROMIUM, FLAGS, serve
from tests.dashboards.material import NOW, make_tables
from tests.dashboards.publication import publish_tables
from tests.dashboards.rows import EVENT_ID
from warehouse.processes import Crew
from warehouse.tables.contract import Table
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_SOURCE
from warehouse.tables.studies import PLACEBO, STUDY_PATH, STUDY_RESULT

N_EVENTS = 500
N_LOADS = 5
BUDGET_SECONDS = {"first": 20.0, "second, unchanged": 2.0}
PER_EVENT = (EVENT, EVENT_SOURCE, CONFOUNDER, STUDY_RESULT, STUDY_PATH, PLACEBO)
WEIGHT_BUDGET = {"overview": 200_000, "event": 300_000}


def repeat_event(tables: dict[Table, pl.DataFrame], n: int) -> dict[Table, pl.DataFrame]:
    """The measured event of June 2026 `n` times under ids and times of their own."""
    grown = dict(tables)
    for table in PER_EVENT:
        rows = tables[table].filter(pl.col("event_id") == EVENT_ID)
        copies = [rows.with_columns(_renamed(table, number)) for number in range(n)]
        grown[table] = pl.concat([tables[table], *copies])
    return grown


def _renamed(table: Table, number: int) -> list[pl.Expr]:
    changes = [pl.lit(f"copy-{number:04d}").alias("event_id")]
    if table is STUDY_RESULT:
        changes.append((pl.col("result_id") + f"-{number}").alias("result_id"))
    return changes


# Start and length of every task over 50 ms, in milliseconds. The drawing is looked for until the plot takes its place:
# a page may be complete before its first words are painted.
LONG_TASKS = """window.tasks = []; new PerformanceObserver(list => list.getEntries().forEach(
    entry => window.tasks.push([entry.startTime, entry.duration]))).observe({type: 'longtask', buffered: true});
(function look() {
    const still = document.querySelector('.still'), words = performance.getEntriesByName('first-contentful-paint');
    if (words.length && still && still.clientHeight) window.pictured = performance.now();
    else if (!document.querySelector('.plot[data-drawn]')) requestAnimationFrame(look);
})();"""
# Asking where things stand lays the page out: nothing is asked before its first words are painted.
FIRST_WORDS = """new Promise(done => new PerformanceObserver(list => {
    const words = list.getEntriesByName('first-contentful-paint')[0];
    if (words) done(words.startTime);
}).observe({type: 'paint', buffered: true}))"""


def paint_times(address: str) -> tuple[float, float, float, float, float]:
    """Seconds to the first words, to the first figure as a drawing and as a plot, of the longest task before the page
    stands, and of any."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(LONG_TASKS)
        page.goto(address, wait_until="commit")
        words = page.evaluate(FIRST_WORDS) / 1000
        while not page.evaluate("!!document.querySelector('.plot[data-drawn]')"):
            # A figure is drawn when it nears the screen: an event's first one lies below its words.
            page.evaluate("document.querySelector('.plot')?.scrollIntoView()")
            page.wait_for_timeout(20)
        figure = page.evaluate("performance.now()") / 1000
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        tasks = page.evaluate("window.tasks")
        pictured = page.evaluate("window.pictured || NaN") / 1000
        browser.close()
    before = max((length for start, length in tasks if start < ready), default=0)
    return words, pictured, figure, before / 1000, max((length for _, length in tasks), default=0) / 1000


def _seconds(time: float) -> str:
    """With two decimals; `none` where a page never showed what was timed."""
    return "none" if math.isnan(time) else f"{time:.2f}"


def _processor_seconds() -> float:
    """Of this process and of those it started that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> None:
    """Print one table; exit 1 when a page is over its weight or the build over its time."""
    is_over = False
    n_events = int(sys.argv[1]) if len(sys.argv) > 1 else N_EVENTS
    bundle = Path(os.environ["AFTERSHOCK_PLOTLY_JS"]) if "AFTERSHOCK_PLOTLY_JS" in os.environ else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        published, site = publish_tables(repeat_event(make_tables(), n_events), folder), folder / "site"
        print(f"{'build':<44}{'seconds':>9}{'processor':>11}{'budget':>9}{'ratio':>8}")
        for label, budget in BUDGET_SECONDS.items():
            started, spent = time.perf_counter(), _processor_seconds()
            with Crew(N_THREADS - 1) as crew:
                report = build_site(published, site, now=NOW, plotly_js=bundle, crew=crew)
            seconds, processor = time.perf_counter() - started, _processor_seconds() - spent
            text = f"{label}: {report.n_rendered} of {report.n_pages} pages rendered"
            print(f"{text:<44}{seconds:>9.1f}{processor:>11.1f}{budget:>9.0f}{seconds / budget:>8.2f}")
            is_over |= seconds > budget
        print(f"\n{'page without plotly.js':<44}{'kB':>9}{'budget':>9}{'ratio':>8}")
        assets = sum((site / "assets" / part).stat().st_size for part in ("site.css", "site.js", "theme-init.js"))
        for kind, path in (("overview", "index.html"), ("event", event_path(EVENT_ID))):
            weight = (site / path).stat().st_size + assets
            print(
                f"{kind:<44}{weight / 1000:>9.1f}{WEIGHT_BUDGET[kind] / 1000:>9.0f}{weight / WEIGHT_BUDGET[kind]:>8.2f}"
            )
            is_over |= weight > WEIGHT_BUDGET[kind]
        if CHROMIUM.exists():
            print(
                f"\n{'headless Chromium':<44}{'words s':>9}{'drawing s':>11}{'plot s':>9}{'before':>9}{'any task':>10}"
            )
            with serve(site) as address:
                for path in ("index.html", event_path(EVENT_ID)):
                    loads = zip(*(paint_times(f"{address}/{path}") for _ in range(N_LOADS)), strict=True)
                    words, pictured, figure, before, longest = (median(times) for times in loads)
                    print(
                        f"{path[:42]:<44}{words:>9.2f}{_seconds(pictured):>11}{figure:>9.2f}{before:>9.2f}{longest:>10.2f}"
                    )
        else:
            print(f"\npaint times skipped: needs {CHROMIUM}")
    sys.exit(int(is_over))


if __name__ == "__main__":
    main()
