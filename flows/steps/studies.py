"""Measure every event on every token, and keep what has not changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import groupby

import polars as pl

from analysis.results.refresh import Fingerprints, stored_fingerprints
from analysis.single.horizon import digest_horizons
from analysis.single.measure import (
    SINGLE_TABLES,
    EventPart,
    Share,
    StudyOutcome,
    TableRows,
    measure_events,
    measure_planned,
)
from analysis.single.study import PlanEvents, PlannedEvent, planner, read_event_times
from analysis.single.window.funding import add_funding, list_payments, missing_funding, say_payments
from analysis.single.window.pair import EventTime, StudySpecification
from analysis.tape.funding import FundingRecord, funding_records
from analysis.tape.markets import StudyMarkets
from analysis.tape.observations import observed_markets
from analysis.threads import one_by_one
from flows.cluster.sharing import share_events
from flows.context import RunContext, StepReport
from flows.freshness import digest_events, find_standing, note_standing, write_account
from flows.market_choices import store_choices, sweep_choices
from flows.study_registry import STUDIES_OF_STEPS, DeclaredStudy, read_studies
from flows.tape import StoredTape
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables.catalog import load_tables
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.news import EVENT
from warehouse.tables.prices import MARKET
from warehouse.tables.single import SPECIFICATION_SUMMARY
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

OF_STUDY = "study_id = $study_id"  # the part of a table that one study owns
# Tables whose rows have their event planned again when they are gone or changed; the first two are written for all.
_PLANNED = (
    (EXCLUSION, OF_STUDY),
    (MARKET_CHOICE, "purpose = $study_id"),
    (STUDY_RESULT, OF_STUDY),
    (SPECIFICATION_SUMMARY, OF_STUDY),
)


def update_studies(context: RunContext) -> StepReport:
    """Run every declared study; an event whose specification and data are as they were keeps its rows."""
    studies = read_studies(context.warehouse, context.settings.config_path)
    n_swept = _sweep(context.warehouse, [study.id for study in studies])
    reports = [_update_study(context, study) for study in studies]
    n_changed = n_swept + sum(report.n_changed for report in reports)
    return StepReport(n_changed, "; ".join(report.detail for report in reports))


def _update_study(context: RunContext, study: DeclaredStudy) -> StepReport:
    warehouse = context.warehouse
    n_markets = warehouse.merge(
        MARKET, observed_markets(context.tape.observations(study)["asset_id"].unique())
    ).n_changed
    markets = context.tape.markets(study)
    stored: dict[str, Fingerprints] = stored_fingerprints(
        warehouse.query("studied_pairs", study_id=study.id).iter_rows()
    )

    share: Share = one_by_one
    digests: dict[str, str] = {}
    if study.is_own:
        plan, times, excluded = _plan_own(warehouse, study, markets)
    else:
        events = warehouse.held(EVENT).filter(pl.col("status") != "rejected")
        masks = study.masks(events)
        times, excluded = read_event_times(events.filter(pl.col("origin").is_in(study.event_origins)))
        plan = planner(study.specification, masks, markets)
        share = share_events(context, measuring, (study.specification, masks, markets))
        digests = digest_horizons(study.specification, times, masks, markets)
    standing = find_standing(warehouse, _account(study), digests, _digest_rows(warehouse, study))
    n_early = 0

    def store_rows(rows: Mapping[str, pl.DataFrame], event_ids: frozenset[str]) -> None:
        nonlocal n_early
        n_early += _store_events(warehouse, study.id, rows, event_ids)

    asked = [event for event in times if event.event_id not in standing]
    known = {event_id: found for event_id, found in stored.items() if event_id not in standing}
    if asked:
        write_account(warehouse, _account(study), {})  # a pass that dies between rows and account plans all again
    outcome = measure_events(study.specification, plan, asked, excluded, known, markets, store_rows, share)
    outcome = _join_standing(warehouse, study.id, outcome, standing)
    n_changed = (
        n_markets + n_early + _store(warehouse, study.id, outcome) + store_choices(warehouse, study.id, outcome.choices)
    )
    write_account(warehouse, _account(study), note_standing(digests, _digest_rows(warehouse, study)))
    detail = (
        f"{study.id}: {len(outcome.fresh_event_ids)} events measured, "
        f"{len(outcome.kept_event_ids | (standing & stored.keys()))} unchanged, "
        f"{outcome.exclusions.height} event-market pairs left out with a reason"
    )
    return StepReport(n_changed, detail)


def _account(study: DeclaredStudy) -> str:
    """Under which the digests are of what each event of a study was planned on."""
    return f"studies:{study.id}"


def _digest_rows(warehouse: Warehouse, study: DeclaredStudy) -> dict[str, str]:
    return digest_events(warehouse, _PLANNED, study_id=study.id)


def _join_standing(
    warehouse: Warehouse, study_id: str, outcome: StudyOutcome, standing: frozenset[str]
) -> StudyOutcome:
    """The outcome with the exclusions and choices of events that were not planned as they are stored."""
    exclusions, choices = (
        warehouse.frame(table, where, study_id=study_id).filter(pl.col("event_id").is_in(standing))
        for table, where in _PLANNED[:2]
    )
    return replace(
        outcome,
        exclusions=pl.concat([outcome.exclusions, exclusions]),
        choices=pl.concat([outcome.choices, choices]),
    )


# What plans events, those to plan, and (event_id, market_id, reason) of the rest.
Plan = tuple[PlanEvents, Sequence[EventTime], Iterable[tuple[str, str, str]]]


@contextmanager
def measuring(
    specification: StudySpecification, masks: pl.DataFrame, markets: StudyMarkets
) -> Iterator[Callable[[EventPart], TableRows]]:
    """What measures events in another process, which plans them again: a plan is larger than what it is made of."""
    plan = planner(specification, masks, markets)
    yield lambda part: measure_planned(plan(part), markets)


def _plan_own(warehouse: Warehouse, study: DeclaredStudy, markets: StudyMarkets) -> Plan:
    """Each event of an own study on its own asset; the other events of that asset are what estimation avoids."""
    planners: dict[EventTime, PlanEvents] = {}
    undated: list[tuple[str, str, str]] = []
    for asset_id in study.asset_ids:
        events = read_own_events(warehouse, study.id, asset_id)
        series = {name: found for name, found in markets.series.items() if markets.asset_ids[name] == asset_id}
        times, excluded = read_event_times(events)
        undated += excluded
        planners.update(dict.fromkeys(times, planner(study.specification, events, replace(markets, series=series))))

    def plan(asked: Iterable[EventTime]) -> Iterator[PlannedEvent]:
        for plan_own, its in groupby(asked, planners.__getitem__):
            yield from plan_own(its)

    return plan, [*planners], undated


def read_own_events(reader: Reader, study_id: str, asset_id: str) -> pl.DataFrame:
    """Events of an own study about one of its assets, in the shape of core.event."""
    return EVENT.conform(reader.query("own_events", study_id=study_id, asset_id=asset_id))


def _sweep(warehouse: Warehouse, declared_ids: list[str]) -> int:
    """Take out every row of studies that are not declared any more; returns how many."""
    known = [*declared_ids, *STUDIES_OF_STEPS]
    part = "not list_contains($known::varchar[], study_id)"
    owned = [table for name, table in load_tables().items() if name.startswith("out.") and "study_id" in table.schema]
    n_choices = sweep_choices(warehouse, declared_ids)
    return n_choices + sum(warehouse.replace_part(table, table.empty(), part, known=known) for table in owned)


def measure_one_event(
    reader: Reader,
    study: DeclaredStudy,
    event_id: str,
    as_of: datetime | None,
    *,
    is_after_funding: bool = False,
    tape: StoredTape | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of out.study_result and out.study_exclusion of one event on the candles believed at `as_of`.

    `is_after_funding`: returns of perpetuals are after funding, and the rows have `funding_return` and `funding_words`.
    `tape`: the prices believed at `as_of`, for who measures more than one event.
    """
    events = reader.frame(EVENT, where="status <> 'rejected'")
    times, excluded = read_event_times(events.filter(pl.col("event_id") == event_id))
    masks = study.masks(events)
    markets = (tape or StoredTape(reader, as_of)).markets(study)
    records: Mapping[str, FundingRecord] = {}
    if is_after_funding:
        records = funding_records(reader.query("funding_rates", as_of=as_of, market_ids=None))
        excluded = (*excluded, *((event_id, *missing) for missing in missing_funding(markets, records)))
        markets = add_funding(markets, records)
    planned = list(planner(study.specification, masks, markets)(times))
    outcome = measure_events(study.specification, lambda _event: planned, times, excluded, {}, markets)
    rows = outcome.rows[STUDY_RESULT.name]
    if is_after_funding:
        rows = say_payments(rows, list_payments(planned, records))
    return rows, outcome.exclusions


def _store(warehouse: Warehouse, study_id: str, outcome: StudyOutcome) -> int:
    """Write the rows of events that were measured anew, take out those of events that are gone; returns how many."""
    n_changed = warehouse.replace_part(EXCLUSION, outcome.exclusions, OF_STUDY, study_id=study_id)
    left = frozenset(outcome.rows[STUDY_RESULT.name]["event_id"])  # whose rows were not stored on the way
    return n_changed + _store_events(warehouse, study_id, outcome.rows, left | outcome.gone_event_ids)


def _store_events(
    warehouse: Warehouse, study_id: str, rows: Mapping[str, pl.DataFrame], event_ids: frozenset[str]
) -> int:
    """Write the rows of these events in place of their stored ones; returns how many changed.

    Results, which say that an event is measured, come last: a pass that dies on the way measures it again.
    """
    part = f"{OF_STUDY} and list_contains($event_ids::varchar[], event_id)"
    return sum(
        warehouse.replace_part(table, rows[table.name], part, study_id=study_id, event_ids=sorted(event_ids))
        for table in (reversed(SINGLE_TABLES) if event_ids else ())
    )
