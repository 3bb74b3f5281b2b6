"""A study: events through one model, then every statistic over single bars and the whole window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from analysis.arrays import Floats
from analysis.engine.battery import choose_model, load_statistics
from analysis.engine.measures import group_variance_ratio
from analysis.engine.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm, romano_wolf
from analysis.engine.panel import PairRule, Panel, build_panel
from analysis.engine.regressions.terms import Term
from analysis.engine.resampling import sign_patterns
from analysis.engine.standardise import EventInput, EventResult, standardise_event
from analysis.engine.statistic import NotApplicable, Sample
from analysis.engine.tails import student_half
from analysis.tape.returns import ReturnKind
from warehouse.tables.units import number

_Range = tuple[int, int]

# Chance of detecting the minimum detectable effect, two-sided at 5 %.
POWER = 0.80

_RBAR_WORDS: dict[PairRule, str] = {
    "every": "r-bar over all pairs of events, each weighted by the share of the event window the two have in common",
    "shared": (
        "r-bar over pairs of events with at least 20 common calendar bars; a pair of one series whose event windows "
        "are apart counts as zero"
    ),
}


@dataclass(frozen=True, slots=True)
class EstimationSpecification:
    """How a study is computed; ranges belong to the events."""

    model_id: str = "market"
    kind: ReturnKind = "log"
    minimum_estimation: int = 30
    seed: int = 20260612
    is_cumulative: bool = False  # also every window from the first bar on
    is_whole_only: bool = False  # no single bars, only the whole event window
    pair_rule: PairRule = "every"  # which pairs the mean residual correlation is over
    parts: tuple[_Range, ...] = ()  # also these windows, where they lie inside the event window
    statistic_ids: tuple[str, ...] | None = None  # all when None
    quantity: str = ""  # what the series hold, in words, where it is not returns of `kind`


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """Mean CAR of the group over one window (half-open, relative bars), with an interval that knows of dependence."""

    window: _Range
    n: int
    caar: float
    standard_error: float | None  # cross-sectional, inflated by the mean residual correlation
    lower_95: float | None
    upper_95: float | None
    minimum_detectable: float | None  # |CAAR| seen with 80 % power at 5 %
    reason: str | None = None  # why there is no standard error, or no interval
    mark: str | None = None  # why the interval should not be believed
    variance_ratio: float | None = None  # of event windows over ordinary ones of the same length
    variance_ratio_p: float | None = None  # one-sided, by drawing ordinary windows
    n_ordinary: int | None = None  # ordinary windows


@dataclass(frozen=True, slots=True)
class TestRow:
    """One statistic over one window (half-open, relative bars): numbers, or the reason why there are none."""

    __test__ = False  # pytest: not a test class

    window: _Range
    statistic: str
    value: float | None
    p_value: float | None
    df: float | None
    n: int
    n_eff: float | None
    rbar: float | None
    reason: str | None
    p_adjusted: float | None = None  # Holm
    p_bh: float | None = None  # Benjamini-Hochberg
    p_by: float | None = None  # Benjamini-Yekutieli
    p_romano_wolf: float | None = None  # for sign_flip only, whose null it shares
    mark: str | None = None  # why the p should not be believed


@dataclass(frozen=True, slots=True)
class Regression:
    """One coefficient of a regression on the study's events; `kind` is characteristics, quantiles or leads_lags."""

    kind: str
    term: Term


@dataclass(frozen=True, slots=True)
class StudyResult:
    """All events in the order given, the tests of the group, its effects, and the conventions in words."""

    events: tuple[EventResult, ...]
    tests: tuple[TestRow, ...]
    effects: tuple[GroupEffect, ...]
    conventions: str
    regressions: tuple[Regression, ...] = ()  # those that were asked for

    @property
    def excluded(self) -> list[tuple[str, str, str]]:
        """Event, market and reason of every event without a complete result."""
        return [(e.source.event_id, e.source.market_id, e.reason) for e in self.events if e.reason]


def run_study(
    events: Sequence[EventInput],
    specification: EstimationSpecification,
    watch: Callable[[Sequence[EventResult], Panel | None], None] = lambda _results, _panel: None,
) -> StudyResult:
    """Standardise every event, then run the battery on each bar and each distinct event window.

    A window is tested on all events whose own window holds it. Rows are keyed by (event, asset); an asset may appear in
    many events and an event in many assets. p-values are adjusted over the windows of one statistic by Holm. Excluded
    events are kept with their reason. ValueError for an unknown model. Who has more to ask of the fits and their panel
    may `watch` them: both are too large to be kept.
    """
    results = fit_events(events, specification)
    panel = _panel([result for result in results if result.fit is not None], specification)
    watch(results, panel)
    rows: list[TestRow] = []
    effects: list[GroupEffect] = []
    for part in _parts(results, panel, specification):
        # Only an event without abnormal returns may ask for bars that the panel does not have.
        sample = panel.sample(*part) if panel and panel.holds(*part) else None
        rows += run_battery(sample, part, specification.statistic_ids)
        if sample is not None and sample.n:
            effects.append(_with_variance(group_effect(sample, part), sample))
    tests = adjust_rows(adjust_together(rows, panel, specification.seed) if panel else rows)
    return StudyResult(results, tuple(tests), tuple(effects), _describe_conventions(events, specification))


def fit_events(events: Sequence[EventInput], specification: EstimationSpecification) -> tuple[EventResult, ...]:
    """Every event under the study's model, in the order given; no test is run. ValueError for an unknown model."""
    model = choose_model(specification.model_id)
    return tuple(
        standardise_event(event, model, specification.minimum_estimation, specification.kind) for event in events
    )


def _panel(members: Sequence[EventResult], specification: EstimationSpecification) -> Panel | None:
    if not members:
        return None
    return build_panel(members, specification.seed, pair_rule=specification.pair_rule)


def _parts(results: Sequence[EventResult], panel: Panel | None, specification: EstimationSpecification) -> list[_Range]:
    """The windows to test, each once; without any abnormal return only whole ones, which then carry the reason."""
    found: list[_Range] = []
    for window in sorted({result.source.window for result in results}):
        if specification.is_whole_only or panel is None:
            found.append(window)
        else:
            found += windows_to_test(window, specification.parts, is_cumulative=specification.is_cumulative)
    return list(dict.fromkeys(found))


def windows_to_test(window: _Range, parts: Sequence[_Range] = (), *, is_cumulative: bool = False) -> list[_Range]:
    """Each single bar of `window`, the whole of it, and if asked `parts` of it and every window from its first bar on.

    Half-open; each range once. Ranks stay those over the estimation bars and the whole event window.
    """
    first, last = window
    wanted = [(bar, bar + 1) for bar in range(first, last)]
    wanted += [(first, stop) for stop in range(first + 2, last)] if is_cumulative else []
    wanted += [part for part in parts if first <= part[0] < part[1] <= last]
    return list(dict.fromkeys([*wanted, window]))


def run_battery(sample: Sample | None, window: _Range, statistic_ids: tuple[str, ...] | None = None) -> list[TestRow]:
    """Every statistic (or the named ones) on one sample, as rows; an absent sample gives reasons only."""
    rows = []
    for statistic in load_statistics().values():
        if statistic_ids is not None and statistic.statistic_id not in statistic_ids:
            continue
        result = NotApplicable("no event has abnormal returns") if sample is None else statistic.run(sample)
        n = 0 if sample is None else sample.n
        if isinstance(result, NotApplicable):
            rows.append(TestRow(window, statistic.statistic_id, None, None, None, n, None, None, result.reason))
        else:
            numbers = (result.value, result.p_value, result.df, n, result.n_eff, result.rbar)
            rows.append(TestRow(window, statistic.statistic_id, *numbers, None))
    return rows


def adjust_rows(rows: Sequence[TestRow]) -> list[TestRow]:
    """The rows with p adjusted over the windows of each statistic (Holm and both false-discovery rates), same order."""
    adjusted = list(rows)
    for statistic_id in {row.statistic for row in rows}:
        places = [place for place, row in enumerate(rows) if row.statistic == statistic_id]
        known = [rows[place].p_value for place in places]
        found = zip(places, holm(known), benjamini_hochberg(known), benjamini_yekutieli(known), strict=True)
        for place, p_holm, p_bh, p_by in found:
            adjusted[place] = replace(rows[place], p_adjusted=p_holm, p_bh=p_bh, p_by=p_by)
    return adjusted


def adjust_together(rows: Sequence[TestRow], panel: Panel, seed: int) -> list[TestRow]:
    """The rows with Romano-Wolf p on `sign_flip`, over the windows in which every event of the panel takes part."""
    family = {row.window: row for row in rows if row.statistic == "sign_flip" and row.n == len(panel.results)}
    if len(panel.results) < 2 or not family:
        return list(rows)
    effects = np.column_stack([panel.sample(*window).car for window in family])
    order = np.lexsort(effects.T)  # the same patterns for the same events, whatever their order
    found = dict(zip(family, romano_wolf(effects[order], sign_patterns(len(order), seed)), strict=True))
    return [replace(row, p_romano_wolf=float(found[row.window])) if row in family.values() else row for row in rows]


def group_effect(sample: Sample, window: _Range) -> GroupEffect:
    """The mean CAR of a sample with its standard error."""
    return mean_effect(sample.car, sample.rbar, window)


def mean_effect(car: Floats, rbar: float | None, window: _Range) -> GroupEffect:
    """The mean of CARs [N] with its standard error: sd/√N inflated by √((1 + (N − 1) r̄)/(1 − r̄)) where r̄ is known.

    Without r̄ there is no standard error, because nothing says how dependent the events are. Source of the inflation:
    Kolari & Pynnonen (2010). The minimum detectable effect is (t₀.₉₇₅ + t₀.₈) · SE.
    """
    n, caar = car.size, float(car.mean())
    reason = None
    if n < 2:
        reason = "1 event; an interval needs at least 2"
    elif rbar is None:
        reason = "the mean residual correlation is unknown: no pair of events shares enough estimation bars"
    elif rbar >= 1.0 or 1.0 + (n - 1) * rbar <= 0:
        reason = f"mean residual correlation {number(rbar, 4)} allows no standard error of {n} events"
    if reason or rbar is None:
        return GroupEffect(window, n, caar, None, None, None, None, reason)
    inflation = (1.0 + (n - 1) * rbar) / (1.0 - rbar)
    error = float(car.std(ddof=1) / np.sqrt(n) * np.sqrt(inflation))
    half = student_half(error, n - 1)
    detectable = half + float(stdtrit(n - 1, POWER)) * error
    return GroupEffect(window, n, caar, error, caar - half, caar + half, detectable)


def _with_variance(effect: GroupEffect, sample: Sample) -> GroupEffect:
    found = group_variance_ratio(sample)
    if found is None:
        return effect
    return replace(effect, variance_ratio=found.ratio, variance_ratio_p=found.p_value, n_ordinary=found.n)


def _describe_conventions(events: Sequence[EventInput], specification: EstimationSpecification) -> str:
    """The choices behind the numbers in words, for every row that carries them."""
    model = choose_model(specification.model_id)
    estimation = sorted({event.estimation for event in events})
    windows = sorted({event.window for event in events})
    is_masked = any(event.mask is not None for event in events)
    return "; ".join(
        (
            specification.quantity or f"{specification.kind} returns",
            f"{model.title}: {model.equation}",
            f"estimation bars {_words(estimation)} (inclusive), at least {specification.minimum_estimation} usable",
            f"event window {_words(windows)} (inclusive)",
            "other events masked in estimation windows" if is_masked else "other events not masked",
            "SAR and SCAR with prediction error and exact CAR variance",
            "cross-sectional tests against t(N - 1)",
            "p-hat of the generalised sign test is the mean of event fractions",
            "ranks over estimation and event window together",
            _RBAR_WORDS[specification.pair_rule],
            "two-sided p; p_adjusted by Holm over the windows of one statistic; p_romano_wolf by sign flips of events",
        )
    )


def _words(ranges: list[_Range]) -> str:
    return ", ".join(f"{first}..{last - 1}" for first, last in ranges) or "none"
