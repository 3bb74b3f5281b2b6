"""`aftershock study csv` and `aftershock study size`: the event-study engine on data of the user's choice."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from flows.commands import study_stored
from flows.errors import EXIT_CHECK, CommandError
from flows.options import (
    DEFAULT_TIMEFRAME,
    BarLabel,
    FormatOption,
    Timeframe,
    cluster_option,
    new_id_argument,
    timeframe_option,
)
from flows.output import Format, emit, talk

if TYPE_CHECKING:
    from analysis.own.run import OwnRequest
    from analysis.own.study import OwnStudyResult

study_app = typer.Typer(no_args_is_help=True, help="Event studies: stored ones, and your own.")


def register(root: typer.Typer) -> None:
    """Attach the group, with the commands on stored studies."""
    study_stored.attach(study_app)
    root.add_typer(study_app, name="study")


@study_app.command("csv")
def study_csv(
    prices: Annotated[Path, typer.Option(help="Asset table: date,asset,value or a column per asset.")],
    events: Annotated[Path, typer.Option(help="Events: event_id,asset,date and optional own windows.")],
    estimation: Annotated[str, typer.Option(help="Estimation bars first:last, inclusive, e.g. -130:-11.")],
    window: Annotated[str, typer.Option(help="Event bars first:last, inclusive, e.g. -2:2.")],
    market: Annotated[Optional[Path], typer.Option(help="Benchmark and factors, same forms as --prices.")] = None,  # noqa: UP045 - typer reads the annotation
    values: Annotated[str, typer.Option(help="What the tables hold: prices, returns, volume or series.")] = "prices",
    returns: Annotated[str, typer.Option(help="log or simple returns.")] = "log",
    model: Annotated[str, typer.Option(help="Expected-return model, e.g. market, constant_mean, garch.")] = "market",
    benchmark: Annotated[Optional[str], typer.Option(help="Column of --market.")] = None,  # noqa: UP045 - typer reads the annotation
    factors: Annotated[str, typer.Option(help="Columns of --market, comma-separated: several factors.")] = "",
    mask: Annotated[bool, typer.Option("--mask", help="Keep an asset's other events out of estimation.")] = False,
    minimum_estimation: Annotated[
        int, typer.Option(min=0, help="Usable bars needed; 0 is half of those asked for.")
    ] = 0,
    cumulative: Annotated[bool, typer.Option("--cumulative", help="Test every window from the first bar on.")] = False,
    parts: Annotated[str, typer.Option(help="More windows to test inside --window, e.g. -1:1,0:2.")] = "",
    explain: Annotated[str, typer.Option(help="Columns of --events that explain the CARs, comma-separated.")] = "",
    panel: Annotated[str, typer.Option(help="Bars of a panel event study around bar 0, e.g. -5:5.")] = "",
    pairs: Annotated[str, typer.Option(help="Pairs behind the mean correlation: every, or shared (2010).")] = "every",
    single: Annotated[bool, typer.Option("--single", help="Judge each event alone too (JSON, `single`).")] = False,
    label: Annotated[str, typer.Option(help="Rows are dated by their open or close; the column's name says.")] = "",
    calendar: Annotated[str, typer.Option(help="Daily bars: when they close, e.g. XNYS, XLON or 24/7.")] = "",
    close: Annotated[str, typer.Option(help="Daily bars: the same as a time, e.g. 16:00, with --zone.")] = "",
    zone: Annotated[str, typer.Option(help="Clocks of --close, e.g. America/New_York.")] = "",
    funding: Annotated[Optional[Path], typer.Option(help="Funding rates, same forms: returns of longs.")] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.JSON,
) -> None:
    """Run an event study on CSV tables: every event, every test, with reasons for what is absent.

    Bounds are inclusive, as in the literature. Bar 0 is the first row at or after the event; where rows are dated by
    their open (a column open_time_utc), the bar that holds it. Events with a time of day and daily bars need --calendar
    or --close: news after the close belongs to the next session. --values series takes any series as it stands, volume
    takes logs first (use --model constant_mean without a --market of volumes). A column selected_from (news, price) of
    the events says how they were found: without it p values are marked where events look chosen by their price.
    --single adds to each event of the JSON its scaled interval, its placebo rank and the interval from inside its
    window, as simple returns. --funding: prices are of perpetuals and returns what a long position earned; each event
    says how much of its window is funding (fractions, dated when paid). --explain and --panel add regressions: CARs on
    event characteristics, and leads and lags with fixed effects.

    Example: aftershock study csv --prices prices.csv --market market.csv --events events.csv
    --estimation=-130:-11 --window=-2:2 --format json
    """
    from analysis.own.run import OwnRequest, run_own_study
    from flows.jobs.own_files import read_table

    if single and fmt is not Format.JSON:
        raise CommandError("--single is part of the JSON document; leave out --format or give --format json")
    wanted = (estimation, window, values, returns, model, benchmark, factors, mask, minimum_estimation, cumulative)
    request = OwnRequest(*wanted, parts, explain, panel, pairs, label, calendar, close, zone)
    try:
        tables = (read_table(prices), read_table(market) if market else None, read_table(events))
        study = run_own_study(*tables, request, read_table(funding) if funding else None)
    except ValueError as exc:
        raise CommandError(str(exc)) from exc
    _print_study(study, request, fmt, is_single=single)


def _print_study(study: "OwnStudyResult", request: "OwnRequest", fmt: Format, *, is_single: bool) -> None:
    """Doubts and reasons to stderr, the study to stdout."""
    from analysis.own.report import study_to_dict, study_to_frame
    from analysis.own.single import add_singles

    for doubt in study.warnings:
        talk(f"Look again: {doubt}")
    for event_id, asset, reason in study.result.excluded:
        talk(f"{event_id} / {asset}: {reason}")
    if fmt is Format.JSON:
        import json

        document = study_to_dict(study)
        if is_single:
            add_singles(document, study, request)
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        talk(study.result.conventions)
        emit(study_to_frame(study), fmt)


@study_app.command("new")
def study_new(
    name: Annotated[str, new_id_argument("Id of the study: small letters, digits, - and _.")],
    prices: Annotated[Path, typer.Option(help="Prices: date and a column per asset, or date,asset,value.")],
    events: Annotated[Path, typer.Option(help="Events: event_id,asset,date and optional title, selected_from.")],
    market: Annotated[Path | None, typer.Option(help="Benchmark prices, first column first; else Bitcoin's.")] = None,
    label: Annotated[BarLabel | None, typer.Option(help="Which end of a bar its time names: open, or close.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read the files, say what they are, and stop.")] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Make a study of your own files: writes config/studies.toml, stores them, measures, and ends with its page.

    Prices and events stay with this study: no reference price, page or other study uses them. Rows are bars named by
    their open. The same command again changes only what the files changed, and every run keeps the study current.

    Example: aftershock study new zk --prices zkai_prices.csv --market btc.csv --events own_events.csv
    """
    from datetime import UTC, datetime

    from dashboards.pages.own_study import own_study_path
    from flows.desk.own_study import (
        STUDY_STEPS,
        OwnFiles,
        declare_study,
        read_files,
        reasons_of_study,
        store_study,
        summarise_study,
    )
    from flows.manual import writing_command
    from flows.pipeline import run_pipeline
    from flows.progress import Progress
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    files = OwnFiles(prices, events, market, label.value if label else None)
    study = read_files(files)
    for remark in study.remarks:
        talk(remark)
    talk(f"{study.events.height} events on {', '.join(study.asset_ids)}, {study.bars.height} bars")
    settings = load_settings()
    path = declare_study(settings.config_path, name, study, is_dry=dry_run)
    if dry_run:
        return
    with writing_command("study new", is_published=False) as run:
        n_stored = store_study(run, name, study, files)
    talk(f"{path}: study {name}; {n_stored} rows stored")
    with Progress() as progress:
        outcome = run_pipeline(settings, datetime.now(UTC), say=progress.say, names=STUDY_STEPS, command="study new")
    with open_reader(settings.published_path) as reader:
        emit(summarise_study(reader, name), fmt, f"mean move beyond the benchmark after the events of {name}")
        for reason in reasons_of_study(reader, name):
            talk(reason)
    if outcome.check_problems:
        raise CommandError("\n".join(outcome.check_problems), EXIT_CHECK)
    talk(f"Page: {settings.site_path / own_study_path(name)}")


@study_app.command("size")
def study_size(
    candles: Annotated[Optional[Path], typer.Option(help="Candle file: draw dates from real returns.")] = None,  # noqa: UP045 - typer reads the annotation
    stored: Annotated[bool, typer.Option("--stored", help="Draw dates from the stored candles.")] = False,
    single: Annotated[bool, typer.Option("--single", help="One event: coverage, rank, power in wild markets.")] = False,
    benchmark: Annotated[str, typer.Option(help="Market id of the benchmark.")] = "binance:BTC/USDT",
    timeframe: Annotated[Timeframe, timeframe_option("Bar length of the candles.")] = DEFAULT_TIMEFRAME,
    scenario: Annotated[Optional[list[str]], typer.Option(help="Simulated scenario; repeat for more.")] = None,  # noqa: UP045 - typer reads the annotation
    replications: Annotated[int, typer.Option(min=10, help="Studies per scenario.")] = 400,
    n_events: Annotated[int, typer.Option("--events", min=2, help="Events per study.")] = 30,
    estimation: Annotated[int, typer.Option(min=20, help="Estimation bars.")] = 120,
    window: Annotated[int, typer.Option(min=1, help="Bars of the event window.")] = 1,
    effect: Annotated[float, typer.Option(help="Planted effect per bar in residual sd: power.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same numbers.")] = 20260612,
    save: Annotated[bool, typer.Option("--save", help="Keep the rows in out.test_size (out.single_size).")] = False,
    cluster: Annotated[Optional[str], cluster_option()] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Measure how often each test rejects at 1, 5 and 10 % where nothing happened, with Monte-Carlo bands.

    Without --candles and --stored: simulated markets (normal, t3, GARCH, skewed, clustered, event-induced variance).
    --single asks of one event how often its interval covers, its rank rejects and finds, in calm, bursts, leaks, delay,
    weekly rhythm, crash and short record, at 12 and 24 h.

    Example: aftershock study size --scenario "clustered 0.1" --replications 400
    """
    from datetime import UTC, datetime

    from analysis.engine.size import SizeRequest
    from flows.jobs.sizes import (
        measure_real,
        measure_simulated,
        measure_single,
        read_grid,
        read_stored_grid,
        save_size,
    )
    from flows.progress import Progress
    from flows.settings import load_settings

    request = SizeRequest(n_events, replications, estimation, window, effect, seed)
    settings = load_settings()
    if single and (candles or stored):
        raise CommandError("--single simulates its own markets; leave out --candles and --stored")
    if cluster and (candles or stored):
        raise CommandError("--cluster takes simulated markets; leave out --candles and --stored")
    try:
        with Progress() as progress:
            if single:
                frame = measure_single(request, tuple(scenario or ()), progress.say, cluster)
            elif candles or stored:
                now = datetime.now(UTC)
                grid = read_grid(candles, timeframe, now) if candles else read_stored_grid(settings, timeframe)
                frame = measure_real(grid, benchmark, request, progress.say)
            else:
                frame = measure_simulated(request, tuple(scenario or ()), progress.say, cluster)
    except (ValueError, KeyError) as exc:
        raise CommandError(str(exc.args[0])) from exc
    if save:
        talk(f"{save_size(settings, frame)} rows of measured sizes changed")
    emit(frame, fmt)
