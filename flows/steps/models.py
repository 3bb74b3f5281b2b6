"""Measure each examined event under every expected-return model, and keep what has not changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import polars as pl

from analysis.engine.battery import load_models
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
from analysis.results.fingerprint import fingerprint
from analysis.single.horizon import digest_horizons
from analysis.single.study import planner, read_event_times
from analysis.single.window.pair import EventTime, StudySpecification
from analysis.tape.markets import StudyMarkets
from analysis.threads import one_by_one
from flows.cluster.sharing import share_events
from flows.context import RunContext, StepReport
from flows.freshness import digest_events, find_standing, hash_step, note_standing, write_account
from flows.steps.groups import DECLARED_STUDY
from flows.steps.studies import OF_STUDY
from flows.study_registry import DeclaredStudy, read_study
from flows.tape import StoredTape, open_benchmarks
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables.bars import parse_bar, utc_instant
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET, CANDLE, MARKET
from warehouse.tables.studies import STUDY_RESULT

MODELS_STUDY = "models"
_ACCOUNT = "models:events"
_SLACK_BARS = 2  # a return needs the close before it, and the bar of an event begins before it
_NOT_STANDING = f"{OF_STUDY} and not list_contains($standing::varchar[], event_id)"


def update_model_studies(context: RunContext) -> StepReport:
    """CARs of the main window of the events that every method is applied to, under every model."""
    warehouse = context.warehouse
    study = read_study(context.warehouse, context.settings.config_path, DECLARED_STUDY)
    events = warehouse.held(EVENT).filter(pl.col("status") != "rejected")
    known, _ = read_event_times(events.filter(pl.col("origin").is_in(study.examined_origins)))
    times = [event for event in known if event.takes_every_method]
    digests = _digest_inputs(context, study, events, times)
    standing = find_standing(warehouse, _ACCOUNT, digests, _digest_rows(warehouse))
    left: dict[str, Any] = {"study_id": MODELS_STUDY, "standing": sorted(standing)}
    stored = warehouse.frame(STUDY_RESULT, _NOT_STANDING, **left)
    asked = [event for event in times if event.event_id not in standing]
    outcome = _compare(context.tape, study, events, asked, stored, context=context)

    n_changed = 0
    if outcome.has_changed:
        n_changed = warehouse.replace_part(STUDY_RESULT, outcome.results, _NOT_STANDING, **left)
    write_account(warehouse, _ACCOUNT, note_standing(digests, _digest_rows(warehouse)))
    [n_pairs] = warehouse.query("reactions_of_study", study_id=MODELS_STUDY)["n_pairs"]
    return StepReport(n_changed, f"{n_pairs} reactions under every model, {outcome.n_fresh} fits computed anew")


def _digest_inputs(
    context: RunContext, study: DeclaredStudy, events: pl.DataFrame, times: Sequence[EventTime]
) -> dict[str, str]:
    """By event, what its fits rest on: its plan, the models, and the prices that benchmarks are made of."""
    plans = digest_horizons(study.specification, times, study.masks(events), context.tape.markets(study))
    prices = [context.warehouse.digest(table) for table in (CANDLE, MARKET, ASSET)]
    models = [fingerprint(model) for model in load_models().values()]
    shared = fingerprint(hash_step(MODELS_STUDY), models, prices)
    return {event_id: fingerprint(shared, digest) for event_id, digest in plans.items()}


def _digest_rows(warehouse: Warehouse) -> dict[str, str]:
    return digest_events(warehouse, [(STUDY_RESULT, OF_STUDY)], study_id=MODELS_STUDY)


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
    times: Sequence[EventTime],
    stored: pl.DataFrame,
    asset_id: str | None = None,
    context: RunContext | None = None,
) -> ModelComparison:
    """With a `context` many events are shared between processes."""
    markets, masks, benchmarks = tape.markets(study), study.masks(events), _HeldBenchmarks.of(tape, study, times)
    share: ShareFits = one_by_one
    if context is not None:
        share = share_events(context, fitting_models, (study.specification, masks, markets, benchmarks))
    plan = planner(study.specification, masks, markets)
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
    def of(cls, tape: StoredTape, study: DeclaredStudy, times: Sequence[EventTime]) -> _HeldBenchmarks:
        """Of the stored prices, on the bars of the study, from where the estimation of the first event begins."""
        timeframes = {parse_bar(timeframe).hours: timeframe for timeframe in study.timeframes}
        back = timedelta(hours=study.estimation_hours + _SLACK_BARS * max(timeframes))
        since = min((utc_instant(event.best_us) - back for event in times), default=None)
        returns = open_benchmarks(tape, EXTRA_FACTORS, since)

        def make(asset_id: str, bar_hours: float) -> dict[str, DatedReturns]:
            found = returns(asset_id, timeframes[bar_hours])
            return {name: DatedReturns.of(frame, bar_hours) for name, frame in found.items()}

        return cls(make)


def _make_none(asset_id: str, bar_hours: float) -> dict[str, DatedReturns]:
    raise LookupError(f"{asset_id} on bars of {bar_hours} hours: its events were planned without its benchmarks")
