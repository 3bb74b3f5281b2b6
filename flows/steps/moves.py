"""The latest move of each token, moves that wait for their headline, and the moves that events share."""

from __future__ import annotations

from functools import cached_property

import polars as pl

from analysis.events.relevance import add_relevance
from analysis.single.timing.unexplained import OPEN, find_unexplained_moves
from analysis.together.earlier_days import measure_earlier_days
from analysis.together.latest_moves import measure_latest_moves
from analysis.together.reaction_totals import count_reactions
from analysis.together.shared_moves import find_shared_moves
from flows.context import RunContext, StepReport
from flows.freshness import Rows, has_nothing_new, remember_inputs
from flows.jobs.labelled_files import load_user_vocabulary
from flows.steps.studies import OF_STUDY
from warehouse.store.connection import Warehouse
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.moves import EARLIER_DAY, LATEST_MOVE, REACTION_TOTAL, SHARED_MOVE, UNEXPLAINED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET
from warehouse.tables.studies import REACTION_STUDY, STUDY_RESULT
from warehouse.tables.terms import HIGH
from warehouse.tables.units import count, plural

_OF_MOVES = Rows(
    STUDY_RESULT,
    (
        *("event_id", "market_id", "statistic", "window_end_hours"),
        *("estimate", "lower_95", "upper_95", "data_as_of_utc"),
    ),
    f"{OF_STUDY} and statistic in ('car', 'placebo_rank', 'raw_return')",
)


class _Measured:
    """What was measured of the study that events are known by, read when it is first asked for."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    @cached_property
    def results(self) -> pl.DataFrame:
        """Moves and ordinary ranges."""
        return self._warehouse.frame(_OF_MOVES.narrowed, _OF_MOVES.where, study_id=REACTION_STUDY)

    @cached_property
    def choices(self) -> pl.DataFrame:
        """Which market stands for each token."""
        return self._warehouse.frame(MARKET_CHOICE, "purpose = $purpose", purpose=REACTION_STUDY)

    @cached_property
    def events(self) -> pl.DataFrame:
        """Every event that is not rejected."""
        return self._warehouse.frame(EVENT, "status <> 'rejected'")


def update_moves(context: RunContext) -> StepReport:
    """Set the last 24 hours of each token against its past, and join the events that share a move."""
    n_changed, words, measured = 0, [], _Measured(context.warehouse)
    for part, update in _PARTS.items():
        if not has_nothing_new(context, part):
            report = update(context, measured)
            n_changed += report.n_changed
            words.append(report.detail)
            remember_inputs(context, part)
    return StepReport(n_changed, "; ".join(words) or "nothing new")


def update_latest_moves(context: RunContext, _measured: _Measured) -> StepReport:
    """Set the last 24 hours of each token against its past."""
    moves = measure_latest_moves(context.warehouse.query("recent_candles"))
    n_changed = context.warehouse.replace(LATEST_MOVE, moves)
    return StepReport(n_changed, f"{moves.height} tokens compared with their past")


def update_unexplained_moves(context: RunContext, measured: _Measured) -> StepReport:
    """Open a move that passes its bound, and close it by an event that matters to the tokens, or by age.

    An outage that a status page alone tells explains nothing: some page tells one every other day.
    """
    events = measured.events.filter(pl.col("origin") != "incident")
    relevant = add_relevance(events, load_user_vocabulary(context.settings.config_path))
    explaining = relevant.filter(pl.col("relevance") == HIGH)
    moves = find_unexplained_moves(context.warehouse.query("watched_candles"), explaining)
    n_changed = context.warehouse.replace(UNEXPLAINED_MOVE, moves)
    n_open = moves.filter(pl.col("state") == OPEN).height
    return StepReport(n_changed, f"{plural(moves.height, 'move')} beyond the bound, {count(n_open)} unexplained")


def update_shared_moves(context: RunContext, measured: _Measured) -> StepReport:
    """Join the events that share a move, and count reactions: one count for pages, feed, terminal and prompt."""
    warehouse = context.warehouse
    results, choices, events = measured.results, measured.choices, measured.events
    benchmarks = warehouse.frame(ASSET, "role in ('benchmark', 'basket')")["asset_id"].to_list()
    shared = find_shared_moves(REACTION_STUDY, results, choices, events, benchmarks)
    totals = count_reactions(REACTION_STUDY, results, choices, events, shared, benchmarks)
    n_changed = warehouse.replace(SHARED_MOVE, shared) + warehouse.replace(REACTION_TOTAL, totals)
    n_events, n_moves = shared["event_id"].n_unique(), shared["move_id"].n_unique()
    return StepReport(n_changed, f"{n_events} events outside their range are {n_moves} moves")


def update_earlier_days(context: RunContext, measured: _Measured) -> StepReport:
    """Set each reaction's plain 24 hours beside the days of the year before."""
    warehouse = context.warehouse
    days = measure_earlier_days(
        REACTION_STUDY,
        measured.results,
        measured.choices,
        measured.events,
        warehouse.query("reaction_closes", study_id=REACTION_STUDY),
    )
    n_changed = warehouse.replace(EARLIER_DAY, days)
    return StepReport(n_changed, f"{days.height} reactions beside the days before")


_PARTS = {
    "moves:latest": update_latest_moves,
    "moves:unexplained": update_unexplained_moves,
    "moves:shared": update_shared_moves,
    "moves:days": update_earlier_days,
}
