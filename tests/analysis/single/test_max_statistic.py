"""The largest of several windows and markets is ranked among the largest of as many at ordinary times."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from analysis.single.beside.max_statistic import find_max_statistic
from warehouse.tables.bars import MICROSECONDS_PER_HOUR

EVENT = 100  # bar of an hour


def make_study(car: float, placebos: dict[int, float], at_event: float = 1.0) -> Any:
    """A pair and a window of one hour with prediction error 1; placebo CARs by the hours before the event."""
    starts = np.array([EVENT - hours for hours in placebos])
    measures = SimpleNamespace(car=np.array(list(placebos.values())))
    scored = SimpleNamespace(starts=SimpleNamespace(indices=starts), measures=measures, at_event=at_event)
    pair = SimpleNamespace(index=EVENT, series=SimpleNamespace(step_us=MICROSECONDS_PER_HOUR))
    return pair, SimpleNamespace(car=car, standard_error=1.0, window_hours=1.0, placebos=scored)


def test_a_placebo_time_counts_by_its_largest_window_and_as_large_when_it_is_equal() -> None:
    first = make_study(1.0, {10: 0.5, 20: -2.0, 30: 0.1})
    second = make_study(-2.0, {10: 0.2, 20: 0.3, 30: 2.5})
    found = find_max_statistic([first, second])
    assert found is not None
    assert (found.value, found.study, found.n_compared) == (2.0, second[1], 2)
    assert (found.n, found.n_as_large) == (3, 2)
    assert found.p_value == (1 + 2) / (1 + 3)


def test_a_placebo_time_needs_half_of_the_windows_and_a_number_in_them() -> None:
    studied = [
        make_study(3.0, {10: 1.0, 20: 5.0}),
        make_study(1.0, {10: 1.0, 20: float("nan")}),
        make_study(1.0, {10: 1.0, 30: 9.0}),
    ]
    found = find_max_statistic(studied)
    assert found is not None
    assert (found.n, found.n_as_large) == (1, 0), "one window of three is less than half"
    found = find_max_statistic(studied[:2])
    assert found is not None
    assert (found.n, found.n_as_large) == (2, 1), "one of two is half"
    assert find_max_statistic([make_study(1.0, {10: float("nan")})]) is None


def test_a_placebo_is_taken_at_the_volatility_of_the_event() -> None:
    found = find_max_statistic([make_study(2.0, {10: 1.5, 20: 0.5}, at_event=2.0)])
    assert found is not None
    assert found.n_as_large == 1
