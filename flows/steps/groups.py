"""Measure every category of events on every token, and keep what has not changed."""

from __future__ import annotations

import polars as pl

from analysis.groups.plan import GroupSpecification, plan_groups
from analysis.groups.rows import measure_groups
from flows.context import RunContext, StepReport
from flows.steps.studies import OF_STUDY
from flows.study_registry import DeclaredStudy, read_study
from warehouse.tables.news import EVENT
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

GROUPS_STUDY = "groups"
DECLARED_STUDY = "reaction"  # whose assets, benchmarks, bars and estimation window the groups share
WINDOWS_HOURS = (12.0, 24.0, 72.0)


def update_group_studies(context: RunContext) -> StepReport:
    """Run every test on every category of news-selected events; a group whose data are as they were keeps its rows."""
    warehouse = context.warehouse
    study = read_study(context.warehouse, context.settings.config_path, DECLARED_STUDY)
    known = warehouse.held(EVENT).filter(pl.col("status") != "rejected")
    events = known.filter(pl.col("selected_from") == "news")
    masks = known.filter(pl.col("origin").is_in(study.mask_origins))
    markets = context.tape.markets(study)
    stored, left_out = (warehouse.frame(table, OF_STUDY, study_id=GROUPS_STUDY) for table in (STUDY_RESULT, EXCLUSION))

    specification = _specify(study)
    plan = plan_groups(specification, events, masks, markets)
    outcome = measure_groups(specification, plan, stored, left_out, events, markets)

    n_changed = 0
    if outcome.has_changed:
        for table, rows in ((STUDY_RESULT, outcome.results), (EXCLUSION, outcome.exclusions)):
            n_changed += warehouse.replace_part(table, rows, OF_STUDY, study_id=GROUPS_STUDY)
    return StepReport(n_changed, f"{len(plan.groups)} groups, {outcome.n_fresh} of them computed anew")


def _specify(study: DeclaredStudy) -> GroupSpecification:
    return GroupSpecification(
        study_id=GROUPS_STUDY,
        windows_hours=WINDOWS_HOURS,
        estimation_hours=study.estimation_hours,
        minimum_estimation_hours=study.minimum_estimation_hours,
        mask_hours=study.mask_hours,
        benchmark_asset_ids=study.benchmark_asset_ids,
    )
