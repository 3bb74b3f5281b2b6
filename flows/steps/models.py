"""Measure each examined event under every expected-return model, and keep what has not changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from analysis.groups.models import (
    EXTRA_FACTORS,
    BenchmarkReturns,
    DatedReturns,
    FitPart,
    ModelComparison,
    ShareFits,
    compare_models,
    fit_part,
)
from analysis.single.study import KeptPlans, planner, read_event_times
from analysis.single.window.pair import EventTime, StudySpecification
from analysis.tape.markets import StudyMarkets
from analysis.threads import one_by_one
from flows.cluster.sharing import share_events
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
    outcome = _compare(context.tape, study, events, times, stored, context=context)

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
    context: RunContext | None = None,
) -> ModelComparison:
    """With a `context` many events are shared between processes."""
    markets, masks, benchmarks = tape.markets(study), study.masks(events), _HeldBenchmarks.of(tape, study)
    kept: KeptPlans | None = None
    share: ShareFits = one_by_one
    if context is not None:
        kept = context.plans.get(study.id)
        share = share_events(context, fitting_models, (study.specification, masks, markets, benchmarks))
    known = kept.find(study.specification, masks, markets) if kept is not None else {}
    plan = planner(study.specification, masks, markets, known)
    return compare_models(MODELS_STUDY, plan, times, stored, markets, benchmarks, asset_id, share)


@contextmanager
def fitting_models(
    specification: StudySpecification, masks: pl.DataFrame, markets: StudyMarkets, benchmarks: BenchmarkReturns
) -> Iterator[Callable[[FitPart], pl.DataFrame]]:
    """What fits models in another process, which plans the events again."""
    plan = planner(specification, masks, markets)
    yield lambda part: fit_part(MODELS_STUDY, plan, part, markets, benchmarks)


@dataclass(frozen=True)
class _HeldBenchmarks:
    """Returns of the factors by asset under study and bar length in hours, each made once; a copy has those made."""

    make: Callable[[str, float], dict[str, DatedReturns]]
    held: dict[tuple[str, float], dict[str, DatedReturns]] = field(default_factory=dict)

    def __call__(self, asset_id: str, bar_hours: float) -> dict[str, DatedReturns]:
        if (asset_id, bar_hours) not in self.held:
            self.held[asset_id, bar_hours] = self.make(asset_id, bar_hours)
        return self.held[asset_id, bar_hours]

    def __reduce__(self) -> tuple[object, ...]:
        return _HeldBenchmarks, (_make_none, self.held)

    @classmethod
    def of(cls, tape: StoredTape, study: DeclaredStudy) -> _HeldBenchmarks:
        """Of the stored prices, on the bars of the study."""
        timeframes = {parse_bar(timeframe).hours: timeframe for timeframe in study.timeframes}
        returns = open_benchmarks(tape, EXTRA_FACTORS)

        def make(asset_id: str, bar_hours: float) -> dict[str, DatedReturns]:
            found = returns(asset_id, timeframes[bar_hours])
            return {name: DatedReturns.of(frame, bar_hours) for name, frame in found.items()}

        return cls(make)


def _make_none(asset_id: str, bar_hours: float) -> dict[str, DatedReturns]:
    raise LookupError(f"{asset_id} on bars of {bar_hours} hours: its events were planned without its benchmarks")
