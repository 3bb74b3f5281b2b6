"""The study step on the record that ships: the June 2026 answer, kept when nothing is new."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import flows.cluster.sharing
from analysis.single import measure
from analysis.single.measure import SINGLE_TABLES
from analysis.single.study import PlannedEvent
from analysis.tape.markets import StudyMarkets
from flows.context import RunContext
from flows.settings import Settings
from flows.steps import activity, groups, models
from flows.steps.bundle import update_bundle
from flows.steps.studies import measure_one_event, update_studies
from flows.study_registry import STUDIES_OF_STEPS, load_studies, read_study
from warehouse.config import ConfigError
from warehouse.processes import Crew
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.news import EVENT
from warehouse.tables.single import (
    COUNTERFACTUAL,
    JUMP,
    REACTION_TIME,
    SPECIFICATION,
    SPECIFICATION_SUMMARY,
    TIMING_BAND,
)
from warehouse.tables.studies import EXCLUSION, PLACEBO, STUDY_PATH, STUDY_RESULT

EPISODE = "2026-06-12-fable-mythos-access-restriction"
TAO, FET = "binanceusdm:TAO/USDT:USDT", "binanceusdm:FET/USDT:USDT"
ORDER = "2026-06-02-ai-model-review-order-signed"
NOW = datetime(2026, 7, 2, tzinfo=UTC)


def make_context(home: Path, warehouse: Warehouse) -> RunContext:
    settings = Settings(home, None, True, 5.0, None, None)
    return RunContext(settings, warehouse, "run", NOW, lambda _line: None)


@pytest.fixture(scope="module")
def measured_here() -> set[str]:
    """The events whose rows this process made; those of the other come back to it as rows."""
    return set()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, measured_here: set[str]) -> Iterator[RunContext]:
    """Measured by two processes, and stored a few events at a time."""
    home = tmp_path_factory.mktemp("home")
    alone = measure.measure_planned

    def noted(planned: Iterable[PlannedEvent], markets: StudyMarkets) -> measure.TableRows:
        rows = alone(planned, markets)
        measured_here.update(rows[STUDY_RESULT.name]["event_id"])
        return rows

    with open_writer(home / "warehouse.duckdb", 5.0) as warehouse, pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "EVENTS_AT_ONCE", 3)
        patch.setattr(measure, "EVENTS_OF_A_PART", 1)
        patch.setattr(measure, "measure_planned", noted)
        patch.setattr(flows.cluster.sharing, "EVENTS_WORTH_A_PROCESS", 1)
        context = make_context(home, warehouse)
        update_bundle(context)
        with Crew(1) as crew:
            assert update_studies(replace(context, crew=crew)).n_changed > 0
        yield context


def test_rows_of_either_process_that_are_stored_on_the_way_are_those_of_the_event_alone(
    context: RunContext, measured_here: set[str]
) -> None:
    study = load_studies(context.settings.config_path)[0]
    stored = context.warehouse.frame(STUDY_RESULT, where="group_id = 'event'")
    elsewhere = set(stored["event_id"]) - measured_here
    assert len(measured_here) > 3
    assert elsewhere
    for event_id in (EPISODE, ORDER, min(elsewhere), min(measured_here)):
        alone, _ = measure_one_event(context.warehouse, study, event_id, None)
        assert alone.sort(STUDY_RESULT.key).equals(stored.filter(pl.col("event_id") == event_id).sort(STUDY_RESULT.key))


@pytest.fixture
def results(context: RunContext) -> pl.DataFrame:
    return context.warehouse.frame(STUDY_RESULT, where="event_id = $event_id", event_id=EPISODE)


def one(results: pl.DataFrame, market_id: str, statistic: str, hours: float) -> dict[str, object]:
    rows = results.filter(
        (pl.col("market_id") == market_id) & (pl.col("statistic") == statistic) & (pl.col("window_end_hours") == hours)
    )
    return rows.row(0, named=True)


@pytest.mark.parametrize(("hours", "move"), [(12.0, 0.15516), (24.0, 0.23385), (168.0, 0.065455)])
def test_tao_moved_as_the_tape_says(results: pl.DataFrame, hours: float, move: float) -> None:
    """245.31, 262.02 and 226.26 over 212.36, the last close before 23:56:41."""
    assert one(results, TAO, "raw_return", hours)["estimate"] == pytest.approx(move, abs=5e-6)


def test_entries_that_came_later_mask_no_bar_that_june_stands_on(context: RunContext, results: pl.DataFrame) -> None:
    study = read_study(context.warehouse, context.settings.config_path, "reaction")
    assert study.mask_except
    masked, _ = measure_one_event(context.warehouse, study.model_copy(update={"mask_except": ()}), EPISODE, None)
    printed, moved = one(results, TAO, "car", 24), one(masked, TAO, "car", 24)
    assert (printed["n_estimation"], moved["n_estimation"]) == (404, 355)
    assert printed["estimate"] == pytest.approx(0.20505, abs=5e-6)
    assert moved["estimate"] == pytest.approx(0.20569, abs=5e-6)


def test_a_fifth_of_tao_s_value_was_beyond_bitcoin(results: pl.DataFrame) -> None:
    row = one(results, TAO, "car", 24.0)
    assert row["estimate"] == pytest.approx(0.205, abs=0.001)
    assert 0.12 < row["lower_95"] < row["estimate"] < row["upper_95"] < 0.30
    assert row["n_estimation"] == 404
    assert "2026-06-12 23:00 UTC" in row["conventions"]
    assert row["benchmark"].startswith("BTC: binanceusdm:BTC/USDT:USDT")


def test_the_parts_multiply_to_the_whole(results: pl.DataFrame) -> None:
    raw, expected, car = (
        one(results, TAO, name, 24.0)["estimate"] for name in ("raw_return", "expected_return", "car")
    )
    assert (1 + expected) * (1 + car) == pytest.approx(1 + raw)


def test_the_rank_says_how_few_windows_are_independent(results: pl.DataFrame) -> None:
    row = one(results, TAO, "placebo_rank", 24.0)
    assert row["value"] == 0
    assert row["n"] > 300
    assert 10 <= row["n_effective"] <= 18
    assert row["p_value"] == pytest.approx(1 / (1 + row["n_effective"]))


def test_the_other_tokens_stayed_inside_their_ordinary_range(results: pl.DataFrame) -> None:
    for token in ("NEAR", "WLD"):
        row = one(results, f"binanceusdm:{token}/USDT:USDT", "placebo_rank", 24.0)
        assert row["p_value"] > 0.05


def test_fet_left_its_range_by_the_quiet_hours_before_and_not_by_its_own(results: pl.DataFrame) -> None:
    """One of 171 four-hourly windows was as large on the scale of the hours before; a burst cannot be told from it."""
    assert one(results, FET, "placebo_rank", 24.0)["p_value"] == pytest.approx(0.038, abs=0.001)
    inside = one(results, FET, "car_inside", 24.0)
    assert inside["lower_95"] < 0 < inside["upper_95"]
    assert "cannot be told from an effect" in one(results, FET, "car", 24.0)["conventions"]


def test_every_interval_says_which_volatility_it_assumes(results: pl.DataFrame) -> None:
    found = results.filter(
        pl.col("statistic").is_in(["car", "car_inside", "car_month"]) & pl.col("lower_95").is_not_null()
    )
    assert found.height > 80
    assert all("volatility" in words for words in found["conventions"])


def test_tao_s_day_was_three_times_as_volatile_as_its_month(results: pl.DataFrame) -> None:
    """The headline interval assumes the quiet hours before; the one from inside the day is wider and holds zero."""
    car, inside = (one(results, TAO, name, 24.0) for name in ("car", "car_inside"))
    assert inside["value"] == pytest.approx(3.3, abs=0.1)
    assert inside["lower_95"] < 0 < car["lower_95"] < car["upper_95"] < inside["upper_95"]
    assert "volatility inside the window is 3.3 times the month's" in car["conventions"]
    assert "fallback interval: Student's t of 14 independent scores" in car["conventions"]
    assert "cannot reach 5 %" in one(results, TAO, "placebo_rank", 24.0)["conventions"]


def test_every_method_stands_beside_the_rank(results: pl.DataFrame) -> None:
    found = results.filter((pl.col("market_id") == TAO) & (pl.col("window_end_hours") == 24.0))
    methods = {"conformal", "synthetic_control", "state_space", "timing_band"}
    estimates = found.filter(pl.col("statistic").is_in(methods))
    assert set(estimates["statistic"]) == methods
    assert estimates["estimate"].is_between(0.18, 0.24).all()
    assert (estimates["lower_95"] > 0.08).all()
    space = one(results, TAO, "space_rank", 24.0)
    assert space["value"] is None
    assert "import more" in space["reason"]
    for statistic in ("synthetic_did", "augmented_synthetic_control"):
        row = one(results, TAO, statistic, 24.0)
        assert (row["estimate"], row["p_value"]) == (None, None)
        assert "reaches 5 % with 19 donors" in row["reason"]


def test_the_tape_was_flat_for_six_hours_after_the_first_report(context: RunContext) -> None:
    row = context.warehouse.frame(REACTION_TIME, where="event_id = $e and market_id = $m", e=EPISODE, m=TAO).row(
        0, named=True
    )
    assert row["quiet_hours"] == pytest.approx(6.055, abs=0.001)
    assert abs(row["quiet_car"]) < 0.015
    assert row["onset_open_utc"] == datetime(2026, 6, 13, 6, tzinfo=UTC)
    assert row["mover_rank"] == 1
    assert row["drift_word"] == "went on"
    assert "quiet for 6 h 3 min" in row["finding"]
    assert "earlier stretches" in row["finding"]  # too short a record to calibrate: the caution is said


def test_fet_followed_hours_later(context: RunContext) -> None:
    row = context.warehouse.frame(REACTION_TIME, where="event_id = $e and market_id = $m", e=EPISODE, m=FET).row(
        0, named=True
    )
    assert row["mover_rank"] == 2
    assert 0 < row["lag_lower_hours"] < row["lag_upper_hours"]
    assert row["is_order_proven"]


def test_the_path_runs_from_62_hours_before_to_a_week_after(context: RunContext) -> None:
    path = context.warehouse.frame(
        STUDY_PATH, where="event_id = $e and market_id = $m", order_by="close_time_utc", e=EPISODE, m=TAO
    )
    assert path.height == 62 + 168 + 1
    base = path.filter(pl.col("close_time_utc") == datetime(2026, 6, 12, 23, tzinfo=UTC)).row(0, named=True)
    assert (base["raw_return"], base["car"], base["band_95_upper"]) == (0.0, 0.0, 0.0)
    day = path.filter(pl.col("close_time_utc") == datetime(2026, 6, 13, 23, tzinfo=UTC)).row(0, named=True)
    assert day["raw_return"] == pytest.approx(0.23385, abs=5e-6)
    assert day["car"] > day["band_95_upper"] > day["band_80_upper"] > day["band_50_upper"] > day["band_50_lower"]
    week = path.row(-1, named=True)
    assert week["band_95_upper"] is None  # fewer than five independent placebos of a week


def test_the_specification_curve_agrees_on_the_sign(context: RunContext) -> None:
    summary = context.warehouse.frame(SPECIFICATION_SUMMARY, where="event_id = $e and asset_id = 'TAO'", e=EPISODE).row(
        0, named=True
    )
    assert summary["n_specifications"] >= 300
    assert summary["share_same_sign"] == 1.0
    assert 0.08 < summary["smallest_estimate"] < summary["median_estimate"] < summary["largest_estimate"] < 0.35
    curve = context.warehouse.frame(SPECIFICATION, where="event_id = $e and asset_id = 'TAO'", e=EPISODE)
    assert curve.height == summary["n_specifications"]
    assert curve.filter("is_headline").height == 1
    assert sorted(curve["rank"]) == list(range(1, curve.height + 1))


def test_the_timing_band_walks_from_the_private_receipt_to_the_statement(context: RunContext) -> None:
    band = context.warehouse.frame(
        TIMING_BAND,
        where="event_id = $e and market_id = $m and window_end_hours = 24",
        order_by="anchor_utc",
        e=EPISODE,
        m=TAO,
    )
    assert band["anchor_utc"].to_list() == [
        datetime(2026, 6, 12, 21, tzinfo=UTC),
        datetime(2026, 6, 12, 22, tzinfo=UTC),
        datetime(2026, 6, 12, 23, tzinfo=UTC),
        datetime(2026, 6, 13, 0, tzinfo=UTC),
    ]
    assert band["is_best"].to_list() == [False, False, True, False]
    assert (band["lower_95"] > 0.08).all()


def test_days_without_an_hour_and_missing_bars_are_left_out_with_a_reason(context: RunContext) -> None:
    excluded = context.warehouse.frame(EXCLUSION, where="study_id = 'reaction'")
    assert excluded.filter(pl.col("reason").str.starts_with("date only"))["market_id"].unique().to_list() == [
        "all markets"
    ]
    assert excluded.filter(pl.col("reason").str.contains("import earlier bars")).height > 100


def test_an_event_chosen_from_the_price_shows_only_the_max_statistic(context: RunContext) -> None:
    chosen = context.warehouse.frame(EVENT, where="selected_from = 'price' and time_precision <> 'day'")
    rows = context.warehouse.frame(STUDY_RESULT, where="group_id = 'event'").filter(
        pl.col("event_id").is_in(chosen["event_id"].to_list())
    )
    assert rows.height > 0
    inferred = rows.filter(~pl.col("statistic").is_in(["raw_return", "expected_return", "max_statistic"]))
    assert inferred["p_value"].null_count() == inferred.height
    assert inferred["reason"].null_count() == 0
    assert rows.filter(pl.col("statistic") == "max_statistic")["p_value"].null_count() == 0


def test_no_row_uses_a_bar_that_closes_after_the_record(context: RunContext) -> None:
    last = datetime(2026, 7, 1, tzinfo=UTC)
    for table in (STUDY_RESULT, REACTION_TIME, JUMP, TIMING_BAND, COUNTERFACTUAL, SPECIFICATION_SUMMARY):
        frame = context.warehouse.frame(table)
        assert frame.height > 0
        assert frame["data_as_of_utc"].max() <= last


def test_placebos_lie_before_their_event(context: RunContext) -> None:
    placebos = context.warehouse.frame(PLACEBO).join(
        context.warehouse.frame(EVENT).select("event_id", "best_at_utc"), on="event_id", how="left", validate="m:1"
    )
    end = pl.col("placebo_start_utc") + pl.duration(hours=pl.col("window_end_hours"))
    assert placebos.height > 1000
    assert placebos.filter(end > pl.col("best_at_utc")).height == 0


def test_a_second_run_changes_nothing(context: RunContext) -> None:
    report = update_studies(context)
    assert report.n_changed == 0
    assert "0 events measured" in report.detail


@pytest.fixture
def small(tmp_path: Path) -> Iterator[RunContext]:
    """A warehouse of its own with two measured events."""
    with open_writer(tmp_path / "warehouse.duckdb", 5.0) as warehouse:
        context = make_context(tmp_path, warehouse)
        update_bundle(context)
        warehouse.replace(EVENT, warehouse.frame(EVENT, where="event_id in ($e, $o)", e=EPISODE, o=ORDER))
        update_studies(context)
        yield context


def test_a_rejected_event_loses_its_rows_and_no_other_does(small: RunContext) -> None:
    rejected = small.warehouse.frame(EVENT, where="event_id = $e", e=EPISODE).with_columns(status=pl.lit("rejected"))
    small.warehouse.merge(EVENT, rejected)
    assert update_studies(small).n_changed > 0
    assert small.warehouse.frame(STUDY_RESULT)["event_id"].unique().to_list() == [ORDER]
    assert EPISODE not in small.warehouse.frame(SPECIFICATION)["event_id"].to_list()


def test_rows_of_a_study_that_is_not_declared_go(small: RunContext) -> None:
    gone = {
        table: small.warehouse.frame(table).head(3).with_columns(study_id=pl.lit("mine")) for table in SINGLE_TABLES
    }
    for table, rows in gone.items():
        renamed = rows.with_columns(result_id="mine " + pl.col("result_id")) if table is STUDY_RESULT else rows
        small.warehouse.merge(table, renamed)
    before = sum(rows.height for rows in gone.values())
    assert update_studies(small).n_changed == before > len(SINGLE_TABLES)
    assert all(small.warehouse.frame(table, where="study_id = 'mine'").is_empty() for table in SINGLE_TABLES)
    assert update_studies(small).n_changed == 0


def test_the_studies_of_steps_are_those_that_steps_keep() -> None:
    assert set(STUDIES_OF_STEPS) == {groups.GROUPS_STUDY, activity.ACTIVITY_STUDY, models.MODELS_STUDY}


def test_a_changed_event_is_measured_again_and_other_studies_are_left_alone(small: RunContext) -> None:
    row = small.warehouse.frame(STUDY_RESULT).head(1)
    other = row.with_columns(result_id=pl.lit("other"), study_id=pl.lit("groups"), group_id=pl.lit("category:outage"))
    small.warehouse.merge(STUDY_RESULT, other)
    event = small.warehouse.frame(EVENT, where="event_id = $e", e=EPISODE)
    later = event.with_columns(latest_at_utc=pl.lit(datetime(2026, 6, 13, 1, 5, tzinfo=UTC)).cast(UTC_TYPE))
    small.warehouse.merge(EVENT, later)
    assert "1 events measured, 1 unchanged" in update_studies(small).detail
    assert small.warehouse.frame(STUDY_RESULT, where="study_id = 'groups'").height == 1


def test_a_user_s_study_file_with_an_unknown_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "studies.toml").write_text('[[study]]\nid = "mine"\nwindow = 3\n')
    with pytest.raises(ConfigError, match=r"studies\.toml line 3: study 'mine': window: unknown key for study"):
        load_studies(tmp_path)


def test_a_user_s_study_changes_only_the_keys_it_names(tmp_path: Path) -> None:
    [packaged] = load_studies(tmp_path)
    (tmp_path / "studies.toml").write_text(
        '[[study]]\nid = "reaction"\nwindows_hours = [1, 2]\nmain_window_hours = 2\n'
    )
    [own] = load_studies(tmp_path)
    assert (own.windows_hours, own.main_window_hours) == ((1.0, 2.0), 2.0)
    assert own.model_copy(update={"windows_hours": packaged.windows_hours, "main_window_hours": 24.0}) == packaged
