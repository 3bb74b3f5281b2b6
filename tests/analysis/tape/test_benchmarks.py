"""Benchmarks are built from bars that exist, and never from the asset that is studied."""

import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analysis.tape.benchmarks import BENCHMARKS, benchmark_frame, benchmark_returns, member_returns, represent_assets
from analysis.tape.observations import grid_as_of

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_bars(asset: str, role: str, closes: list[float | None], volume: float = 1.0) -> pl.DataFrame:
    rows = [
        (asset, role, f"binance:{asset}/USDT", START + HOUR * n, close, volume)
        for n, close in enumerate(closes)
        if close is not None
    ]
    names = ["asset_id", "role", "market_id", "open_time_utc", "close_quote", "volume_base"]
    return pl.DataFrame(rows, schema=names, orient="row")


def make_market() -> pl.DataFrame:
    basket = [make_bars(f"B{n}", "basket", [10.0, 10.0 * math.exp(n / 100)], volume=float(n)) for n in range(1, 7)]
    tokens = [make_bars(f"A{n}", "ai_token", [10.0, 10.0 * math.exp(n / 10)]) for n in range(1, 5)]
    return pl.concat([make_bars("BTC", "benchmark", [100.0, 101.0, None, 103.0, 104.0]), *basket, *tokens])


def build_all(bars: pl.DataFrame, subject: str | None) -> pl.DataFrame:
    markets = bars.select("market_id", "asset_id", "role").unique()
    candles = bars.drop("asset_id", "role")
    members = member_returns(represent_assets(candles, markets), 3600)
    return pl.concat([benchmark_returns(members, benchmark, subject) for benchmark in BENCHMARKS])


def value(frame: pl.DataFrame, benchmark: str) -> float:
    return frame.filter(pl.col("benchmark_id") == benchmark)["log_return"].item()


def test_a_basket_is_the_mean_of_its_members() -> None:
    found = build_all(make_market(), None)
    assert value(found, "BASKET_EQUAL") == pytest.approx(0.035)
    weights = sum(range(1, 7))
    assert value(found, "BASKET_LIQUID") == pytest.approx(sum(n * n / 100 for n in range(1, 7)) / weights)


def test_the_asset_under_study_is_left_out() -> None:
    found = build_all(make_market(), "A4")
    assert value(found, "AI_OTHERS") == pytest.approx((0.1 + 0.2 + 0.3) / 3)
    assert value(build_all(make_market(), None), "AI_OTHERS") == pytest.approx(0.25)


def test_a_return_never_spans_a_gap() -> None:
    found = build_all(make_market(), None).filter(pl.col("benchmark_id") == "BTC")
    assert found["open_time_utc"].to_list() == [START + HOUR, START + HOUR * 4]


def test_too_few_members_make_no_bar() -> None:
    small = make_market().filter(~pl.col("asset_id").is_in(["B1", "B2"]))
    assert "BASKET_EQUAL" not in build_all(small, None)["benchmark_id"].to_list()


def test_an_asset_is_represented_by_its_longest_series() -> None:
    other = make_bars("BTC", "benchmark", [1.0, 2.0]).with_columns(pl.lit("okx:BTC/USDT").alias("market_id"))
    found = build_all(pl.concat([make_market(), other]), None)
    first = found.filter(pl.col("benchmark_id") == "BTC")["log_return"][0]
    assert first == pytest.approx(math.log(1.01))


def test_the_definitions_are_a_table() -> None:
    assert benchmark_frame()["benchmark_id"].to_list() == ["BTC", "ETH", "BASKET_EQUAL", "BASKET_LIQUID", "AI_OTHERS"]


def test_a_grid_takes_the_last_young_observation_and_never_a_later_one() -> None:
    minutes = [5, 50, 61, 200]
    seen = pl.DataFrame(
        {
            "asset_id": ["AKT"] * 4,
            "observed_at_utc": [START + timedelta(minutes=m) for m in minutes],
            "price_quote": [1.0, 2.0, 3.0, 4.0],
        }
    )
    grid = grid_as_of(seen, START, START + HOUR * 4, HOUR, staleness=timedelta(minutes=75))
    assert grid["close_quote"].to_list() == [2.0, 3.0, None, 4.0]
    assert grid["age_minutes"].to_list() == [10.0, 59.0, None, 40.0]
    assert grid["price_basis"].unique().to_list() == ["observed"]
