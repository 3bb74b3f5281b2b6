"""Lee–Mykland and bipower variation: by hand, under the null, and with a planted jump."""

import numpy as np
import pytest

from analysis.single.timing.jumps import (
    detect_jumps,
    gumbel_critical_value,
    hour_shape,
    local_bipower_volatility,
    measure_variation,
    volatility_window_bars,
)


def test_window_is_the_root_of_bars_per_year() -> None:
    assert volatility_window_bars(1.0) == 94  # √8760 = 93.6
    assert volatility_window_bars(4.0) == 47


def test_local_volatility_by_hand() -> None:
    returns = np.array([0.01, -0.02, 0.01, 0.03, 0.5])
    volatility = local_bipower_volatility(returns, 5)
    pairs = (0.01 * 0.02 + 0.02 * 0.01 + 0.01 * 0.03) / 3
    assert volatility[4] == pytest.approx(np.sqrt(pairs * np.pi / 2))


def test_a_bar_does_not_enter_its_own_volatility() -> None:
    returns = np.random.default_rng(0).normal(0, 0.01, 300)
    jumped = returns.copy()
    jumped[200] = 0.3
    assert local_bipower_volatility(jumped, 94)[200] == local_bipower_volatility(returns, 94)[200]


def test_one_jump_hardly_moves_the_volatility_after_it() -> None:
    returns = np.random.default_rng(1).normal(0, 0.01, 300)
    jumped = returns.copy()
    jumped[200] = 0.1  # ten standard deviations
    ratio = local_bipower_volatility(jumped, 94)[250] / local_bipower_volatility(returns, 94)[250]
    assert ratio < 1.25
    assert np.std(jumped[156:250]) / np.std(returns[156:250]) > 1.35


def test_the_largest_of_normal_bars_passes_once_in_twenty() -> None:
    rng = np.random.default_rng(2)
    largest = np.abs(rng.standard_normal((4000, 72))).max(axis=1)
    share = float(np.mean(largest > gumbel_critical_value(72)))
    assert 0.025 < share < 0.06  # the Gumbel limit is a little conservative at 72 bars


def test_false_alarms_stay_near_nominal_on_a_path_without_jumps() -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(200):
        found = detect_jumps(rng.normal(0, 0.01, 300), bar_hours=1.0, n_tests=72)
        alarms += bool((np.abs(found.statistic[-72:]) > found.critical_value).any())
    assert alarms <= 24  # 12 %: the local volatility is estimated


def test_a_planted_jump_is_found_where_it_is() -> None:
    returns = np.random.default_rng(4).normal(0, 0.01, 300)
    returns[250] += 0.08
    found = detect_jumps(returns, bar_hours=1.0, n_tests=72)
    assert np.flatnonzero(np.abs(found.statistic) > found.critical_value).tolist() == [250]
    assert found.statistic[250] > 0
    assert found.p_values(np.array([250]))[0] < 0.01


def test_gaps_leave_no_statistic() -> None:
    returns = np.random.default_rng(5).normal(0, 0.01, 300)
    returns[200] = np.nan
    found = detect_jumps(returns, bar_hours=1.0, n_tests=72)
    assert np.isnan(found.statistic[200])
    assert np.isfinite(found.statistic[201])


def test_a_busy_hour_is_not_a_jump_once_its_shape_is_known() -> None:
    rng = np.random.default_rng(6)
    hour_of_day = np.arange(24 * 60) % 24
    returns = rng.normal(0, 0.01, hour_of_day.size) * np.where(hour_of_day == 14, 4.0, 1.0)
    shape = hour_shape(returns, hour_of_day, np.full(returns.size, 0.01))
    assert shape[14] / shape[3] == pytest.approx(4.0, rel=0.4)
    plain = detect_jumps(returns, bar_hours=1.0, n_tests=72)
    shaped = detect_jumps(returns, bar_hours=1.0, n_tests=72, shape=shape)
    n_plain = int(np.nansum(np.abs(plain.statistic) > plain.critical_value))
    n_shaped = int(np.nansum(np.abs(shaped.statistic) > shaped.critical_value))
    assert n_plain > 10
    assert n_shaped < n_plain / 4


def test_a_short_record_has_no_hour_shape() -> None:
    assert (hour_shape(np.full(48, 0.01), np.arange(48) % 24, np.full(48, 0.01)) == 1.0).all()


def test_variation_of_a_path_with_one_jump_is_mostly_jump() -> None:
    returns = np.random.default_rng(7).normal(0, 0.01, 24)
    smooth = measure_variation(returns)
    returns[10] += 0.15
    jumped = measure_variation(returns)
    assert smooth is not None
    assert jumped is not None
    assert smooth.p_value > 0.05
    assert jumped.jump_share > 0.7
    assert jumped.p_value < 0.01
    assert jumped.realised == pytest.approx(float(np.sum(returns**2)))


def test_five_bars_have_no_variation_test() -> None:
    assert measure_variation(np.full(5, 0.01)) is None
