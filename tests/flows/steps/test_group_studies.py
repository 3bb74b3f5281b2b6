"""Categories of events on the shipped record, through the step that a run takes."""

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from analysis.engine.tails import student_half
from analysis.groups.regressions import BASE_HOURS, LEAD_HOURS
from analysis.threads import Call, ShareCalls
from flows.cluster import sharing
from flows.context import RunContext, StepReport
from flows.steps import groups
from flows.steps.groups import GROUPS_STUDY, update_group_studies
from tests.flows.shipped import open_shipped
from warehouse.processes import Crew
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE
from warehouse.tables.studies import EXCLUSION, INCLUSION, STUDY_RESULT
from warehouse.tables.terms import VARIANCE_RATIO

EPISODE = "2026-06-12-fable-mythos-access-restriction"
ETHER = "market_id = 'binanceusdm:ETH/USDT:USDT' and timeframe = '4h'"
CATEGORY = "export_control_access"  # of the episode


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    with open_shipped(tmp_path_factory.mktemp("home")) as run:
        yield run


@pytest.fixture(scope="module")
def report(context: RunContext) -> StepReport:
    return update_group_studies(context)


def test_every_category_has_its_average_and_every_test(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=GROUPS_STUDY)
    assert report.n_changed >= rows.height > 0
    groups = rows.filter(pl.col("group_id").str.starts_with("category:"))
    counts = groups.group_by("group_id", "window_end_hours").len()
    assert counts["len"].min() >= 27
    assert set(groups["window_end_hours"]) == {12.0, 24.0, 72.0}


def test_the_variance_ratio_stands_beside_every_mean(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=GROUPS_STUDY)
    key = ("group_id", "window_end_hours")
    means = rows.filter(pl.col("statistic") == "caar", pl.col("n") > 0)
    ratios = rows.filter(pl.col("statistic") == VARIANCE_RATIO)
    assert set(means.select(key).iter_rows()) == set(ratios.select(key).iter_rows())
    known = ratios.filter(pl.col("value").is_not_null())
    assert known.height > 0
    assert (known["n"] >= 20).all()
    # A ratio is one-sided: the larger it is beside its own ordinary windows, the smaller its p.
    assert known["p_value"].is_between(0, 1, closed="right").all()
    assert (known["p_adjusted"] >= known["p_value"]).all()
    assert ratios.filter(pl.col("value").is_null())["reason"].str.contains("ordinary windows").all()
    [ratio] = known.filter(pl.col("group_id") == f"category:{CATEGORY}", pl.col("window_end_hours") == 24.0)["value"]
    assert ratio == pytest.approx(2.486, abs=0.001)


def test_errors_are_fractions_as_means_are(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="statistic = 'caar' and lower_95 is not null")
    half = (rows["upper_95"].log1p() - rows["lower_95"].log1p()) / 2
    expected = [
        half_log / student_half(1.0, n - 1) * (1 + mean)
        for half_log, n, mean in zip(half, rows["n"], rows["estimate"], strict=True)
    ]
    assert rows["estimate"].abs().max() > 0.02
    np.testing.assert_allclose(rows["standard_error"].to_numpy(), expected, rtol=1e-9)


def test_a_number_or_a_reason_never_neither(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=GROUPS_STUDY)
    is_absent = pl.col("estimate").is_null() & pl.col("value").is_null()
    assert rows.filter(is_absent & pl.col("reason").is_null()).height == 0


def test_tokens_that_react_to_one_headline_are_not_independent(context: RunContext, report: StepReport) -> None:
    adjusted = context.warehouse.frame(STUDY_RESULT, where="study_id = $s and statistic = 'kp_bmp'", s=GROUPS_STUDY)
    adjusted = adjusted.filter(pl.col("n") >= 8)
    assert adjusted.height > 0
    assert (adjusted["n_effective"] < adjusted["n"]).all()


def test_regressions_of_every_kind_are_stored(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="group_id like 'regression:%'")
    kinds = rows["group_id"].str.split(":").list.get(1)
    assert set(kinds) == {"characteristics", "quantiles", "leads_lags", "projection"}
    panel = rows.filter(pl.col("group_id") == "regression:leads_lags:all")
    windows = panel.filter(pl.col("statistic") == "clustered").select("window_start_hours", "window_end_hours")
    assert windows.sort("window_start_hours").rows()[:3] == [(-12.0, -8.0), (-8.0, -4.0), (0.0, 4.0)]
    assert panel["estimate"].drop_nulls().len() == 8
    few = rows.filter(pl.col("group_id").str.starts_with("regression:projection:TAO:"))
    assert few.height > 0
    assert few["reason"].str.contains("bars? with a shock").all()


def test_events_without_an_hour_are_named(context: RunContext, report: StepReport) -> None:
    excluded = context.warehouse.frame(EXCLUSION, where="study_id = $study", study=GROUPS_STUDY)
    assert excluded.filter(pl.col("reason").str.contains("date only")).height > 0


def test_a_second_run_changes_nothing(context: RunContext, report: StepReport) -> None:
    assert update_group_studies(context).n_changed == 0


def regressions(context: RunContext) -> pl.DataFrame:
    return context.warehouse.frame(STUDY_RESULT, where="group_id like 'regression:%'", order_by="result_id")


def test_what_is_known_of_an_event_enters_the_regressions_though_no_group_changes(
    context: RunContext, report: StepReport
) -> None:
    before, events = regressions(context), context.warehouse.frame(EVENT)
    context.warehouse.merge(EVENT, events.with_columns(severity=6 - pl.col("severity")))
    again = update_group_studies(context)
    changed = regressions(context)
    context.warehouse.merge(EVENT, events)
    update_group_studies(context)
    assert " 0 of them computed anew" in again.detail
    name = "hc3:severity"
    old, new = (frame.filter(pl.col("statistic") == name)["estimate"].item() for frame in (before, changed))
    assert (1 + new) * (1 + old) == pytest.approx(1.0)  # fractions of log points of the other sign
    assert regressions(context).drop("spec_sha256").equals(before.drop("spec_sha256"))


def regressions_with(context: RunContext, candle: pl.DataFrame) -> pl.DataFrame:
    """The regressions' rows with one candle a percent dearer; afterwards everything is as it was."""
    context.warehouse.merge(CANDLE, candle.with_columns(close_quote=pl.col("close_quote") * 1.01))
    update_group_studies(context)
    found = regressions(context)
    context.warehouse.merge(CANDLE, candle)
    update_group_studies(context)
    return found


def test_bars_of_an_asset_that_is_not_studied_enter_the_regressions_where_an_event_is_near(
    context: RunContext, report: StepReport
) -> None:
    ether = context.warehouse.frame(CANDLE, where=ETHER, order_by="open_time_utc")
    events = context.warehouse.frame(EVENT, where="selected_from = 'news'")
    at = events.filter(event_id=EPISODE)["best_at_utc"].item()
    opens = ether["open_time_utc"].to_numpy()[:, np.newaxis]
    hours = (opens - events["best_at_utc"].to_numpy()) / np.timedelta64(1, "h")
    is_distant = ((hours < -LEAD_HOURS - BASE_HOURS - 8.0) | (hours > 36.0)).all(axis=1)
    before = regressions(context)
    distant = regressions_with(context, ether.filter(pl.Series(is_distant)).head(1))
    near = regressions_with(context, ether.filter(pl.col("open_time_utc") > at).head(1))
    assert is_distant.any()
    assert distant.equals(before)
    changed = near.filter(pl.Series(near["spec_sha256"] != before["spec_sha256"]))["group_id"].unique()
    assert {"regression:leads_lags:all", f"regression:leads_lags:{CATEGORY}"} <= set(changed)
    assert changed.str.starts_with("regression:leads_lags:").all()
    assert regressions(context).equals(before)


def test_a_new_event_rewrites_its_own_category_and_what_is_over_all_of_them(
    context: RunContext, report: StepReport
) -> None:
    of_study = {"where": "study_id = $study", "study": GROUPS_STUDY}
    before, left_out = (context.warehouse.frame(table, **of_study) for table in (STUDY_RESULT, EXCLUSION))
    events = context.warehouse.frame(EVENT)
    moved = pl.col("best_at_utc") - pl.duration(hours=30)
    context.warehouse.merge(
        EVENT, events.filter(event_id=EPISODE).with_columns(event_id=pl.lit("a-new-event"), best_at_utc=moved)
    )
    update_group_studies(context)
    step_by_step = [context.warehouse.frame(table, **of_study).sort(table.key) for table in (STUDY_RESULT, EXCLUSION)]
    for table in (STUDY_RESULT, EXCLUSION):
        context.warehouse.replace_part(table, table.empty(), "study_id = $study", study=GROUPS_STUDY)
    update_group_studies(context)
    at_once = [context.warehouse.frame(table, **of_study).sort(table.key) for table in (STUDY_RESULT, EXCLUSION)]
    context.warehouse.replace(EVENT, events)
    update_group_studies(context)
    assert all(one.equals(other) for one, other in zip(step_by_step, at_once, strict=True))
    both = before.join(at_once[0], on="result_id", suffix="_after", validate="1:1")
    touched = both.filter(pl.col("spec_sha256") != pl.col("spec_sha256_after"))["group_id"].unique()
    projected = {name.split(":")[-1] for name in touched if name.startswith("regression:projection:")}
    categories = set(before.filter(pl.col("group_id").str.starts_with("category:"))["group_id"])
    assert f"category:{CATEGORY}" in set(touched)
    assert categories - set(touched)  # it is masked in the estimation bars of events near it, and of no others
    assert projected == {"all", CATEGORY}
    assert context.warehouse.frame(STUDY_RESULT, **of_study).sort("result_id").equals(before.sort("result_id"))
    assert context.warehouse.frame(EXCLUSION, **of_study).sort(EXCLUSION.key).equals(left_out.sort(EXCLUSION.key))


def tell_process(here: int, is_killed: bool) -> int:
    if is_killed and os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


@pytest.mark.parametrize("is_killed", [False, True])
def test_either_process_gives_the_rows_of_one_that_works_alone(
    context: RunContext, report: StepReport, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    of_study = {"where": "study_id = $study_id", "study_id": GROUPS_STUDY}
    tables = (STUDY_RESULT, EXCLUSION, INCLUSION)
    before = [context.warehouse.frame(table, **of_study).sort(table.key) for table in tables]
    for table in tables:
        context.warehouse.replace_part(table, table.empty(), "study_id = $study_id", study_id=GROUPS_STUDY)
    alone, share_calls, took = sharing._call, sharing.share_calls, [0]

    def call(numbered: tuple[int, Call]) -> tuple[int, Any]:
        [(_, pipe)] = crew._others or [(None, None)]
        assert pipe is None or took[0] or pipe.poll(60)  # until the other process has done one, or is no more
        took[0] += 1
        return alone(numbered)

    def share(run: RunContext) -> ShareCalls:
        def share_asked(asked: Sequence[Call]) -> list[Any]:
            *done, last = share_calls(run)([*asked, (tell_process, (os.getpid(), is_killed))])
            assert (last == os.getpid()) == is_killed
            return done

        return share_asked

    monkeypatch.setattr(sharing, "_call", call)
    monkeypatch.setattr(groups, "share_calls", share)
    with Crew(1) as crew:
        crew.start()
        run = replace(context, crew=crew, notes=[])
        update_group_studies(run)
    after = [context.warehouse.frame(table, **of_study).sort(table.key) for table in tables]
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))
    assert all(table.height for table in before)
    assert [note.partition(",")[0] for note in run.notes] == ["a second process was ended by signal 9"] * is_killed


def test_without_any_group_there_is_no_regression(context: RunContext, report: StepReport) -> None:
    events = context.warehouse.frame(EVENT)
    context.warehouse.merge(EVENT, events.with_columns(selected_from=pl.lit("price")))
    update_group_studies(context)
    left = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=GROUPS_STUDY).height
    undated = context.warehouse.frame(EXCLUSION, where="study_id = $study", study=GROUPS_STUDY).height
    context.warehouse.merge(EVENT, events)
    update_group_studies(context)
    assert (left, undated) == (0, 0)
    assert regressions(context).height > 0


def test_p_of_a_regression_is_adjusted_over_its_own_coefficients(context: RunContext, report: StepReport) -> None:
    rows = regressions(context).filter(pl.col("statistic").str.starts_with("hc3:") & pl.col("p_value").is_not_null())
    smallest = rows.sort("p_value").row(0, named=True)
    assert smallest["p_adjusted"] == pytest.approx(min(1.0, smallest["p_value"] * rows.height))


def test_an_event_chosen_by_its_price_move_is_in_no_group(context: RunContext, report: StepReport) -> None:
    before = context.warehouse.frame(EVENT)
    picked = before.filter(pl.col("category") == "executive_order").with_columns(selected_from=pl.lit("price"))
    context.warehouse.merge(EVENT, picked)
    update_group_studies(context)
    rows = context.warehouse.frame(STUDY_RESULT, where="group_id = 'category:executive_order'")
    context.warehouse.merge(EVENT, before)
    assert rows.height == 0
