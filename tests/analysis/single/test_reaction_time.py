"""When the market knew: planted delays, leaks and reversals come back as planted."""

import numpy as np
import pytest

from analysis.single.timing.reaction_time import measure_reaction, order_movers

CALM = 0.005


def path_of(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """400 calm hourly bars; the event is half an hour into bar 300."""
    abnormal = np.random.default_rng(seed).normal(0, CALM, 400)
    return abnormal, np.arange(400) - 300 + 0.5


def test_a_delayed_jump_is_dated_to_its_bar() -> None:
    abnormal, hours = path_of()
    abnormal[299:306] = [0.001, -0.001, 0.001, -0.001, 0.001, -0.001, -0.001]
    abnormal[306] = 0.06
    found = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    assert (found.first_open_hours, found.first_close_hours) == (5.5, 6.5)
    assert found.onset_open_hours == 5.5
    assert found.quiet_car == pytest.approx(-0.002)
    assert found.first_return == pytest.approx(0.06)


def test_the_onset_is_the_start_of_the_unbroken_run() -> None:
    abnormal, hours = path_of()
    abnormal[303:307] = [-0.001, 0.003, 0.004, 0.06]
    found = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    assert found.first_open_hours == 5.5
    assert found.onset_open_hours == 3.5


def test_the_bar_in_which_the_event_falls_counts_as_after_it() -> None:
    abnormal, hours = path_of()
    abnormal[300] = 0.08
    found = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    assert (found.first_open_hours, found.first_close_hours) == (-0.5, 0.5)


def test_a_bar_that_closes_with_the_event_was_known_before_it() -> None:
    abnormal, hours = path_of()
    abnormal[300] = 0.08
    found = measure_reaction(abnormal, hours - 0.5, bar_hours=1.0, horizon_hours=72.0)
    assert (found.first_open_hours, found.drift_word) == (None, "no reaction")
    last = measure_reaction(abnormal, hours - 0.5 + 72.0, bar_hours=1.0, horizon_hours=72.0)
    assert last.first_close_hours == 72.0


def test_a_leak_shows_as_drift_before() -> None:
    abnormal, hours = path_of()
    abnormal[276:300] += 0.004
    found = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    assert found.drift_before == pytest.approx(float(abnormal[276:300].sum()))
    assert found.drift_before_z is not None
    assert found.drift_before_z > 1.96


def test_a_reversal_is_called_one_and_has_a_half_life() -> None:
    abnormal, hours = path_of()
    abnormal[300:] = np.random.default_rng(9).normal(0, CALM / 10, 100)
    abnormal[302] = 0.08
    abnormal[310:318] -= 0.01
    found = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    assert found.drift_word == "reversed"
    assert found.half_life_hours is not None
    assert 1 <= found.half_life_hours <= 15


def test_a_move_that_goes_on_is_under_reaction() -> None:
    abnormal, hours = path_of()
    abnormal[302] = 0.08
    abnormal[303:327] += 0.004
    found = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    assert found.drift_word == "went on"
    assert found.half_life_hours is None


def test_nothing_unusual_is_no_reaction() -> None:
    abnormal, hours = path_of(2)
    abnormal[300:] = np.random.default_rng(9).normal(0, CALM / 4, 100)
    found = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    assert found.drift_word == "no reaction"
    assert found.first_open_hours is None
    assert found.drift_before is not None


def test_a_stricter_critical_value_is_obeyed() -> None:
    abnormal, hours = path_of()
    abnormal[304], abnormal[308] = 0.03, 0.09
    loose = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0)
    strict = measure_reaction(abnormal, hours, bar_hours=1.0, horizon_hours=72.0, critical_value=10.0)
    assert (loose.first_open_hours, strict.first_open_hours) == (3.5, 7.5)


def test_movers_are_ordered_with_intervals_as_wide_as_their_bars() -> None:
    first, second, third = order_movers([("slow", 9.0, 13.0), ("fast", 6.0, 7.0), ("near", 5.0, 9.0)])
    assert (first.market_id, first.lag_lower_hours, first.lag_upper_hours, first.is_order_proven) == (
        "fast",
        0,
        0,
        True,
    )
    assert (second.market_id, second.lag_lower_hours, second.lag_upper_hours) == ("near", -2.0, 3.0)
    assert not second.is_order_proven
    assert (third.market_id, third.lag_lower_hours, third.lag_upper_hours) == ("slow", 2.0, 7.0)
    assert third.is_order_proven


def test_nobody_moved_means_no_order() -> None:
    assert order_movers([]) == ()
