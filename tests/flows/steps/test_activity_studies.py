"""Trading around the events of the shipped record, through the step that a run takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from flows.context import RunContext
from flows.steps.activity import ACTIVITY_STUDY, read_markets, update_activity_studies
from flows.steps.groups import DECLARED_STUDY
from flows.study_registry import read_study
from tests.flows.shipped import open_shipped
from warehouse.store.frames import run_statement
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE
from warehouse.tables.studies import STUDY_RESULT

EPISODE = "2026-06-12-fable-mythos-access-restriction"
BITCOIN = "market_id = 'binanceusdm:BTC/USDT:USDT' and timeframe = '4h'"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    with open_shipped(tmp_path_factory.mktemp("home")) as run:
        update_activity_studies(run)
        yield run


def rows_of(context: RunContext, event_id: str = EPISODE) -> dict[tuple[str, str], dict[str, Any]]:
    frame = context.warehouse.frame(
        STUDY_RESULT, where="study_id = $study and event_id = $event", study=ACTIVITY_STUDY, event=event_id
    )
    return {
        (row["statistic"], row["market_id"].split(":")[1].split("/")[0]): row for row in frame.iter_rows(named=True)
    }


def test_more_tao_was_traded_than_in_any_earlier_window_and_no_more_near(context: RunContext) -> None:
    found = rows_of(context)
    tao, near = found["abnormal_volume", "TAO"], found["abnormal_volume", "NEAR"]
    assert tao["estimate"] == pytest.approx(3.43, abs=0.01)
    assert (tao["value"], tao["n"], tao["n_effective"]) == (0, 144, 24)
    assert near["estimate"] == pytest.approx(0.0, abs=0.01)
    assert {statistic for statistic, _ in found} == {"abnormal_volume", "abnormal_range", "abnormal_volatility"}
    assert {asset for _, asset in found} == {"TAO", "FET", "NEAR", "WLD"}  # benchmarks are not measured


def test_every_category_has_a_mean_or_the_reason(context: RunContext) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study and event_id is null", study=ACTIVITY_STUDY)
    assert rows.filter(pl.col("estimate").is_null() == pl.col("reason").is_null()).height == 0
    assert rows["reason"].str.contains("calendar month").any()
    assert rows.group_by("group_id").len()["len"].unique().to_list() == [9]


def test_a_second_run_changes_nothing(context: RunContext) -> None:
    assert update_activity_studies(context).n_changed == 0


def groups_of(context: RunContext) -> dict[str, str]:
    """The fingerprint of each row about a category, by its id."""
    frame = context.warehouse.frame(STUDY_RESULT, where="study_id = $study and event_id is null", study=ACTIVITY_STUDY)
    return dict(frame.select("result_id", "spec_sha256").iter_rows())


@pytest.mark.parametrize("change", ["benchmark volume", "event time", "category"])
def test_everything_the_rows_rest_on_makes_them_anew(context: RunContext, change: str) -> None:
    before, groups = rows_of(context)["abnormal_volume", "TAO"], groups_of(context)
    candles, events = context.warehouse.frame(CANDLE, where=BITCOIN), context.warehouse.frame(EVENT)
    if change == "benchmark volume":
        later = pl.col("open_time_utc") >= datetime(2026, 6, 13, tzinfo=UTC)
        louder = pl.when(later).then(pl.col("volume_base") * 10).otherwise("volume_base")
        context.warehouse.merge(CANDLE, candles.with_columns(volume_base=louder))
    elif change == "event time":
        moved = pl.col("best_at_utc") + pl.duration(hours=8)
        context.warehouse.merge(EVENT, events.filter(event_id=EPISODE).with_columns(best_at_utc=moved))
    else:
        context.warehouse.merge(EVENT, events.filter(event_id=EPISODE).with_columns(category=pl.lit("outage")))
    report = update_activity_studies(context)
    after, groups_after = rows_of(context)["abnormal_volume", "TAO"], groups_of(context)
    context.warehouse.merge(CANDLE, candles)
    context.warehouse.merge(EVENT, events)
    update_activity_studies(context)
    assert report.n_changed > 0
    assert groups_after != groups
    assert (after == before) == (change == "category")  # an event's own rows say nothing of its category
    assert rows_of(context)["abnormal_volume", "TAO"] == before
    assert groups_of(context) == groups


def test_a_new_event_rewrites_its_own_rows_and_those_of_its_category(context: RunContext) -> None:
    everything = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=ACTIVITY_STUDY).sort(
        "result_id"
    )
    events = context.warehouse.frame(EVENT)
    new = events.filter(event_id=EPISODE).with_columns(
        event_id=pl.lit("a-new-event"), best_at_utc=pl.col("best_at_utc") - pl.duration(hours=30)
    )
    context.warehouse.merge(EVENT, new)
    report = update_activity_studies(context)
    after = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=ACTIVITY_STUDY).sort("result_id")
    context.warehouse.replace(EVENT, events)
    update_activity_studies(context)
    category = f"category:{new['category'].item()}"
    rest = (pl.col("event_id") == "a-new-event").fill_null(value=False) | (pl.col("group_id") == category)
    others = after.filter(~rest).drop("p_adjusted")  # which is over all categories
    assert others.equals(everything.filter(~rest).drop("p_adjusted"))
    written = after.filter(rest).height + after.filter(pl.col("event_id").is_null()).height
    assert after.filter(event_id="a-new-event").height > 0
    assert 0 < report.n_changed <= written
    again = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=ACTIVITY_STUDY).sort("result_id")
    assert again.equals(everything)


def test_a_bar_elsewhere_in_the_record_leaves_the_rows_of_an_event_alone(context: RunContext) -> None:
    before = rows_of(context)
    candles = context.warehouse.frame(CANDLE, where=BITCOIN)
    last = candles.filter(pl.col("open_time_utc") == pl.col("open_time_utc").max())
    assert last["open_time_utc"].item() > before["abnormal_volume", "TAO"]["data_as_of_utc"]
    context.warehouse.merge(CANDLE, last.with_columns(volume_base=pl.col("volume_base") * 10))
    update_activity_studies(context)
    after = rows_of(context)
    context.warehouse.merge(CANDLE, candles)
    update_activity_studies(context)
    assert after == before


def test_levels_of_two_benchmark_venues_are_never_mixed_in_one_series(context: RunContext) -> None:
    candles = context.warehouse.frame(CANDLE, where=BITCOIN)
    other = "okx:BTC/USDT"
    half = pl.col("open_time_utc") >= datetime(2026, 6, 5, tzinfo=UTC)
    elsewhere = candles.with_columns(market_id=pl.lit(other), volume_base=pl.col("volume_base") / 8)
    context.warehouse.merge(CANDLE, elsewhere.filter(half))
    markets = read_markets(context, read_study(context.warehouse, context.settings.config_path, DECLARED_STUDY))
    series = markets["volume"].series["binanceusdm:TAO/USDT:USDT"]
    assert {item.benchmark_ids for item in series} == {("binanceusdm:BTC/USDT:USDT",), (other,)}
    assert all(len(item.benchmark_ids) == 1 for found in markets["range"].series.values() for item in found)
    before = rows_of(context)["abnormal_volume", "TAO"]
    update_activity_studies(context)
    after = rows_of(context)["abnormal_volume", "TAO"]
    run_statement(context.warehouse.connection, "delete from core.candle where market_id = $other", {"other": other})
    context.warehouse.touch(CANDLE)
    update_activity_studies(context)
    assert after["estimate"] == before["estimate"]  # the longer benchmark has more earlier windows
