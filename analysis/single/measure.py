"""Everything a study says about one planned event, as rows of the tables that hold it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import polars as pl

from analysis.results.refresh import Fingerprints, refresh
from analysis.results.row import ResultRow, results_frame
from analysis.results.shared import SharedRows, join_shared
from analysis.single.beside.max_statistic import find_max_statistic, max_statistic_row, withhold_inference
from analysis.single.beside.side_by_side import compare_methods
from analysis.single.choices.rows import list_specifications
from analysis.single.family import adjust_family
from analysis.single.study import PlanEvents, PlannedEvent, choose_event_markets
from analysis.single.timing.band import trace_timing_band
from analysis.single.timing.rows import list_jumps, list_reaction_times, time_pair
from analysis.single.window.pair import EventTime, Pair, StudySpecification
from analysis.single.window.paths import list_placebos, trace_path
from analysis.single.window.score import WindowScore
from analysis.single.window.windows import WindowStudy, study_window
from analysis.tape.choice import choice_frame
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets
from analysis.threads import one_blas_thread, one_by_one
from warehouse.tables.contract import Table
from warehouse.tables.single import (
    COUNTERFACTUAL,
    JUMP,
    REACTION_TIME,
    SPECIFICATION,
    SPECIFICATION_SUMMARY,
    TIMING_BAND,
)
from warehouse.tables.studies import EXCLUSION, PLACEBO, STUDY_PATH, STUDY_RESULT

SINGLE_TABLES: tuple[Table, ...] = (
    STUDY_RESULT,
    STUDY_PATH,
    PLACEBO,
    REACTION_TIME,
    JUMP,
    TIMING_BAND,
    COUNTERFACTUAL,
    SPECIFICATION,
    SPECIFICATION_SUMMARY,
)
_JOINED = (STUDY_PATH, PLACEBO, COUNTERFACTUAL, JUMP)  # whose rows of one event share most words
EVENTS_AT_ONCE = 100  # whose rows are held: some 350,000 placebos and steps of paths; fewer are written at more cost
EVENTS_OF_A_PART = 8  # measured at one go, some two seconds
BAND_WINDOWS_HOURS = (12.0, 24.0)  # windows repeated over the time interval

TableRows = Mapping[str, pl.DataFrame]  # by table name
HandOver = Callable[[TableRows, frozenset[str]], None]  # and their events
EventPart = tuple[EventTime, ...]
Share = Callable[[Callable[[EventPart], TableRows], Sequence[EventPart]], Generator[TableRows, None, None]]
Parts = dict[str, list[pl.DataFrame]]
Gathered = dict[str, list[SharedRows]]


@dataclass(frozen=True, slots=True)
class StudyOutcome:
    """New rows by table name, which events keep their stored rows, and what was left out."""

    rows: TableRows
    kept_event_ids: frozenset[str]
    fresh_event_ids: frozenset[str]
    gone_event_ids: frozenset[str]  # stored, and not measured any more
    exclusions: pl.DataFrame  # out.study_exclusion
    choices: pl.DataFrame  # out.market_choice at every event, kept or fresh


def measure_events(
    specification: StudySpecification,
    plan: PlanEvents,
    events: Iterable[EventTime],
    excluded: Iterable[tuple[str, str, str]],
    stored: Mapping[str, Fingerprints],
    markets: StudyMarkets,
    hand_over: HandOver | None = None,
    share: Share = one_by_one,
) -> StudyOutcome:
    """Measure the events whose fingerprints differ from the `stored` ones; (event_id, market_id, reason) rows join
    `excluded`.

    Rows of every few dozen fresh events go to `hand_over` with the ids of these; the outcome has the rest. `share`
    gives the rows of each part in any order, and may have parts measured elsewhere, by `measure_planned`. An event that
    is measured is planned again for it: what is planned for many is larger than the time that planning takes.
    """
    left_out = [(specification.study_id, *row) for row in excluded]
    choices: list[dict[str, object]] = []
    todo: dict[str, EventTime] = {}

    def list_planned() -> Iterator[tuple[str, Fingerprints, PlannedEvent]]:
        for item in plan(events):
            left_out.extend((specification.study_id, item.event.event_id, *reason) for reason in item.reasons)
            if item.pairs:
                choices.extend(choose_event_markets(item, specification.study_id, markets.asset_ids))
                yield item.event.event_id, item.fingerprints, item

    def put_off(item: PlannedEvent) -> None:
        todo[item.event.event_id] = item.event

    def measure_here(part: EventPart) -> TableRows:
        return measure_planned(plan(part), markets)

    found = refresh(list_planned(), stored, put_off)
    parts: Parts = {table.name: [] for table in SINGLE_TABLES}
    waiting: set[str] = set()
    # Closed at once where rows cannot be handed over: nobody measures on for them.
    with closing(share(measure_here, _part([*todo.values()]))) as measured:
        for rows in measured:
            for name, frame in rows.items():
                parts[name].append(frame)
            waiting.update(rows[STUDY_RESULT.name]["event_id"])
            if hand_over is not None and len(waiting) >= EVENTS_AT_ONCE:
                hand_over(_take_out(parts), frozenset(waiting))
                waiting.clear()
    exclusions = EXCLUSION.conform(pl.DataFrame(left_out, schema=EXCLUSION.schema, orient="row"))
    kept = frozenset(found.kept)
    return StudyOutcome(_take_out(parts), kept, frozenset(todo), found.gone, exclusions, choice_frame(choices))


def measure_planned(planned: Iterable[PlannedEvent], markets: StudyMarkets) -> TableRows:
    """Every row of some events, each with a pair at least, by table name."""
    parts: Parts = {table.name: [] for table in SINGLE_TABLES}
    gathered: Gathered = {table.name: [] for table in _JOINED}
    for item in planned:
        _measure_event(item, markets, parts, gathered)
    for table in _JOINED:
        parts[table.name].append(join_shared(table, gathered[table.name]))
    return _take_out(parts)


def _part(events: Sequence[EventTime]) -> list[EventPart]:
    return [tuple(events[at : at + EVENTS_OF_A_PART]) for at in range(0, len(events), EVENTS_OF_A_PART)]


def _take_out(parts: Parts) -> TableRows:
    """The rows gathered so far by table name, and none of them left in `parts`."""
    rows = {table.name: table.conform(pl.concat([table.empty(), *parts[table.name]])) for table in SINGLE_TABLES}
    for gathered in parts.values():
        gathered.clear()
    return rows


@one_blas_thread()
def _measure_event(item: PlannedEvent, markets: StudyMarkets, parts: Parts, gathered: Gathered) -> None:
    rows: list[ResultRow] = []
    studied: list[tuple[Pair, WindowStudy]] = []
    for pair in item.pairs:
        donors = markets.donors.get(pair.series.bar_hours)
        found, windows = _measure_pair(pair, markets.asset_ids[pair.market_id], donors, parts, gathered)
        rows.extend(found)
        if pair.series.benchmark_ids:
            studied.extend((pair, window) for window in windows)
    largest = find_max_statistic(studied)
    rows.extend([max_statistic_row(largest)] if largest is not None else [])
    if item.event.selected_from == "price":
        rows = withhold_inference(rows)
    timings = [time_pair(pair) for pair in item.pairs]
    parts[REACTION_TIME.name].append(list_reaction_times(timings, markets.asset_ids))
    gathered[JUMP.name].extend(list_jumps(timings))
    for curve in item.curves:
        traced = list_specifications(curve.pair, curve.asset_id, curve.variants, curve.spans_us, curve.spec_sha256)
        if traced is not None:
            parts[SPECIFICATION.name].append(traced[0])
            parts[SPECIFICATION_SUMMARY.name].append(traced[1])
    chosen = choose_event_markets(item, item.pairs[0].specification.study_id, markets.asset_ids)
    market_ids = frozenset(str(choice["market_id"]) for choice in chosen)
    parts[STUDY_RESULT.name].append(adjust_family(results_frame(rows), market_ids))


def _measure_pair(
    pair: Pair, asset_id: str, donors: Donors | None, parts: Parts, gathered: Gathered
) -> tuple[list[ResultRow], list[WindowStudy]]:
    """Result rows and measured windows of one pair; its bands go to `parts`, what shares words beside."""
    rows: list[ResultRow] = []
    windows: list[WindowStudy] = []
    placebos: WindowScore | None = None
    for hours in pair.specification.windows_hours:
        studied = study_window(pair, hours)
        if not isinstance(studied, WindowStudy):
            rows.extend(studied)
            continue
        rows.extend(studied.rows)
        windows.append(studied)
        if hours == pair.specification.main_window_hours:
            placebos = studied.placebos
            gathered[PLACEBO.name].append(list_placebos(pair, hours, placebos))
        if hours in BAND_WINDOWS_HOURS and pair.is_examined:
            band, envelope = trace_timing_band(pair, hours, studied.placebos.interval)
            parts[TIMING_BAND.name].append(band)
            rows.extend(envelope)
    gathered[STUDY_PATH.name].append(trace_path(pair, placebos))
    if not pair.is_examined:
        return rows, windows
    beside, counterfactuals = compare_methods(pair, asset_id, donors)
    gathered[COUNTERFACTUAL.name].extend(counterfactuals)
    return rows + beside, windows
