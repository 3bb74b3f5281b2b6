"""Groups of events by category: which (event, market) pairs enter, and whether anything has changed since last time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from analysis.arrays import Flags, Integers
from analysis.engine.battery import choose_model, load_statistics
from analysis.engine.panel import Panel
from analysis.engine.standardise import EventInput, EventResult
from analysis.engine.study import EstimationSpecification as TestSpecification
from analysis.groups.pairs import GroupPair, Record, Spans, digest_pairs, keep_record
from analysis.results.fingerprint import Digested, SourceCode, fingerprint
from analysis.single.study import list_mask_spans, read_event_times
from analysis.tape.choice import choose_each
from analysis.tape.markets import StudyMarkets
from analysis.tape.observations import candles_first
from warehouse.tables.bars import utc_instant

_SOURCE = SourceCode("analysis.groups.rows")  # what computes the rows of a group

GROUP_PREFIX = "category:"
OWN_PREFIX = "own:"  # of the events of a person's own study


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
    pairs: tuple[GroupPair, ...]
    n_estimation: int  # bars before the event that a model may be fitted to
    data_as_of: datetime
    benchmark: str
    inputs_sha256: str  # of the data and the declaration
    spec_sha256: str  # of these and the tests that run

    @property
    def key(self) -> tuple[str, float]:
        """What names the group within its plan: the category and the window."""
        return self.group_id, self.window_hours

    def read(self) -> list[EventInput]:
        """The bars of every pair, which a group that keeps its rows never needs."""
        window = (0, round(self.window_hours / self.bar_hours))
        return [pair.read((-self.n_estimation, 0), window) for pair in self.pairs]


# What is asked of the fits of a group's test and their panel, which are too large to be kept.
FollowFits = Callable[[Sequence[EventResult], Panel | None], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """All groups that can be tried, and (event_id, market_id, reason) of what could not be dated or has no market."""

    groups: tuple[PlannedGroup, ...]
    excluded: tuple[tuple[str, str, str], ...]
    has_regressions: bool = True


def plan_groups(
    specification: GroupSpecification,
    events: pl.DataFrame,
    masks: pl.DataFrame,
    markets: StudyMarkets,
    asset_of: Mapping[str, str] | None = None,
) -> GroupPlan:
    """Pairs of every category and window. One market per event and asset, by the rule of choice.

    With `asset_of` (asset by event) each event belongs to that asset alone: an own study, without regressions.

    A group uses the bar length on which most of its pairs have a whole window, the finest in a tie, because bars of
    different length cannot be ranked together. Bar 0 is the bar in which the event falls; the last close before it is
    the base. Estimation bars within `mask_hours` of another event of `masks` are left out.
    """
    spans = list_mask_spans(masks, specification.mask_hours)
    times, excluded = read_event_times(events)
    best = {time.event_id: time.best_us for time in times}
    categories = dict(events.select("event_id", "category").iter_rows())
    treated = sorted(set(markets.asset_ids.values()) - set(specification.benchmark_asset_ids))
    records = {
        asset: _records(markets, asset, [span for span in spans if asset_of is None or asset_of.get(span[0]) == asset])
        for asset in treated
    }
    tests = [Digested.of(part) for part in (_SOURCE, load_statistics(), choose_model(TestSpecification().model_id))]
    groups: list[PlannedGroup] = []
    for category in sorted({categories[event_id] for event_id in best}):
        members = [(event_id, at) for event_id, at in best.items() if categories[event_id] == category]
        for hours in specification.windows_hours:
            group = _plan_group(specification, category, hours, members, records, asset_of, tests)
            if group is not None:
                groups.append(group)
    return GroupPlan(tuple(groups), excluded, has_regressions=asset_of is None)


def _plan_group(
    specification: GroupSpecification,
    category: str,
    hours: float,
    members: Sequence[tuple[str, int]],
    records: Mapping[str, Sequence[Record]],
    asset_of: Mapping[str, str] | None,
    tests: Sequence[Digested],
) -> PlannedGroup | None:
    lengths = sorted({record.series.bar_hours for found in records.values() for record in found})
    chosen: list[GroupPair] = []
    n_best = -1
    for bar_hours in lengths:
        if hours % bar_hours or specification.estimation_hours % bar_hours:
            continue
        best = {
            asset: _best_pairs(specification, [one for one in own if one.series.bar_hours == bar_hours], members, hours)
            for asset, own in records.items()
        }
        pairs = [
            best[asset][event_id]
            for event_id, _ in members
            for asset in (records if asset_of is None else [asset_of[event_id]])
            if event_id in best[asset]
        ]
        n_whole = sum(pair.index + round(hours / bar_hours) <= pair.record.series.asset.size for pair in pairs)
        if n_whole > n_best:
            chosen, n_best = pairs, n_whole
    if not chosen:
        return None
    bar_hours = chosen[0].record.series.bar_hours
    last = max(int(pair.record.series.close_us[pair.last - 1]) for pair in chosen)
    benchmarks = sorted({name for pair in chosen for name in pair.record.series.benchmark_ids})
    inputs_sha256 = fingerprint(specification, category, hours, digest_pairs(chosen))
    return PlannedGroup(
        group_id=f"{GROUP_PREFIX if asset_of is None else OWN_PREFIX}{category}",
        window_hours=hours,
        bar_hours=bar_hours,
        pairs=tuple(chosen),
        n_estimation=round(specification.estimation_hours / bar_hours),
        data_as_of=utc_instant(last),
        benchmark=", ".join(benchmarks),
        inputs_sha256=inputs_sha256,
        spec_sha256=fingerprint(inputs_sha256, *tests),
    )


def _records(markets: StudyMarkets, asset: str, spans: Spans) -> list[Record]:
    """The series of an asset that have a benchmark."""
    return [
        keep_record(series, spans)
        for market_id in sorted(markets.series, key=candles_first)
        for series in (markets.series[market_id] if markets.asset_ids[market_id] == asset else ())
        if series.benchmark_ids
    ]


def _best_pairs(
    specification: GroupSpecification, records: Sequence[Record], members: Sequence[tuple[str, int]], hours: float
) -> dict[str, GroupPair]:
    """Each event on the series that stands for the asset by the rule of choice; events without one are left out.

    `records` are of one bar length. A series covers the window when every bar of it and enough for the model are
    usable; its record is its usable bars over estimation and window.
    """
    at_us = np.array([at for _, at in members], dtype=np.int64)
    found = [_count_bars(specification, record, at_us, hours) for record in records]
    if not found:
        return {}
    bounds, n_bars, is_covering = (np.stack(part) for part in zip(*found, strict=True))
    chosen = choose_each([(one.series.market_id, one.series.bar_hours) for one in records], n_bars, is_covering)
    best: dict[str, GroupPair] = {}
    for place in np.flatnonzero(chosen >= 0).tolist():
        number, event_id = int(chosen[place]), members[place][0]
        best[event_id] = GroupPair(event_id, records[number], *bounds[number, :, place].tolist())
    return best


def _count_bars(
    specification: GroupSpecification, record: Record, at_us: Integers, hours: float
) -> tuple[Integers, Integers, Flags]:
    """Per event the bar it falls in with the first and last that are looked at, (3, n), how many are usable, (n,), and
    whether the series covers the window; fewer than none where the event has no bar here.
    """
    series, counts, size = record.series, record.n_usable, record.series.asset.size
    n_window, minimum, n_estimation = (
        round(length / series.bar_hours)
        for length in (hours, specification.minimum_estimation_hours, specification.estimation_hours)
    )
    index = np.searchsorted(series.close_us, at_us, side="right")
    first, last = np.maximum(0, index - n_estimation), np.minimum(size, index + n_window)
    n = counts[last] - counts[first]
    is_covering = (counts[last] - counts[index] == n_window) & (counts[index] - counts[first] >= minimum)
    is_inside = (index > 0) & (index < size) & (n > 0)
    return np.stack([index, first, last]), np.where(is_inside, n, -1), is_covering
