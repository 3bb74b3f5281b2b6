"""Windows that people say stand where the calendar puts them."""

from datetime import UTC, datetime

import pytest

from analysis.claims.judging.windows import WindowError, resolve_window
from analysis.claims.statement import StatedWindow
from tests.analysis.claims.judging.market_builders import make_statement

FRIDAY = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MONDAY = datetime(2025, 12, 8, 6, 48, 1, tzinfo=UTC)


def placed(token: str | None, said_at: datetime = FRIDAY, **keys: object) -> tuple[str, str]:
    window = resolve_window(make_statement(window=token and StatedWindow(token), said_at=said_at, **keys))
    return tuple(at.isoformat()[:16] if at else "?" for at in (window.from_utc, window.to_utc))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("token", "start", "end"),
    [
        (None, "2026-03-19T12:00", "2026-03-20T12:00"),
        ("trailing_24h_unsaid", "2026-03-19T12:00", "2026-03-20T12:00"),
        ("PT12H", "2026-03-20T00:00", "2026-03-20T12:00"),
        ("P7D", "2026-03-13T12:00", "2026-03-20T12:00"),
        ("P1M", "2026-02-20T12:00", "2026-03-20T12:00"),
        ("P1Y", "2025-03-20T12:00", "2026-03-20T12:00"),
        ("today", "2026-03-20T00:00", "2026-03-20T12:00"),
        ("yesterday", "2026-03-19T00:00", "2026-03-20T00:00"),
        ("overnight", "2026-03-19T21:00", "2026-03-20T12:00"),
        ("since_monday", "2026-03-16T00:00", "2026-03-20T12:00"),
        ("last_week", "2026-03-09T00:00", "2026-03-16T00:00"),
        ("month_to_date", "2026-03-01T00:00", "2026-03-20T12:00"),
        ("ytd", "2026-01-01T00:00", "2026-03-20T12:00"),
        ("q4_2025", "2025-10-01T00:00", "2026-01-01T00:00"),
        ("month:2026-02", "2026-02-01T00:00", "2026-03-01T00:00"),
        ("year:2025", "2025-01-01T00:00", "2026-01-01T00:00"),
        ("day:2026-03-10", "2026-03-10T00:00", "2026-03-11T00:00"),
        ("day:2026-03-10@America/New_York", "2026-03-10T04:00", "2026-03-11T04:00"),
        ("since:2026-01", "2026-01-01T00:00", "2026-03-20T12:00"),
        ("since:2026-03-13T20:00", "2026-03-13T20:00", "2026-03-20T12:00"),
        ("at:2026-03-20T08:30", "2026-03-20T08:30", "2026-03-20T08:30"),
        ("2026-02-01/P7D", "2026-02-01T00:00", "2026-02-08T00:00"),
        ("2026-02-01/2026-02-03T12:00", "2026-02-01T00:00", "2026-02-03T12:00"),
    ],
)
def test_a_token_has_one_place(token: str | None, start: str, end: str) -> None:
    assert placed(token) == (start, end)


@pytest.mark.parametrize(
    ("token", "start"),
    [
        ("today", "2026-03-31T00:00"),
        ("this_week", "2026-03-30T00:00"),
        ("month_to_date", "2026-03-01T00:00"),
        ("ytd", "2026-01-01T00:00"),
    ],
)
def test_what_is_said_at_midnight_is_said_of_the_day_that_ends(token: str, start: str) -> None:
    assert placed(token, datetime(2026, 4, 1, tzinfo=UTC)) == (start, "2026-04-01T00:00")


def test_a_weekend_begins_on_friday_at_four_in_new_york_in_winter_and_in_summer() -> None:
    assert placed("weekend", MONDAY) == ("2025-12-05T21:00", "2025-12-08T06:48")
    assert placed("weekend", datetime(2026, 6, 15, 9, tzinfo=UTC))[0] == "2026-06-12T20:00"


def test_a_weekend_is_over_on_tuesday() -> None:
    assert placed("weekend", datetime(2026, 6, 18, 9, tzinfo=UTC)) == ("2026-06-12T20:00", "2026-06-16T00:00")


def test_a_window_beyond_the_time_of_saying_is_cut_there_and_says_so() -> None:
    window = resolve_window(make_statement(window=StatedWindow("month:2026-03")))
    assert window.to_utc == FRIDAY
    assert window.is_clipped
    assert not resolve_window(make_statement(window=StatedWindow("month:2026-02"))).is_clipped


def test_a_window_that_is_placed_stays_where_it_is() -> None:
    window = StatedWindow("forward", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    assert resolve_window(make_statement(window=window)) == window


def test_a_month_back_from_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    assert placed("P1M", datetime(2026, 3, 31, tzinfo=UTC))[0] == "2026-02-28T00:00"


def test_the_start_of_an_event_without_its_time_is_not_known() -> None:
    assert placed("since_event")[0] == "?"
    assert placed("since_event", event_utc=datetime(2026, 3, 1, tzinfo=UTC))[0] == "2026-03-01T00:00"


@pytest.mark.parametrize("token", ["soon", "day:someday", "P", "PT"])
def test_a_token_that_is_no_word_is_named(token: str) -> None:
    with pytest.raises(WindowError, match=token.partition(":")[2] or token):
        placed(token)
