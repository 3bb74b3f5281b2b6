"""What the data are worth today: coverage, feeds, gaps, refused rows, checks, runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from dashboards.figures.coverage_calendar import draw_coverage
from dashboards.fill import fill, macro
from dashboards.findings.findings import as_of_words
from dashboards.findings.moves import studied_assets
from dashboards.numbers import Moment, StoredRow, StoredRows, counted, signed_rows, stated
from dashboards.pages.sections import FAILED_CHECKS
from dashboards.shell.frames import Frames, last_close
from dashboards.shell.named import RECENT_RUN
from dashboards.shell.page import Canvas, Page, safe_link
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, code, empty_table, table, with_code
from warehouse.tables.bars import bar_words
from warehouse.tables.news import FEED, FETCH
from warehouse.tables.ops import CHECK_RESULT, RUN
from warehouse.tables.prices import COVERAGE, GAP, QUARANTINE
from warehouse.tables.terms import market_name
from warehouse.tables.units import close_moment, count, limit_words, moment, plural, span

MAX_GAPS = 60
MAX_REFUSED = 40
MAX_RUNS = 12
ANSWERED = ("new", "unchanged", "not_due")


def compose_health(frames: Frames) -> Page:
    """One page for the state of everything that comes in."""
    canvas = Canvas("health.html")
    coverage, gaps, quarantine = frames.get(COVERAGE), frames.get(GAP), frames.get(QUARANTINE)
    title = health_title(coverage, quarantine, frames.get(CHECK_RESULT))
    body = fill(
        "health.html.jinja",
        title=title,
        coverage=canvas.draw(draw_coverage(coverage, gaps, studied_assets(frames))),
        checks=_checks(frames.get(CHECK_RESULT)),
        feeds=_feeds(frames.get(FEED), frames.get(FETCH)),
        gaps=_gaps(gaps),
        quarantine=_quarantine(quarantine),
        runs=_runs(frames.named("recent_runs")),
    )
    return Page(
        canvas.path,
        "Data health",
        "Data health",
        f"{title}. Coverage, feeds, gaps, refused rows and runs.",
        body,
        as_of=as_of_words(last_close(coverage)),
        is_live=True,
        files=canvas.files,
    )


# A warning is told, and is no failure.
_IS_WARNING = pl.col("severity").fill_null("error") == "warning"


def health_title(coverage: pl.DataFrame, quarantine: pl.DataFrame, checks: pl.DataFrame) -> str:
    """Whether the checks pass, what is missing, what was refused."""
    if not coverage.height:
        return "No data have been stored yet"
    n_failed, n_checks = _failed(checks), counted(checks.height, CHECK_RESULT)
    state = (
        f"{count(n_failed)} of {plural(n_checks, 'data check')} fail"
        if n_failed
        else (f"All {plural(n_checks, 'data check')} pass" if checks.height else "No data check has run")
    )
    missing = counted(int(coverage["n_missing"].sum()), COVERAGE, "sum(n_missing)")
    return f"{state}; {plural(missing, 'bar')} missing, {plural(counted(quarantine.height, QUARANTINE), 'row')} refused"


def _failed(checks: pl.DataFrame) -> int:
    return counted(checks.filter(pl.col("n_offending") > 0, ~_IS_WARNING).height, CHECK_RESULT, FAILED_CHECKS)


def _checks(checks: pl.DataFrame) -> Markup:
    if not checks.height:
        return empty_table("No data check has run.", "Run `aftershock check`.")
    heads = (Head("Check"), Head("Asserts", is_wide=True), Head("Offending rows", is_number=True), Head("Result"))
    rows: list[list[Cell | Spanning]] = [
        [
            code(row["check_id"]),
            row["description"],
            count(row["n_offending"]),
            _result(row),
        ]
        for row in signed_rows(checks.sort(pl.col("n_offending") == 0, "check_id"), CHECK_RESULT)
    ]
    passed = "count(*) filter (where not (n_offending > 0 and coalesce(severity, 'error') <> 'warning'))"
    n_passed = counted(checks.height - _failed(checks), CHECK_RESULT, passed)
    return table(
        "checks-table",
        f"{count(n_passed)} of {plural(counted(checks.height, CHECK_RESULT), 'check')} pass",
        "Each check is one SQL file that returns the rows that offend.",
        heads,
        rows,
    )


def _result(row: Mapping[str, Any]) -> Markup:
    if not row["n_offending"]:
        return macro("sections", "check_passes")
    example = limit_words(row["example_json"] or "", 160)
    return macro("sections", "check_result", example, row["severity"] == "warning")


def _feeds(feeds: pl.DataFrame, fetches: pl.DataFrame) -> Markup:
    # A host's robots file is no source.
    is_source = ~pl.col("source_id").str.starts_with("robots:")
    asked = fetches.filter(pl.col("outcome") != "not_due", is_source).sort("attempted_at_utc")
    last = {row["source_id"]: row for row in signed_rows(asked, FETCH)}
    answered = {
        row["source_id"]: row["attempted_at_utc"]
        for row in signed_rows(asked.filter(pl.col("outcome").is_in(ANSWERED)), FETCH)
    }
    titles = {row["feed_id"]: row for row in signed_rows(feeds, FEED)}
    ids = sorted(
        set(titles) | set(last),
        key=lambda name: (name in last and last[name]["outcome"] in ANSWERED, name not in last, name),
    )
    if not ids:
        return empty_table("No source is watched yet.", "Run `aftershock run` with a network.")
    n_silent = sum(name in last and last[name]["outcome"] not in ANSWERED for name in ids)
    n_unasked = sum(name not in last for name in ids)
    n_all, n_answer, n_fail, n_not_asked = (
        counted(value, "query:source_counts", name)
        for name, value in (
            ("n_sources", len(ids)),
            ("n_answer", len(ids) - n_silent - n_unasked),
            ("n_fail", n_silent),
            ("n_unasked", n_unasked),
        )
    )
    heads = (Head("Source"), Head("Kind"), Head("Last answer, UTC"), Head("Last asked, UTC"), Head("Result"))
    rows: list[list[Cell | Spanning]] = []
    unasked: list[tuple[Markup, str]] = []
    for name in ids:
        feed, attempt = titles.get(name), last.get(name)
        cell = safe_link(feed["url"], feed["title"]) if feed else escape(name)
        kind = feed["category"].replace("_", " ") if feed else "venue"
        if attempt is None:
            unasked.append((cell, kind))
            continue
        good = answered.get(name)
        detail = attempt["detail"] or attempt["outcome"]
        rows.append(
            [
                cell,
                kind,
                moment(good) if good else "never",
                moment(attempt["attempted_at_utc"]),
                f"{'✓' if attempt['outcome'] in ANSWERED else '✕'} {limit_words(detail, 120)}",
            ]
        )
    caption = (
        f"{plural(n_all, 'source')}: {count(n_answer)} answer, {count(n_fail)} fail, {count(n_not_asked)} not asked yet"
    )
    asked_table = (
        table("feeds-table", caption, "Failing sources first. One failing source never stops the others.", heads, rows)
        if rows
        else empty_table(f"{caption}.", "Run `aftershock run` with a network.")
    )
    return asked_table + _unasked(unasked, n_not_asked)


def _unasked(items: list[tuple[Markup, str]], n: int) -> Markup:
    """The sources no run has asked yet, folded away."""
    if not items:
        return NOTHING
    return macro("sections", "unasked", plural(n, "source"), items)


def _gaps(gaps: pl.DataFrame) -> Markup:
    if not gaps.height:
        return empty_table("No gap inside any record.", "Bars before a listing or after an end are not gaps.")
    heads = (
        Head("Market"),
        Head("Bars"),
        Head("From, UTC"),
        Head("To, UTC"),
        Head("Missing", is_number=True),
        Head("Cause"),
    )
    longest = gaps.sort("n_missing", "gap_start_utc", "market_id", "timeframe", descending=[True, True, False, False])
    rows: list[list[Cell | Spanning]] = [
        [
            market_name(row["market_id"]),
            bar_words(row["timeframe"]),
            moment(row["gap_start_utc"]),
            moment(row["gap_end_utc"]),
            count(row["n_missing"]),
            f"{row['cause'].replace('_', ' ')}: {row['detail']}" if row["detail"] else row["cause"].replace("_", " "),
        ]
        for row in signed_rows(longest.head(MAX_GAPS), GAP)
    ]
    more = " The longest are listed." if gaps.height > MAX_GAPS else ""
    return table(
        "gaps-table",
        f"{plural(counted(gaps.height, GAP), 'gap')}, "
        f"{plural(counted(int(gaps['n_missing'].sum()), GAP, 'sum(n_missing)'), 'missing bar')}",
        "No return is computed across a gap." + more,
        heads,
        rows,
    )


def _quarantine(quarantine: pl.DataFrame) -> Markup:
    if not quarantine.height:
        return empty_table(
            "No row has been refused.", "Rows that fail a check on the way in are kept here, whole, with the reason."
        )
    counts = (
        quarantine.group_by("table_name", "source_id", "reason")
        .agg(
            pl.len().alias("n"),
            pl.col("detail").min(),
            pl.col("seen_at_utc").max(),
        )
        .sort("n", "source_id", "reason", descending=[True, False, False])
    )
    heads = (
        Head("Source"),
        Head("Meant for"),
        Head("Reason"),
        Head("Rows", is_number=True),
        Head("Last seen, UTC"),
        Head("Example"),
    )
    rows: list[list[Cell | Spanning]] = [
        [
            row["source_id"],
            code(row["table_name"]),
            row["reason"].replace("_", " "),
            count(counted(row["n"], QUARANTINE, **key)),
            moment(Moment.of(row["seen_at_utc"])),
            limit_words(stated(row["detail"], QUARANTINE, "min(detail)", **key), 140),
        ]
        for row in counts.head(MAX_REFUSED).iter_rows(named=True)
        if (key := {part: row[part] for part in ("table_name", "source_id", "reason")})
    ]
    n_reasons = "count(distinct (table_name, source_id, reason))"
    return table(
        "quarantine-table",
        f"{plural(counted(quarantine.height, QUARANTINE), 'row')} refused for "
        f"{plural(counted(counts.height, QUARANTINE, n_reasons), 'reason')}",
        with_code("Grouped by source and reason; `aftershock query` shows each row as received."),
        heads,
        rows,
    )


def _runs(runs: pl.DataFrame) -> Markup:
    if not runs.height:
        return empty_table("No run is recorded.", "Run `aftershock run`.")
    heads = (
        Head("Run"),
        Head("Command"),
        Head("Started, UTC"),
        Head("Took", is_number=True),
        Head("Rows written", is_number=True),
        Head("Outcome"),
    )
    rows: list[list[Cell | Spanning]] = []
    for row in signed_rows(runs.head(MAX_RUNS), RECENT_RUN):
        took = span(row["finished_at_utc"] - row["started_at_utc"]) if row["finished_at_utc"] else "–"
        outcome = (
            row["outcome"].replace("_", " ") if row["finished_at_utc"] else "running when these pages were written"
        )
        rows.append(
            [
                code(row["run_id"]),
                row["command"],
                moment(row["started_at_utc"]),
                took,
                "–" if row["n_changed"] is None else count(row["n_changed"]),
                outcome,
            ]
        )
    last = StoredRow(runs.row(0, named=True), StoredRows(RUN))
    return table(
        "runs-table",
        f"The last run started {close_moment(last['started_at_utc'])}",
        "Newest first; the run that wrote these pages has not ended while it writes them.",
        heads,
        rows,
    )
