"""Measure each examined event under every expected-return model, and keep what has not changed."""

from __future__ import annotations

from functools import cache

import polars as pl

from analysis.groups.models import BenchmarkReturns, DatedReturns, compare_models
from analysis.single.study import plan_events, read_event_times
from flows.context import RunContext, StepReport
from flows.steps.groups import DECLARED_STUDY
from flows.steps.studies import OF_STUDY
from flows.study_registry import DeclaredStudy, read_study
from flows.tape import StoredTape, open_benchmarks
from warehouse.tables.bars import parse_bar
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT

MODELS_STUDY = "models"


def update_model_studies(context: RunContext) -> StepReport:
    """CARs of the main window of the events that every method is applied to, under every model."""
    warehouse = context.warehouse
    study = read_study(context.warehouse, context.settings.config_path, DECLARED_STUDY)
    events = warehouse.held(EVENT).filter(pl.col("status") != "rejected")
    markets = context.tape.markets(study)
    known, _ = read_event_times(events.filter(pl.col("origin").is_in(study.examined_origins)))
    times = [event for event in known if event.takes_every_method]
    masks = study.masks(events)
    planned = plan_events(study.specification, times, masks, markets)
    stored = warehouse.frame(STUDY_RESULT, OF_STUDY, study_id=MODELS_STUDY)
    outcome = compare_models(MODELS_STUDY, planned, stored, markets, _by_bar_hours(context.tape, study))

    n_changed = 0
    if outcome.has_changed:
        n_changed = warehouse.replace_part(STUDY_RESULT, outcome.results, OF_STUDY, study_id=MODELS_STUDY)
    return StepReport(n_changed, f"{outcome.n_pairs} reactions under every model, {outcome.n_fresh} fits computed anew")


def _by_bar_hours(tape: StoredTape, study: DeclaredStudy) -> BenchmarkReturns:
    """Benchmark returns by asset under study and bar length in hours, each made once."""
    timeframes = {parse_bar(timeframe).hours: timeframe for timeframe in study.timeframes}
    returns = open_benchmarks(tape)

    @cache
    def dated(asset_id: str, bar_hours: float) -> dict[str, DatedReturns]:
        found = returns(asset_id, timeframes[bar_hours])
        return {name: DatedReturns.of(frame, bar_hours) for name, frame in found.items()}

    return dated
