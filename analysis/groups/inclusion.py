"""The mean reaction of a group under every reasonable rule of which events it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import polars as pl
from scipy.special import stdtr

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.panel import Panel, build_panel
from analysis.engine.standardise import EventResult
from analysis.engine.study import EstimationSpecification, fit_events, mean_effect
from analysis.groups.plan import FollowFits, GroupSpecification, PlannedGroup
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.refresh import Fingerprints, refresh, stored_fingerprints
from analysis.results.row import as_fraction, error_as_fraction
from analysis.single.choices.rows import rank_estimates
from warehouse.tables.bars import MICROSECONDS_PER_DAY
from warehouse.tables.studies import INCLUSION
from warehouse.tables.units import ascii_number

_SOURCE = SourceCode("analysis.groups.inclusion")

INCLUSION_HOURS = 24.0  # the headline window of groups
MINIMUM_EVENTS = 5  # that a rule must leave: the mean of fewer has no interval worth drawing
MAXIMUM_LEFT_OUT = 20  # events left out one at a time: those whose absence moves the mean most

_LEAST_SEVERITY = (1, 3, 4)  # 1: any, unknown included
_LEAST_OUTLETS = (1, 2, 3)  # 1: any, unknown included
_DAYS_APART = (0.0, 3.0, 7.0)
ANY_PRECISION, KNOWN_HOUR = "any", "hour known"
_PRECISE = ("second", "minute", "hour")
ALL_ORIGINS, CURATED, MECHANICAL = "all", "curated", "mechanical"
_CURATED = ("ledger", "user")
MASKED, NOT_MASKED = "other events masked", "not masked"
_LEVEL = 0.05
_MEASURED = (
    "rule_id",
    "least_severity",
    "least_outlets",
    "precision",
    "origin",
    "days_apart",
    "masking",
    "left_out_event_id",
    "n_events",
    "n_pairs",
    "estimate",
    "standard_error",
    "lower_95",
    "upper_95",
    "p_value",
    "is_headline",
)


@dataclass(frozen=True, slots=True)
class InclusionRule:
    """Which events of a group count, and whether estimation leaves out the hours after other events."""

    least_severity: int = 1
    least_outlets: int = 1
    precision: str = ANY_PRECISION
    origin: str = ALL_ORIGINS
    days_apart: float = 0.0
    masking: str = MASKED
    left_out_event_id: str | None = None

    @property
    def n_departures(self) -> int:
        """Choices that differ from those of the main study."""
        return sum(getattr(self, name) != usual for name, usual in _USUAL.items())

    @property
    def rule_id(self) -> str:
        """The choices in short."""
        words = (
            f"severity {self.least_severity}+/outlets {self.least_outlets}+/{self.precision}/{self.origin}/"
            f"{ascii_number(self.days_apart)}d/{self.masking}"
        )
        return words if self.left_out_event_id is None else f"{words}/without {self.left_out_event_id}"


_USUAL = asdict(InclusionRule())


class Inclusion:
    """The curves of all groups over 24 hours; groups whose data and events are as `stored` keep theirs.

    `events` are the core.event rows behind the groups, `stored` rows of `out.inclusion`.
    """

    def __init__(
        self,
        specification: GroupSpecification,
        groups: Sequence[PlannedGroup],
        events: pl.DataFrame,
        stored: pl.DataFrame,
    ) -> None:
        known = events.select("event_id", "best_at_utc", "severity", "n_outlets", "time_precision", "origin")
        self._specification = specification
        self._stored = stored
        self._parts: dict[str, tuple[Fingerprints, PlannedGroup, pl.DataFrame]] = {}
        for group in groups:
            if group.window_hours == INCLUSION_HOURS:
                own = known.filter(pl.col("event_id").is_in(sorted({pair.event_id for pair in group.pairs})))
                own = own.sort("best_at_utc", "event_id")
                sha256s = frozenset([fingerprint(group.spec_sha256, _SOURCE, own)])
                self._parts[group.group_id] = (sha256s, group, own)
        self._before: dict[str, Fingerprints] = stored_fingerprints(
            stored.select("group_id", "spec_sha256").unique().iter_rows()
        )

    def follow(self, group: PlannedGroup) -> FollowFits | None:
        """What traces the curve of a group from the fits of its test, if it is to be traced at all."""
        sha256s, planned, own = self._parts.get(group.group_id, (None, None, None))
        if planned is not group or own is None or self._before.get(group.group_id) == sha256s:
            return None
        return partial(trace_inclusion, self._specification, group, own)

    def rows(self, traced: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """Rows of `out.inclusion`, where `traced` are curves by group; others are fitted here."""
        plan = ((group_id, sha256s, group_id) for group_id, (sha256s, _, _) in self._parts.items())
        found = refresh(plan, self._before, lambda group_id: group_id)
        fresh = []
        for group_id in found.fresh:
            sha256s, group, own = self._parts[group_id]
            rows = traced[group_id] if group_id in traced else trace_inclusion(self._specification, group, own)
            fresh.append(rows.with_columns(spec_sha256=pl.lit(next(iter(sha256s)))))
        return INCLUSION.conform(pl.concat([found.keep(self._stored), *fresh]))


def trace_inclusion(
    specification: GroupSpecification,
    group: PlannedGroup,
    events: pl.DataFrame,
    results: Sequence[EventResult] | None = None,
    panel: Panel | None = None,
) -> pl.DataFrame:
    """The curve of one group: the main rule, and every other whose events no simpler rule keeps.

    Mean and interval are those of `caar`: the main rule's row is that very one; `results` and `panel` are its study's,
    made here where they are not given. Source of the idea: Simonsohn, Simmons & Nelson (2020), with rules of inclusion
    for specifications. The fingerprint is left empty.
    """
    minimum = round(specification.minimum_estimation_hours / group.bar_hours)
    estimation = EstimationSpecification(minimum_estimation=minimum, seed=specification.seed)
    found = fit_events(group.read(), estimation) if results is None else results
    fits = [fit for fit in found if fit.fit is not None]
    if fits and panel is None:
        panel = build_panel(fits, estimation.seed, is_scored=False)
    rows = list(_list_rules(fits, panel, estimation, events))
    frame = pl.DataFrame(rows, schema={name: INCLUSION.schema[name] for name in _MEASURED})
    return frame.with_columns(
        study_id=pl.lit(specification.study_id),
        spec_sha256=pl.lit(""),
        group_id=pl.lit(group.group_id),
        window_end_hours=pl.lit(group.window_hours),
        rank=rank_estimates(frame["estimate"]),
        is_significant=pl.col("p_value") < _LEVEL,
        data_as_of_utc=pl.lit(group.data_as_of),
    ).pipe(INCLUSION.conform)


def _list_rules(
    fits: Sequence[EventResult], panel: Panel | None, estimation: EstimationSpecification, events: pl.DataFrame
) -> Iterator[dict[str, object]]:
    """Rows of all rules; without a fitted pair the main rule's row says so by its zeros.

    Without masks every pair is fitted again; how pairs depend on one another is taken from the masked residuals.
    """
    main = InclusionRule()
    if panel is None:
        yield _row(main, 0, np.zeros(0), None)
        return
    pairs, cars = panel.window_cars()
    unmasked = fit_events([replace(fits[pair].source, mask=None) for pair in pairs], estimation)
    cars_by_masking = {MASKED: cars, NOT_MASKED: np.array([fit.require_fit().ar.sum() for fit in unmasked])}
    place_of = {event_id: place for place, event_id in enumerate(events["event_id"])}
    of_pair = np.array([place_of[fits[pair].source.event_id] for pair in pairs], dtype=np.int64)
    places = np.unique(of_pair)
    chosen: dict[tuple[str, bytes], tuple[InclusionRule, Flags]] = {}
    rules = sorted([*_rules(), *_leave_out(of_pair, cars, events)], key=lambda rule: rule.n_departures)
    for rule, is_kept in zip(rules, select_events(rules, events[places]), strict=True):
        kept = np.zeros(events.height, dtype=np.bool_)
        kept[places[is_kept]] = True
        if rule == main or kept.sum() >= MINIMUM_EVENTS:
            chosen.setdefault((rule.masking, kept.tobytes()), (rule, kept))
    sets = np.zeros((len(chosen), len(fits)), dtype=np.bool_)
    for number, (_, kept) in enumerate(chosen.values()):
        sets[number, pairs] = kept[of_pair]
    for (rule, kept), correlation in zip(chosen.values(), panel.mean_correlations(sets), strict=True):
        yield _row(rule, int(kept.sum()), cars_by_masking[rule.masking][kept[of_pair]], correlation)


def _rules() -> Iterator[InclusionRule]:
    """Every combination of choices."""
    precision, origin = (ANY_PRECISION, KNOWN_HOUR), (ALL_ORIGINS, CURATED, MECHANICAL)
    for choices in product(_LEAST_SEVERITY, _LEAST_OUTLETS, precision, origin, _DAYS_APART, (MASKED, NOT_MASKED)):
        yield InclusionRule(*choices)


def _leave_out(of_pair: Integers, cars: Floats, events: pl.DataFrame) -> Iterator[InclusionRule]:
    """The main rule without one event, for the events whose absence moves the mean most."""
    total, n = float(cars.sum()), cars.size
    moves = []
    for place in np.unique(of_pair).tolist():
        own = cars[of_pair == place]
        if own.size < n:
            moves.append((-abs((total - float(own.sum())) / (n - own.size) - total / n), place))
    for _, place in sorted(moves)[:MAXIMUM_LEFT_OUT]:
        yield InclusionRule(left_out_event_id=str(events["event_id"][place]))


def select_events(rules: Sequence[InclusionRule], events: pl.DataFrame) -> Flags:
    """Whether each rule keeps each of `events`, in order of time, [rules, n]; of two closer than its days the earlier.

    An unknown severity or number of outlets passes only where any does.
    """
    severity, outlets = (events[name].fill_null(1).to_numpy() for name in ("severity", "n_outlets"))
    is_precise = events["time_precision"].is_in(_PRECISE).to_numpy()
    is_curated = events["origin"].is_in(_CURATED).to_numpy()
    kept = np.zeros((len(rules), events.height), dtype=np.bool_)
    for row, rule in zip(kept, rules, strict=True):
        row[:] = (severity >= rule.least_severity) & (outlets >= rule.least_outlets)
        row &= is_precise | (rule.precision == ANY_PRECISION)
        row &= (is_curated == (rule.origin == CURATED)) | (rule.origin == ALL_ORIGINS)
        if rule.left_out_event_id is not None:
            row &= (events["event_id"] != rule.left_out_event_id).to_numpy()
    times = events["best_at_utc"].to_physical().to_numpy()
    for row, rule in zip(kept, rules, strict=True):
        last, step = -np.inf, rule.days_apart * MICROSECONDS_PER_DAY
        for place in np.flatnonzero(row).tolist() if step else ():
            row[place] = times[place] - last >= step
            last = times[place] if row[place] else last
    return kept


def _row(rule: InclusionRule, n_events: int, cars: Floats, correlation: float | None) -> dict[str, object]:
    found = mean_effect(cars, correlation, (0, 1)) if cars.size else None
    error = None if found is None else found.standard_error
    numbers = (None, None, None) if found is None else (found.caar, found.lower_95, found.upper_95)
    estimate, lower, upper = (None if value is None else as_fraction(value) for value in numbers)
    is_tested = found is not None and error is not None and error > 0
    return {
        "rule_id": rule.rule_id,
        **asdict(rule),
        "n_events": n_events,
        "n_pairs": cars.size,
        "estimate": estimate,
        "standard_error": None if found is None or error is None else error_as_fraction(found.caar, error),
        "lower_95": lower,
        "upper_95": upper,
        "p_value": 2.0 * float(stdtr(cars.size - 1, -abs(found.caar / error)))
        if found and error and is_tested
        else None,
        "is_headline": rule == InclusionRule(),
    }
