"""Categories of events on the shipped record, through the step that a run takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.bundle import update_bundle
from flows.context import RunContext, StepReport
from flows.group_studies import STUDY_IDS, update_group_studies
from flows.settings import load_settings
from warehouse.store.connection import open_writer
from warehouse.tables.news import EVENT
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

STUDY_ID = STUDY_IDS["returns"]
EPISODE = "2026-06-12-fable-mythos-access-restriction"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    home: Path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSHOCK_HOME", str(home))
        settings = load_settings()
    with open_writer(settings.warehouse_path, 5) as warehouse:
        run = RunContext(settings, warehouse, "run", datetime(2026, 11, 22, tzinfo=UTC), print)
        update_bundle(run)
        yield run


@pytest.fixture(scope="module")
def report(context: RunContext) -> StepReport:
    return update_group_studies(context)


def test_every_category_has_its_average_and_every_test(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=STUDY_ID)
    assert report.n_changed >= rows.height > 0
    groups = rows.filter(pl.col("group_id").str.starts_with("category:"))
    counts = groups.group_by("group_id", "window_end_hours").len()
    assert counts["len"].min() >= 27
    assert set(groups["window_end_hours"]) == {12.0, 24.0, 72.0}


def test_a_number_or_a_reason_never_neither(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=STUDY_ID)
    is_absent = pl.col("estimate").is_null() & pl.col("value").is_null()
    assert rows.filter(is_absent & pl.col("reason").is_null()).height == 0


def test_tokens_that_react_to_one_headline_are_not_independent(context: RunContext, report: StepReport) -> None:
    adjusted = context.warehouse.frame(STUDY_RESULT, where="study_id = $s and statistic = 'kp_bmp'", s=STUDY_ID)
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
    assert few["reason"].str.contains("bars with a shock").all()


def test_the_episode_tripled_the_volume_of_tao_but_not_of_near(context: RunContext, report: StepReport) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="group_id = 'event' and event_id = $event", event=EPISODE)
    found = {
        (row["statistic"], row["market_id"].split(":")[1].split("/")[0]): row for row in rows.iter_rows(named=True)
    }
    assert found["abnormal_volume", "TAO"]["estimate"] == pytest.approx(1.99, abs=0.01)
    assert found["abnormal_volume", "TAO"]["p_value"] < 0.05 < found["abnormal_volume", "NEAR"]["p_value"]
    assert {statistic for statistic, _ in found} == {"abnormal_volume", "abnormal_range", "abnormal_volatility"}


def test_events_without_an_hour_are_named(context: RunContext, report: StepReport) -> None:
    excluded = context.warehouse.frame(EXCLUSION, where="study_id = $study", study=STUDY_ID)
    assert excluded.filter(pl.col("reason").str.contains("date only")).height > 0


def test_a_second_run_changes_nothing(context: RunContext, report: StepReport) -> None:
    assert update_group_studies(context).n_changed == 0


def test_an_event_chosen_by_its_price_move_is_in_no_group(context: RunContext, report: StepReport) -> None:
    before = context.warehouse.frame(EVENT)
    picked = before.filter(pl.col("category") == "executive_order").with_columns(selected_from=pl.lit("price"))
    context.warehouse.merge(EVENT, picked)
    update_group_studies(context)
    rows = context.warehouse.frame(STUDY_RESULT, where="group_id = 'category:executive_order'")
    context.warehouse.merge(EVENT, before)
    assert rows.height == 0
