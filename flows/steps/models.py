"""Measure each examined event under every expected-return model, and keep what has not changed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import polars as pl

from analysis.groups.models import BenchmarkReturns, DatedReturns, ModelComparison, compare_models
from analysis.single.study import plan_events, read_event_times
from analysis.single.window.pair import EventTime
from flows.context import RunContext, StepReport
from flows.steps.groups import DECLARED_STUDY
from flows.steps.studies import OF_STUDY
from flows.study_registry import DeclaredStudy, read_study
from flows.tape import StoredTape, open_benchmarks
from warehouse.store.connection import Reader
from warehouse.tables.bars import parse_bar
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT

MODELS_STUDY = "models"


def update_model_studies(context: RunContext) -> StepReport:
    """CARs of the main window of the events that every method is applied to, under every model."""
    warehouse = context.warehouse
    study = read_study(context.warehouse, context.settings.config_path, DECLARED_STUDY)
    events = warehouse.held(EVENT).filter(pl.col("status") != "rejected")
    known, _ = read_event_times(events.filter(pl.col("origin").is_in(study.examined_origins)))
    times = [event for event in known if event.takes_every_method]
    stored = warehouse.frame(STUDY_RESULT, OF_STUDY, study_id=MODELS_STUDY)
    outcome = _compare(context.tape, study, events, times, stored)

    n_changed = 0
    if outcome.has_changed:
        n_changed = warehouse.replace_part(STUDY_RESULT, outcome.results, OF_STUDY, study_id=MODELS_STUDY)
    return StepReport(n_changed, f"{outcome.n_pairs} reactions under every model, {outcome.n_fresh} fits computed anew")


def measure_under_models(
    reader: Reader, tape: StoredTape, study: DeclaredStudy, event_id: str, asset_id: str
) -> pl.DataFrame:
    """Rows of out.study_result of one stored event and token under every model, whatever is kept.

    None where the event has no time, or no market of the token the whole main window.
    """
    events = reader.frame(EVENT, where="status <> 'rejected'")
    times, _ = read_event_times(events.filter(pl.col("event_id") == event_id))
    return _compare(tape, study, events, times, STUDY_RESULT.empty(), asset_id).results


def _compare(
    tape: StoredTape,
    study: DeclaredStudy,
    events: pl.DataFrame,
    times: Iterable[EventTime],
    stored: pl.DataFrame,
    asset_id: str | None = None,
) -> ModelComparison:
    markets = tape.markets(study)
    masks = study.masks(events)
    planned = plan_events(study.specification, times, masks, markets)
    return compare_models(MODELS_STUDY, planned, stored, markets, _by_bar_hours(tape, study), asset_id)


def _by_bar_hours(tape: StoredTape, study: DeclaredStudy) -> BenchmarkReturns:
    """Benchmark returns by asset under study and bar length in hours, each made once."""
    timeframes = {parse_bar(timeframe).hours: timeframe for timeframe in study.timeframes}
    returns = open_benchmarks(tape)

    @cache
    def dated(asset_id: str, bar_hours: float) -> dict[str, DatedReturns]:
        found = returns(asset_id, timeframes[bar_hours])
        return {name: DatedReturns.of(frame, bar_hours) for name, frame in found.items()}

    return dated
