"""A bar made of observations never looks ahead, never uses a stale price, and no price twice."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.tape.observations import (
    BAR_SCHEMA,
    candles_first,
    grid_as_of,
    is_observed,
    observed_bars,
    observed_markets,
    observed_share,
)
from warehouse.tables.prices import MARKET

START = datetime(2026, 6, 12, tzinfo=UTC)
HOURS_4 = timedelta(hours=4)


def make_observations(minutes: list[float], asset_id: str = "RENDER") -> pl.DataFrame:
    """One price per instant; the price is the number of the observation, so that it names it."""
    return pl.DataFrame(
        {
            "asset_id": [asset_id] * len(minutes),
            "observed_at_utc": [START + timedelta(minutes=minute) for minute in sorted(minutes)],
            "price_quote": [float(number) for number in range(1, len(minutes) + 1)],
        },
        schema={"asset_id": pl.String, "observed_at_utc": pl.Datetime("us", "UTC"), "price_quote": pl.Float64},
    )


@settings(max_examples=60, deadline=None)
@given(
    minutes=st.lists(st.integers(0, 4_000), min_size=1, max_size=60, unique=True),
    staleness=st.integers(1, 239),
)
def test_each_close_is_the_last_price_before_it_and_young_enough_and_none_is_used_twice(
    minutes: list[int], staleness: int
) -> None:
    observations = make_observations([float(minute) for minute in minutes])
    limit = timedelta(minutes=staleness)
    bars = observed_bars(observations, HOURS_4, limit)
    at = dict(zip(observations["price_quote"], observations["observed_at_utc"], strict=True))
    for opened, close in bars.select("open_time_utc", "close_quote").iter_rows():
        closed = opened + HOURS_4
        assert at[close] <= closed
        assert closed - at[close] <= limit
        assert at[close] == max(instant for instant in at.values() if instant <= closed)
        assert closed <= max(at.values())
    assert bars["close_quote"].is_unique().all()
    # And every close that could be made was made.
    due = {
        START + number * HOURS_4
        for number in range(20)
        for instant in at.values()
        if timedelta(0) <= START + number * HOURS_4 - instant <= limit and START + number * HOURS_4 <= max(at.values())
    }
    assert {opened + HOURS_4 for opened in bars["open_time_utc"]} == due


@pytest.mark.parametrize("staleness", [timedelta(0), HOURS_4, timedelta(hours=5)])
def test_a_limit_that_is_no_shorter_than_the_bar_makes_no_bars(staleness: timedelta) -> None:
    bars = observed_bars(make_observations([10.0, 200.0, 500.0]), HOURS_4, staleness)
    assert (bars.height, bars.schema) == (0, BAR_SCHEMA)


def test_without_observations_there_are_no_bars() -> None:
    assert observed_bars(make_observations([]), HOURS_4, timedelta(hours=1)).schema == BAR_SCHEMA


def test_a_bar_that_would_close_after_the_record_is_not_made() -> None:
    bars = observed_bars(make_observations([230.0, 350.0]), HOURS_4, timedelta(minutes=180))
    assert bars["open_time_utc"].to_list() == [START]


def test_an_observation_on_a_close_is_that_close() -> None:
    bars = observed_bars(make_observations([0.0, 240.0]), HOURS_4, timedelta(minutes=180))
    assert bars.select("open_time_utc", "close_quote").rows() == [(START - HOURS_4, 1.0), (START, 2.0)]


def test_assets_do_not_lend_each_other_prices() -> None:
    both = pl.concat([make_observations([200.0, 440.0]), make_observations([479.0], "TAO")])
    grid = grid_as_of(both, START, START + 2 * HOURS_4, HOURS_4, timedelta(minutes=60))
    assert grid.select("asset_id", "close_quote").rows() == [
        ("RENDER", 1.0),
        ("RENDER", 2.0),
        ("TAO", None),
        ("TAO", 1.0),
    ]


def test_an_observed_market_is_no_registered_market_and_ranks_behind_candles() -> None:
    markets = observed_markets(["VIRTUAL", "RENDER"])
    assert markets.columns == list(MARKET.column_names)
    assert markets["market_id"].to_list() == ["observed:RENDER/USD", "observed:VIRTUAL/USD"]
    assert markets["is_registered"].to_list() == [False, False]
    assert observed_markets([]).height == 0
    assert sorted(["observed:A/USD", "okx:A/USDT", "binance:A/USDT"], key=candles_first)[-1] == "observed:A/USD"
    assert [is_observed(name) for name in ("observed:A/USD", "okx:observed/USDT")] == [True, False]


def test_a_group_says_how_many_of_its_pairs_are_observed() -> None:
    assert observed_share(["okx:A/USDT"]) == ""
    assert observed_share(["okx:A/USDT", "observed:B/USD"]).startswith("; closes of 1 of 2 pairs are prices observed")
