"""`aftershock correlate`: how tokens move together, with their benchmarks and with the news."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from flows.errors import EXIT_CHECK, CommandError
from flows.options import (
    Asset,
    EventId,
    FormatOption,
    Timeframe,
    asset_option,
    counterpart_option,
    event_option,
    name_nearest,
    timeframe_option,
)
from flows.output import Format, emit, talk
from warehouse.tables.units import ascii_number

if TYPE_CHECKING:
    import polars as pl

    from warehouse.tables.contract import Table

_AssetOption = Annotated[Optional[Asset], asset_option("Only this asset, such as TAO.", "--asset")]  # noqa: UP045
OtherOption = Annotated[Optional[Asset], counterpart_option("Only against this asset, such as BTC.", "--other")]  # noqa: UP045
TimeframeOption = Annotated[Optional[Timeframe], timeframe_option("Only bars of this length: 1h, 4h, 1d.")]  # noqa: UP045
# What is asked for in these columns depends on the data; every other filter is typed.
OPEN_COLUMNS = frozenset({"window_hours", "subject_id"})
AllOption = Annotated[bool, typer.Option("--all-columns", help="Print every column of the table.")]


class Estimator(StrEnum):
    """How a correlation moves."""

    ROLLING = "rolling"
    EWMA = "ewma"
    DCC = "dcc"


class Method(StrEnum):
    """How it is told who moves first."""

    CROSS_CORRELATION = "cross_correlation"
    GRANGER = "granger"
    HAYASHI_YOSHIDA = "hayashi_yoshida"


class Frequency(StrEnum):
    """How often the attention index is counted."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class _Direction(StrEnum):
    """What answers what."""

    NEWS_TO_MARKET = "news_to_market"
    MARKET_TO_NEWS = "market_to_news"


class Outcome(StrEnum):
    """What of a market answers."""

    ABNORMAL_RETURN = "abnormal_return"
    VOLATILITY = "volatility"
    VOLUME = "volume"


correlate_app = typer.Typer(
    name="correlate",
    no_args_is_help=True,
    help="How tokens move together, and with the news.\n\nExample: aftershock correlate pairs --asset TAO",
)


def register(parent: typer.Typer) -> None:
    """Attach the group."""
    parent.add_typer(correlate_app)


@correlate_app.command("pairs")
def show_pairs(
    asset: _AssetOption = None,
    other: OtherOption = None,
    timeframe: TimeframeOption = None,
    every: AllOption = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Dependence over whole spans: Pearson, Spearman, Kendall, distance correlation and beta, with intervals.

    Example: aftershock correlate pairs --asset TAO --other BTC
    """
    from warehouse.tables.correlation import CORRELATION_PAIR

    columns = "asset_id other_asset_id timeframe span_id measure estimate lower_95 upper_95 n n_effective reason"
    _show(CORRELATION_PAIR, columns, fmt, every, asset_id=asset, other_asset_id=other, timeframe=timeframe)


@correlate_app.command("rolling")
def show_rolling(
    asset: _AssetOption = None,
    other: OtherOption = None,
    timeframe: TimeframeOption = None,
    hours: Annotated[Optional[float], typer.Option("--window", help="Only this window, in hours.")] = None,  # noqa: UP045
    estimator: Annotated[Estimator, typer.Option("--estimator", help="How it moves.")] = Estimator.ROLLING,
    every: AllOption = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Correlation and beta over moving windows, named by the close of their last bar.

    Example: aftershock correlate rolling --asset TAO --other BTC --window 168 --format csv
    """
    from warehouse.tables.correlation import CORRELATION_ROLLING

    columns = (
        "asset_id other_asset_id timeframe window_hours close_time_utc correlation correlation_lower_95 "
        "correlation_upper_95 beta n n_effective"
    )
    filters = {"asset_id": asset, "other_asset_id": other, "timeframe": timeframe, "window_hours": hours}
    _show(CORRELATION_ROLLING, columns, fmt, every, estimator=estimator, **filters)


@correlate_app.command("episodes")
def show_episodes(
    asset: _AssetOption = None,
    event: Annotated[Optional[EventId], event_option("Only this event id.", "--event")] = None,  # noqa: UP045
    timeframe: TimeframeOption = None,
    every: AllOption = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Correlation and beta with Bitcoin in equal windows before and after an event, and the change.

    Example: aftershock correlate episodes --event 2026-06-12-fable-mythos-access-restriction --asset TAO
    """
    from warehouse.tables.correlation import CORRELATION_EPISODE

    columns = (
        "event_id asset_id timeframe window_hours before_correlation after_correlation change_correlation "
        "change_correlation_lower_95 change_correlation_upper_95 placebo_rank before_beta after_beta n_before n_after "
        "reason"
    )
    _show(CORRELATION_EPISODE, columns, fmt, every, asset_id=asset, event_id=event, timeframe=timeframe)


@correlate_app.command("aftermath")
def show_aftermath(asset: _AssetOption = None, every: AllOption = False, fmt: FormatOption = Format.TABLE) -> None:
    """Correlation in the day after events against calm hours, adjusted for changed volatility.

    Example: aftershock correlate aftermath --asset TAO
    """
    from warehouse.tables.correlation import CORRELATION_CONTAGION

    columns = (
        "asset_id timeframe category n_events calm_correlation after_correlation after_correlation_adjusted "
        "change_adjusted change_adjusted_lower_95 change_adjusted_upper_95 p_adjusted n_after reason"
    )
    _show(CORRELATION_CONTAGION, columns, fmt, every, asset_id=asset)


@correlate_app.command("regimes")
def show_regimes(asset: _AssetOption = None, every: AllOption = False, fmt: FormatOption = Format.TABLE) -> None:
    """Spans in which the correlation with Bitcoin held one level.

    Example: aftershock correlate regimes --asset TAO
    """
    from warehouse.tables.correlation import CORRELATION_REGIME

    columns = (
        "asset_id other_asset_id timeframe regime_number start_utc end_utc correlation correlation_lower_95 "
        "correlation_upper_95 beta n"
    )
    _show(CORRELATION_REGIME, columns, fmt, every, asset_id=asset)


@correlate_app.command("network")
def show_network(timeframe: TimeframeOption = None, every: AllOption = False, fmt: FormatOption = Format.TABLE) -> None:
    """Clusters of tokens and their place in the spanning tree, month by month.

    Example: aftershock correlate network --timeframe 1h
    """
    from warehouse.tables.correlation import CORRELATION_CLUSTER

    columns = (
        "timeframe period_start_utc asset_id cluster_number n_in_cluster tree_degree mean_correlation tree_survival"
    )
    _show(CORRELATION_CLUSTER, columns, fmt, every, timeframe=timeframe)


@correlate_app.command("leadlag")
def show_lead_lag(
    asset: _AssetOption = None,
    other: OtherOption = None,
    timeframe: TimeframeOption = None,
    method: Annotated[
        Optional[Method],  # noqa: UP045
        typer.Option("--method", help="Only this method."),
    ] = None,
    every: AllOption = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Who moves first: strongest lag, Granger tests, and p values adjusted over all pairs.

    Example: aftershock correlate leadlag --asset TAO --method granger
    """
    from warehouse.tables.correlation import LEAD_LAG

    columns = (
        "asset_id other_asset_id timeframe method lag_hours estimate band_95 p_value p_adjusted n n_lags_tried reason"
    )
    _show(LEAD_LAG, columns, fmt, every, asset_id=asset, other_asset_id=other, timeframe=timeframe, method=method)


@correlate_app.command("attention")
def show_attention(
    subject: Annotated[str, typer.Option("--subject", help="all, or a category, entity or jurisdiction.")] = "all",
    frequency: Annotated[Frequency, typer.Option("--frequency", help="How often.")] = Frequency.WEEKLY,
    every: AllOption = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """The attention index: relevant headlines over what the outlets' usual shares would give; 100 is ordinary.

    Example: aftershock correlate attention --subject export_control_access --frequency daily --format csv
    """
    from warehouse.tables.attention import ATTENTION

    columns = (
        "frequency subject_id start_utc attention_index attention_index_lower_95 attention_index_upper_95 n_headlines "
        "expected_headlines n_stories n_outlets"
    )
    _show(ATTENTION, columns, fmt, every, subject_id=subject, frequency=frequency)


@correlate_app.command("response")
def show_response(
    asset: _AssetOption = None,
    subject: Annotated[Optional[str], typer.Option("--subject", help="all, or a category.")] = None,  # noqa: UP045
    direction: Annotated[
        _Direction, typer.Option("--direction", help="What answers what.")
    ] = _Direction.NEWS_TO_MARKET,
    outcome: Annotated[
        Optional[Outcome],  # noqa: UP045
        typer.Option("--outcome", help="Only this outcome."),
    ] = None,
    every: AllOption = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """How markets answer attention shocks, or attention answers markets, with placebo shocks.

    Example: aftershock correlate response --asset TAO --subject all --outcome volatility
    """
    from warehouse.tables.attention import ATTENTION_RESPONSE

    columns = (
        "method subject_id asset_id outcome horizon_hours estimate lower_95 upper_95 p_placebo p_adjusted n n_shocks"
    )
    filters = {"asset_id": asset, "subject_id": subject, "outcome": outcome}
    _show(ATTENTION_RESPONSE, columns, fmt, every, direction=direction, **filters)


@correlate_app.command("forecast")
def show_forecast(asset: _AssetOption = None, every: AllOption = False, fmt: FormatOption = Format.TABLE) -> None:
    """Whether attention forecasts anything out of sample beyond a simple benchmark, and what that is worth.

    Example: aftershock correlate forecast --asset TAO
    """
    from warehouse.tables.attention import ATTENTION_FORECAST

    columns = "subject_id asset_id outcome horizon_bars clark_west p_adjusted r2_out_of_sample gain_per_year n reason"
    _show(ATTENTION_FORECAST, columns, fmt, every, asset_id=asset)


@correlate_app.command("verify")
def verify(fmt: FormatOption = Format.TABLE) -> None:
    """Recompute every correlation table from the published file and compare bit by bit; exit code 4 when any differs.

    Example: aftershock correlate verify
    """
    from flows.jobs.labelled_files import load_user_vocabulary
    from flows.settings import load_settings
    from flows.steps.correlations import compare_with_stored
    from warehouse.store.connection import open_reader

    settings = load_settings()
    with open_reader(settings.published_path) as reader:
        found = compare_with_stored(reader, load_user_vocabulary(settings.config_path))
    emit(found, fmt)
    wrong = found.filter(found["n_differing"] > 0)["table"].to_list()
    if wrong:
        raise CommandError(
            f"recomputed numbers differ in {', '.join(wrong)}: run aftershock run, then try again", EXIT_CHECK
        )


def _show(table: Table, columns: str, fmt: Format, every: bool, **filters: Any) -> None:
    """Print the published rows of `table` that match all given filters."""
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        if not reader.has(table):
            raise CommandError(f"the published file has no {table.name} yet: run aftershock run")
        frame = reader.frame(table, order_by=", ".join(table.key))
    _require_known(table, frame, filters)
    chosen = _matching(frame, filters)
    if not chosen.height:
        asked = ", ".join(f"{name} = {value}" for name, value in filters.items() if value is not None)
        talk(
            f"no rows in {table.name} with {asked or 'any value'}; aftershock describe {table.name} says what it holds"
        )
    emit(chosen if every else chosen.select(columns.split()), fmt)


def _require_known(table: Table, frame: pl.DataFrame, filters: dict[str, Any]) -> None:
    """CommandError when a wanted window or subject is none that the table has, with the nearest ones."""
    for name in OPEN_COLUMNS & filters.keys():
        known = frame[name].unique().drop_nulls()
        value = filters[name]
        if frame.height and value is not None and value not in known.to_list():
            words = name_nearest(ascii_number(value) if isinstance(value, float) else value, _words(known))
            raise CommandError(f"{table.name} has no {name} {value!r}; {words}")


def _words(values: pl.Series) -> list[str]:
    return [ascii_number(value) if isinstance(value, float) else str(value) for value in values.sort()]


def _matching(frame: pl.DataFrame, filters: dict[str, Any]) -> pl.DataFrame:
    for name, value in filters.items():
        if value is not None:
            frame = frame.filter(frame[name] == value)
    return frame
