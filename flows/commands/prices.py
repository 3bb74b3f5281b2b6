"""`aftershock coverage` and `aftershock quarantine`: what is stored, what is missing, what was refused."""

from typing import Annotated, Optional

import typer

from flows.errors import CommandError
from flows.output import Format, emit, talk

FormatOption = Annotated[Format, typer.Option("--format", help="How to print the rows.")]
AssetOption = Annotated[Optional[str], typer.Option(help="Only this asset, e.g. TAO.")]  # noqa: UP045 - typer reads it
ReasonOption = Annotated[Optional[str], typer.Option(help="Only this reason, e.g. frozen.")]  # noqa: UP045 - the same
MarketOption = Annotated[Optional[str], typer.Option(help="Only this market, e.g. okx:TAO/USDT.")]  # noqa: UP045 - the same

group = typer.Typer(
    no_args_is_help=True, help="Refused rows, whole, with the reason.\n\nExample: aftershock quarantine list"
)


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command("coverage")(show_coverage)
    app.add_typer(group, name="quarantine")


def show_coverage(
    asset: AssetOption = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="List the gaps with their causes instead.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print for every series the first and last bar, bars expected, present and missing, and why.

    Example: aftershock coverage --asset TAO
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        frame = reader.query("gap_report" if gaps else "coverage_report", asset_id=asset and asset.upper())
    emit(frame, fmt)
    if gaps or fmt is not Format.TABLE:
        return
    talk("times are UTC; a bar is named by its open; causes of gaps: aftershock coverage --gaps")


@group.command("list")
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


@group.command("release")
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
    from flows.manual import writing_command
    from flows.quarantine import release_candles

    if not (ids or reason or market):
        raise CommandError("say which rows: ids, --reason or --market; see: aftershock quarantine list --rows")
    with writing_command("quarantine release") as run:
        report = release_candles(run, tuple(ids or ()), reason, market, is_dry_run=dry_run)
    emit(report, fmt)
