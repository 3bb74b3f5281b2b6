"""Tables of an event page say what the rows behind them say."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from dashboards.pages.event_tables import _mover_row
from dashboards.pages.sections import _week_words

AT = datetime(2026, 6, 13, 0, tzinfo=UTC)


def test_log_points_of_the_first_bar_and_the_peak_are_shown_as_simple_returns() -> None:
    row = {
        "market_id": "b:TAO/USDT",
        "first_bar_open_utc": AT,
        "first_bar_close_utc": AT.replace(hour=1),
        "first_bar_return": 0.09531,
        "quiet_hours": 1.25,
        "peak_car": 0.405465,
        "peak_hours": 30.0,
        "half_life_hours": None,
    }
    _, _, first, quiet, peak, half_life, _ = _mover_row(row, {"b:TAO/USDT": "TAO"}, {})
    assert (first, quiet, peak, half_life) == ("+10.0%", "1 h", "+50.0% at 30 h", "not in the data")


@pytest.mark.parametrize(
    ("day", "week", "words"),
    [(0.2, 0.05, "left of it"), (0.05, -0.13, "since the same close"), (0.05, 0.2, "since the same close")],
)
def test_what_is_left_of_a_move_goes_its_way_and_is_smaller(day: float, week: float, words: str) -> None:
    first, later = (SimpleNamespace(raw_return=value, car=0.01, benchmark="BTC", reason=None) for value in (day, week))
    assert _week_words(first, later).startswith(f"{words}; +1.0% beyond")  # type: ignore[arg-type] # all it reads
