"""The vocabulary of bar lengths: one order, one length a name, and a remedy where bars are not kept."""

from datetime import UTC, datetime, timedelta

import pytest

from warehouse.tables.bars import (
    BAR_LENGTHS,
    NAMES,
    NOT_KEPT,
    STORED,
    STORED_SECONDS,
    BarLength,
    bar_length,
    bar_of_hours,
    bar_words,
    floor_to_bar,
    parse_bar,
    parse_stored_bar,
    step_words,
)


def test_bar_lengths_are_listed_finest_first_each_once() -> None:
    lengths = [bar.length for bar in BAR_LENGTHS]
    assert lengths == sorted(set(lengths))


def test_stored_bars_are_the_five_that_candles_are_kept_in() -> None:
    assert STORED == ("1m", "5m", "1h", "4h", "1d")
    assert STORED_SECONDS == {"1m": 60, "5m": 300, "1h": 3_600, "4h": 14_400, "1d": 86_400}


@pytest.mark.parametrize("bar", [bar for bar in BAR_LENGTHS if not bar.is_stored], ids=lambda bar: bar.name)
def test_a_view_is_made_of_whole_stored_bars(bar: BarLength) -> None:
    assert bar.view_of in STORED
    n_parts, rest = divmod(bar.length, bar_length(str(bar.view_of)))
    assert n_parts > 1
    assert not rest


@pytest.mark.parametrize(
    ("name", "length", "hours", "words"),
    [
        ("1m", timedelta(minutes=1), 1 / 60, "1-minute"),
        ("15m", timedelta(minutes=15), 0.25, "15-minute"),
        ("1h", timedelta(hours=1), 1.0, "hourly"),
        ("4h", timedelta(hours=4), 4.0, "4-hour"),
        ("8h", timedelta(hours=8), 8.0, "8-hour"),
        ("1d", timedelta(days=1), 24.0, "daily"),
        ("1w", timedelta(days=7), 168.0, "weekly"),
    ],
)
def test_a_name_has_one_length_and_one_word(name: str, length: timedelta, hours: float, words: str) -> None:
    bar = parse_bar(name)
    assert (bar.length, bar.hours, bar.words, bar_words(name)) == (length, hours, words, words)
    assert bar.microseconds == bar.seconds * 1_000_000 == length // timedelta(microseconds=1)
    assert bar_of_hours(hours) is bar


def test_an_unknown_name_is_answered_with_all_there_are() -> None:
    with pytest.raises(ValueError, match="'7h' is unknown; expected one of 1m, 5m, 15m, 30m, 1h, 4h, 8h, 1d, 1w"):
        parse_bar("7h")
    with pytest.raises(ValueError, match=r"'7h' is unknown; expected one of 1m, 5m, 1h, 4h, 1d$"):
        parse_stored_bar("7h")
    with pytest.raises(ValueError, match="bar lengths are 1m, 5m"):
        bar_of_hours(7.0)


@pytest.mark.parametrize("name", ["15m", "30m", "8h", "1w"])
def test_a_bar_that_is_a_view_is_not_kept_and_the_remedy_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is not kept; resample it to 1m or 5m or 1h or 4h or 1d, or bring "):
        parse_stored_bar(name)
    assert set(NOT_KEPT) == set(NAMES) - set(STORED)


def test_weeks_open_on_monday_and_other_bars_on_multiples_of_their_length() -> None:
    friday = datetime(2026, 6, 12, 23, 56, 7, tzinfo=UTC)
    assert floor_to_bar(friday, parse_bar("1w")) == datetime(2026, 6, 8, tzinfo=UTC)
    assert floor_to_bar(friday, parse_bar("4h")) == datetime(2026, 6, 12, 20, tzinfo=UTC)
    assert floor_to_bar(friday, parse_bar("15m")) == datetime(2026, 6, 12, 23, 45, tzinfo=UTC)
    monday = datetime(2026, 6, 8, tzinfo=UTC)
    assert floor_to_bar(monday, parse_bar("1w")) == monday


@pytest.mark.parametrize(("hours", "words"), [(None, ""), (1.0, "hourly"), (24.0, "daily"), (2.0, "2-hour")])
def test_the_step_of_a_frame_is_named_like_the_bars_it_holds(hours: float | None, words: str) -> None:
    assert step_words(hours) == words
