"""`aftershock import`: take in files that somebody already has."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from flows.errors import EXIT_SOURCE, CommandError
from flows.options import FormatOption, Instant, Timeframe, last_instant_option, timeframe_option
from flows.output import Format, emit, emit_plain, talk
from warehouse.tables.units import compact_instant

if TYPE_CHECKING:
    import polars as pl

group = typer.Typer(
    no_args_is_help=True, help="Import files of prices or news.\n\nExample: aftershock import prices candles.csv"
)


def register(app: typer.Typer) -> None:
    """Attach the group."""
    app.add_typer(group, name="import")


@group.command("news")
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
    are read where present. Rows that cannot be used go to raw.quarantine with the reason.

    Example: aftershock import news headlines.parquet --dry-run
    """
    from datetime import UTC, datetime

    from flows.context import RunContext
    from flows.jobs.news_files import UNREADABLE, import_news
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
            publish_warehouse(context)
    emit(report, fmt)
    unreadable = report.filter(kind=UNREADABLE)["note"].to_list()
    if unreadable:
        raise CommandError("\n".join(unreadable), EXIT_SOURCE)
    if not dry_run:
        talk("stored; next: aftershock run (groups new headlines into stories and events)")


@group.command("prices")
def import_price_files(
    files: Annotated[list[Path], typer.Argument(help="CSV, Parquet, zip, feather or JSON files of candles.")],
    exchange: Annotated[Optional[str], typer.Option(help="Venue of rows that do not say it.")] = None,  # noqa: UP045
    symbol: Annotated[Optional[str], typer.Option(help="Market of rows that do not say it, e.g. TAO/USDT.")] = None,  # noqa: UP045
    timeframe: Annotated[Optional[Timeframe], timeframe_option("Bar length of rows that do not say it.")] = None,  # noqa: UP045
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be stored, and stop.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Import candles, or price observations at uneven times; a second import of the same file changes nothing.

    Reads tables with a header, zips of Binance public data (the name says the market) and freqtrade exports.
    Bad rows go to raw.quarantine with the reason. A market that the registry does not know keeps its own id.

    Example: aftershock import prices TAOUSDT-1h-2026-05.zip
    """
    from flows.jobs.price_files import import_prices, preview_prices
    from flows.manual import writing_command
    from flows.settings import load_settings
    from ingest.prices.layout import Identity
    from ingest.prices.reports import readable_gaps

    identity = Identity(exchange, symbol, timeframe)
    if dry_run:
        _print_report(preview_prices(files, identity, load_settings().config_path), fmt)
        return
    with writing_command("import prices") as run:
        report, gaps = import_prices(run, files, identity)
    _print_report(report, fmt)
    if fmt is Format.TABLE and gaps.height:
        emit_plain(readable_gaps(gaps), "\nGaps of these series, longest first", "detail")


def _print_report(report: "pl.DataFrame", fmt: Format) -> None:
    """A plain table per file, or the whole report in another format."""
    from ingest.prices.reports import readable_report

    if fmt is not Format.TABLE:
        emit(report, fmt)
        return
    for title, series in readable_report(report):
        emit_plain(series, title, "remarks")
