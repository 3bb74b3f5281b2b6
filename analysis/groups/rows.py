"""Rows of `out.study_result` and `out.study_exclusion` for groups of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import polars as pl

from analysis.engine.measures import MINIMUM_ORDINARY
from analysis.engine.multiplicity import holm
from analysis.engine.panel import Panel
from analysis.engine.standardise import EventResult
from analysis.engine.study import EstimationSpecification, GroupEffect, StudyResult, TestRow, fit_events, run_study
from analysis.groups.plan import FollowFits, GroupPlan, GroupSpecification, PlannedGroup
from analysis.groups.regressions import PREFIX, PlannedRegression, plan_regressions
from analysis.results.refresh import Fingerprints, refresh, stored_fingerprints
from analysis.results.row import Basis, Numbers, ResultRow, Subject, as_fraction, error_as_fraction, results_frame
from analysis.single.study import ALL_MARKETS
from analysis.tape.markets import StudyMarkets
from analysis.tape.observations import observed_share
from analysis.threads import Call, ShareCalls, call_here, one_blas_thread
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT
from warehouse.tables.terms import VARIANCE_RATIO
from warehouse.tables.units import hours_plain

Part = tuple[str, float]  # a category and its window, or a regression and 0
LeftOut = list[tuple[str, str, str]]  # event, market and reason of pairs without a result


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """Both tables' rows of the study, how many groups were computed afresh, and whether any row may differ.

    `followed` is what was asked of the fits, by category.
    """

    results: pl.DataFrame
    exclusions: pl.DataFrame
    n_fresh: int
    has_changed: bool
    followed: Mapping[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class _Tested:
    """The rows of one group, the pairs without a result and what was asked of the fits."""

    rows: list[ResultRow]
    left_out: LeftOut
    followed: pl.DataFrame | None


@one_blas_thread()
def measure_groups(
    specification: GroupSpecification,
    plan: GroupPlan,
    stored: pl.DataFrame,
    stored_exclusions: pl.DataFrame,
    events: pl.DataFrame,
    markets: StudyMarkets,
    follow: Callable[[PlannedGroup], FollowFits | None] = lambda _group: None,
    share: ShareCalls = call_here,
) -> GroupOutcome:
    """Results of every planned group; one whose fingerprint is in `stored` (rows of this study) keeps its stored rows.

    Only the whole window is tested. p-values are adjusted by Holm over all categories and windows of one statistic, and
    over the regressors of one regression. Every regression has a fingerprint of its own over everything it rests on.
    `stored_exclusions` are this study's rows of out.study_exclusion; `follow` says what to ask of the fits of a group
    that is tested. `share` may have groups tested, and regressions, elsewhere.
    """
    regressions = plan_regressions(specification, plan, events, markets) if plan.has_regressions else []
    parts: list[tuple[Part, Fingerprints, PlannedGroup | PlannedRegression]] = [
        (group.key, frozenset([group.spec_sha256]), group) for group in plan.groups
    ]
    parts += [((item.group_id, 0.0), frozenset([item.sha256]), item) for item in regressions]
    found = refresh(parts, _stored_parts(stored), lambda item: item)
    if found.is_unchanged and set(plan.excluded) == _undated(stored_exclusions):
        return GroupOutcome(stored, stored_exclusions, 0, has_changed=False, followed={})
    fresh = [group for group in plan.groups if group.key in found.fresh]
    # The first are done here: regressions that read many pairs, then the largest groups. The last are soon handed over.
    asked = sorted(fresh, key=lambda group: -len(group.pairs))
    tests: list[Call] = [(_test_group, (specification, group, follow(group))) for group in asked]
    wide, others = (
        [item.call() for item in regressions if item.is_wide is kind and (item.group_id, 0.0) in found.fresh]
        for kind in (True, False)
    )
    done = share([*wide, *tests, *others])
    first, last = len(wide), len(wide) + len(tests)
    tested = {group.key: one for group, one in zip(asked, done[first:last], strict=True)}
    rows = [*chain.from_iterable((*(one.rows for one in tested.values()), *done[:first], *done[last:]))]
    results = _adjust(pl.concat([found.keep(stored), results_frame(rows)]))
    left_out = {key: one.left_out for key, one in tested.items()}
    exclusions = _exclude(specification, plan, fresh, left_out, stored_exclusions)
    followed = {group_id: one.followed for (group_id, _), one in tested.items() if one.followed is not None}
    return GroupOutcome(results, exclusions, len(fresh), has_changed=True, followed=followed)


@one_blas_thread()
def _test_group(specification: GroupSpecification, group: PlannedGroup, follow: FollowFits | None) -> _Tested:
    """The whole battery on one group."""
    followed: list[pl.DataFrame] = []

    def watch(results: Sequence[EventResult], panel: Panel | None) -> None:
        if follow is not None:
            followed.append(follow(results, panel))

    study = run_study(group.read(), _estimation(specification, group), watch)
    rows = list(_group_rows(specification, group, study))
    return _Tested(rows, study.excluded, followed[0] if followed else None)


def _fit_excluded(specification: GroupSpecification, group: PlannedGroup) -> LeftOut:
    """Every pair of one group that its model cannot be fitted to."""
    fits = fit_events(group.read(), _estimation(specification, group))
    return [(e.source.event_id, e.source.market_id, e.reason) for e in fits if e.reason]


def _estimation(specification: GroupSpecification, group: PlannedGroup) -> EstimationSpecification:
    minimum = round(specification.minimum_estimation_hours / group.bar_hours)
    return EstimationSpecification(minimum_estimation=minimum, seed=specification.seed, is_whole_only=True)


def _stored_parts(stored: pl.DataFrame) -> dict[Part, Fingerprints]:
    rows = stored.select("group_id", "window_end_hours", "spec_sha256").unique().iter_rows()
    return stored_fingerprints(
        ((group_id, 0.0 if group_id.startswith(PREFIX) else hours), sha256) for group_id, hours, sha256 in rows
    )


def _undated(exclusions: pl.DataFrame) -> set[tuple[str, str, str]]:
    """Events that were left out before any market was looked at."""
    rows = exclusions.filter(pl.col("market_id") == ALL_MARKETS)
    return set(rows.select("event_id", "market_id", "reason").iter_rows())


def _group_rows(specification: GroupSpecification, group: PlannedGroup, study: StudyResult) -> Iterable[ResultRow]:
    n_estimation = [event.n_estimation for event in study.events if event.fit is not None]
    basis = Basis(
        group.spec_sha256,
        f"{hours_plain(group.bar_hours)} bars; {study.conventions}; means of log CARs shown as exp - 1; here "
        f"p_adjusted is over all categories and windows{observed_share([item.market_id for item in group.pairs])}",
        group.data_as_of,
        group.benchmark,
    )
    subject = Subject(specification.study_id, group.group_id, group.window_hours)
    median = int(np.median(n_estimation)) if n_estimation else None
    tests = (ResultRow(subject, test.statistic, basis, _test(test)) for test in study.tests)
    for row in (*_average_rows(subject, basis, study), *tests):
        yield replace(row, numbers=replace(row.numbers, n_estimation=median))


def _average_rows(subject: Subject, basis: Basis, study: StudyResult) -> Iterator[ResultRow]:
    """The mean of the whole window, as a fraction, and what it could have detected; one event alone has no interval."""
    kp_bmp = next((row for row in study.tests if row.statistic == "kp_bmp"), None)
    whole = max(study.effects, key=lambda effect: effect.window[1], default=None)
    if whole is None:
        yield ResultRow(subject, "caar", basis, Numbers(n=0, reason=_why_empty(study)))
        return
    lower, upper, detectable = (
        None if value is None else as_fraction(value)
        for value in (whole.lower_95, whole.upper_95, whole.minimum_detectable)
    )
    numbers = Numbers(
        as_fraction(whole.caar),
        None if whole.standard_error is None else error_as_fraction(whole.caar, whole.standard_error),
        lower,
        upper,
        n=whole.n,
        n_effective=kp_bmp.n_eff if kp_bmp else None,
        mean_residual_correlation=kp_bmp.rbar if kp_bmp else None,
    )
    words = f"{basis.conventions}; no interval: {whole.reason}" if whole.reason else basis.conventions
    yield ResultRow(subject, "caar", replace(basis, conventions=words), numbers)
    numbers = Numbers(detectable, n=whole.n, reason=whole.reason)
    yield ResultRow(subject, "minimum_detectable_effect", basis, numbers)
    yield ResultRow(subject, VARIANCE_RATIO, basis, _variance(whole))


def _variance(effect: GroupEffect) -> Numbers:
    """How much more the events' windows move than ordinary ones; `n` counts the ordinary windows."""
    if effect.variance_ratio is None:
        return Numbers(reason=f"fewer than {MINIMUM_ORDINARY} ordinary windows to compare with")
    return Numbers(value=effect.variance_ratio, p_value=effect.variance_ratio_p, n=effect.n_ordinary)


def _why_empty(study: StudyResult) -> str:
    reasons = [reason for _, _, reason in study.excluded]
    return f"no pair has abnormal returns; first of {len(reasons)} reasons: {reasons[0]}" if reasons else "no pair"


def _test(test: TestRow) -> Numbers:
    return Numbers(
        value=test.value,
        p_value=test.p_value,
        n=test.n,
        n_effective=test.n_eff,
        mean_residual_correlation=test.rbar,
        reason=test.reason,
    )


def _adjust(results: pl.DataFrame) -> pl.DataFrame:
    """Holm over all rows of a statistic; of a regression over its coefficients under one kind of error."""
    # A coefficient is named `errors:regressor`, or `errors:quantile:regressor`.
    errors = pl.coalesce(pl.col("statistic").str.extract(r"^(.*):", 1), "statistic")
    is_regression = pl.col("group_id").str.starts_with(PREFIX)
    family = pl.when(is_regression).then(pl.concat_str("group_id", errors, separator=" ")).otherwise("statistic")
    ordered = results.sort("result_id").with_columns(family.alias("family"))
    parts = [
        rows.with_columns(pl.Series("p_adjusted", holm(rows["p_value"].to_list()), dtype=pl.Float64))
        for rows in ordered.partition_by("family", maintain_order=True)
    ]
    return pl.concat(parts).select(STUDY_RESULT.column_names) if parts else STUDY_RESULT.empty()


def _exclude(
    specification: GroupSpecification,
    plan: GroupPlan,
    fresh: Sequence[PlannedGroup],
    left_out: Mapping[Part, LeftOut],
    stored: pl.DataFrame,
) -> pl.DataFrame:
    """Why events and pairs are out; a category of which no group is fresh keeps what is stored of its events."""
    reasons = {(event, market): reason for event, market, reason in plan.excluded}
    is_fresh = {group.group_id for group in fresh}
    kept = {item.event_id for group in plan.groups if group.group_id not in is_fresh for item in group.pairs}
    known = stored.filter(pl.col("event_id").is_in(sorted(kept)), pl.col("market_id") != ALL_MARKETS)
    for event, market, reason in known.select("event_id", "market_id", "reason").iter_rows():
        reasons.setdefault((event, market), reason)
    for group in plan.groups:
        if group.group_id not in is_fresh:
            continue
        own = left_out[group.key] if group.key in left_out else _fit_excluded(specification, group)
        for event, market, reason in own:
            reasons.setdefault((event, market), f"{hours_plain(group.window_hours)} window: {reason}")
    rows = [(specification.study_id, event, market, reason) for (event, market), reason in sorted(reasons.items())]
    return EXCLUSION.conform(pl.DataFrame(rows, schema=EXCLUSION.schema, orient="row"))
