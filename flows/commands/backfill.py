"""`aftershock backfill`: fetch history that the regular pass no longer sees."""

from datetime import datetime
from typing import Annotated, Optional

import typer

from flows.errors import EXIT_SOURCE, CommandError
from flows.output import talk

group = typer.Typer(no_args_is_help=True, help="Fetch history.\n\nExample: aftershock backfill news --since 2026-01-01")


def register(app: typer.Typer) -> None:
    """Attach the group."""
    app.add_typer(group, name="backfill")


@group.command("news")
def backfill_news_history(
    since: Annotated[datetime, typer.Option(help="First day to fetch (UTC).", formats=["%Y-%m-%d"])],
    source: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads the annotation
        typer.Option("--source", help="register or gdelt; both when absent."),
    ] = None,
    max_requests: Annotated[int, typer.Option(min=1, help="GDELT requests in one go (6 s each).")] = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked, and stop.")] = False,
) -> None:
    """Fetch Federal Register documents and GDELT headlines since a day; interrupt and repeat as you like.

    Exit code 3 when a source stopped early; what came is stored, and the next call goes on from there.

    Example: aftershock backfill news --since 2023-01-01 --source register
    """
    from datetime import UTC

    from flows.context import RunContext
    from flows.news_history import backfill_news
    from flows.pipeline import record_run
    from flows.progress import Progress
    from flows.publish import publish_warehouse
    from flows.settings import load_settings
    from warehouse.store.connection import open_writer

    sources = tuple(source or ("register", "gdelt"))
    unknown = sorted(set(sources) - {"register", "gdelt"})
    if unknown:
        raise CommandError(f"unknown source {unknown[0]!r}; expected register or gdelt")
    now = datetime.now(UTC)
    if dry_run:
        talk(f"would fetch {', '.join(sources)} from {since:%Y-%m-%d} to {now:%Y-%m-%d}, less what is stored")
        return
    settings = load_settings()
    if settings.is_offline:
        raise CommandError("AFTERSHOCK_OFFLINE is set, so nothing can be fetched; unset it")
    run_id = f"{now:%Y%m%dT%H%M%SZ}-backfill"
    with Progress() as progress, open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        context = RunContext(settings, warehouse, run_id, now, progress.say)
        report = backfill_news(context, since.date(), sources=sources, max_requests=max_requests)
        outcome = "source_failed" if report.problems else "done"
        record_run(warehouse, run_id, "backfill news", now, outcome, datetime.now(UTC))
        publish_warehouse(context)
    talk(report.detail)
    if report.problems:
        raise CommandError("\n".join(report.problems), EXIT_SOURCE)
