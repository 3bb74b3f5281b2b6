"""Rows of `out.study_result` and `out.study_exclusion` for groups of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.engine.multiplicity import holm
from analysis.engine.study import GroupEffect, StudyResult, StudySpecification, TestRow, run_study
from analysis.groups.plan import GroupPlan, GroupSpecification, PlannedGroup
from analysis.groups.regressions import PREFIX, hash_regressions, regression_rows
from analysis.results.group_row import Row, Subject, group_row
from analysis.results.row import results_frame
from analysis.single.study import ALL_MARKETS
from analysis.tape.markets import StudyMarkets
from analysis.tape.observations import observed_share
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """Both tables' rows of the study, how many groups were computed afresh, and whether any row may differ."""

    results: pl.DataFrame
    exclusions: pl.DataFrame
    n_fresh: int
    has_changed: bool


def measure_groups(
    specification: GroupSpecification,
    plan: GroupPlan,
    stored: pl.DataFrame,
    stored_exclusions: pl.DataFrame,
    events: pl.DataFrame,
    markets: StudyMarkets,
) -> GroupOutcome:
    """Results of every planned group; one whose hash is in `stored` (rows of this study) keeps its stored rows.

    Only the whole window is tested. p-values are adjusted by Holm over all categories and windows of one statistic, and
    over the regressors of one regression. Regressions have a hash of their own over everything they rest on.
    `stored_exclusions` are this study's rows of out.study_exclusion.
    """
    known = {str(value) for value in stored["spec_sha256"].unique()}
    is_regression = pl.col("group_id").str.starts_with(PREFIX)
    regressions = stored.filter(is_regression)
    parts = [stored.filter(~is_regression & pl.col("spec_sha256").is_in([group.spec_sha256 for group in plan.groups]))]
    fresh = [group for group in plan.groups if group.spec_sha256 not in known]
    sha256 = hash_regressions(plan, events, markets)
    has_groups = not fresh and parts[0].height + regressions.height == stored.height
    has_regressions = set(regressions["spec_sha256"]) == ({sha256} if plan.groups else set())
    if has_groups and has_regressions and set(plan.excluded) == _undated(stored_exclusions):
        return GroupOutcome(stored, stored_exclusions, 0, has_changed=False)

    studies = {id(group): _run(specification, group) for group in plan.groups}
    for group in fresh:
        parts.append(results_frame(_group_rows(specification, group, studies[id(group)])))
    exclusions = {(event, market): reason for event, market, reason in plan.excluded}
    for group in plan.groups:
        for event, market, reason in studies[id(group)].excluded:
            exclusions.setdefault((event, market), f"{group.window_hours:g} h window: {reason}")
    rows = regression_rows(specification.study_id, plan, studies, events, markets, sha256)
    results = _adjust(pl.concat([*parts, results_frame(rows)]))
    return GroupOutcome(results, _exclusions(specification, exclusions), len(fresh), has_changed=True)


def _undated(exclusions: pl.DataFrame) -> set[tuple[str, str, str]]:
    """Events that were left out before any market was looked at."""
    rows = exclusions.filter(pl.col("market_id") == ALL_MARKETS)
    return set(rows.select("event_id", "market_id", "reason").iter_rows())


def join_groups(stored: pl.DataFrame, fresh: pl.DataFrame, study_id: str) -> pl.DataFrame:
    """The whole table: rows of other studies as they are, and the fresh ones of this study."""
    return pl.concat([stored.filter(pl.col("study_id") != study_id), fresh])


def _run(specification: GroupSpecification, group: PlannedGroup) -> StudyResult:
    window = (0, round(group.window_hours / group.bar_hours))
    minimum = round(specification.minimum_estimation_hours / group.bar_hours)
    study = StudySpecification(
        minimum_estimation=minimum, seed=specification.seed, is_whole_only=True, is_overlap_weighted=True
    )
    return run_study([item for item in group.inputs if item.window == window], study)


def _group_rows(specification: GroupSpecification, group: PlannedGroup, study: StudyResult) -> Iterable[Row]:
    n_estimation = [event.n_estimation for event in study.events if event.fit is not None]
    shared: Row = {
        "benchmark": group.benchmark,
        "conventions": f"{group.bar_hours:g} h bars; {study.conventions}; means of log CARs shown as exp - 1; here "
        f"p_adjusted is over all categories and windows{observed_share([item.asset_id for item in group.inputs])}",
        "n_estimation": int(np.median(n_estimation)) if n_estimation else None,
        "data_as_of_utc": group.data_as_of,
        "spec_sha256": group.spec_sha256,
    }
    subject = Subject(specification.study_id, group.group_id, group.window_hours)
    yield from _average_rows(subject, shared, study)
    for test in study.tests:
        yield group_row(subject, test.statistic, shared, _test(test))


def _average_rows(subject: Subject, shared: Row, study: StudyResult) -> Iterable[Row]:
    """The mean of the whole window and what it could have detected."""
    rbar = next((row.rbar for row in study.tests if row.statistic == "kp_bmp"), None)
    n_eff = next((row.n_eff for row in study.tests if row.statistic == "kp_bmp"), None)
    whole = max(study.effects, key=lambda effect: effect.window[1], default=None)
    if whole is None:
        yield group_row(subject, "caar", shared, n=0, reason=_why_empty(study))
        return
    numbers = _effect(whole)
    if whole.reason:
        numbers["conventions"] = f"{shared['conventions']}; no interval: {whole.reason}"
    yield group_row(subject, "caar", shared, numbers, n_effective=n_eff, mean_residual_correlation=rbar)
    detectable = None if whole.minimum_detectable is None else float(np.expm1(whole.minimum_detectable))
    yield group_row(subject, "minimum_detectable_effect", shared, estimate=detectable, n=whole.n, reason=whole.reason)


def _why_empty(study: StudyResult) -> str:
    reasons = [reason for _, _, reason in study.excluded]
    return f"no pair has abnormal returns; first of {len(reasons)} reasons: {reasons[0]}" if reasons else "no pair"


def _effect(effect: GroupEffect) -> Row:
    """The mean with its interval as fractions; one event alone has no interval."""
    numbers = {"estimate": effect.caar, "lower_95": effect.lower_95, "upper_95": effect.upper_95}
    shown: Row = {name: None if value is None else float(np.expm1(value)) for name, value in numbers.items()}
    return shown | {"standard_error": effect.standard_error, "n": effect.n}


def _test(test: TestRow) -> Row:
    return {
        "value": test.value,
        "p_value": test.p_value,
        "n": test.n,
        "n_effective": test.n_eff,
        "mean_residual_correlation": test.rbar,
        "reason": test.reason,
    }


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


def _exclusions(specification: GroupSpecification, reasons: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    rows = [(specification.study_id, event, market, reason) for (event, market), reason in sorted(reasons.items())]
    return EXCLUSION.conform(pl.DataFrame(rows, schema=EXCLUSION.schema, orient="row"))
