"""`aftershock study event`, `placebos`, `group`, `inclusion`, `regressions`: what is known of events and prices."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from flows.errors import CommandError
from flows.options import (
    DEFAULT_TIMEFRAME,
    Category,
    EventId,
    FormatOption,
    Instant,
    Market,
    Timeframe,
    category_argument,
    cluster_option,
    event_argument,
    instant_option,
    lake_option,
    market_option,
    timeframe_option,
)
from flows.output import Format, emit, talk
from warehouse.tables.units import plain

if TYPE_CHECKING:
    import polars as pl

SHOWN_COLUMNS = (
    "study_id",
    "market_id",
    "window_end_hours",
    "statistic",
    "estimate",
    "lower_95",
    "upper_95",
    "value",
    "p_value",
    "p_adjusted",
    "p_false_discovery",
    "n",
    "reason",
    "data_as_of_utc",
)


class _Kind(StrEnum):
    """Regressions over stored events."""

    CHARACTERISTICS = "characteristics"
    QUANTILES = "quantiles"
    LEADS_LAGS = "leads_lags"
    PROJECTION = "projection"


def attach(app: typer.Typer) -> None:
    """Attach the commands to the group `study`."""
    app.command("event")(study_event)
    app.command("placebos")(study_placebos)
    app.command("models")(study_models)
    app.command("group")(study_group)
    app.command("inclusion")(study_inclusion)
    app.command("regressions")(study_regressions)


def study_event(
    event: Annotated[list[EventId], event_argument("Event ids, as `aftershock events list` prints them.")],
    as_of: Annotated[
        Optional[Instant],  # noqa: UP045 - typer reads the annotation
        instant_option("Use only what had been seen by this UTC instant; a day alone is its 00:00, not its end."),
    ] = None,
    funding: Annotated[
        bool, typer.Option("--funding", help="Returns of perpetuals after the funding that longs pay or receive.")
    ] = False,
    lake: Annotated[Optional[str], lake_option()] = None,  # noqa: UP045 - typer reads the annotation
    cluster: Annotated[Optional[str], cluster_option()] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Measure stored events again by every study, on the candles as believed at an instant; stores nothing.

    --funding: the column funding_return says what funding added to a long position over the row's window (a fraction).
    A perpetual without stored rates is named and left out; the benchmark stays without funding.

    Example: aftershock study event 2026-06-12-fable-mythos-access-restriction --as-of 2026-12-31
    """
    from flows.cluster.runs import choose_source, measure_stored_events
    from flows.progress import Progress

    with Progress() as progress:
        found = measure_stored_events(
            choose_source(lake, cluster), event, as_of, cluster, progress.say, is_after_funding=funding
        )
    measured = found.filter(found["statistic"].is_not_null())
    obstacles = found.filter(found["statistic"].is_null()).select("event_id", "study_id", "market_id", "reason")
    sentences = [
        f"{market}: {why}" if market else f"{event_id} cannot be measured by study {study}: {why}"
        for event_id, study, market, why in obstacles.iter_rows()
    ]
    if not measured.height:
        raise CommandError("\n".join(sentences))
    for sentence in sentences:
        talk(sentence)
    named = ("event_id",) if len(event) > 1 else ()
    emit(measured.select(*named, *SHOWN_COLUMNS, *(("funding_return", "funding_words") if funding else ())), fmt)


def study_placebos(
    market: Annotated[
        Optional[list[Market]],  # noqa: UP045 - typer reads the annotation
        market_option("Only this market; repeat for more; every one with candles when absent."),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.0, help="Length of the windows in hours.")] = 24.0,
    timeframe: Annotated[Timeframe, timeframe_option("Bar length of the candles.")] = DEFAULT_TIMEFRAME,
    estimation: Annotated[float, typer.Option(min=1.0, help="Hours before a window that its model rests on.")] = 720.0,
    minimum: Annotated[float, typer.Option(min=1.0, help="Hours of them that must have bars.")] = 240.0,
    lake: Annotated[Optional[str], lake_option()] = None,  # noqa: UP045 - typer reads the annotation
    cluster: Annotated[Optional[str], cluster_option()] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Measure every window of a market's record: how large its moves beyond BTC ordinarily are, a row per market.

    Moves are simple returns (fractions) beyond the market model of the hours before each window; nothing is stored.

    Example: aftershock study placebos --market binanceusdm:TAO/USDT:USDT --hours 24
    """
    from flows.cluster.runs import choose_source, measure_placebos
    from flows.progress import Progress

    lengths = (hours, estimation, minimum)
    try:
        with Progress() as progress:
            source = choose_source(lake, cluster)
            found = measure_placebos(source, market or [], timeframe, lengths, cluster, progress.say)
    except ValueError as exc:
        raise CommandError(str(exc)) from exc
    emit(found, fmt)


def study_models(
    event: Annotated[list[EventId], event_argument("Event ids, as `aftershock events list` prints them.")],
    as_of: Annotated[
        Optional[Instant],  # noqa: UP045 - typer reads the annotation
        instant_option("Fit every model again, on what had been seen by this UTC instant."),
    ] = None,
    lake: Annotated[Optional[str], lake_option()] = None,  # noqa: UP045 - typer reads the annotation
    cluster: Annotated[Optional[str], cluster_option()] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print events' 24-hour return beyond every expected-return model (GARCH, synthetic control, …), by token.

    As the last run stored it; with --as-of, --lake or --cluster fitted again, a task for each event and token.

    Example: aftershock study models 2026-06-12-fable-mythos-access-restriction
    """
    if not (as_of or lake or cluster):
        emit(_stored_models(event), fmt)
        return
    from flows.cluster.runs import choose_source, measure_stored_models
    from flows.progress import Progress

    with Progress() as progress:
        emit(measure_stored_models(choose_source(lake, cluster), event, as_of, cluster, progress.say), fmt)


def _stored_models(event_ids: Sequence[str]) -> "pl.DataFrame":
    import polars as pl

    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        found = [reader.query("model_results", event_id=name) for name in event_ids]
    for name, rows in zip(event_ids, found, strict=True):
        if not rows.height:
            raise CommandError(
                f"{name} is not measured under every model: no token with bars over the whole day, or a detected event "
                f"without a firm time or of low relevance; to have it measured: aftershock events confirm {name}"
            )
    return pl.concat(found)


def study_group(
    category: Annotated[
        Optional[Category],  # noqa: UP045 - typer reads the annotation
        category_argument("Category of events, e.g. outage; all when absent."),
    ] = None,
    hours: Annotated[
        Optional[float],  # noqa: UP045 - typer reads the annotation
        typer.Option(help="Window after the event: 12, 24 or 72 hours; all when absent."),
    ] = None,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print what a kind of event does on average: mean, every test, detectable effect, abnormal trading.

    Returns are fractions beyond the benchmark; abnormal volume, range and volatility are fractions of the usual.

    Example: aftershock study group export_control_access --hours 24
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        known = reader.query("group_results", category=None, hours=None)
        found = reader.query("group_results", category=category, hours=hours)
    if not found.height:
        names = ", ".join(known["category"].unique().sort()) or "none yet: run `aftershock run`"
        lengths = ", ".join(plain(length) for length in known["hours"].unique().sort())
        raise CommandError(
            f"no results for {category or 'any category'} over {hours or 'any'} hours; categories: {names}; "
            f"hours: {lengths or 'none'}"
        )
    emit(found, fmt)


def study_inclusion(
    category: Annotated[Category, category_argument("Category of events, e.g. outage.")],
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print a kind's mean 24-hour reaction under every rule of which events count, smallest first.

    Rules combine severity, outlets, precision, origin (curated in ledgers or found mechanically), days apart and
    masking; the events whose absence moves the mean most are left out one at a time. A rule whose events a simpler
    one keeps, or that leaves under five, is not listed.

    Example: aftershock study inclusion export_control_access
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        found = reader.query("inclusion", category=category)
        known = reader.query("inclusion", category=None)
    if not found.height:
        names = ", ".join(known["category"].unique().sort()) or "none yet: run `aftershock run`"
        raise CommandError(f"no rules of inclusion for {category}; categories: {names}")
    emit(found, fmt)


def study_regressions(
    kind: Annotated[
        Optional[_Kind],  # noqa: UP045 - typer reads the annotation
        typer.Argument(help="Which regression; all when absent."),
    ] = None,
    of: Annotated[
        Optional[str],  # noqa: UP045 - typer reads the annotation
        typer.Option(help="leads_lags: all or a category; projection: ASSET:category, e.g. TAO:outage."),
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Also the coefficients that are absent, and why.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Print the regressions over stored events, a row per coefficient.

    characteristics and quantiles explain the 24-hour returns by severity, direction, duration, prior volatility and
    attention; leads_lags is the panel event study bar by bar, with the joint test of the leads; projection follows one
    asset over horizons. Estimates are log points.

    Example: aftershock study regressions leads_lags --of all
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        found = reader.query("regression_results", kind=kind, subject=of)
    if not found.height:
        raise CommandError(
            f"no regression {kind or ''} of {of or 'anything'}; what there is: aftershock study regressions --reasons"
        )
    shown = found if reasons else found.filter(found["reason"].is_null()).drop("reason")
    emit(shown, fmt)
    if shown.height < found.height:
        talk(f"{found.height - shown.height} coefficients are absent; why: --reasons")
