"""Gains around shocks by hand, and what they are worth."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from analysis.groups.hedge import (
    hit_interval,
    mean_interval,
    measure_between,
    measure_hedge,
    separate_bars,
    window_returns,
)
from tests.builders import make_rows
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.news import EVENT
from warehouse.tables.resilience import HEDGE

START = datetime(2026, 1, 1, tzinfo=UTC)
BAR = timedelta(hours=4)


def candles(asset: str, closes: list[float]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "asset_id": asset,
            "market_id": f"binanceusdm:{asset}/USDT:USDT",
            "timeframe": "4h",
            "open_time_utc": [START + i * BAR for i in range(len(closes))],
            "close_quote": closes,
        },
        schema_overrides={"open_time_utc": UTC_TYPE},
    )


def shock(bar: int, **keys) -> dict[str, object]:
    at = START + bar * BAR + timedelta(minutes=30)
    return {
        "event_id": f"e{bar}",
        "category": "export_control_access",
        "direction": "restricts",
        "best_at_utc": at,
        "time_precision": "second",
        "status": "confirmed",
        "selected_from": "news",
        "severity": 4,
        **keys,
    }


def rows(events: list[dict[str, object]], token: list[float], **only) -> pl.DataFrame:
    both = pl.concat([candles("TAO", token), candles("BTC", [100.0] * len(token))])
    frame = measure_hedge(both, make_rows(EVENT, *events), ["TAO"], HEDGE.empty())
    return frame.filter(**{"weight": 0.1, "window_end_hours": 24.0, "shock": "restriction", **only})


def test_gain_is_weight_times_the_return_from_the_last_close_before():
    # The shock falls into bar 10; its window is bars 10 to 15: the rise at 15 counts, that at 16 does not.
    token = [100.0] * 15 + [120.0] + [240.0] * 30
    cash = rows([shock(10)], token, funded_from="cash").row(0, named=True)
    assert cash["n_events"] == 1
    assert cash["mean_gain"] == pytest.approx(0.02)
    assert cash["hit_rate"] == 1.0
    assert (cash["hit_lower_95"], cash["hit_upper_95"]) == (pytest.approx(0.025), 1.0)
    assert cash["lower_95"] is None
    assert "n = 1: fewer than 10 shocks" in cash["reason"]


def test_benchmark_that_was_sold_is_taken_off():
    token = [100.0] * 15 + [120.0] + [120.0] * 30
    both = pl.concat([candles("TAO", token), candles("BTC", [100.0] * 15 + [110.0] * 31)])
    frame = measure_hedge(both, make_rows(EVENT, shock(10)), ["TAO"], HEDGE.empty())
    row = frame.filter(weight=0.25, window_end_hours=24.0, shock="restriction", funded_from="BTC").row(0, named=True)
    assert row["mean_gain"] == pytest.approx(0.25 * 0.10)


def test_shock_inside_the_window_of_the_one_before_is_left_out_and_counted():
    frame = rows([shock(10), shock(12), shock(30)], [100.0] * 60, funded_from="cash").row(0, named=True)
    assert (frame["n_events"], frame["n_excluded"]) == (2, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"selected_from": "price"},
        {"time_precision": "day"},
        {"severity": 2},
        {"direction": "enables"},
        {"status": "rejected"},
    ],
)
def test_events_that_prove_nothing_do_not_count(change):
    row = rows([shock(10, **change)], [100.0] * 60, funded_from="cash").row(0, named=True)
    assert row["n_events"] == 0
    assert row["mean_gain"] is None
    assert row["reason"]


@pytest.mark.parametrize(("bar", "n_outages"), [(11, 0), (15, 0), (16, 1), (4, 1), (5, 0)])
def test_status_page_trace_of_a_restriction_within_a_day_is_no_outage(bar, n_outages):
    outage = shock(bar, category="outage", event_id="o", direction=None)
    row = rows([shock(10), outage], [100.0] * 60, shock="outage", funded_from="cash").row(0, named=True)
    assert row["n_events"] == n_outages


def test_token_without_benchmark_beside_it_is_left_out():
    frame = measure_hedge(candles("TAO", [100.0] * 60), make_rows(EVENT, shock(10)), ["TAO"], HEDGE.empty())
    assert frame.height == 0


@pytest.mark.parametrize(("bar", "n_events"), [(0, 0), (1, 1), (14, 1), (15, 0)])
def test_a_window_counts_from_the_first_bar_with_a_return_to_the_last_of_the_record(bar: int, n_events: int):
    # Twenty bars; a day is six of them.
    cash = rows([shock(bar)], [100.0] * 20, funded_from="cash").row(0, named=True)
    assert (cash["n_events"], cash["n_excluded"] or 0) == (n_events, 1 - n_events)


def test_window_without_a_bar_gives_no_number():
    returns = np.array([0.0, 0.1, np.nan, 0.1])
    assert window_returns(returns, np.array([0, 1]), 2)[0] == pytest.approx(0.1)
    assert np.isnan(window_returns(returns, np.array([1]), 2)[0])


def test_separate_bars_keeps_the_first_of_each_cluster():
    assert separate_bars(np.array([5, 3, 9, 10, 14]), 5).tolist() == [3, 9, 14]


def test_mean_interval_agrees_with_the_textbook():
    # n = 4, mean 2.5, sd 1.29099; t(3) = 3.18245: half width 2.05427
    assert mean_interval(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx((0.44573, 4.55427), abs=1e-4)


def test_hit_interval_is_the_exact_binomial():
    assert hit_interval(0, 10) == pytest.approx((0.0, 0.30850), abs=1e-4)
    for n_hits in range(8):
        found = binomtest(n_hits, 7).proportion_ci(0.95, method="exact")
        assert hit_interval(n_hits, 7) == pytest.approx((found.low, found.high), abs=1e-11)


def test_cost_between_events_leaves_the_windows_out():
    returns = np.array([0.10, -0.50, -0.20, 0.05])
    outside = np.array([True, False, True, True])
    benchmark = np.array([0.05, 0.0, -0.10, 0.025])
    between = measure_between(returns, returns, benchmark, outside, 24.0)
    assert between.drawdown == pytest.approx(-0.20)
    assert between.beta == pytest.approx(2.0)
    assert between.n_days == 3.0


@pytest.mark.slow
def test_interval_of_the_mean_covers_the_truth():
    generator, covered = np.random.default_rng(3), 0
    for _ in range(1000):
        values = generator.normal(0.01, 0.05, 12)
        lower, upper = mean_interval(values)
        covered += lower <= 0.01 <= upper
    assert 930 <= covered <= 970


def test_beta_between_is_the_tokens_on_the_benchmark_outside_the_windows():
    generator = np.random.default_rng(3)
    benchmark = generator.normal(0, 0.01, 400)
    token = 2.0 * benchmark + generator.normal(0, 0.01, 400)
    token[100:150] = -9.0 * benchmark[100:150]
    outside = np.ones(400, dtype=bool)
    outside[100:150] = False
    found = measure_between(token, token, benchmark, outside, 4.0)
    assert found.beta == pytest.approx(np.polyfit(benchmark[outside], token[outside], 1)[0], rel=1e-9)
    assert measure_between(token, token, np.zeros(400), outside, 4.0).beta is None


def test_rows_stay_as_stored_until_a_shock_of_their_kind_is_new() -> None:
    both = pl.concat([candles("TAO", [100.0 + bar % 7 for bar in range(120)]), candles("BTC", [100.0] * 120)])
    first = measure_hedge(both, make_rows(EVENT, shock(10)), ["TAO"], HEDGE.empty())
    marked = first.with_columns(conventions=pl.lit("as stored"))
    assert measure_hedge(both, make_rows(EVENT, shock(10)), ["TAO"], marked).equals(marked)
    more = measure_hedge(both, make_rows(EVENT, shock(10), shock(60)), ["TAO"], marked)
    fresh = more.filter(pl.col("conventions") != "as stored")["shock"].unique().to_list()
    assert len(fresh) == 1
    assert more.height == first.height
