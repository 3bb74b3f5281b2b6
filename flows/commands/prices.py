"""`aftershock coverage`, `reference` and `quarantine`: what is stored, what is missing, what was refused."""

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from flows.errors import CommandError
from flows.options import (
    DEFAULT_TIMEFRAME,
    Asset,
    FormatOption,
    Instant,
    Market,
    ReasonText,
    Timeframe,
    asset_option,
    instant_option,
    market_option,
    reason_option,
    timeframe_option,
)
from flows.output import Format, emit, emit_lines, emit_plain, talk

if TYPE_CHECKING:
    from warehouse.store.connection import Reader

_HEATMAP_DAYS = 90
# The smallest share that a sign stands for.
_HEAT_SIGNS = ((1.0, "█"), (0.75, "▓"), (0.5, "▒"), (1e-9, "░"), (0.0, "·"))
# A terminal shows the end of a long series; files get all of it.
_SHOWN_BARS = 48

_AssetOption = Annotated[Optional[Asset], asset_option("Only this asset, e.g. TAO.")]  # noqa: UP045 - typer reads it
ReasonOption = Annotated[Optional[ReasonText], reason_option("Only this reason, e.g. frozen.")]  # noqa: UP045 - the same
MarketOption = Annotated[Optional[Market], market_option("Only this market, e.g. okx:TAO/USDT.")]  # noqa: UP045 - the same

quarantine_group = typer.Typer(
    no_args_is_help=True, help="Refused rows, whole, with the reason.\n\nExample: aftershock quarantine list"
)


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command("coverage")(show_coverage)
    app.command("reference")(show_reference)
    app.add_typer(quarantine_group, name="quarantine")


def show_coverage(
    asset: _AssetOption = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="List the gaps with their causes instead.")] = False,
    heatmap: Annotated[bool, typer.Option("--heatmap", help="Draw venue by day, the share of bars stored.")] = False,
    timeframe: Annotated[Timeframe, timeframe_option("Bar length of --heatmap.")] = DEFAULT_TIMEFRAME,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print for every series the first and last bar, bars expected, present and missing, and why.

    The table is plain text of 120 columns, ready for a mail; --format csv adds assets, gaps, sources, age and cadence.

    Example: aftershock coverage --asset TAO
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    if heatmap:
        _draw_heatmap(asset, timeframe, fmt)
        return
    with open_reader(load_settings().published_path) as reader:
        frame = reader.query("gap_report" if gaps else "coverage_report", asset_id=asset)
        [title] = reader.query("coverage_summary", asset_id=asset)["words"]
    if not frame.height and asset and not gaps:
        raise CommandError(
            f"no series of {asset!r} is stored; fetch it: aftershock backfill --asset {asset} --since 2026-06-01"
            " --timeframe 1h"
        )
    if fmt is not Format.TABLE or not frame.height:
        emit(frame, fmt)
        if gaps and not frame.height:
            talk(f"no gap in the stored series of {asset or 'any asset'}")
        return
    if gaps:
        emit_plain(frame.drop("asset"), title, "detail")
        return
    emit_plain(frame.drop("asset", "gaps", "source", "age_hours", "cadence_hours", "answered"), title, "remarks")
    talk("times are UTC; a bar is named by its open; causes of gaps: aftershock coverage --gaps")


def _draw_heatmap(asset: Optional[Asset], timeframe: Timeframe, fmt: Format) -> None:  # noqa: UP045 - as the options
    """A line per venue and a sign per day up to the last bar; other formats have the numbers."""
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader
    from warehouse.tables.units import iso_day

    with open_reader(load_settings().published_path) as reader:
        coverage = reader.query("coverage_report", asset_id=asset).filter(bars=timeframe)
        if not coverage.height:
            raise CommandError(f"no {timeframe} series of {asset or 'any asset'} is stored; see: aftershock coverage")
        last = str(coverage["last"].max())[:10]
        frame = reader.query(
            "coverage_heatmap", asset_id=asset, timeframe=timeframe, until_utc=last, n_days=_HEATMAP_DAYS
        )
    if fmt is not Format.TABLE:
        emit(frame, fmt)
        return
    days = sorted(frame["day_utc"].unique())
    emit_lines(
        [f"{timeframe} bars of {asset or 'all assets'}, {iso_day(days[0])} to {iso_day(days[-1])}, a sign a day"]
    )
    width = max(len(name) for name in frame["exchange"])
    for venue in frame["exchange"].unique().sort():
        shares = dict(frame.filter(exchange=venue).select("day_utc", "share").iter_rows())
        emit_lines([f"{venue.ljust(width)}  " + "".join(heat_sign(shares.get(day)) for day in days)])
    talk("█ all bars, ▓ three quarters, ▒ half, ░ some, · none; blank: before its first bar; times are UTC")


def heat_sign(share: Optional[float]) -> str:  # noqa: UP045 - as the options
    """The sign of a day of which that share of bars is stored; blank for a day that is not expected."""
    if share is None:
        return " "
    return next(sign for least, sign in _HEAT_SIGNS if share >= least)


def show_reference(
    asset: Annotated[Asset, asset_option("Asset of the registry, e.g. TAO.")],
    timeframe: Annotated[Timeframe, timeframe_option("Bar length, e.g. 4h.")] = DEFAULT_TIMEFRAME,
    since: Annotated[Optional[Instant], instant_option("First bar to print.")] = None,  # noqa: UP045 - typer reads it
    until: Annotated[Optional[Instant], instant_option("Bars that open before this; a day alone is its 00:00.")] = None,  # noqa: UP045 - the same
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print the reference price of an asset bar by bar: the median close of its dollar markets, with their count.

    Without --since a table shows the newest 48 bars; other formats give all.

    Example: aftershock reference --asset TAO --timeframe 4h --since 2026-06-12 --until 2026-06-14
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        _require_reference(reader, asset, timeframe)
        frame = reader.query("reference_prices", asset_id=asset, timeframe=timeframe, start=since, end=until)
    is_cut = fmt is Format.TABLE and since is None and frame.height > _SHOWN_BARS
    emit(frame.tail(_SHOWN_BARS) if is_cut else frame, fmt)
    if fmt is not Format.TABLE:
        return
    if is_cut:
        talk(f"the newest {_SHOWN_BARS} of {frame.height} bars; more: --since, or another --format")
    talk(
        "median close of markets in USDT, USD and USDC, spot and perpetual; a bar is named by its open (UTC);"
        " n_venues 1 is that venue's price, not a consensus; spread: highest over lowest close minus 1"
    )


def _require_reference(reader: "Reader", asset_id: str, timeframe: str) -> None:
    """CommandError that says what there is instead when the asset has no reference price of this bar length."""
    from warehouse.tables.prices import REFERENCE_PRICE

    if not reader.has(REFERENCE_PRICE):
        raise CommandError("the published file is older than reference prices: aftershock run")
    found = reader.query("reference_timeframes", asset_id=asset_id)["timeframe"].to_list()
    if timeframe not in found:
        instead = (
            f"it has them for {', '.join(found)}: --timeframe {found[0]}"
            if found
            else f"it has none at all: aftershock backfill --asset {asset_id} --since 2026-06-01 --timeframe 1h"
        )
        raise CommandError(f"{asset_id} has no reference price for bars of {timeframe!r}; {instead}")


@quarantine_group.command("list")
def list_refusals(
    reason: ReasonOption = None,
    market: MarketOption = None,
    rows: Annotated[bool, typer.Option("--rows", help="Every row with its payload, not only counts.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print what was refused: counts by source, series and reason, or every row.

    Example: aftershock quarantine list --reason frozen --rows --format csv
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        frame = reader.query("refused_rows" if rows else "refused_counts", reason=reason, market_id=market)
    emit(frame, fmt)


@quarantine_group.command("release")
def release_refusals(
    ids: Annotated[Optional[list[str]], typer.Argument(help="Ids, or their first characters.")] = None,  # noqa: UP045
    reason: ReasonOption = None,
    market: MarketOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be let in, and stop.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Put refused candles through the checks again and let in those that pass; the others stay where they are.

    For rows that only looked wrong beside their neighbours (frozen, unit_jump, contested) your word is enough.

    Example: aftershock quarantine release --reason frozen --market binance:AGIX/USDT
    """
    from datetime import UTC, datetime

    from flows.jobs.quarantine import Selection, preview_release, release_candles
    from flows.manual import writing_command
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    if not (ids or reason or market):
        raise CommandError("say which rows: ids, --reason or --market; see: aftershock quarantine list --rows")
    selection = Selection(tuple(ids or ()), reason, market)
    if dry_run:
        with open_reader(load_settings().published_path) as reader:
            report = preview_release(reader, selection, datetime.now(UTC))
    else:
        with writing_command("quarantine release") as run:
            report = release_candles(run, selection)
    emit(report, fmt)
    if not report.height:
        talk("no refused row fits; what there is: aftershock quarantine list")
