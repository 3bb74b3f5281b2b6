"""The end of a run: data checks, the published copy, the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from flows.context import RunContext, StepReport
from flows.errors import EXIT_STORAGE, EXIT_USAGE, CommandError
from flows.settings import Settings
from warehouse.store.checks import run_checks
from warehouse.store.publish import publish
from warehouse.tables.ops import CHECK_RESULT

if TYPE_CHECKING:
    from dashboards.shell.site import SiteReport


def update_checks(context: RunContext) -> StepReport:
    """Run every data check; a failed check is a problem with its first offending row."""
    results = run_checks(context.warehouse)
    rows = pl.DataFrame(
        [(r.check_id, r.description, r.severity, r.n_offending, r.example_json, context.run_id) for r in results],
        schema=CHECK_RESULT.schema,
        orient="row",
    )
    context.warehouse.replace(CHECK_RESULT, rows)
    failed = [result for result in results if result.is_failed]
    warned = [result for result in results if result.n_offending and not result.is_failed]
    problems = tuple(
        f"{r.check_id}: {r.n_offending} rows, e.g. {r.example_json} (asserts: {r.description})" for r in failed
    )
    warnings = "".join(f"; warning: {r.description}: {r.n_offending}, e.g. {r.example_json}" for r in warned)
    return StepReport(0, f"{len(results)} data checks, {len(failed)} failed{warnings}", problems)


def publish_warehouse(context: RunContext) -> StepReport:
    """Replace the published copy."""
    publish(context.warehouse, context.settings.warehouse_path, context.settings.published_path)
    return StepReport(0, f"published {context.settings.published_path.name}")


def update_pages(context: RunContext) -> StepReport:
    """Render the pages whose inputs changed, from the published copy."""
    report = write_pages(context.settings, context.now, context.say)
    return StepReport(0, f"{report.n_rendered} pages written, {report.n_unchanged} unchanged")


def write_pages(settings: Settings, now: datetime, say: Callable[[str], None]) -> SiteReport:
    """Build the site's folder; a disk that refuses and an unfit plotly.js end the command without a traceback."""
    from dashboards.shell.site import BundleError, SiteError, build_site

    try:
        return build_site(settings.published_path, settings.site_path, now=now, plotly_js=settings.plotly_js, say=say)
    except BundleError as exc:
        raise CommandError(str(exc), EXIT_USAGE) from exc
    except SiteError as exc:
        raise CommandError(str(exc), EXIT_STORAGE) from exc
