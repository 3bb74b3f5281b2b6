"""Rows of `out.study_result` and `out.study_exclusion` for groups of events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.groups import GroupPlan, GroupSpecification, PlannedGroup
from analysis.multiplicity import holm
from analysis.regressions.characteristics import regress_cars
from analysis.study import GroupEffect, StudyResult, StudySpecification, TestRow, run_study
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

Row = dict[str, object]

# The window whose CARs are explained by characteristics of the event.
REGRESSION_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """The whole of both tables' rows for the study, and how many groups were computed afresh."""

    results: pl.DataFrame
    exclusions: pl.DataFrame
    n_fresh: int


def measure_groups(
    specification: GroupSpecification, plan: GroupPlan, stored: pl.DataFrame, events: pl.DataFrame
) -> GroupOutcome:
    """Results of every planned group; one whose hash is in `stored` (rows of this study) keeps its stored rows.

    Only the whole window is tested. p-values are adjusted by Holm over all categories and windows of one statistic.
    """
    known = {str(value) for value in stored["spec_sha256"].unique()}
    parts = [stored.filter(pl.col("spec_sha256").is_in([group.spec_sha256 for group in plan.groups]))]
    exclusions = {(event, market): reason for event, market, reason in plan.excluded}
    fresh = [group for group in plan.groups if group.spec_sha256 not in known]
    studies = {id(group): _run(specification, group) for group in plan.groups if fresh}
    for group in fresh:
        parts.append(_results(list(_group_rows(specification, group, studies[id(group)]))))
    for group in plan.groups if fresh else ():
        for event, market, reason in studies[id(group)].excluded:
            exclusions.setdefault((event, market), f"{group.window_hours:g} h window: {reason}")
    if fresh:
        parts.append(_results(_regression_rows(specification, plan, studies, events)))
    else:
        parts.append(stored.filter(pl.col("group_id").str.starts_with("regression:")))
    results = _adjust(pl.concat(parts))
    return GroupOutcome(results, _exclusions(specification, exclusions) if fresh else EXCLUSION.empty(), len(fresh))


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
        "conventions": f"{group.bar_hours:g} h bars; {study.conventions}; means of log CARs shown as exp - 1",
        "n_estimation": int(np.median(n_estimation)) if n_estimation else None,
        "data_as_of_utc": group.data_as_of,
        "spec_sha256": group.spec_sha256,
    }
    identity = (specification.study_id, group.group_id, group.window_hours)
    rbar = next((row.rbar for row in study.tests if row.statistic == "kp_bmp"), None)
    n_eff = next((row.n_eff for row in study.tests if row.statistic == "kp_bmp"), None)
    whole = max(study.effects, key=lambda effect: effect.window[1], default=None)
    if whole is None:
        yield _row(identity, "caar", shared, n=0, reason=_why_empty(study))
    else:
        yield _row(identity, "caar", shared, _effect(whole), n_effective=n_eff, mean_residual_correlation=rbar)
        detectable = None if whole.minimum_detectable is None else float(np.expm1(whole.minimum_detectable))
        reason = None if detectable is not None else f"{whole.n} event; a detectable effect needs at least 2"
        yield _row(identity, "minimum_detectable_effect", shared, estimate=detectable, n=whole.n, reason=reason)
    for test in study.tests:
        yield _row(identity, test.statistic, shared, _test(test))


def _why_empty(study: StudyResult) -> str:
    reasons = [reason for _, _, reason in study.excluded]
    return f"no pair has abnormal returns; first of {len(reasons)} reasons: {reasons[0]}" if reasons else "no pair"


def _effect(effect: GroupEffect) -> Row:
    numbers = {"estimate": effect.caar, "lower_95": effect.lower_95, "upper_95": effect.upper_95}
    shown: Row = {name: None if value is None else float(np.expm1(value)) for name, value in numbers.items()}
    reason = None if effect.standard_error is not None else f"{effect.n} event; an interval needs at least 2"
    return shown | {"standard_error": effect.standard_error, "n": effect.n, "reason": reason}


def _test(test: TestRow) -> Row:
    return {
        "value": test.value,
        "p_value": test.p_value,
        "n": test.n,
        "n_effective": test.n_eff,
        "mean_residual_correlation": test.rbar,
        "reason": test.reason,
    }


def _regression_rows(
    specification: GroupSpecification, plan: GroupPlan, studies: Mapping[int, StudyResult], events: pl.DataFrame
) -> list[Row]:
    """CARs of the day after on severity, direction and duration, over all categories together."""
    groups = [group for group in plan.groups if group.window_hours == REGRESSION_HOURS]
    if not groups:
        return []
    cars = [
        (event.source.event_id, event.source.asset_id, float(event.fit.ar.sum()), event.fit.sigma)
        for group in groups
        for event in studies[id(group)].events
        if event.fit is not None and event.reason is None
    ]
    shape = {"event_id": pl.String, "asset_id": pl.String, "car": pl.Float64, "prior_volatility": pl.Float64}
    frame = pl.DataFrame(cars, schema=shape, orient="row").join(_characteristics(events), on="event_id", validate="m:1")
    sha256 = hashlib.sha256("|".join(group.spec_sha256 for group in groups).encode()).hexdigest()
    regressors = ("severity", "restricts", "enables", "duration_hours", "prior_volatility")
    found = regress_cars(frame, "car", regressors, clusters=("event_id", "asset_id"))
    identity = (specification.study_id, "regression:characteristics", REGRESSION_HOURS)
    shared: Row = {"spec_sha256": sha256, "data_as_of_utc": max(group.data_as_of for group in groups)}
    return [
        _row(
            identity,
            f"{term.covariance}:{term.name}",
            shared,
            estimate=term.estimate,
            standard_error=term.standard_error,
            lower_95=term.lower_95,
            upper_95=term.upper_95,
            value=term.t,
            p_value=term.p_value,
            n=term.n,
            reason=term.reason,
            benchmark="; ".join(sorted({group.benchmark for group in groups})),
            conventions=term.conventions,
        )
        for term in found
    ]


def _characteristics(events: pl.DataFrame) -> pl.DataFrame:
    duration = (pl.col("ended_at_utc") - pl.col("best_at_utc")).dt.total_minutes() / 60.0
    return events.select(
        "event_id",
        severity=pl.col("severity").cast(pl.Float64),
        restricts=(pl.col("direction") == "restricts").fill_null(value=False).cast(pl.Float64),
        enables=(pl.col("direction") == "enables").fill_null(value=False).cast(pl.Float64),
        duration_hours=duration.fill_null(0.0),
    )


def _row(identity: tuple[str, str, float], statistic: str, *values: Row, **more: object) -> Row:
    study_id, group_id, hours = identity
    row: Row = {
        "result_id": hashlib.sha256(f"{study_id}|{group_id}|{hours:g}|{statistic}".encode()).hexdigest(),
        "study_id": study_id,
        "group_id": group_id,
        "window_start_hours": 0.0,
        "window_end_hours": hours,
        "statistic": statistic,
    }
    for part in (*values, more):
        row |= part
    return row


def _results(rows: Sequence[Row]) -> pl.DataFrame:
    return STUDY_RESULT.conform(pl.DataFrame(list(rows), schema=STUDY_RESULT.schema))


def _adjust(results: pl.DataFrame) -> pl.DataFrame:
    """Holm over all rows of a statistic."""
    parts = []
    for statistic in sorted(results["statistic"].unique()):
        rows = results.filter(pl.col("statistic") == statistic).sort("result_id")
        adjusted = pl.Series("p_adjusted", holm(rows["p_value"].to_list()), dtype=pl.Float64)
        parts.append(rows.with_columns(adjusted))
    return pl.concat(parts) if parts else STUDY_RESULT.empty()


def _exclusions(specification: GroupSpecification, reasons: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    rows = [(specification.study_id, event, market, reason) for (event, market), reason in sorted(reasons.items())]
    return EXCLUSION.conform(pl.DataFrame(rows, schema=EXCLUSION.schema, orient="row"))
