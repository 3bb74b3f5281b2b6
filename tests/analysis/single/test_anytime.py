"""A statement that may be looked at after every bar keeps its false alarms, and sees a move."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.single.timing.anytime import CLIP, MINIMUM_BEHIND, WATCH_LEVEL, Watch, scale_bars, watch_stretch

# A week of looks every five minutes, behind it what the first deviation needs; a start every hour.
WEEK, WARM_UP, HOUR = 2016, 300, 12


def make_weeks(n: int, kind: str, seed: int = 1) -> np.ndarray:
    """Returns of 5-minute bars without any drift, [n, WARM_UP + WEEK]."""
    rng = np.random.default_rng(seed)
    shape = (n, WARM_UP + WEEK)
    if kind == "t4":
        return rng.standard_t(4, shape) * 0.001
    if kind == "rhythm":
        day = 1.0 + 0.8 * np.sin(2 * np.pi * np.arange(shape[1]) / 288)
        return rng.standard_t(4, shape) * day * 0.001
    if kind == "skewed":
        return (rng.gamma(4.0, 1.0, shape) - 4.0) / 2.0 * 0.001
    noise, variance = rng.standard_t(4, shape) / np.sqrt(2.0), np.ones(n)
    returns = np.empty(shape)
    for bar in range(shape[1]):
        returns[:, bar] = np.sqrt(variance) * noise[:, bar]
        variance = 0.03 + 0.09 * returns[:, bar] ** 2 + 0.88 * variance
    return returns * 0.001


def watch_week(returns: np.ndarray) -> Watch:
    return watch_stretch(scale_bars(returns)[WARM_UP:], HOUR)


@pytest.mark.parametrize("kind", ["t4", "garch", "rhythm", "skewed"])
def test_weeks_of_looks_every_five_minutes_keep_the_promised_false_alarms(kind: str) -> None:
    n = 100
    false = sum(watch_week(week).first_moving is not None for week in make_weeks(n, kind))
    # The promise is 5 % of weeks; the band is three standard errors above it.
    assert false / n <= WATCH_LEVEL + 3 * np.sqrt(WATCH_LEVEL * (1 - WATCH_LEVEL) / n)


def test_a_repeated_t_test_does_not_keep_them() -> None:
    # What the e-process is for: |mean| > 1.96 standard errors of the last hour, looked at every five minutes.
    weeks = make_weeks(50, "garch")[:, WARM_UP:]
    hours = np.lib.stride_tricks.sliding_window_view(weeks, HOUR, axis=1)
    t = hours.mean(axis=2) / hours.std(axis=2, ddof=1) * np.sqrt(HOUR)
    assert np.mean((np.abs(t) > 1.96).any(axis=1)) == 1.0


@pytest.mark.parametrize("sign", [1, -1])
def test_a_move_of_two_hours_is_seen_while_it_lasts(sign: int) -> None:
    seen = []
    for week in make_weeks(40, "garch", seed=2):
        moving = week.copy()
        begin = WARM_UP + 1000
        moving[begin : begin + 36] += sign * 1.5 * np.std(week)
        found = watch_week(moving)
        seen.append(found.first_moving is not None and 1000 <= found.first_moving < 1060 and found.direction == sign)
    assert np.mean(seen) >= 0.85


def test_one_print_is_not_a_move_and_does_not_blind() -> None:
    week = make_weeks(1, "t4", seed=3)[0]
    week[WARM_UP + 500] = 0.2
    scaled = scale_bars(week)
    assert scaled[WARM_UP + 500] == CLIP
    assert np.nanstd(scaled[WARM_UP + 501 : WARM_UP + 520]) > 0.4
    assert watch_week(week).first_moving is None


def test_the_e_value_by_hand_is_the_mean_over_starts() -> None:
    found = watch_stretch(np.array([1.0, 1.0, np.nan, 2.0]), 2)

    def one(s: float, v: float) -> float:
        return float(np.sqrt(24 / (v + 24)) * np.exp(s * s / (2 * (v + 24))))

    expected = [(one(1, 1) + 1) / 2, (one(2, 2) + 1) / 2, (one(2, 2) + 1) / 2, (one(4, 6) + one(2, 4)) / 2]
    np.testing.assert_allclose(found.e_values, expected, rtol=1e-14)
    assert found.first_moving is None


def test_what_was_said_stays_said_and_later_bars_change_nothing_before() -> None:
    scaled = np.concatenate([np.full(60, 1.5), np.tile([1.0, -1.0], 300)])
    whole, part = watch_stretch(scaled, HOUR), watch_stretch(np.concatenate([scaled[:60], np.zeros(600)]), HOUR)
    assert whole.first_moving is not None
    assert whole.direction == 1
    assert whole.first_moving == part.first_moving
    np.testing.assert_array_equal(whole.e_values[:60], part.e_values[:60])


def test_too_few_bars_behind_say_nothing() -> None:
    assert np.isnan(scale_bars(np.ones(MINIMUM_BEHIND))).all()
    assert np.isnan(scale_bars(np.full(50, np.nan))).all()
    assert watch_stretch(np.zeros(0), HOUR).first_moving is None
