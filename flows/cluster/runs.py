"""Studies that take long, as tasks: here one after the other, or on a cluster, with the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl

from analysis.tape.choice import BENCHMARK_ASSET, order_benchmarks
from flows.cluster import probe
from flows.cluster.fan_out import Task, fan_out
from flows.cluster.tasks import OrdinaryRequest, RecordSource, event_rows, open_source, ordinary_windows
from flows.errors import CommandError
from flows.settings import load_settings
from flows.study_registry import read_studies
from warehouse.tables.prices import CANDLE

Say = Callable[[str], None]
_PARTS = "cluster-parts"
_ROOTS = ["analysis", "warehouse", "flows"]


def run_tasks(
    cluster: str | None, function: Callable[..., pl.DataFrame], tasks: Sequence[Task], say: Say
) -> list[pl.DataFrame]:
    """The frame of each task, in order; on the Dask cluster at this address, else in this process."""
    folder = load_settings().home / _PARTS
    if cluster is None:
        return list(fan_out(None, function, tasks, folder=folder, algorithm="", say=say))
    from flows.cluster.connect import connected

    algorithm = repr(probe.describe_machine([], _ROOTS))
    with connected(cluster) as client:
        return list(fan_out(client, function, tasks, folder=folder, algorithm=algorithm, say=say))


def choose_source(lake: str | None, cluster: str | None) -> RecordSource:
    """The published file, or the newest release of a lake; CommandError for a cluster without a lake to read."""
    if lake is None:
        if cluster is not None:
            raise CommandError(
                "workers read a lake; write one with aftershock lake publish URI and name it: --lake URI"
            )
        return RecordSource(str(load_settings().published_path))
    from flows.desk.lake import require_scale

    require_scale()
    from warehouse.lake.layout import LakeAddress
    from warehouse.lake.release import read_release

    release = read_release(LakeAddress(lake))
    return RecordSource(str(load_settings().published_path), lake, tuple(sorted(release.versions.items())))


def measure_stored_events(
    source: RecordSource,
    event_ids: Sequence[str],
    as_of: datetime | None,
    cluster: str | None,
    say: Say,
    *,
    is_after_funding: bool = False,
) -> pl.DataFrame:
    """Rows of out.study_result of stored events under every study; those without a statistic say what is absent."""
    with open_source(source) as reader:
        studies = [study for study in read_studies(reader, load_settings().config_path) if not study.is_own]
    tasks = [(source, study, event_id, as_of, is_after_funding) for event_id in event_ids for study in studies]
    return pl.concat(run_tasks(cluster, event_rows, tasks, say), how="diagonal")


def measure_placebos(
    source: RecordSource,
    markets: Sequence[str],
    timeframe: str,
    hours: tuple[float, float, float],
    cluster: str | None,
    say: Say,
) -> pl.DataFrame:
    """A row per market: what it did beyond BTC in all its windows; every market with candles when none is named.

    `hours` are window, estimation and its minimum. CommandError for a market without such bars.
    """
    with open_source(source) as reader:
        known = reader.query("study_markets")
        with_bars = set(reader.sql(f"select distinct market_id from {CANDLE.name}")["market_id"])
    named = known.filter(pl.col("market_id").is_in(with_bars))
    benchmarks = named.filter(pl.col("asset_id") == BENCHMARK_ASSET)["market_id"].to_list()
    chosen = list(markets) or named["market_id"].sort().to_list()
    if unknown := sorted(set(chosen) - with_bars):
        raise CommandError(f"{unknown[0]} has no candles; what there is: aftershock coverage")
    tasks = [(source, OrdinaryRequest(name, _beside(name, benchmarks), timeframe, *hours)) for name in chosen]
    return pl.concat(run_tasks(cluster, ordinary_windows, tasks, say))


def _beside(market_id: str, benchmarks: list[str]) -> tuple[str, ...]:
    return () if market_id in benchmarks else tuple(order_benchmarks(benchmarks, market_id))
