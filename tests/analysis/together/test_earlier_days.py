"""A day after an event is set beside every day of the year before, by plain closes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from analysis.together.earlier_days import measure_earlier_days

AT = datetime(2026, 6, 12, 12, 30, tzinfo=UTC)
LAST_CLOSE = datetime(2026, 6, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_candles(changes: dict[int, float], n_hours: int, missing: tuple[int, ...] = ()) -> pl.DataFrame:
    """Hourly closes of 100 before the event's last close; `changes` multiply from so many hours before it on."""
    rows, close = [], 100.0
    for hours in range(n_hours, -48, -1):
        close *= changes.get(hours, 1.0)
        if hours not in missing:
            rows.append(("m", "1h", LAST_CLOSE - hours * HOUR - HOUR, close))
    names = ["market_id", "timeframe", "open_time_utc", "close_quote"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.col("open_time_utc").cast(pl.Datetime("us", "UTC"))
    )


def compare(candles: pl.DataFrame, own: float) -> dict[str, Any] | None:
    key = {"event_id": "e", "market_id": "m"}
    result = {**key, "statistic": "raw_return", "window_end_hours": 24.0, "estimate": own}
    choice = {**key, "asset_id": "TAO", "timeframe": "1h"}
    event = pl.DataFrame([{"event_id": "e", "best_at_utc": AT}]).with_columns(
        pl.col("best_at_utc").cast(pl.Datetime("us", "UTC"))
    )
    days = measure_earlier_days("reaction", pl.DataFrame([result]), pl.DataFrame([choice]), event, candles)
    return days.row(0, named=True) if days.height else None


def test_a_rise_is_found_on_the_days_in_which_its_24_hours_end() -> None:
    # The close 60 hours before is a fifth higher: 24 hours that end 60 to 37 hours before hold the whole rise.
    row = compare(make_candles({60: 1.2}, 240), own=0.15)
    assert row is not None
    assert row["largest_return"] == pytest.approx(0.2)
    assert row["largest_end_utc"] == LAST_CLOSE - 60 * HOUR
    # They end on 10 June (from 00:00 on) and on 11 June 00:00, which is 24:00 of the 10th.
    assert (row["n_as_far"], row["n_days"]) == (2, 10)
    assert row["first_start_utc"] == LAST_CLOSE - 240 * HOUR


def test_a_fall_is_set_beside_falls_and_not_beside_a_larger_rise() -> None:
    row = compare(make_candles({100: 1.5, 60: 0.9}, 240), own=-0.05)
    assert row is not None
    assert row["largest_return"] == pytest.approx(-0.1)
    assert row["n_as_far"] == 2


def test_nothing_after_the_last_close_before_the_event_counts() -> None:
    row = compare(make_candles({0: 1.01, -1: 2.0}, 240), own=0.5)
    assert row is not None
    assert row["n_as_far"] == 0
    assert row["largest_return"] == pytest.approx(0.01)


def test_a_stretch_without_a_close_at_either_end_is_left_out() -> None:
    # Only the close 60 hours before is high; without it no stretch rises.
    spike = {60: 1.2, 59: 1 / 1.2}
    whole, holed = compare(make_candles(spike, 240), 0.15), compare(make_candles(spike, 240, missing=(60,)), 0.15)
    assert whole is not None
    assert holed is not None
    assert (whole["n_as_far"], holed["n_as_far"]) == (1, 0)
