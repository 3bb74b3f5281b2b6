"""Prices observed at uneven times: planted leads are recovered, overlap alone is refused."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from analysis.together.moving.observations import measure_observations
from analysis.together.moving.uneven import Observed, hayashi_yoshida
from tests.analysis.together.series import START
from tests.builders import make_rows
from warehouse.tables.prices import OBSERVATION

LAGS = np.arange(-60, 61, 10)


def observe(generator, prices, every):
    """A price path seen at random whole times, on average every 1.25 `every` steps."""
    times = np.unique(np.cumsum(generator.integers(every // 2, 2 * every, prices.size // every)))
    times = times[times < prices.size]
    return Observed(times.astype(np.int64), prices[times])


def make_paths(generator, n=40_000, *, lag=0, link=1.0, noise=0.5):
    steps, own = 1e-4 * generator.standard_normal((2, n))
    return np.exp(np.cumsum(steps)), np.exp(np.cumsum(link * np.roll(steps, lag) + noise * own))


def test_a_lag_between_unevenly_observed_prices_is_recovered():
    generator = np.random.default_rng(8)
    first, second = make_paths(generator, lag=30)
    found = hayashi_yoshida(observe(generator, first, 8), observe(generator, second, 13), LAGS)
    best = int(np.argmax(np.abs(found.correlation)))
    assert LAGS[best] == 30
    assert found.correlation[best] > 5 * found.standard_error[best]
    assert found.p_lead < 1e-6


def test_nothing_is_found_between_unrelated_prices():
    generator = np.random.default_rng(9)
    first, second = make_paths(generator, link=0.0, noise=1.0)
    found = hayashi_yoshida(observe(generator, first, 8), observe(generator, second, 13), LAGS)
    assert np.all(np.abs(found.correlation) < 4 * found.standard_error)
    assert found.p_lead > 0.01


def test_rare_observations_of_prices_that_move_together_are_not_a_lead():
    generator = np.random.default_rng(11)
    refused = 0
    for _ in range(20):
        first, second = make_paths(generator, 20_000)
        found = hayashi_yoshida(observe(generator, first, 60), observe(generator, second, 60), LAGS)
        middle = LAGS.size // 2
        assert abs(found.correlation[middle + 1]) > 3 * found.standard_error[middle + 1]  # overlap, not a lead
        refused += found.p_lead > 0.05
    assert refused >= 16


def test_on_the_same_times_it_is_the_ordinary_correlation():
    generator = np.random.default_rng(10)
    returns = 0.01 * generator.standard_normal((2, 500))
    returns[1] += returns[0]
    times = np.cumsum(generator.integers(1, 50, 501)).astype(np.int64)
    prices = np.exp(np.concatenate([np.zeros((2, 1)), np.cumsum(returns, axis=1)], axis=1))
    found = hayashi_yoshida(Observed(times, prices[0]), Observed(times, prices[1]), np.array([-10_000, 0, 10_000]))
    expected = returns[0] @ returns[1] / np.sqrt((returns[0] ** 2).sum() * (returns[1] ** 2).sum())
    assert found.correlation[1] == pytest.approx(expected)


def make_observations(generator, n=1500, *, collide=False):
    steps = 0.002 * generator.standard_normal((2, n))
    bitcoin = 60_000 * np.exp(np.cumsum(steps[0]))
    token = 200 * np.exp(np.cumsum(np.concatenate([np.zeros(6), 1.5 * steps[0][:-6]]) + steps[1]))
    if collide:
        token[700] = 0.01
    rows = [
        {
            "source_id": "snapshots",
            "asset_id": asset,
            "observed_at_utc": START + timedelta(minutes=10 * k),
            "price_quote": float(prices[k]),
        }
        for asset, prices in (("BTC", bitcoin), ("TAO", token))
        for k in range(n)
    ]
    return make_rows(OBSERVATION, *rows)


@pytest.mark.parametrize("collide", [False, True])
def test_rows_say_who_leads_and_ignore_another_coin_under_the_ticker(collide):
    observations = make_observations(np.random.default_rng(12), collide=collide)
    rows = measure_observations(observations, {"TAO": "ai_token", "BTC": "benchmark"})
    assert rows.select("asset_id", "other_asset_id", "lag_hours").rows() == [("BTC", "TAO", 1.0)]
    assert rows["estimate"][0] > 0.6
    assert rows["p_adjusted"][0] < 1e-6


def test_too_few_observations_give_no_rows():
    observations = make_observations(np.random.default_rng(13), 300)
    assert measure_observations(observations, {"TAO": "ai_token"}).height == 0


def test_assets_without_a_role_are_left_out():
    observations = make_observations(np.random.default_rng(14)).with_columns(
        pl.col("asset_id").str.replace("TAO", "DOGE")
    )
    assert measure_observations(observations, {"DOGE": "other"}).height == 0
