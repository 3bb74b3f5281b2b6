"""The last day of a token is compared with its own past, and absence has a reason."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.together.latest_moves import measure_latest_moves

START = datetime(2026, 5, 1, tzinfo=UTC)
BETA = 1.5


def candles(asset_id, log_returns, venue="binanceusdm", start=START):
    closes = 100 * np.exp(np.concatenate([[0.0], np.cumsum(log_returns)]))
    return pl.DataFrame(
        {
            "asset_id": asset_id,
            "name": asset_id,
            "market_id": f"{venue}:{asset_id}/USDT:USDT",
            "timeframe": "1h",
            "open_time_utc": [start + timedelta(hours=hour) for hour in range(len(closes))],
            "close_quote": closes,
        },
        schema_overrides={"open_time_utc": pl.Datetime("us", "UTC")},
    )


@pytest.fixture
def world():
    """Thirty days of a benchmark, and a token that follows it with beta 1.5 and noise of its own."""
    random = np.random.default_rng(1)
    market = random.normal(0, 0.005, 720)
    return market, BETA * market + random.normal(0, 0.002, 720)


def test_a_jump_beyond_the_benchmark_is_measured_and_outside_its_past(world):
    market, token = world
    token = token.copy()
    token[-5] += 0.10
    row = measure_latest_moves(pl.concat([candles("BTC", market), candles("TAO", token)])).row(0, named=True)
    own_part = token[-24:].sum() - row["beta"] * market[-24:].sum()
    assert row["beta"] == pytest.approx(BETA, abs=0.05)
    assert row["abnormal_return"] == pytest.approx(np.expm1(own_part))
    assert row["abnormal_return"] > row["ordinary_upper"]
    assert (row["n_as_large"], row["n_windows"], row["n_independent"]) == (0, 673, 28)
    assert row["raw_return"] == pytest.approx(np.expm1(token[-24:].sum()))


def test_an_ordinary_day_lies_inside_the_range_and_its_own_windows_are_not_compared_with_it(world):
    market, token = world
    row = measure_latest_moves(pl.concat([candles("BTC", market), candles("TAO", token)])).row(0, named=True)
    assert row["ordinary_lower"] < row["abnormal_return"] < row["ordinary_upper"]


def test_a_missing_bar_in_the_last_day_is_a_reason_not_a_number(world):
    market, token = world
    holed = candles("TAO", token)
    holed = holed.filter(pl.col("open_time_utc") != holed["open_time_utc"][-6])
    row = measure_latest_moves(pl.concat([candles("BTC", market), holed])).row(0, named=True)
    assert row["abnormal_return"] is None
    assert row["reason"] == "a bar is missing in the last 24 hours"


def test_too_short_a_past_says_how_much_is_needed(world):
    market, token = world
    short = measure_latest_moves(pl.concat([candles("BTC", market[:100]), candles("TAO", token[:100])]))
    assert short["reason"][0] == "76 earlier bars; 240 needed"


def test_a_token_that_stopped_trading_is_not_today(world):
    market, token = world
    row = measure_latest_moves(pl.concat([candles("BTC", market), candles("TAO", token[:600])])).row(0, named=True)
    assert row["reason"].startswith("last bar closed 2026-05-26")


def test_without_a_benchmark_the_raw_move_stands_alone(world):
    row = measure_latest_moves(candles("TAO", world[1])).row(0, named=True)
    assert row["raw_return"] is not None
    assert row["reason"] == "no Bitcoin bars of the same length"


def test_no_candles_give_no_rows(world):
    assert measure_latest_moves(candles("TAO", world[1]).head(0)).height == 0
