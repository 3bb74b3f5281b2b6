"""Measure the size and power of every test, and of one event's interval, on simulated markets and on real returns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl

from analysis.engine.simulate import real_events
from analysis.engine.size import Draw, SizeRequest, measure_size, simulated_draws
from analysis.single.size.table import SingleSizeRequest, choose_regimes
from analysis.tape.returns import ReturnGrid, build_return_grid
from flows.cluster.runs import run_tasks
from flows.cluster.tasks import size_of_single, size_of_tests
from flows.errors import EXIT_SOURCE, CommandError
from flows.settings import Settings
from ingest.errors import PermanentError, SourceError
from ingest.prices.files.archive import parse_archive
from ingest.prices.files.names import Identity
from ingest.source import Source
from warehouse.store.connection import open_reader, open_writer
from warehouse.tables.bars import bar_length
from warehouse.tables.size import SINGLE_SIZE, TEST_SIZE

REAL_SCENARIOS = (("real returns, random dates", False), ("real returns, shared dates", True))


def measure_simulated(
    request: SizeRequest, names: tuple[str, ...], say: Callable[[str], None], cluster: str | None = None
) -> pl.DataFrame:
    """Size on simulated markets, all of them or the named ones; with `cluster` each is a task of that Dask cluster."""
    tasks = [(request, name) for name in simulated_draws(request, names)]
    return pl.concat(run_tasks(cluster, size_of_tests, tasks, say))


def measure_single(
    request: SizeRequest, names: tuple[str, ...], say: Callable[[str], None], cluster: str | None = None
) -> pl.DataFrame:
    """Coverage, rejection, power and width of one event's numbers in simulated markets, all or the named ones."""
    single = SingleSizeRequest(request.replications, request.seed)
    tasks = [(single, regime.name) for regime in choose_regimes(names)]
    return pl.concat(run_tasks(cluster, size_of_single, tasks, say))


def measure_real(grid: ReturnGrid, benchmark_id: str, request: SizeRequest, say: Callable[[str], None]) -> pl.DataFrame:
    """Size at random dates of real returns, each event at a date of its own and many events at shared dates."""
    if request.effect_sd:
        raise CommandError("--effect plants an effect in simulated markets; leave out --candles and --stored")
    draws: dict[str, Draw] = {
        name: real_events(
            grid,
            benchmark_id,
            n=request.n_events,
            estimation=request.estimation,
            window=request.window,
            is_clustered=is_clustered,
        )
        for name, is_clustered in REAL_SCENARIOS
    }
    return measure_size(draws, request, say)


def read_grid(path: Path, timeframe: str, now: datetime) -> ReturnGrid:
    """Returns of the candles in a file of any form that `aftershock import prices` takes."""
    try:
        batches = parse_archive(path, Source(path.name, "study-size", now), Identity())
        candles = pl.concat([batch.candles for batch in batches])
    except PermanentError as exc:
        raise CommandError(str(exc)) from exc
    except SourceError as exc:
        raise CommandError(str(exc), EXIT_SOURCE) from exc
    return _grid(candles.filter(pl.col("timeframe") == timeframe), str(path), timeframe)


def read_stored_grid(settings: Settings, timeframe: str) -> ReturnGrid:
    """Returns of the published candles."""
    with open_reader(settings.published_path) as reader:
        candles = reader.query("candles_of_timeframe", timeframe=timeframe, market_ids=None)
    return _grid(candles, str(settings.published_path), timeframe)


def save_size(settings: Settings, frame: pl.DataFrame) -> int:
    """Keep the rows in the warehouse, in the table they are of; returns how many changed."""
    table = SINGLE_SIZE if "measure" in frame.columns else TEST_SIZE
    with open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        return warehouse.merge(table, frame).n_changed


def _grid(candles: pl.DataFrame, source: str, timeframe: str) -> ReturnGrid:
    if not candles.height:
        raise CommandError(f"{source} has no {timeframe} candles; choose another --timeframe or import some")
    return build_return_grid(candles, bar_length(timeframe))
