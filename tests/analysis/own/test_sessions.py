"""Which bar an event belongs to, by the end of a bar that rows name and by when a day closes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analysis.own.sessions import Dating, choose_dating, far_reason, find_days, place_events
from analysis.own.tables import OwnTable
from analysis.own.times import Instants, OwnDataError, parse_times

HOUR = 3_600_000_000


def instants(*texts: str) -> Instants:
    return parse_times(pl.Series("date", texts), "events")


def days(*texts: str, **dating: str) -> list[str]:
    found = find_days(instants(*texts), Dating(**dating))  # type: ignore[arg-type]
    return [str(np.datetime64(int(day), "us").astype("datetime64[D]")) for day in found]


def place(rows: list[float], event: float, label: str | None) -> int:
    """Position of the bar for an event; rows and event in hours."""
    times = (np.array(rows) * HOUR).astype(np.int64)
    return int(place_events(times, np.array([event * HOUR], dtype=np.int64), label)[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "by_open", "by_close"),
    [(0.0, 0, 0), (0.1, 0, 1), (1.0, 1, 1), (1.9, 1, 2), (3.5, 3, 4), (-0.1, -1, -1), (4.2, 4, 4)],
)
def test_an_open_holds_what_follows_it_and_a_close_what_precedes_it(event: float, by_open: int, by_close: int) -> None:
    rows = [0.0, 1.0, 2.0, 3.0]
    assert place(rows, event, "open") == by_open
    assert place(rows, event, "close") == by_close
    assert place(rows, event, None) == by_close


def test_both_labels_of_the_same_bars_give_the_same_bar_also_beside_a_missing_one() -> None:
    opens = [0.0, 1.0, 4.0, 5.0, 6.0]
    for event in np.arange(1.05, 6.9, 0.1):
        assert place(opens, event, "open") == place([row + 1 for row in opens], event, "close")


def test_months_of_different_length_follow_one_another() -> None:
    months = [0.0, 31.0, 59.0, 90.0, 120.0]
    assert place(months, 60.0, "open") == 2
    assert place(months, 89.5, "open") == 2


def test_after_the_close_is_the_next_session_over_weekend_and_holiday() -> None:
    # 2026-01-16 is a Friday, the Monday after is a holiday; New York closes at 21:00 UTC.
    events = ("2026-01-16T20:59:00Z", "2026-01-16T21:00:00Z", "2026-01-16T21:30:00Z", "2026-01-15T21:05:00Z")
    assert days(*events, calendar="XNYS") == ["2026-01-16", "2026-01-20", "2026-01-20", "2026-01-16"]
    by_clock = days(*events, close="16:00", zone="America/New_York")
    assert by_clock == ["2026-01-16", "2026-01-17", "2026-01-17", "2026-01-16"]
    assert days(*events, calendar="24/7") == ["2026-01-16"] * 3 + ["2026-01-15"]


def test_an_early_close_is_known_to_the_calendar() -> None:
    # The day after Thanksgiving closes at 13:00 in New York.
    assert days("2025-11-28T19:00:00Z", calendar="XNYS") == ["2025-12-01"]


def test_summer_time_moves_the_close() -> None:
    assert days("2026-07-01T20:30:00Z", close="16:00", zone="America/New_York") == ["2026-07-02"]
    assert days("2026-01-07T20:30:00Z", close="16:00", zone="America/New_York") == ["2026-01-07"]


def test_a_plain_date_is_its_own_session_also_written_as_midnight() -> None:
    assert days("2026-01-16", calendar="XNYS") == ["2026-01-16"]
    assert days("2026-01-16 00:00:00", "2026-01-17 00:00:00") == ["2026-01-16", "2026-01-17"]


def test_a_time_of_day_beside_daily_bars_needs_to_know_the_close() -> None:
    with pytest.raises(OwnDataError, match=r"row 3 has a time of day and prices are daily.*--calendar.*--close 16:00"):
        days("2026-01-15", "2026-01-16T21:30:00Z")


@pytest.mark.parametrize(
    ("dating", "words"),
    [
        ({"calendar": "NYSEX"}, "expected a market of exchange-calendars, such as XNYS"),
        ({"close": "4 pm", "zone": "America/New_York"}, "a time of 24 hours"),
        ({"close": "16:00", "zone": "New York"}, "a place such as America/New_York"),
    ],
)
def test_an_unknown_calendar_or_clock_is_refused(dating: dict[str, str], words: str) -> None:
    with pytest.raises(OwnDataError, match=words):
        days("2026-01-16T21:30:00Z", **dating)


def choose(asked: Dating, *, is_daily: bool = False, **labels: str) -> Dating:
    return choose_dating(asked, labels, OwnTable("prices", {}, is_daily))  # type: ignore[arg-type]


def test_the_name_of_the_column_says_the_label_and_the_option_wins() -> None:
    assert choose(Dating(), prices="open").label == "open"
    assert choose(Dating("close"), prices="open").label == "close"
    with pytest.raises(OwnDataError, match="prices by opens, market by closes"):
        choose(Dating(), prices="open", market="close")


def test_days_dated_by_their_open_run_from_midnight_to_midnight() -> None:
    assert choose(Dating(), is_daily=True, prices="open").calendar == "24/7"
    assert choose(Dating(), is_daily=True).calendar is None


@pytest.mark.parametrize(
    ("asked", "is_daily", "words"),
    [
        (Dating(calendar="XNYS", close="16:00", zone="UTC"), True, "the same thing"),
        (Dating(close="16:00"), True, "belong together"),
        (Dating(calendar="XNYS"), False, "for daily bars"),
    ],
)
def test_options_that_contradict_one_another_are_refused(asked: Dating, is_daily: bool, words: str) -> None:
    with pytest.raises(OwnDataError, match=words):
        choose(asked, is_daily=is_daily)


def test_a_bar_across_a_hole_is_far_and_one_across_a_usual_weekend_is_not() -> None:
    hole = (np.array([*range(100), *range(130, 160)]) * HOUR).astype(np.int64)
    assert "30.5 steps later" in str(far_reason(hole, 100, int(99.5 * HOUR)))
    assert far_reason(hole, 100, int(125.0 * HOUR)) is None  # five steps
    assert far_reason(hole, 100, int(124.9 * HOUR)) is not None
    hours = np.array([day * 24 + hour for day in range(30) if day % 7 < 5 for hour in range(14, 21)])
    nights = (hours * HOUR).astype(np.int64)
    assert far_reason(nights, 7, 21 * HOUR) is None
    assert far_reason(nights, 35, (4 * 24 + 21) * HOUR) is None
