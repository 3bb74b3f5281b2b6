"""Measure volume, range and volatility around every event, and keep what has not changed."""

from __future__ import annotations

import polars as pl

from analysis.groups.activity import LEVELS, MEASURES, ActivitySpecification, Measure, activity_grid, measure_activity
from analysis.single.study import read_event_times
from analysis.tape.markets import StudyMarkets, align_markets
from flows.context import RunContext, StepReport
from flows.steps.groups import DECLARED_STUDY, WINDOWS_HOURS
from flows.steps.studies import OF_STUDY
from flows.study_registry import DeclaredStudy, read_study
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT

ACTIVITY_STUDY = "activity"
# What is usual changes within weeks, so each window is predicted from the ten days before it.
_ESTIMATION_HOURS = 240.0


def update_activity_studies(context: RunContext) -> StepReport:
    """Abnormal volume, range and volatility of every news-selected event and, over months, of every category."""
    warehouse = context.warehouse
    study = read_study(context.warehouse, context.settings.config_path, DECLARED_STUDY)
    events = warehouse.held(EVENT).filter(pl.col("status") != "rejected", pl.col("selected_from") == "news")
    times, _ = read_event_times(events)
    categories = dict(events.select("event_id", "category").iter_rows())
    stored = warehouse.frame(STUDY_RESULT, OF_STUDY, study_id=ACTIVITY_STUDY)

    markets = read_markets(context, study)
    specification = _specify(study)
    measured = pl.concat(
        [measure_activity(specification, measure, times, categories, markets[measure], stored) for measure in MEASURES]
    )
    n_changed = 0
    if not measured.sort("result_id").equals(stored.sort("result_id")):
        n_changed = warehouse.replace_part(STUDY_RESULT, measured, OF_STUDY, study_id=ACTIVITY_STUDY)
    n_events = measured["event_id"].n_unique() - 1 if measured.height else 0
    return StepReport(n_changed, f"trading around {n_events} events, {n_changed} rows changed")


def read_markets(context: RunContext, study: DeclaredStudy) -> dict[Measure, StudyMarkets]:
    """Every market's log volume, log range and returns beside the benchmark's."""
    tape = context.tape
    read = [
        (tape.candles(timeframe), grid) for timeframe in study.timeframes if (grid := tape.grid(timeframe)) is not None
    ]
    assets = tape.assets()
    levels = {
        measure: align_markets(
            [activity_grid(grid, candles, measure) for candles, grid in read],
            assets,
            asset_ids=study.asset_ids,
            benchmark_asset_ids=study.benchmark_asset_ids,
            benchmark_exchanges=study.benchmark_exchanges,
            is_level=True,
        )
        for measure in LEVELS
    }
    return {**levels, "volatility": tape.markets(study)}


def _specify(study: DeclaredStudy) -> ActivitySpecification:
    return ActivitySpecification(
        study_id=ACTIVITY_STUDY,
        benchmark_asset_ids=study.benchmark_asset_ids,
        windows_hours=WINDOWS_HOURS,
        event_hours=study.main_window_hours,
        estimation_hours=_ESTIMATION_HOURS,
        history_hours=study.placebo_history_hours,
    )
