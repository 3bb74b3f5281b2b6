"""Leads and lags: planted ones are recovered, common shocks and slow series are refused."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from analysis.tape.returns import ReturnGrid
from analysis.together.leads.granger import MAX_LAGS, try_granger
from analysis.together.leads.leadlag import control_false_discoveries, lag_matrices, lag_path
from analysis.together.leads.order import measure_order
from analysis.together.moving.pairs import build_return_panel
from tests.analysis.together.series import START, make_volatility


def make_grid(returns, assets, bar=timedelta(hours=1)):
    ids = tuple(f"venue:{asset}/USDT" for asset in assets)
    flat = np.exp(np.nancumsum(returns, axis=1))
    return ReturnGrid(ids, START, bar, "log", flat, returns, np.ones_like(returns), pl.DataFrame())


def make_panel(returns, assets, timeframe="1h"):
    grid = make_grid(returns, assets)
    markets = pl.DataFrame({"market_id": grid.market_ids, "asset_id": assets, "exchange": ["venue"] * len(assets)})
    roles = {asset: "benchmark" if asset in ("BTC", "ETH") else "ai_token" for asset in assets}
    return build_return_panel(grid, timeframe, markets, roles)


def test_correlation_at_each_lag_matches_a_direct_calculation_with_gaps():
    generator = np.random.default_rng(1)
    returns = generator.standard_normal((3, 400))
    returns[0, ::9] = np.nan
    found = lag_matrices(returns, 5)
    for lag in (0, 1, 5):
        x, y = returns[0][: 400 - lag], returns[2][lag:]
        kept = np.isfinite(x) & np.isfinite(y)
        assert found.n[lag, 0, 2] == kept.sum()
        assert found.correlation[lag, 0, 2] == pytest.approx(np.corrcoef(x[kept], y[kept])[0, 1])


def test_a_planted_lag_is_recovered_with_its_sign():
    generator = np.random.default_rng(2)
    leader, noise = generator.standard_normal((2, 4000))
    follower = 0.25 * np.roll(leader, 7) + noise
    found = lag_matrices(np.stack([leader, follower]), 24)
    assert lag_path(found, 0, 1).best_lag == 7
    assert lag_path(found, 1, 0).best_lag == -7
    assert lag_path(found, 0, 1).p_value < 1e-6


def test_a_common_shock_at_the_same_bar_is_not_a_lead():
    generator = np.random.default_rng(3)
    common = generator.standard_normal(3000)
    p_values = [
        lag_path(lag_matrices(common + 0.5 * generator.standard_normal((2, 3000)), 24), 0, 1).p_value for _ in range(60)
    ]
    assert np.mean(np.array(p_values) < 0.05) < 0.15


@pytest.mark.parametrize("kind", ["autocorrelated", "shared_volatility"])
def test_bands_hold_for_slow_series_and_for_shared_volatility(kind):
    generator = np.random.default_rng(4)
    shocks = generator.standard_normal((24, 2500))
    if kind == "autocorrelated":
        for t in range(1, 2500):
            shocks[:, t] += 0.6 * shocks[:, t - 1]
    else:
        shocks *= make_volatility(generator, 2500, memory=0.97)
    found = lag_matrices(shocks, 12)
    tests = pl.DataFrame({"p_value": [lag_path(found, i, j).p_value for i in range(24) for j in range(i)]})
    assert (tests["p_value"] < 0.05).mean() < 0.08
    assert (control_false_discoveries(tests)["p_adjusted"] < 0.05).sum() == 0


def test_false_discovery_control_keeps_absent_tests_absent():
    adjusted = control_false_discoveries(pl.DataFrame({"p_value": [1e-6, float("nan"), 0.5, None]}))["p_adjusted"]
    assert adjusted[0] == pytest.approx(1e-6 * 2 * 1.5)  # 2 tests, harmonic factor 1 + 1/2
    assert adjusted.is_null().to_list() == [False, True, False, True]


def test_false_discovery_control_is_that_of_scipy():
    p_values = np.random.default_rng(9).uniform(size=200) ** 4
    adjusted = control_false_discoveries(pl.DataFrame({"p_value": p_values}))["p_adjusted"].to_numpy()
    np.testing.assert_allclose(adjusted, false_discovery_control(p_values, method="by"), rtol=1e-14)


def test_granger_finds_a_cause_and_not_its_reverse():
    generator = np.random.default_rng(5)
    cause, noise = generator.standard_normal((2, 3000))
    effect = 0.15 * np.roll(cause, 2) + noise
    forward, backward = try_granger(cause, effect), try_granger(effect, cause)
    assert forward is not None
    assert backward is not None
    assert forward.p_value < 1e-6
    assert 2 <= forward.n_lags <= MAX_LAGS
    assert backward.p_value > 0.01


def test_granger_refuses_a_spurious_cause_once_the_common_driver_is_known():
    generator = np.random.default_rng(6)
    naive, informed = 0, 0
    for _ in range(12):
        bitcoin, fast, slow = generator.standard_normal((3, 2000))
        quick_token = bitcoin + fast
        late_token = 0.4 * np.roll(bitcoin, 1) + slow
        naive += try_granger(quick_token, late_token).p_value < 0.05
        informed += try_granger(quick_token, late_token, bitcoin).p_value < 0.05
    assert naive == 12
    assert informed <= 3


def test_granger_needs_a_thousand_bars():
    assert try_granger(*np.random.default_rng(7).standard_normal((2, 800))) is None


def test_rows_name_the_leader_and_adjust_over_all_pairs():
    generator = np.random.default_rng(11)
    returns = 0.01 * generator.standard_normal((4, 1500))
    returns[2, 3:] += 0.3 * returns[1, :-3]
    rows, paths = measure_order([make_panel(returns, ("BTC", "FET", "TAO", "ETH"))])
    cross = rows.filter((pl.col("method") == "cross_correlation") & (pl.col("p_adjusted") < 0.05))
    granger = rows.filter((pl.col("method") == "granger") & (pl.col("p_adjusted") < 0.05))
    assert cross.select("asset_id", "other_asset_id", "lag_hours").rows() == [("FET", "TAO", 3.0)]
    assert granger.select("asset_id", "other_asset_id").rows() == [("FET", "TAO")]
    assert paths.height == 6 * 97
    assert rows.filter(pl.col("method") == "granger").height == 12


def test_short_record_gives_granger_rows_with_a_reason():
    returns = 0.01 * np.random.default_rng(12).standard_normal((2, 300))
    rows, _ = measure_order([make_panel(returns, ("BTC", "TAO"))])
    granger = rows.filter(pl.col("method") == "granger")
    assert granger["p_value"].to_list() == [None, None]
    assert granger["reason"][0] == "300 common bars; the test needs 1000 complete ones"
