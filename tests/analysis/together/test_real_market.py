"""What the real hourly bars of 2024 to 2026 say about TAO and Bitcoin."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analysis.tape.returns import build_return_grid
from analysis.tape.series import AlignedSeries
from analysis.together.moving.pairs import bitcoin_pairs, build_return_panel
from analysis.together.moving.regimes import measure_regimes
from analysis.together.moving.spans import measure_spans
from tests.paths import shared

TAO, BITCOIN = "binanceusdm:TAO/USDT:USDT", "binance:BTC/USDT"


@pytest.fixture(scope="module")
def pair() -> AlignedSeries:
    candles = (
        pl.read_parquet(shared("data", "market", "candles_1h.parquet"))
        .with_columns(pl.format("{}:{}", "exchange", "symbol").alias("market_id"))
        .filter(pl.col("market_id").is_in([TAO, BITCOIN]))
        .select(
            "market_id",
            "open_time_utc",
            high_quote="high",
            low_quote="low",
            close_quote="close",
            volume_base="volume_base",
        )
    )
    markets = pl.DataFrame(
        {"market_id": [TAO, BITCOIN], "asset_id": ["TAO", "BTC"], "exchange": ["binanceusdm", "binance"]}
    )
    grid = build_return_grid(candles, timedelta(hours=1))
    return bitcoin_pairs(build_return_panel(grid, "1h", markets, {"TAO": "ai_token", "BTC": "benchmark"}))[0]


def test_hourly_correlation_since_listing_and_how_few_normal_bars_it_is_worth(pair):
    row = (
        measure_spans([pair]).filter((pl.col("span_id") == "all") & (pl.col("measure") == "pearson")).row(0, named=True)
    )
    assert row["n"] == pytest.approx(18_540, abs=60)
    assert 0.60 < row["lower_95"] < row["estimate"] < row["upper_95"] < 0.66
    assert row["n_effective"] < row["n"] / 3


def test_tao_lived_apart_from_bitcoin_in_the_spring_of_2026_and_had_returned_before_june(pair):
    rows = measure_regimes([pair])
    apart = rows.filter(pl.col("correlation") == rows["correlation"].min()).row(0, named=True)
    assert abs(apart["start_utc"] - datetime(2026, 3, 7, tzinfo=UTC)) < timedelta(days=4)
    assert abs(apart["end_utc"] - datetime(2026, 5, 13, tzinfo=UTC)) < timedelta(days=4)
    before = rows.filter(pl.col("regime_number") == apart["regime_number"] - 1).row(0, named=True)
    after = rows.filter(pl.col("regime_number") == apart["regime_number"] + 1).row(0, named=True)
    assert apart["correlation_upper_95"] < before["correlation_lower_95"]
    assert apart["correlation_upper_95"] < after["correlation_lower_95"]
    assert apart["beta"] < 1.2 < before["beta"]
