"""The end of a run: data checks, the published copy, the pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from flows.context import RunContext, StepReport
from flows.desk.pictures import share_drawn
from flows.errors import EXIT_STORAGE, EXIT_USAGE, CommandError
from flows.freshness import CHECK_STEP, PUBLISH_STEP, differing_tables, has_nothing_new, hash_folder, hash_step
from flows.settings import Settings
from warehouse.processes import Crew
from warehouse.store.checks import ERROR, CheckResult, run_checks
from warehouse.store.publish import publish
from warehouse.store.published.changes import IncomparableError, changes_since
from warehouse.store.published.history import keep_published
from warehouse.tables.catalog import load_tables
from warehouse.tables.changes import CHANGED
from warehouse.tables.news import EVENT
from warehouse.tables.ops import CHECK_RESULT, STEP_INPUT
from warehouse.tables.units import iso_minute, plural

if TYPE_CHECKING:
    from dashboards.shell.site import SiteReport


# Bulky rows behind a result: when they change, the result that rests on them says so.
_BEHIND = frozenset(
    {
        "out.attention",
        "out.attention_response",
        "out.correlation_rolling",
        "out.coverage",
        "out.inclusion",
        "out.lead_lag_path",
        "out.placebo",
        "out.reference_price",
        "out.specification",
        "out.study_path",
        "out.market_choice",
        "out.claim_history",
        CHANGED.name,
    }
)
ANSWERS = (
    EVENT,
    *(table for name, table in load_tables().items() if name.startswith("out.") and name not in _BEHIND),
)
NEW_DATA, NEW_RULE, REVISION = "new_data", "new_rule", "revision"


def update_checks(context: RunContext) -> StepReport:
    """Run each data check whose rows or program are others than before.

    A failed one is a problem with its first offending row.
    """
    asked = [field.name for field in fields(CheckResult)]
    stored = context.warehouse.frame(CHECK_RESULT).select(asked).with_columns(pl.col("rests_on").fill_null(""))
    known = {row["check_id"]: CheckResult(**row) for row in stored.iter_rows(named=True)}
    results = run_checks(context.warehouse, known, hash_step(CHECK_STEP))
    rows = pl.DataFrame(results, schema={name: CHECK_RESULT.schema[name] for name in asked})
    context.warehouse.replace(CHECK_RESULT, rows.with_columns(run_id=pl.lit(context.run_id)))
    failed = [result for result in results if result.is_failed]
    warned = [result for result in results if result.n_offending and not result.is_failed]
    problems = tuple(
        f"{r.check_id}: {r.n_offending} rows, e.g. {r.example_json} (asserts: {r.description})" for r in failed
    )
    warnings = "".join(f"; warning: {r.description}: {r.n_offending}, e.g. {r.example_json}" for r in warned)
    return StepReport(0, f"{len(results)} data checks, {len(failed)} failed{warnings}", problems)


def publish_warehouse(context: RunContext) -> StepReport:
    """Replace the published copy, keep the one before it, and note what changed; a failed check keeps the earlier copy.

    A first publication is never stopped: a file with a fault that is named serves people better than none.
    """
    published = context.settings.published_path
    failed = _failed_checks(context)
    if failed and published.exists():
        since = iso_minute(datetime.fromtimestamp(published.stat().st_mtime, UTC))
        return StepReport(
            0,
            f"not published: {published.name} of {since} UTC stays, because a data check failed",
            tuple(f"not published, the file of {since} UTC stays: {check}" for check in failed),
        )
    said = note_changes(context)
    try:
        keep_published(published)
    except OSError as exc:
        said += f"; the earlier file could not be kept: {exc.strerror}"
    publish(context.warehouse, context.settings.warehouse_path, published)
    return StepReport(0, f"published {published.name}{said}")


def _failed_checks(context: RunContext) -> list[str]:
    """The checks that fail now: by the stored results where nothing was written since they passed, else by checking."""
    if not has_nothing_new(context, CHECK_STEP):
        update_checks(context)
    stored = context.warehouse.frame(CHECK_RESULT)
    failed = stored.filter((pl.col("n_offending") > 0) & (pl.col("severity") == ERROR))
    return [f"{row['description']}: {row['n_offending']} rows" for row in failed.sort("check_id").iter_rows(named=True)]


def note_changes(context: RunContext) -> str:
    """Put into `out.changed` how events and results differ from the published file; returns the clause that says so.

    Nothing is noted of a first publication, nor when nothing differs: the table then tells the last change.
    """
    published = context.settings.published_path
    if not published.exists():
        return ""
    try:
        changes = changes_since(context.warehouse.connection, published, differing_tables(context, ANSWERS))
    except IncomparableError as exc:
        return f"; changes are not known: {exc}"
    if changes.is_empty():
        return ""
    rows = changes.with_columns(
        explain_change(has_new_rule=_has_new_rule(context)).alias("why"),
        pl.lit(context.run_id).alias("run_id"),
        pl.lit(context.now).dt.cast_time_unit("us").alias("changed_at_utc"),
    )
    context.warehouse.replace(CHANGED, rows.select(CHANGED.column_names))
    subjects = rows.select("table_name", "subject").n_unique()
    return f"; {plural(subjects, 'subject')} changed (out.changed)"


def explain_change(has_new_rule: bool) -> pl.Expr:
    """Why rows differ: later data where the as-of time moved or rows came, else a new rule, else revised values.

    With a new program or configuration, rows that came or went without later data are its work.
    """
    is_later = pl.col("as_of_after_utc") > pl.col("as_of_before_utc")
    has_come = pl.col("as_of_before_utc").is_null() & (pl.col("n_added") > 0)
    otherwise = (
        pl.lit(NEW_RULE) if has_new_rule else pl.when(has_come).then(pl.lit(NEW_DATA)).otherwise(pl.lit(REVISION))
    )
    return pl.when(is_later).then(pl.lit(NEW_DATA)).otherwise(otherwise)


def _has_new_rule(context: RunContext) -> bool:
    """Whether the program or the configuration is another than at the last publication."""
    known = context.warehouse.frame(STEP_INPUT, where="step = $step", step=PUBLISH_STEP)
    stored = dict(known.select("input", "digest").iter_rows())
    now = {"code": hash_step(PUBLISH_STEP), "config": hash_folder(context.settings.config_path)}
    return any(stored.get(name, digest) != digest for name, digest in now.items())


def update_pages(context: RunContext) -> StepReport:
    """Render the pages whose inputs changed, from the published copy."""
    report = write_pages(context.settings, context.now, context.say, context.crew)
    pictures = share_drawn(context.settings, report)
    return StepReport(0, f"{report.n_rendered} pages written, {report.n_unchanged} unchanged{pictures}")


def write_pages(settings: Settings, now: datetime, say: Callable[[str], None], crew: Crew) -> SiteReport:
    """Build the site's folder; a disk that refuses and an unfit plotly.js end the command without a traceback."""
    from dashboards.shell.site import BundleError, SiteError, build_site

    try:
        return build_site(
            settings.published_path,
            settings.site_path,
            now=now,
            plotly_js=settings.plotly_js,
            crew=crew,
            say=say,
        )
    except BundleError as exc:
        raise CommandError(str(exc), EXIT_USAGE) from exc
    except SiteError as exc:
        raise CommandError(str(exc), EXIT_STORAGE) from exc
