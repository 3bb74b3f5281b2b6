"""Rolling correlations against pandas, with gaps, frozen prices and known breaks."""

import numpy as np
import pandas as pd
import pytest

from analysis.together.moving.moving import measure_dynamic, measure_moving, published_positions
from analysis.together.moving.rolling import (
    ewma_association,
    rolling_association,
    rolling_correlation,
    trailing_beta,
)
from tests.analysis.together.series import make_pair, make_pair_returns


def make_returns(n_assets=5, n=900, *, holes=0.02, seed=1):
    generator = np.random.default_rng(seed)
    returns = 0.01 * (generator.standard_t(4, (n_assets, n)) + generator.standard_normal(n))
    returns[generator.random(returns.shape) < holes] = np.nan
    return returns


@pytest.mark.parametrize("window", [48, 168])
def test_every_window_of_a_pair_agrees_with_pandas(window):
    x, y = make_returns(2)
    found = rolling_correlation(x, y, window)
    one, other = pd.Series(x), pd.Series(y)
    expected = one.rolling(window, min_periods=int(np.ceil(0.8 * window))).corr(other).to_numpy().copy()
    expected[~((one.notna() & other.notna()).rolling(window).sum().to_numpy() >= 0.8 * window)] = np.nan
    np.testing.assert_allclose(found, expected, atol=2e-9)


def test_single_pair_agrees_with_direct_sums_to_nine_digits():
    x, y = make_returns(2, 4000)
    found = rolling_correlation(x, y, 100)
    for end in (99, 1500, 3999):
        a, b = x[end - 99 : end + 1], y[end - 99 : end + 1]
        kept = np.isfinite(a) & np.isfinite(b)
        assert found[end] == pytest.approx(np.corrcoef(a[kept], b[kept])[0, 1], abs=1e-9)


def test_large_early_moves_do_not_spoil_later_windows():
    generator = np.random.default_rng(3)
    x, y = generator.standard_normal((2, 5000)) * 1e-4
    x[:50] *= 1e4
    found = rolling_correlation(x, y, 100)[-1]
    assert found == pytest.approx(np.corrcoef(x[-100:], y[-100:])[0, 1], abs=1e-6)


def test_a_window_with_a_frozen_price_has_no_correlation():
    x, y = make_returns(2, 500, holes=0.0)
    x[200:320] = 0.0
    found = rolling_correlation(x, y, 100)
    assert np.isnan(found[310])
    assert np.isfinite(found[199])
    assert np.isfinite(found[499])


def test_a_window_with_under_eighty_percent_of_its_bars_has_none_and_says_its_n():
    x, y = make_returns(2, 300, holes=0.0)
    x[100:130] = np.nan
    found = rolling_association(x, y, 100, np.array([99, 160, 299]))
    assert found.n.tolist() == [100, 70, 100]
    assert np.isfinite(found.correlation).tolist() == [True, False, True]


def test_a_planted_break_shows_only_after_the_break_and_fully_after_one_window():
    generator = np.random.default_rng(4)
    benchmark = generator.standard_normal(2000)
    token = np.where(np.arange(2000) < 1000, 2.0, 0.2) * benchmark + generator.standard_normal(2000)
    found = rolling_association(token, benchmark, 200, np.array([999, 1199]))
    assert found.correlation_lower[0] > 0.8
    assert found.correlation_upper[1] < 0.5
    assert found.beta[0] == pytest.approx(2.0, abs=0.15)


def test_ewma_matches_a_direct_weighted_sum():
    token, benchmark = make_pair_returns(np.random.default_rng(5), 400)
    found = ewma_association(token, benchmark, 24.0)
    weights = 0.5 ** (np.arange(400)[::-1] / 24.0)
    expected = (weights * token * benchmark).sum() / (weights * benchmark**2).sum()
    assert found.beta[-1] == pytest.approx(expected)
    assert found.n_effective[-1] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_trailing_beta_does_not_know_its_own_bar():
    token, benchmark = make_pair_returns(np.random.default_rng(6), 300)
    before = trailing_beta(token, benchmark, 100)
    token[200:] = 99.0
    after = trailing_beta(token, benchmark, 100)
    assert np.array_equal(before[:201], after[:201], equal_nan=True)
    assert before[200] == pytest.approx(np.polyfit(benchmark[100:200], token[100:200], 1)[0])


def test_published_points_do_not_move_when_bars_are_added():
    token, benchmark = make_pair_returns(np.random.default_rng(7), 1200)
    long = measure_moving([make_pair(token, benchmark)])
    short = measure_moving([make_pair(token[:1000], benchmark[:1000])])
    joined = short.join(long, on=["estimator", "window_hours", "close_time_utc"], how="left", validate="1:1")
    assert joined["correlation"].to_list() == joined["correlation_right"].to_list()
    assert joined["beta_lower_95"].to_list() == joined["beta_lower_95_right"].to_list()


def test_a_week_is_published_every_four_hours_from_the_first_full_window():
    pair = make_pair(*make_pair_returns(np.random.default_rng(8), 400))
    positions = published_positions(pair, 168.0)
    closes = [pair.close_time(int(position)) for position in positions]
    assert positions[0] == 167
    assert {close.hour % 4 for close in closes} == {0}


def test_dynamic_model_needs_a_thousand_bars():
    assert measure_dynamic([make_pair(*make_pair_returns(np.random.default_rng(9), 648))]).height == 0


def test_dynamic_model_follows_a_correlation_that_swings():
    from analysis.together.moving.dcc import fit_dcc

    generator = np.random.default_rng(10)
    truth = 0.5 + 0.4 * np.sin(np.arange(4000) / 400)
    shocks = generator.standard_normal((2, 4000))
    token = 0.01 * (truth * shocks[0] + np.sqrt(1 - truth**2) * shocks[1])
    found = fit_dcc(token, 0.01 * shocks[0])
    assert found is not None
    assert np.corrcoef(found.correlation, truth)[0, 1] > 0.85
    still = fit_dcc(0.01 * shocks[1], 0.01 * shocks[0])
    assert still is not None
    assert still.correlation.std() < 0.08
