"""Measure every category of events on every token, and keep what has not changed."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.activity import Measure, activity_grid
from analysis.clock import bar_length
from analysis.group_rows import join_groups, measure_groups
from analysis.groups import GroupSpecification, plan_groups
from analysis.returns import ReturnGrid, build_return_grid
from analysis.single.markets import align_markets
from flows.context import RunContext, StepReport
from flows.studies import load_grids
from flows.study_registry import DeclaredStudy, load_study
from warehouse.store.connection import Reader
from warehouse.tables.news import EVENT
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

# A study of groups for each measure.
STUDY_IDS: dict[Measure, str] = {"returns": "groups", "volume": "volume", "range": "range"}
DECLARED_STUDY = "reaction"  # whose assets, benchmarks, bars and estimation window the groups share
WINDOWS_HOURS = (12.0, 24.0, 72.0)


def update_group_studies(context: RunContext) -> StepReport:
    """Run every test on every category of news-selected events; a group whose data are as they were keeps its rows."""
    study = load_study(context.settings.config_path, DECLARED_STUDY)
    reports = [_update_measure(context, study, "returns", load_grids(context.warehouse, study))]
    candles = [_read_candles(context.warehouse, timeframe) for timeframe in study.timeframes]
    for measure in ("volume", "range"):
        grids = [activity_grid(grid, bars, measure) for grid, bars in candles if grid is not None]
        reports.append(_update_measure(context, study, measure, grids))
    return StepReport(sum(report.n_changed for report in reports), "; ".join(report.detail for report in reports))


def _update_measure(
    context: RunContext, study: DeclaredStudy, measure: Measure, grids: Sequence[ReturnGrid]
) -> StepReport:
    warehouse = context.warehouse
    context.say(f"groups: {measure} …")
    events = warehouse.frame(EVENT, where="status <> 'rejected' and selected_from = 'news'")
    masks = warehouse.frame(EVENT, where="status <> 'rejected'").filter(pl.col("origin").is_in(study.mask_origins))
    markets = align_markets(
        grids,
        warehouse.query("study_markets"),
        asset_ids=study.asset_ids,
        benchmark_asset_ids=study.benchmark_asset_ids,
        benchmark_exchanges=study.benchmark_exchanges,
    )
    results, exclusions = warehouse.frame(STUDY_RESULT), warehouse.frame(EXCLUSION)

    specification = _specify(study, measure)
    plan = plan_groups(specification, events, masks, markets)
    stored = results.filter(pl.col("study_id") == specification.study_id)
    outcome = measure_groups(specification, plan, stored, events, markets)

    n_changed = 0
    if outcome.n_fresh or outcome.results.height != stored.height:
        n_changed += warehouse.replace(STUDY_RESULT, join_groups(results, outcome.results, specification.study_id))
    if outcome.n_fresh:
        left_out = join_groups(exclusions, outcome.exclusions, specification.study_id)
        n_changed += warehouse.replace(EXCLUSION, left_out)
    return StepReport(n_changed, f"{measure}: {len(plan.groups)} groups, {outcome.n_fresh} of them computed anew")


def _read_candles(reader: Reader, timeframe: str) -> tuple[ReturnGrid | None, pl.DataFrame]:
    """Every market's candles of one bar length beside their grid; no grid without candles."""
    candles = reader.query("study_candles", timeframe=timeframe, as_of=None)
    return (build_return_grid(candles, bar_length(timeframe)) if candles.height else None), candles


def _specify(study: DeclaredStudy, measure: Measure) -> GroupSpecification:
    return GroupSpecification(
        study_id=STUDY_IDS[measure],
        windows_hours=WINDOWS_HOURS,
        estimation_hours=study.estimation_hours,
        minimum_estimation_hours=study.minimum_estimation_hours,
        mask_hours=study.mask_hours,
        benchmark_asset_ids=study.benchmark_asset_ids,
        measure=measure,
    )
