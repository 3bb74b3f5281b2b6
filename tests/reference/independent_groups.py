"""The events that one window is tested on, and how much they depend on one another, from the papers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.reference.independent_events import Bounds, Measured

Floats = NDArray[np.float64]

# Kolari & Pynnonen (2010) need pairs on common dates; fewer common bars than this say nothing about a correlation.
COMMON_BARS = 20


@dataclass
class Group:
    """All fitted events, and what the tests of one window share: the events whose own window holds it."""

    fitted: Sequence[Measured]
    part: Bounds
    calendar: set[int] = field(default_factory=set)
    pair_rule: str = "every"
    events: list[Measured] = field(init=False)
    cars: Floats = field(init=False)
    scars: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.events = [event for event in self.fitted if self._holds(event)]
        self.cars = np.array([event.car(self.part) for event in self.events])
        self.scars = np.array([event.car(self.part) / event.car_sd(self.part) for event in self.events])

    def _holds(self, event: Measured) -> bool:
        first, last = event.event.window
        return first <= self.part[0] and self.part[1] <= last and bool(np.isfinite(event.part(self.part)).all())

    @property
    def n(self) -> int:
        return len(self.events)

    @property
    def length(self) -> int:
        return self.part[1] - self.part[0] + 1

    def columns(self) -> list[int]:
        """Relative bars of all estimation windows together."""
        first = min(event.event.estimation[0] for event in self.fitted)
        last = max(event.event.estimation[1] for event in self.fitted)
        return list(range(first, last + 1))

    def in_event_time(self, of: Callable[[Measured], dict[int, float]]) -> Floats:
        """[events, estimation bars] on common relative bars."""
        return np.array([[of(event).get(bar, np.nan) for bar in self.columns()] for event in self.events])


def mean_correlation(group: Group, series: Sequence[dict[int, float]]) -> float | None:
    """r̄ of Kolari & Pynnonen (2010): mean pairwise correlation on common calendar days, by the group's rule of pairs.

    "every": the mean over all pairs of correlation × share of the tested days that both windows hold; a correlation
    that is not known is the mean of those known. "shared": the mean over pairs with common days, as published.
    """
    return _over_every_pair(group, series) if group.pair_rule == "every" else _over_sharing_pairs(group, series)


def _over_every_pair(group: Group, series: Sequence[dict[int, float]]) -> float | None:
    tested = [set(event.window_days(group.part)) for event in group.events]
    # Days between the tested bars count too: a window is a stretch of the calendar of all assets.
    spans = [
        {day for day in range(min(days), max(days) + 1) if not group.calendar or day in group.calendar}
        for days in tested
    ]
    weights, found = [], []
    for i, j in itertools.combinations(range(group.n), 2):
        weights.append(len(spans[i] & spans[j]) / max(len(spans[i]), len(spans[j])))
        found.append(_correlation(group, series, i, j) if weights[-1] else None)
    known = [value for value in found if value is not None]
    if not any(weights):
        return 0.0
    if not known:
        return None
    mean = float(np.mean(known))
    return float(np.mean([w * (mean if v is None else v) for w, v in zip(weights, found, strict=True)]))


def _correlation(group: Group, series: Sequence[dict[int, float]], i: int, j: int) -> float | None:
    mine, theirs = ({group.events[k].days[bar]: value for bar, value in series[k].items()} for k in (i, j))
    common = sorted(mine.keys() & theirs.keys())
    if len(common) < COMMON_BARS:
        return None
    return float(np.corrcoef([mine[day] for day in common], [theirs[day] for day in common])[0, 1])


def _over_sharing_pairs(group: Group, series: Sequence[dict[int, float]]) -> float | None:
    """One asset twice is the same series: zero when the event windows are apart. Unknown where no pair counts."""
    by_day = [
        {event.days[bar]: value for bar, value in of.items()} for event, of in zip(group.events, series, strict=True)
    ]
    found = []
    for i, j in itertools.combinations(range(group.n), 2):
        common = sorted(by_day[i].keys() & by_day[j].keys())
        is_same = group.events[i].event.asset == group.events[j].event.asset
        if len(common) < COMMON_BARS:
            continue
        if is_same and not _overlap(group.events[i], group.events[j]):
            found.append(0.0)
            continue
        found.append(np.corrcoef([by_day[i][day] for day in common], [by_day[j][day] for day in common])[0, 1])
    if found:
        return float(np.mean(found))
    return None if len(set(clusters(group))) < group.n else 0.0


def clusters(group: Group) -> list[int]:
    """Label of each event: connected components of overlapping event windows among all fitted events."""
    label = list(range(len(group.fitted)))
    for i, j in itertools.combinations(range(len(group.fitted)), 2):
        if _overlap(group.fitted[i], group.fitted[j]):
            label = [label[i] if mark == label[j] else mark for mark in label]
    return [label[group.fitted.index(event)] for event in group.events]


def _overlap(one: Measured, other: Measured) -> bool:
    mine, theirs = one.window_days(one.event.window), other.window_days(other.event.window)
    return mine[0] <= theirs[-1] and theirs[0] <= mine[-1]
