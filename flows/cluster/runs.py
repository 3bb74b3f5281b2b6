"""Studies that take long, as tasks: here one after the other, or on a cluster, with the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl

from analysis.tape.choice import BENCHMARK_ASSET, order_benchmarks
from flows.cluster import probe
from flows.cluster.fan_out import Task, fan_out
from flows.cluster.tasks import (
    OrdinaryRequest,
    RecordSource,
    event_rows,
    model_rows,
    open_source,
    ordinary_windows,
    release_record,
)
from flows.errors import CommandError
from flows.settings import load_settings
from flows.steps.groups import DECLARED_STUDY
from flows.study_registry import read_studies, read_study
from warehouse.tables.news import EVENT
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
        try:
            return list(fan_out(None, function, tasks, folder=folder, algorithm="", say=say))
        finally:
            release_record()
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


def measure_stored_models(
    source: RecordSource, event_ids: Sequence[str], as_of: datetime | None, cluster: str | None, say: Say
) -> pl.DataFrame:
    """What the query `model_results` tells of stored events, every model fitted anew: a task for an event and token."""
    with open_source(source) as reader:
        names = reader.query("study_markets").select("asset_id", "market_id")
    tasks = model_tasks(source, event_ids, as_of)
    rows = pl.concat(run_tasks(cluster, model_rows, tasks, say)).join(names, on="market_id", validate="m:1")
    model = pl.col("statistic").str.strip_prefix("car:").alias("model")
    fitted = ("estimate", "lower_95", "upper_95", "p_value", "n_estimation", "benchmark", "reason")
    return rows.select("event_id", "asset_id", "market_id", model, *fitted)


def model_tasks(source: RecordSource, event_ids: Sequence[str], as_of: datetime | None) -> list[Task]:
    """Arguments of `model_rows` for each event and token; CommandError for an event that is not stored."""
    with open_source(source) as reader:
        study = read_study(reader, load_settings().config_path, DECLARED_STUDY)
        known = set(reader.frame(EVENT, where="status <> 'rejected'")["event_id"])
    if unknown := sorted(set(event_ids) - known):
        raise CommandError(f"{unknown[0]} is no stored event; see: aftershock events list")
    return [(source, study, event_id, token, as_of) for event_id in event_ids for token in sorted(study.asset_ids)]


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
