"""Placebo windows: where they may stand, and what a rank among them is worth."""

import numpy as np
import pytest

from analysis.single.window.placebo import choose_starts, count_independent, measure_volatility, rank_among_placebos
from tests.analysis.single.simulated_markets import make_series, simulate_returns


def series_of(n: int) -> object:
    return make_series(*simulate_returns(np.random.default_rng(0), n))


def test_independent_windows_do_not_overlap() -> None:
    assert count_independent(np.array([0, 1, 2, 24, 25, 48]), 24) == 3
    assert count_independent(np.array([], dtype=np.int64), 24) == 0


def test_short_records_use_every_hour_before_the_event() -> None:
    chosen = choose_starts(series_of(400), 300, 24, history=10_000, is_masked=np.zeros(400, dtype=bool))
    assert chosen.indices.tolist() == list(range(1, 277))
    assert chosen.n_independent == 12
    assert "all hours" in chosen.matching


def test_long_records_match_hour_of_day_and_kind_of_day() -> None:
    series = series_of(24 * 120)
    chosen = choose_starts(series, 24 * 100 + 5, 24, history=10_000, is_masked=np.zeros(24 * 120, dtype=bool))
    hours = series.close_us[chosen.indices] // 3_600_000_000
    assert set(hours % 24) == {series.close_us[24 * 100 + 5] // 3_600_000_000 % 24}
    opening_days = {(hour - 1) // 24 % 7 for hour in hours}  # 0 is a Thursday
    is_weekend = (series.close_us[24 * 100 + 5] // 3_600_000_000 - 1) // 24 % 7 in {2, 3}
    assert opening_days == ({2, 3} if is_weekend else {0, 1, 4, 5, 6})


def test_placebos_keep_away_from_other_events() -> None:
    masked = np.zeros(400, dtype=bool)
    masked[100:124] = True
    chosen = choose_starts(series_of(400), 300, 24, history=10_000, is_masked=masked)
    assert not any(77 <= start <= 123 for start in chosen.indices)
    assert {76, 124} <= set(chosen.indices.tolist())


def test_placebos_end_before_the_event() -> None:
    chosen = choose_starts(series_of(400), 300, 72, history=100, is_masked=np.zeros(400, dtype=bool))
    assert chosen.indices.min() == 200
    assert chosen.indices.max() + 72 == 300


def test_the_rank_of_separate_windows_is_the_exact_p_value() -> None:
    cars = np.array([0.01, -0.02, 0.03, -0.04])
    rank = rank_among_placebos(0.025, cars, np.ones(4), starts=np.array([0, 24, 48, 72]), window=24)
    assert rank is not None
    assert (rank.n_as_large, rank.n, rank.n_independent) == (2, 4, 4)
    assert rank.p_value == pytest.approx(3 / 5)


def test_overlap_lends_no_resolution() -> None:
    starts = np.arange(100)
    rank = rank_among_placebos(1.0, np.full(100, 0.01), np.ones(100), starts=starts, window=24)
    assert rank is not None
    assert rank.n_independent == 5
    assert rank.p_value == pytest.approx(1 / 6)


def test_placebos_from_calm_times_are_scaled_up_to_a_restless_event() -> None:
    cars, starts = np.array([0.02, 0.03]), np.array([0, 24])
    calm = rank_among_placebos(0.05, cars, np.ones(2), starts=starts, window=24)
    restless = rank_among_placebos(0.05, cars, np.full(2, 3.0), starts=starts, window=24)
    assert calm is not None
    assert restless is not None
    assert (calm.n_as_large, restless.n_as_large) == (0, 2)


def test_no_placebo_is_no_rank() -> None:
    assert rank_among_placebos(0.1, np.array([np.nan]), np.ones(1), starts=np.array([0]), window=24) is None


def test_volatility_is_known_before_the_bar_and_follows_a_change() -> None:
    rng = np.random.default_rng(3)
    residuals = np.concatenate([rng.normal(0, 0.01, 500), rng.normal(0, 0.03, 500)])
    volatility = measure_volatility(residuals, 1.0)
    assert np.isnan(volatility[:24]).all()
    assert volatility[480:500].mean() == pytest.approx(0.01, rel=0.25)
    assert volatility[620:].mean() == pytest.approx(0.03, rel=0.15)
    changed = residuals.copy()
    changed[700] = 1.0
    assert measure_volatility(changed, 1.0)[700] == volatility[700]
