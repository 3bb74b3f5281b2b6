"""Placebo windows: where they may stand, and what a rank among them is worth."""

import numpy as np
import pytest

from analysis.apart import are_apart
from analysis.results.rank import quantiles
from analysis.single.window.placebo import (
    PlaceboStarts,
    choose_starts,
    count_independent,
    rank_among_placebos,
)
from analysis.single.window.volatility import measure_volatility, weekly_shape


def starts_of(event: int, window: int, masked: np.ndarray, history: int = 10_000) -> PlaceboStarts:
    of_day = np.arange(masked.size) % 24
    before = np.concatenate([[0], np.cumsum(masked)])
    return choose_starts(of_day, event, window, history=history, masked_before=before, bar_hours=1.0)


def test_independent_windows_do_not_overlap() -> None:
    assert count_independent(np.array([0, 1, 2, 24, 25, 48]), 24) == 3
    assert count_independent(np.array([], dtype=np.int64), 24) == 0


def test_bands_are_drawn_where_enough_windows_of_that_length_lie_apart() -> None:
    starts = np.array([0, 2, 4, 9])
    is_usable = np.ones((4, 5), dtype=bool)
    assert are_apart(starts, is_usable, 3).tolist() == [True, True, True, True, False]
    is_usable[1] = False  # 0, 4, 9
    assert are_apart(starts, is_usable, 3).tolist() == [True, True, True, True, False]
    is_usable[3, 3] = False
    assert are_apart(starts, is_usable, 3).tolist() == [True, True, True, False, False]


def test_quantiles_are_those_of_numpy_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    for n in (1, 2, 3, 40, 41, 365):
        values = rng.normal(size=n)
        assert quantiles(values, (0.025, 0.5, 0.975)) == tuple(np.quantile(values, [0.025, 0.5, 0.975]).tolist())


def test_short_records_use_every_hour_before_the_event() -> None:
    chosen = starts_of(300, 24, np.zeros(400, dtype=bool))
    assert chosen.indices.tolist() == list(range(1, 277))
    assert chosen.n_independent == 12
    assert "all hours" in chosen.matching


def test_long_records_match_the_hour_of_day_on_every_day() -> None:
    chosen = starts_of(24 * 100 + 5, 24, np.zeros(24 * 120, dtype=bool))
    assert chosen.indices.tolist() == list(range(5, 24 * 100, 24))
    assert chosen.n_independent == 100
    assert chosen.matching == "same hour of day"


def test_placebos_keep_away_from_other_events() -> None:
    masked = np.zeros(400, dtype=bool)
    masked[100:124] = True
    chosen = starts_of(300, 24, masked)
    assert not any(77 <= start <= 123 for start in chosen.indices)
    assert {76, 124} <= set(chosen.indices.tolist())


def test_placebos_end_before_the_event() -> None:
    chosen = starts_of(300, 72, np.zeros(400, dtype=bool), history=100)
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


def test_volatility_is_known_before_the_bar_and_follows_a_change_within_a_day() -> None:
    rng = np.random.default_rng(3)
    residuals = np.concatenate([rng.normal(0, 0.01, 2000), rng.normal(0, 0.03, 2000)])
    volatility = measure_volatility(residuals, 1.0)
    assert np.isnan(volatility[:24]).all()
    before, after = volatility[500:2000].mean(), volatility[2024:].mean()
    assert after / before == pytest.approx(3.0, rel=0.1)
    changed = residuals.copy()
    changed[700] = 1.0
    assert measure_volatility(changed, 1.0)[700] == volatility[700]


def test_neither_one_leap_nor_a_steady_drift_passes_for_a_restless_market() -> None:
    residuals = np.random.default_rng(4).normal(0, 0.01, 1000)
    leap, drift, burst = residuals.copy(), residuals.copy(), residuals.copy()
    leap[999] += 0.10
    drift[994:] += 0.10 / 6
    burst[994:] *= 4.0
    calm, *changed = (measure_volatility(np.append(r, 0.0), 1.0)[1000] for r in (residuals, leap, drift, burst))
    assert changed[0] / calm < 1.25
    assert changed[1] / calm < 1.4
    assert changed[2] / calm > 1.6


def test_standing_prices_leave_a_floor_under_volatility() -> None:
    residuals = np.concatenate([np.random.default_rng(5).normal(0, 0.01, 500), np.zeros(200)])
    assert measure_volatility(residuals, 1.0)[-1] > 0.001


def test_a_rhythm_of_the_week_is_found_and_none_is_invented() -> None:
    rng = np.random.default_rng(6)
    cells = np.arange(52 * 168) % 168
    residuals = rng.standard_t(4, cells.size) * 0.01
    quiet = np.where(cells >= 120, 0.45, 1.0)
    shape = weekly_shape(residuals * quiet, cells, 168, 1.0)
    assert shape[124:164].mean() / shape[4:116].mean() == pytest.approx(0.45, abs=0.05)
    assert np.mean(shape**2) == pytest.approx(1.0)
    assert np.abs(weekly_shape(residuals, cells, 168, 1.0) - 1.0).max() < 0.1
    assert weekly_shape(residuals[:400], cells[:400], 168, 1.0).tolist() == [1.0] * 168
