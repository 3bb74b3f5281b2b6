"""`aftershock import`: take in files that somebody already has."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from flows.errors import EXIT_CHECK, EXIT_SOURCE, CommandError
from flows.options import BarLabel, FormatOption, Instant, Timeframe, last_instant_option, timeframe_option
from flows.output import Format, emit, emit_lines, emit_plain, talk
from warehouse.tables.units import compact_instant

if TYPE_CHECKING:
    import polars as pl


class KindOfPrice(StrEnum):
    """Kinds of price; only trades are candles."""

    TRADE = "trade"
    MARK = "mark"
    INDEX = "index"
    PREMIUM = "premium"
    FUNDING = "funding"


import_group = typer.Typer(
    no_args_is_help=True, help="Import files of prices or news.\n\nExample: aftershock import prices candles.csv"
)


def register(app: typer.Typer) -> None:
    """Attach the group."""
    app.add_typer(import_group, name="import")


@import_group.command("news")
def import_news_files(
    files: Annotated[list[Path], typer.Argument(help="RSS, Atom, JSON Feed, Parquet, CSV or JSONL files.")],
    feed: Annotated[
        Optional[str],  # noqa: UP045 - typer reads the annotation
        typer.Option("--feed", help="Read the file as an issue of this registered feed."),
    ] = None,
    seen_at: Annotated[
        Optional[Instant],  # noqa: UP045 - typer reads the annotation
        last_instant_option("When the file was captured; a day alone is its last second.", "--seen-at"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be stored, and stop.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Import headlines and incidents; a second import of the same file changes nothing.

    Tables need a column title; url, outlet, published_utc, first_seen_utc, summary, collection, lang and time_basis
    are read where present. Rows that cannot be used go to raw.quarantine with the reason; exit code 4 when no row of
    a file was kept.

    Example: aftershock import news headlines.parquet --dry-run
    """
    from datetime import UTC, datetime

    from flows.context import RunContext
    from flows.jobs.news_files import UNREADABLE, files_without_news, import_news
    from flows.manual import refuse_unpublished
    from flows.pipeline import record_run
    from flows.progress import Progress
    from flows.settings import load_settings
    from flows.steps.publish import publish_warehouse
    from warehouse.store.connection import open_writer

    settings = load_settings()
    now = datetime.now(UTC)
    run_id = f"{compact_instant(now)}-import"
    with Progress() as progress, open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        context = RunContext(settings, warehouse, run_id, now, progress.say)
        captured = seen_at or now
        report = import_news(context, files, feed, captured, is_dry_run=dry_run)
        if not dry_run:
            record_run(warehouse, run_id, "import news", now, "done", datetime.now(UTC))
            refuse_unpublished(publish_warehouse(context))
    emit(report, fmt)
    unreadable = report.filter(kind=UNREADABLE)["note"].to_list()
    if unreadable:
        raise CommandError("\n".join(unreadable), EXIT_SOURCE)
    if empty := files_without_news(report):
        raise CommandError("\n".join(empty), EXIT_CHECK)
    if not dry_run:
        talk("stored; next: aftershock run (groups new headlines into stories and events)")


@import_group.command("prices")
def import_price_files(
    files: Annotated[list[Path], typer.Argument(help="Files of candles, or folders of them.")],
    exchange: Annotated[Optional[str], typer.Option(help="Venue; wins over what the file says.")] = None,  # noqa: UP045
    symbol: Annotated[Optional[str], typer.Option(help="Market, e.g. TAO/USDT; wins over what the file says.")] = None,  # noqa: UP045
    timeframe: Annotated[Optional[Timeframe], timeframe_option("Bar length; wins over what the file says.")] = None,  # noqa: UP045
    layout: Annotated[Optional[str], typer.Option(help="Layout by name, where the file fits several.")] = None,  # noqa: UP045
    label: Annotated[Optional[BarLabel], typer.Option(help="Which end of a bar its time names.")] = None,  # noqa: UP045
    kind: Annotated[Optional[KindOfPrice], typer.Option(help="Kind of price, where the file does not say.")] = None,  # noqa: UP045
    clock: Annotated[float, typer.Option(help="Hours that the file's clock is ahead of UTC.")] = 0.0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let a file revise more than a fifth of the bars.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say how each file would be read, and stop.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be stored, and stop.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Import candles, or price observations at uneven times; a second import of the same file changes nothing.

    Reads what exchanges and sites offer as downloads (see --explain), zipped or not, and folders of it. Bad rows go to
    raw.quarantine with the reason; exit code 4 when no row of a file was kept, or when it would rewrite the record.

    Example: aftershock import prices TAOUSDT-1h-2026-05.zip --explain
    """
    from flows.jobs.price_files import FileRequest, explain_prices, import_prices, preview_prices
    from flows.manual import writing_command
    from flows.settings import load_settings
    from ingest.prices.files.columns import Instructions
    from ingest.prices.files.names import Identity
    from ingest.prices.reports import readable_gaps

    told = Instructions(layout, label.value if label else None, kind.value if kind else None, clock)
    request = FileRequest(tuple(files), Identity(exchange, symbol, timeframe), told, replace)
    if explain:
        emit_lines(explain_prices(request, load_settings().config_path))
        return
    if dry_run:
        taken = preview_prices(request, load_settings().config_path)
    else:
        with writing_command("import prices") as run:
            taken = import_prices(run, request)
    _print_report(taken.report, fmt)
    if fmt is Format.TABLE and taken.gaps.height:
        emit_plain(readable_gaps(taken.gaps), "\nGaps of these series, longest first", "detail")
    for remark in taken.remarks:
        talk(remark)
    taken.raise_problems()


def _print_report(report: "pl.DataFrame", fmt: Format) -> None:
    """A plain table per file, or the whole report in another format."""
    from ingest.prices.reports import readable_report

    if fmt is not Format.TABLE:
        emit(report, fmt)
        return
    for title, series in readable_report(report):
        emit_plain(series, title, "remarks")
