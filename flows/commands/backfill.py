"""`aftershock backfill`: fetch history that the regular pass no longer sees."""

from enum import StrEnum
from typing import Annotated, Optional

import typer

from flows.errors import EXIT_SOURCE, CommandError
from flows.options import (
    DEFAULT_TIMEFRAME,
    Asset,
    FormatOption,
    Instant,
    Timeframe,
    asset_option,
    past_instant_option,
    stored_timeframe_option,
)
from flows.output import Format, emit, talk
from warehouse.tables.units import compact_instant, iso_day


class Archive(StrEnum):
    """Archives of past news."""

    REGISTER = "register"
    GDELT = "gdelt"


backfill_group = typer.Typer(invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Attach the group."""
    app.add_typer(backfill_group, name="backfill")


@backfill_group.callback()
def backfill_price_history(
    context: typer.Context,
    asset: Annotated[
        Optional[list[Asset]],  # noqa: UP045 - typer reads the annotation
        asset_option("Asset of the registry, e.g. TAO; may be given more than once."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every asset of the registry.")] = False,
    since: Annotated[Optional[Instant], past_instant_option("Fetch bars from this day or instant on.")] = None,  # noqa: UP045 - the same
    until: Annotated[
        Optional[Instant],  # noqa: UP045 - typer reads the annotation
        past_instant_option("Fetch bars that open before this day or instant; now when absent.", "--until"),
    ] = None,
    timeframe: Annotated[Timeframe, stored_timeframe_option("Bar length: 1m, 5m, 1h, 4h or 1d.")] = DEFAULT_TIMEFRAME,
    exchange: Annotated[
        Optional[str],  # noqa: UP045 - typer reads the annotation
        typer.Option(help="One venue only, e.g. binanceusdm; all venues when absent."),
    ] = None,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Fetch the candles of an asset since a day, on every venue that lists it, or news with `backfill news`.

    Slices that were fetched whole are not asked for again: interrupt and repeat as you like. One that has a hole of
    unknown cause is tried again, once a day. Exit code 3 when a market failed: each is named, and stands in the table.

    Example: aftershock backfill --asset TAO --since 2024-04-01 --timeframe 1h
    """
    if context.invoked_subcommand is not None:
        return
    if since is None or bool(asset) == every:
        raise CommandError("give --since, and --asset or --all, or a subcommand: aftershock backfill --help")
    from flows.jobs.price_backfill import BackfillRequest, backfill_prices
    from flows.manual import writing_command

    with writing_command("backfill prices") as run:
        if run.settings.is_offline:
            raise CommandError("AFTERSHOCK_OFFLINE is set, so nothing can be fetched; unset it")
        request = BackfillRequest(tuple(asset or ()), since, timeframe, exchange, until)
        report = backfill_prices(
            run, request, lambda done, planned: run.say(f"{timeframe}: {done} of {planned} slices …")
        )
    emit(report.markets, fmt)
    talk(report.requests)
    report.raise_problems()


@backfill_group.command("news")
def backfill_news_history(
    since: Annotated[Instant, past_instant_option("First day to fetch.")],
    source: Annotated[
        Optional[list[Archive]],  # noqa: UP045 - typer reads the annotation
        typer.Option("--source", help="Which archive; both when absent."),
    ] = None,
    max_requests: Annotated[int, typer.Option(min=1, help="GDELT requests in one go (6 s each).")] = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked, and stop.")] = False,
) -> None:
    """Fetch Federal Register documents and GDELT headlines since a day; interrupt and repeat as you like.

    Exit code 3 when a source stopped early; what came is stored, and the next call goes on from there.

    Example: aftershock backfill news --since 2023-01-01 --source register
    """
    from datetime import UTC, datetime

    from flows.context import RunContext
    from flows.jobs.news_history import backfill_news
    from flows.manual import refuse_unpublished
    from flows.pipeline import record_run
    from flows.progress import Progress
    from flows.settings import load_settings
    from flows.steps.publish import publish_warehouse
    from warehouse.store.connection import open_writer

    sources = tuple(source or Archive)
    now = datetime.now(UTC)
    if dry_run:
        talk(f"would fetch {', '.join(sources)} from {iso_day(since)} to {iso_day(now)}, less what is stored")
        return
    settings = load_settings()
    if settings.is_offline:
        raise CommandError("AFTERSHOCK_OFFLINE is set, so nothing can be fetched; unset it")
    run_id = f"{compact_instant(now)}-backfill"
    with Progress() as progress, open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        context = RunContext(settings, warehouse, run_id, now, progress.say)
        report = backfill_news(context, since.date(), sources=sources, max_requests=max_requests)
        outcome = "source_failed" if report.problems else "done"
        record_run(warehouse, run_id, "backfill news", now, outcome, datetime.now(UTC))
        refuse_unpublished(publish_warehouse(context))
    talk(report.detail)
    if report.problems:
        raise CommandError("\n".join(report.problems), EXIT_SOURCE)
