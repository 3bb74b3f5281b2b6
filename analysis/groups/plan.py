"""Groups of events by category: which (event, market) pairs enter, and whether anything has changed since last time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.engine.battery import choose_model, load_statistics
from analysis.engine.standardise import EventInput
from analysis.engine.study import EstimationSpecification as TestSpecification
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.single.study import list_mask_spans, read_event_times
from analysis.tape.choice import Candidate, Preference
from analysis.tape.markets import StudyMarkets
from analysis.tape.observations import candles_first
from analysis.tape.series import AlignedSeries, cut_series, mark_spans
from warehouse.tables.bars import MICROSECONDS_PER_HOUR, MICROSECONDS_PER_SECOND

Spans = tuple[tuple[str, tuple[int, int]], ...]

_SOURCE = SourceCode("analysis.groups.rows")  # what computes the rows of a group

GROUP_PREFIX = "category:"


@dataclass(frozen=True, slots=True)
class GroupSpecification:
    """A study of groups; lengths in hours, whole bars of every bar length in use."""

    study_id: str
    windows_hours: tuple[float, ...]
    estimation_hours: float
    minimum_estimation_hours: float
    mask_hours: float
    benchmark_asset_ids: tuple[str, ...]
    seed: int = 20260612


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """One category over one window with the pairs of one bar length, ready for `run_study`."""

    group_id: str
    window_hours: float
    bar_hours: float
    inputs: tuple[EventInput, ...]
    data_as_of: datetime
    benchmark: str
    inputs_sha256: str  # of the data and the declaration
    spec_sha256: str  # of these and the tests that run

    @property
    def key(self) -> tuple[str, float]:
        """What names the group within its plan: the category and the window."""
        return self.group_id, self.window_hours


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """All groups that can be tried, and (event_id, market_id, reason) of what could not be dated or has no market."""

    groups: tuple[PlannedGroup, ...]
    excluded: tuple[tuple[str, str, str], ...]


def plan_groups(
    specification: GroupSpecification, events: pl.DataFrame, masks: pl.DataFrame, markets: StudyMarkets
) -> GroupPlan:
    """Pairs of every category and window. One market per event and asset, by the rule of choice.

    A group uses the bar length on which most of its pairs have a whole window, the finest in a tie, because bars of
    different length cannot be ranked together. Bar 0 is the bar in which the event falls; the last close before it is
    the base. Estimation bars within `mask_hours` of another event of `masks` are left out.
    """
    spans = list_mask_spans(masks, specification.mask_hours)
    times, excluded = read_event_times(events)
    best = {time.event_id: time.best_us for time in times}
    categories = dict(events.select("event_id", "category").iter_rows())
    groups: list[PlannedGroup] = []
    for category in sorted({categories[event_id] for event_id in best}):
        members = [(event_id, at) for event_id, at in best.items() if categories[event_id] == category]
        for hours in specification.windows_hours:
            group = _plan_group(specification, category, hours, members, spans, markets)
            if group is not None:
                groups.append(group)
    return GroupPlan(tuple(groups), excluded)


def _plan_group(
    specification: GroupSpecification,
    category: str,
    hours: float,
    members: Sequence[tuple[str, int]],
    spans: Spans,
    markets: StudyMarkets,
) -> PlannedGroup | None:
    treated = sorted(set(markets.asset_ids.values()) - set(specification.benchmark_asset_ids))
    candidates = {asset: _candidates(markets, asset) for asset in treated}
    lengths = sorted({series.bar_hours for found in markets.series.values() for series in found})
    chosen: list[tuple[str, str, AlignedSeries, int]] = []
    n_best = -1
    for bar_hours in lengths:
        if hours % bar_hours or specification.estimation_hours % bar_hours:
            continue
        pairs = []
        for event_id, at in members:
            for asset in treated:
                found = _best_market(specification, candidates[asset], bar_hours, at, hours)
                if found is not None:
                    pairs.append((event_id, asset, *found))
        n_whole = sum(index + round(hours / bar_hours) <= series.asset.size for _, _, series, index in pairs)
        if n_whole > n_best:
            chosen, n_best = pairs, n_whole
    if not chosen:
        return None
    inputs = tuple(_event_input(specification, pair, hours, spans) for pair in chosen)
    last = max(
        int(pair[2].close_us[min(pair[3] + round(hours / pair[2].bar_hours), pair[2].close_us.size) - 1])
        for pair in chosen
    )
    benchmarks = sorted({name for _, _, series, _ in chosen for name in series.benchmark_ids})
    inputs_sha256 = fingerprint(specification, category, hours, inputs)
    return PlannedGroup(
        group_id=f"{GROUP_PREFIX}{category}",
        window_hours=hours,
        bar_hours=chosen[0][2].bar_hours,
        inputs=inputs,
        data_as_of=datetime.fromtimestamp(last // MICROSECONDS_PER_SECOND, tz=UTC),
        benchmark=", ".join(benchmarks),
        inputs_sha256=inputs_sha256,
        spec_sha256=fingerprint(inputs_sha256, _SOURCE, load_statistics(), choose_model(TestSpecification().model_id)),
    )


def _candidates(markets: StudyMarkets, asset: str) -> list[tuple[AlignedSeries, Integers]]:
    """The series of an asset that have a benchmark, each with the running count of its usable bars."""
    found = []
    for market_id in sorted(markets.series, key=candles_first):
        for series in markets.series[market_id] if markets.asset_ids[market_id] == asset else ():
            if series.benchmark_ids:
                is_usable = np.isfinite(series.asset) & np.isfinite(series.benchmark)
                found.append((series, np.concatenate([[0], np.cumsum(is_usable)])))
    return found


def _best_market(
    specification: GroupSpecification,
    candidates: Sequence[tuple[AlignedSeries, Integers]],
    bar_hours: float,
    at: int,
    hours: float,
) -> tuple[AlignedSeries, int] | None:
    """The series that stands for the asset by the rule of choice, and the event's bar; None without one.

    It covers the window when every bar of it and enough for the model are usable; its record is its usable bars over
    estimation and window.
    """
    best: tuple[AlignedSeries, int] | None = None
    preferred: Preference | None = None
    n_window, minimum = (round(length / bar_hours) for length in (hours, specification.minimum_estimation_hours))
    for series, counts in candidates:
        index = series.first_bar_after(at)
        if series.bar_hours != bar_hours or not 0 < index < series.asset.size:
            continue
        first = max(0, index - round(specification.estimation_hours / bar_hours))
        last = min(series.asset.size, index + round(hours / bar_hours))
        n = int(counts[last] - counts[first])
        can_be = counts[last] - counts[index] == n_window and counts[index] - counts[first] >= minimum
        preference = Candidate(series.market_id, bar_hours, n, bool(can_be)).preference
        if n > 0 and (preferred is None or preference < preferred):
            best, preferred = (series, index), preference
    return best


def _event_input(
    specification: GroupSpecification, pair: tuple[str, str, AlignedSeries, int], hours: float, spans: Spans
) -> EventInput:
    event_id, _, series, index = pair
    bars = round(specification.estimation_hours / series.bar_hours)
    first, last = max(0, index - bars), min(series.asset.size, index + round(hours / series.bar_hours))
    step = round(series.bar_hours * MICROSECONDS_PER_HOUR)
    start, stop = int(series.close_us[first]) - step, int(series.close_us[last - 1])
    near = tuple(span for other, span in spans if other != event_id and span[1] > start and span[0] < stop)
    return EventInput(
        event_id=event_id,
        market_id=series.market_id,
        event_time=datetime.fromtimestamp(int(series.close_us[index]) / 1e6, tz=UTC),
        returns=series.asset[first:last],
        factors=series.benchmark[first:last, np.newaxis],
        benchmark=series.benchmark[first:last],
        calendar=series.close_us[first:last] // step,
        bar_zero=index - first,
        estimation=(-bars, 0),
        window=(0, round(hours / series.bar_hours)),
        mask=mark_spans(cut_series(series, first, last), near),
    )
