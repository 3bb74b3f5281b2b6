"""One weekend: every room asks the same rule, and it goes by the open of a bar."""

from datetime import UTC, datetime

import numpy as np
import pytest

from analysis.single.window.volatility import cells_of_week
from analysis.tape.calendar import is_weekend
from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import MICROSECONDS_PER_HOUR


def micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def make_hours(first: datetime, n: int, bar_hours: float = 1.0) -> AlignedSeries:
    step = round(bar_hours * MICROSECONDS_PER_HOUR)
    closes = micros(first) + step * np.arange(1, n + 1, dtype=np.int64)
    zeros = np.zeros(n)
    return AlignedSeries("x:T/USD", bar_hours, closes, zeros, zeros, zeros, np.zeros(n, dtype=np.int64), ())


@pytest.mark.parametrize(
    ("opens_at", "expected"),
    [
        (datetime(2026, 6, 12, 23, tzinfo=UTC), False),  # Friday, closes on Saturday 00:00
        (datetime(2026, 6, 13, 0, tzinfo=UTC), True),
        (datetime(2026, 6, 14, 23, tzinfo=UTC), True),  # Sunday, closes on Monday 00:00
        (datetime(2026, 6, 15, 0, tzinfo=UTC), False),
        (datetime(1969, 12, 28, 12, tzinfo=UTC), True),  # a Sunday before the epoch
    ],
)
def test_a_bar_is_of_the_weekend_by_its_open(opens_at: datetime, expected: bool) -> None:
    assert is_weekend(np.array([micros(opens_at)])).tolist() == [expected]


@pytest.mark.parametrize("bar_hours", [1.0, 4.0, 24.0])
def test_a_week_has_two_days_of_weekend_at_every_bar_length(bar_hours: float) -> None:
    series = make_hours(datetime(2026, 6, 1, tzinfo=UTC), round(168 / bar_hours), bar_hours)
    assert series.is_weekend.sum() * bar_hours == 48


def test_the_rhythm_of_the_week_has_the_same_weekend() -> None:
    """The places of a week in which `single` measures volatility fall into the one weekend, whole."""
    series = make_hours(datetime(2026, 6, 1, tzinfo=UTC), 168)
    cells, n_cells = cells_of_week(series.close_us - series.step_us, 1.0)
    assert n_cells == 168
    assert sorted(cells.tolist()) == list(range(168))
    days = set((cells[series.is_weekend] // 24).tolist())
    assert len(days) == 2
    assert not days & set((cells[~series.is_weekend] // 24).tolist())
