"""The shipped record passes the checks of any source and gives way to better ones."""

from datetime import UTC, datetime

import polars as pl
import pytest

from analysis.engine.battery import load_statistics
from analysis.engine.simulate import SCENARIOS
from analysis.engine.size import SizeRequest, measure_size, simulated_draws
from flows.jobs.sizes import REAL_SCENARIOS
from ingest.bundle.loader import (
    load_bundle,
    load_false_alarms,
    only_best_measured,
    only_new_bars,
    only_untouched_events,
)
from tests.paths import shared
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.prices import CANDLE, QUARANTINE
from warehouse.tables.size import TEST_SIZE

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_all_shipped_bars_are_accepted():
    bundle = load_bundle(NOW, "run")
    counts = bundle.candles.group_by("timeframe").len().sort("timeframe")
    assert counts.rows() == [("1h", 3 * 648), ("4h", 6 * 342)]
    assert bundle.quarantined.height == 0
    assert set(bundle.candles["source_id"]) == {"bundle"}


def test_frames_match_their_contracts():
    bundle = load_bundle(NOW, "run")
    assert CANDLE.conform(bundle.candles).height
    assert QUARANTINE.conform(bundle.quarantined).height == 0
    assert EVENT.conform(bundle.events).height
    assert EVENT_SOURCE.conform(bundle.event_sources).height


def test_hourly_bars_add_up_to_the_four_hourly_ones():
    candles = load_bundle(NOW, "run").candles
    hourly = (
        candles.filter(pl.col("timeframe") == "1h")
        .with_columns(pl.col("open_time_utc").dt.truncate("4h"))
        .group_by("market_id", "open_time_utc")
        .agg(pl.col("high_quote").max(), pl.col("low_quote").min(), pl.col("close_quote").last(), pl.len().alias("n"))
        .filter(pl.col("n") == 4)
    )
    both = hourly.join(
        candles.filter(pl.col("timeframe") == "4h"), on=["market_id", "open_time_utc"], suffix="_4h", validate="1:1"
    )
    assert both.height == 3 * 162
    for name in ("high_quote", "low_quote", "close_quote"):
        assert (both[name] - both[f"{name}_4h"]).abs().max() < 1e-9, name


def test_files_are_the_ones_that_may_be_shipped():
    from importlib.resources import files

    for name in ("candles_1h.csv", "candles_4h.csv"):
        assert (files("ingest.bundle") / name).read_bytes() == shared("episode", name).read_bytes()


def test_bar_from_an_exchange_is_not_overwritten():
    candles = load_bundle(NOW, "run").candles
    stored = candles.head(2).with_columns(pl.Series("source_id", ["binanceusdm", "bundle"]))
    kept = only_new_bars(candles, stored)
    assert kept.height == candles.height - 1


def test_event_that_a_person_corrected_is_left_alone():
    bundle = load_bundle(NOW, "run")
    stored = bundle.events.head(2).with_columns(pl.Series("status", ["rejected", "confirmed"]))
    events, sources = only_untouched_events(bundle, stored, EVENT_SOURCE.empty())
    assert events.height == bundle.events.height - 1
    assert bundle.events["event_id"][0] not in set(events["event_id"]) | set(sources["event_id"])


def test_event_that_gained_evidence_elsewhere_is_left_alone():
    bundle = load_bundle(NOW, "run")
    more = bundle.event_sources.head(1).with_columns(pl.lit("Another paper").alias("outlet"))
    events, _ = only_untouched_events(bundle, bundle.events, pl.concat([bundle.event_sources, more]))
    assert events.height == bundle.events.height - 1


def test_run_at_an_earlier_instant_knows_no_later_bar_event_or_ending():
    early = load_bundle(datetime(2026, 6, 13, 2, tzinfo=UTC), "run")
    assert early.candles.select(pl.col("open_time_utc").max()).item() == datetime(2026, 6, 13, 1, tzinfo=UTC)
    assert early.quarantined.height == 0
    assert early.events.select(pl.col("best_at_utc").max()).item() == datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)
    episode = early.events.sort("best_at_utc").row(-1, named=True)
    assert episode["ended_at_utc"] is None
    roles = early.event_sources.filter(pl.col("event_id") == episode["event_id"])["role"]
    assert "restored" not in set(roles)
    assert "private" in set(roles)


def test_before_the_first_report_the_private_receipt_is_unknown():
    early = load_bundle(datetime(2026, 6, 12, 23, 0, tzinfo=UTC), "run")
    assert not early.events["event_id"].str.contains("fable-mythos-access").any()


def test_shipped_false_alarms_cover_every_test_scenario_and_level():
    rows = load_false_alarms()
    null = rows.filter(pl.col("effect_sd") == 0)
    assert set(null["statistic"]) == set(load_statistics())
    assert set(null["scenario"]) == {scenario.name for scenario in SCENARIOS} | {name for name, _ in REAL_SCENARIOS}
    assert set(null["level"]) == {0.01, 0.05, 0.1}
    assert null["n_replications"].max() == 1000
    assert rows.filter(pl.col("effect_sd") > 0).height


def test_a_measurement_with_more_replications_wins_over_the_shipped_one():
    shipped = load_false_alarms()
    more = shipped.head(1).with_columns(n_replications=pl.lit(5000, dtype=pl.Int64), rejection=pl.lit(0.5))
    fewer = shipped.slice(1, 1).with_columns(
        n_replications=pl.lit(10, dtype=pl.Int64), n_absent=pl.lit(0, dtype=pl.Int64)
    )
    taken = only_best_measured(shipped, pl.concat([more, fewer]))
    assert taken.height == shipped.height - 1
    assert only_best_measured(shipped, shipped).equals(shipped)
    assert only_best_measured(shipped, TEST_SIZE.empty()).equals(shipped)


@pytest.mark.slow
def test_shipped_false_alarms_are_what_the_command_measures():
    request = SizeRequest(replications=1000, statistic_ids=("patell", "kp_bmp", "grank_t", "wilcoxon"))
    again = measure_size(simulated_draws(request, ("clustered 0.1",)), request, lambda _line: None)
    shipped = load_false_alarms().filter(pl.col("effect_sd") == 0)
    both = again.join(shipped, on=list(TEST_SIZE.key), how="inner", suffix="_shipped", validate="1:1")
    assert both.height == again.height == 12
    assert (both["rejection"] - both["rejection_shipped"]).abs().max() <= 0.002  # a p at the level's very edge
