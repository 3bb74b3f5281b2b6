"""Whether the events of a study look chosen because their price moved, and what becomes of their p values then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis.engine.standardise import EventResult
from analysis.engine.study import Regression, StudyResult
from warehouse.tables.units import number, p_value

Declared = Literal["news", "price", "mixed", "not stated"]
RowDeclared = Literal["news", "price"] | None  # of one event; None where its cell is empty

# So rarely do events that were not chosen by their price look as if: below it p values carry a mark.
SELECTION_LEVEL = 0.001


@dataclass(frozen=True, slots=True)
class EventSelection:
    """How often bar 0 has the largest |AR| of its estimation and event window, beside how often it would by chance."""

    declared: Declared  # what the events' own column says
    n: int  # events with an abnormal return at bar 0
    n_largest: int
    expected: float | None  # Σ 1/(bars around) over the events
    p_value: float | None  # of as many or more by chance

    @property
    def is_suspicious(self) -> bool:
        """More than chance allows, in events that nobody says came from news."""
        return self.declared != "news" and self.p_value is not None and self.p_value < SELECTION_LEVEL

    @property
    def is_from_prices(self) -> bool:
        """At least one event was picked because its price moved."""
        return self.declared in ("price", "mixed")

    @property
    def words(self) -> str:
        """What was counted, and what it means for the p values."""
        if self.expected is None or self.p_value is None:
            counted = "no event has an abnormal return at bar 0"
        else:
            counted = (
                f"{self.n_largest} of {self.n} events have the largest |AR| around at bar 0; "
                f"{number(self.expected, 1)} expected by chance ({p_value(self.p_value)})"
            )
        if self.is_from_prices:
            verdict = "events were chosen from prices (selected_from): p values and intervals are withheld"
        elif self.is_suspicious:
            verdict = (
                "events look chosen from prices: p values are marked, because they hold only for events that were "
                "found without looking at prices; if they were, say so in a column selected_from (news)"
            )
        else:
            verdict = "selected_from: news" if self.declared == "news" else "no sign of a choice by price"
        return f"{counted}; {verdict}"

    @property
    def mark(self) -> str | None:
        """The words that stand beside each p, None where it holds."""
        if self.is_from_prices:
            return "events chosen from prices"
        return "events look chosen from prices" if self.is_suspicious else None


def measure_selection(events: Sequence[EventResult], declared: Declared = "not stated") -> EventSelection:
    """Count the events whose bar 0 has the largest |AR| among the bars of their estimation and event window.

    Events without a fit, or whose window does not hold bar 0, do not count. By chance the largest of n bars is bar 0
    once in n; the p value is that of a sum of such draws (Poisson-binomial), which treats events as independent.
    """
    chances, largest = [], 0
    for event in events:
        place = -event.source.window[0]
        if event.fit is None or not 0 <= place < event.fit.ar.size or not np.isfinite(event.fit.ar[place]):
            continue
        around = np.abs(np.concatenate([event.fit.residuals, event.fit.ar]))
        around = around[np.isfinite(around)]
        chances.append(1.0 / around.size)
        largest += int(abs(event.fit.ar[place]) >= around.max())
    if not chances:
        return EventSelection(declared, 0, 0, None, None)
    return EventSelection(declared, len(chances), largest, float(sum(chances)), _at_least(largest, chances))


def mark_selected(study: StudyResult, selection: EventSelection) -> StudyResult:
    """The study with its p values marked, or without them and their intervals where events came from prices."""
    mark = selection.mark
    if mark is None:
        return study
    tests = tuple(replace(row, mark=mark) for row in study.tests)
    effects = tuple(replace(effect, mark=mark) for effect in study.effects)
    if selection.is_from_prices:
        reason = f"withheld: {mark}"
        tests = tuple(
            replace(
                row,
                reason=row.reason or reason,
                p_value=None,
                p_adjusted=None,
                p_bh=None,
                p_by=None,
                p_romano_wolf=None,
            )
            for row in tests
        )
        effects = tuple(
            replace(effect, lower_95=None, upper_95=None, variance_ratio_p=None, reason=effect.reason or reason)
            for effect in effects
        )
        study = replace(study, regressions=tuple(_withhold_term(item, reason) for item in study.regressions))
    return replace(study, tests=tests, effects=effects)


def _withhold_term(item: Regression, reason: str) -> Regression:
    term = replace(item.term, lower_95=None, upper_95=None, p_value=None, reason=item.term.reason or reason)
    return replace(item, term=term)


def _at_least(n: int, chances: Sequence[float]) -> float:
    """P(at least n successes) of independent draws with these chances; sums of positive terms, so small tails hold."""
    counts = np.zeros(len(chances) + 1)
    counts[0] = 1.0
    for chance in chances:
        counts[1:] = counts[1:] * (1.0 - chance) + counts[:-1] * chance
        counts[0] *= 1.0 - chance
    return min(1.0, float(counts[n:].sum()))
