"""`aftershock benchmarks`: what abnormal returns are measured against, bar by bar."""

from datetime import UTC, datetime
from typing import Annotated, Optional

import typer

from flows.errors import CommandError
from flows.output import Format, emit, talk

INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]
# A terminal shows the end of long series; files get all of them.
SHOWN_BARS = 24


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("benchmarks")(show_benchmarks)


def show_benchmarks(
    without: Annotated[Optional[str], typer.Option(help="Asset under study, left out of the baskets.")] = None,  # noqa: UP045 - typer reads it
    timeframe: Annotated[str, typer.Option(help="Bar length: 1m, 5m, 1h, 4h or 1d.")] = "1h",
    since: Annotated[Optional[datetime], typer.Option(help="First bar to print (UTC).", formats=INSTANTS)] = None,  # noqa: UP045 - the same
    until: Annotated[Optional[datetime], typer.Option(help="Bars before this (UTC).", formats=INSTANTS)] = None,  # noqa: UP045 - the same
    fmt: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
) -> None:
    """Print the log returns of Bitcoin, Ether, the market baskets and the other AI tokens, with their members.

    Definitions: aftershock query "select * from core.benchmark". Without --since a table shows the newest 24 bars.

    Example: aftershock benchmarks --without TAO --timeframe 4h --since 2026-06-12 --until 2026-06-14
    """
    import polars as pl

    from flows.benchmarks import open_benchmarks
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        try:
            found = pl.concat(open_benchmarks(reader)(without and without.upper(), timeframe).values())
        except ValueError as exc:
            raise CommandError(str(exc)) from exc
    if not found.height:
        raise CommandError(f"no benchmark has bars of {timeframe}: aftershock coverage shows what is stored")
    opened = pl.col("open_time_utc")
    if since:
        found = found.filter(opened >= since.replace(tzinfo=UTC))
    if until:
        found = found.filter(opened < until.replace(tzinfo=UTC))
    shown = found
    if fmt is Format.TABLE and since is None:
        newest = found["open_time_utc"].unique().sort().tail(SHOWN_BARS)
        shown = found.filter(opened.is_in(newest.implode()))
    emit(shown, fmt)
    if shown.height < found.height:
        talk(f"the newest {SHOWN_BARS} bars of {found['open_time_utc'].n_unique()}; more: --since, or another --format")
