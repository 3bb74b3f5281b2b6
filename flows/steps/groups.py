"""Measure every category of events on every token, and keep what has not changed."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from analysis.groups.inclusion import Inclusion
from analysis.groups.plan import GroupSpecification, plan_groups
from analysis.groups.rows import measure_groups
from flows.cluster.sharing import share_calls
from flows.context import RunContext, StepReport
from flows.steps.studies import OF_STUDY, read_own_events
from flows.study_registry import DeclaredStudy, read_studies, read_study
from warehouse.tables.news import EVENT
from warehouse.tables.own import STUDY_EVENT
from warehouse.tables.studies import EXCLUSION, INCLUSION, STUDY_RESULT

GROUPS_STUDY = "groups"
DECLARED_STUDY = "reaction"  # whose assets, benchmarks, bars and estimation window the groups share
OF_GROUPS = f"{OF_STUDY} and group_id <> 'event'"
WINDOWS_HOURS = (12.0, 24.0, 72.0)


def update_group_studies(context: RunContext) -> StepReport:
    """Run every test on every category of news-selected events; a group whose data are as they were keeps its rows."""
    warehouse = context.warehouse
    study = read_study(context.warehouse, context.settings.config_path, DECLARED_STUDY)
    known = warehouse.held(EVENT).filter(pl.col("status") != "rejected")
    events = known.filter(pl.col("selected_from") == "news")
    masks = study.masks(known)
    markets = context.tape.markets(study)
    stored, left_out = (warehouse.frame(table, OF_STUDY, study_id=GROUPS_STUDY) for table in (STUDY_RESULT, EXCLUSION))

    specification = _specify(study)
    plan = plan_groups(specification, events, masks, markets)
    before = warehouse.frame(INCLUSION, OF_STUDY, study_id=GROUPS_STUDY)
    inclusion = Inclusion(specification, plan.groups, events, before)
    given = (specification, plan, stored, left_out, events, markets)
    outcome = measure_groups(*given, inclusion.follow, share_calls(context))

    n_changed = 0
    if outcome.has_changed:
        for table, rows in ((STUDY_RESULT, outcome.results), (EXCLUSION, outcome.exclusions)):
            n_changed += warehouse.replace_part(table, rows, OF_STUDY, study_id=GROUPS_STUDY)
    n_changed += warehouse.replace_part(INCLUSION, inclusion.rows(outcome.followed), OF_STUDY, study_id=GROUPS_STUDY)
    n_own = sum(_update_own_group(context, own) for own in read_studies(warehouse, context.settings.config_path))
    return StepReport(n_changed + n_own, f"{len(plan.groups)} groups, {outcome.n_fresh} of them computed anew")


def _update_own_group(context: RunContext, study: DeclaredStudy) -> int:
    """The events of an own study together, over each of its windows; returns the rows changed."""
    if not study.is_own:
        return 0
    warehouse = context.warehouse
    events = pl.concat([read_own_events(warehouse, study.id, asset_id) for asset_id in study.asset_ids])
    asset_of = dict(
        warehouse.frame(STUDY_EVENT, OF_STUDY, study_id=study.id).select("event_id", "asset_id").iter_rows()
    )
    markets = context.tape.markets(study)
    specification = replace(_specify(study), study_id=study.id, windows_hours=study.windows_hours)
    plan = plan_groups(specification, events, events, markets, asset_of)
    stored = warehouse.frame(STUDY_RESULT, OF_GROUPS, study_id=study.id)
    outcome = measure_groups(specification, plan, stored, EXCLUSION.empty(), events, markets)
    if not outcome.has_changed:
        return 0
    return warehouse.replace_part(STUDY_RESULT, outcome.results, OF_GROUPS, study_id=study.id)


def _specify(study: DeclaredStudy) -> GroupSpecification:
    return GroupSpecification(
        study_id=GROUPS_STUDY,
        windows_hours=WINDOWS_HOURS,
        estimation_hours=study.estimation_hours,
        minimum_estimation_hours=study.minimum_estimation_hours,
        mask_hours=study.mask_hours,
        benchmark_asset_ids=study.benchmark_asset_ids,
    )
