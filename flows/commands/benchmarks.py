"""`aftershock benchmarks`: what abnormal returns are measured against, bar by bar."""

from typing import Annotated, Optional

import typer

from flows.errors import CommandError
from flows.options import (
    DEFAULT_TIMEFRAME,
    Asset,
    FormatOption,
    Instant,
    Timeframe,
    asset_option,
    instant_option,
    timeframe_option,
)
from flows.output import Format, emit, talk

# A terminal shows the end of long series; files get all of them.
_SHOWN_BARS = 24


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("benchmarks")(show_benchmarks)


def show_benchmarks(
    without: Annotated[Optional[Asset], asset_option("Asset under study, left out of the baskets.")] = None,  # noqa: UP045 - typer reads it
    timeframe: Annotated[Timeframe, timeframe_option("Bar length, e.g. 4h.")] = DEFAULT_TIMEFRAME,
    since: Annotated[Optional[Instant], instant_option("First bar to print.")] = None,  # noqa: UP045 - the same
    until: Annotated[Optional[Instant], instant_option("Bars that open before this; a day alone is its 00:00.")] = None,  # noqa: UP045 - the same
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print the log returns of Bitcoin, Ether, the market baskets and the other AI tokens, with their members.

    Definitions: aftershock query "select * from core.benchmark". Without --since a table shows the newest 24 bars.

    Example: aftershock benchmarks --without TAO --timeframe 4h --since 2026-06-12 --until 2026-06-14
    """
    import polars as pl

    from flows.settings import load_settings
    from flows.tape import StoredTape, open_benchmarks
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        found = pl.concat(open_benchmarks(StoredTape(reader))(without, timeframe).values())
    if not found.height:
        raise CommandError(f"no benchmark has bars of {timeframe}: aftershock coverage shows what is stored")
    opened = pl.col("open_time_utc")
    if since:
        found = found.filter(opened >= since)
    if until:
        found = found.filter(opened < until)
    shown = found
    if fmt is Format.TABLE and since is None:
        newest = found["open_time_utc"].unique().sort().tail(_SHOWN_BARS)
        shown = found.filter(opened.is_in(newest.implode()))
    emit(shown, fmt)
    if shown.height < found.height:
        talk(
            f"the newest {_SHOWN_BARS} bars of {found['open_time_utc'].n_unique()}; more: --since, or another --format"
        )
