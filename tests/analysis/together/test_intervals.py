"""Correlation and beta with honest intervals."""

import numpy as np
import pytest

from analysis.engine.regressions.long_run import newey_west_lags
from analysis.together.moving.intervals import (
    associate,
    block_length,
    bootstrap_moments,
    moments,
    percentile_interval,
)
from tests.analysis.together.series import make_pair_returns, make_volatility


def test_correlation_and_beta_match_numpy_and_a_hand_calculation():
    benchmark = np.array([1.0, 2.0, 3.0, 4.0] * 3)
    token = np.array([2.0, 1.0, 4.0, 3.0] * 3)
    found = associate(token, benchmark)
    assert found.correlation == pytest.approx(0.6)  # (sum of products 3 of 5 and 5)
    assert found.beta == pytest.approx(0.6)
    assert found.n == 12


def test_bars_absent_on_one_side_are_left_out_on_both():
    generator = np.random.default_rng(1)
    token, benchmark = make_pair_returns(generator, 200)
    holed_token, holed_benchmark = token.copy(), benchmark.copy()
    holed_token[::7], holed_benchmark[3::11] = np.nan, np.nan
    kept = np.isfinite(holed_token) & np.isfinite(holed_benchmark)
    found = associate(holed_token, holed_benchmark)
    assert found.n == kept.sum()
    assert found.correlation == pytest.approx(np.corrcoef(token[kept], benchmark[kept])[0, 1])


@pytest.mark.parametrize("n", [60, 168, 500])
def test_interval_covers_the_truth_despite_heavy_tails_and_volatility_clusters(n):
    generator = np.random.default_rng(2)
    draws = 1500
    volatility = np.stack([make_volatility(generator, n) for _ in range(draws)])
    benchmark = volatility * generator.standard_normal((draws, n))
    token = 0.9 * benchmark + volatility * generator.standard_normal((draws, n))
    truth = 0.9 / np.sqrt(1.81)
    found = associate(token, benchmark)
    covered = np.mean((found.correlation_lower < truth) & (truth < found.correlation_upper))
    covered_beta = np.mean((found.beta_lower < 0.9) & (found.beta_upper > 0.9))
    naive = np.mean(np.abs(np.arctanh(found.correlation) - np.arctanh(truth)) < 1.96 / np.sqrt(n - 3))
    assert 0.91 < covered < 0.98
    assert 0.88 < covered_beta < 0.98
    assert naive < covered - 0.02  # the textbook interval is too narrow here


def test_effective_n_is_never_above_n_and_falls_with_shared_volatility_clusters():
    generator = np.random.default_rng(3)
    calm = associate(*make_pair_returns(generator, 2000, clusters=False))
    clustered = associate(*make_pair_returns(generator, 2000))
    assert calm.n_effective <= 2000
    assert clustered.n_effective < 0.7 * calm.n_effective


def test_autocorrelated_series_are_worth_fewer_bars():
    generator = np.random.default_rng(4)
    shocks = generator.standard_normal((2, 3000))
    slow = np.stack([np.convolve(row, np.ones(24) / 24, mode="valid") for row in shocks])
    found = associate(slow[0], slow[1], n_lags=48)
    assert found.n_effective < 0.15 * slow.shape[1]
    assert found.correlation_lower < 0 < found.correlation_upper


@pytest.mark.parametrize(
    ("token", "benchmark"),
    [
        (np.zeros(100), np.arange(100.0)),
        (np.arange(100.0), np.full(100, 0.5)),
        (np.arange(11.0), np.arange(11.0)),
    ],
)
def test_a_frozen_price_or_too_few_bars_give_no_number(token, benchmark):
    found = associate(token, benchmark)
    assert np.isnan(found.correlation)
    assert np.isnan(found.beta)


def test_block_bootstrap_reproduces_the_sample_and_covers_the_truth():
    generator = np.random.default_rng(5)
    token, benchmark = make_pair_returns(generator, 300)
    assert moments(token, benchmark).correlation[0] == pytest.approx(np.corrcoef(token, benchmark)[0, 1])
    hits = 0
    for _ in range(200):
        token, benchmark = make_pair_returns(generator, 300, beta=0.5)
        low, high = percentile_interval(bootstrap_moments(token, benchmark, generator, 299).beta)
        hits += low < 0.5 < high
    assert 0.88 < hits / 200 <= 0.99


def test_bootstrap_repeats_with_its_generator():
    token, benchmark = make_pair_returns(np.random.default_rng(6), 100)
    one = bootstrap_moments(token, benchmark, np.random.default_rng(7), 50).sums
    two = bootstrap_moments(token, benchmark, np.random.default_rng(7), 50).sums
    assert np.array_equal(one, two)


def test_lags_and_blocks_follow_the_stated_rules():
    assert newey_west_lags(100) == 4
    assert newey_west_lags(20_000) == 12
    assert block_length(1000) == 15
    assert block_length(2) == 2
