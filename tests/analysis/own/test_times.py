"""Times as people write them: read when every part is understood, refused by name otherwise."""

from __future__ import annotations

import polars as pl
import pytest

from analysis.own.times import Instants, OwnDataError, parse_times

MIDNIGHT = 1_781_222_400_000_000  # 2026-06-12
EIGHT_PM = MIDNIGHT + 20 * 3_600_000_000


def parse(*texts: str) -> Instants:
    return parse_times(pl.Series("date", texts), "file")


@pytest.mark.parametrize(
    "text",
    [
        *("2026-06-12", "12.06.2026", "20260612", "2026/06/12", "2026-06-12 00:00", "2026-06-12T00:00:00.000"),
        *("2026-06-12T00:00:00Z", "2026-06-12 02:00:00+02:00", "Jun 12, 2026", "12 June 2026"),
    ],
)
def test_dates_are_read_in_the_forms_people_write(text: str) -> None:
    assert parse(text).at.tolist() == [MIDNIGHT]


@pytest.mark.parametrize("text", ["1781222400", "1781222400000", "1781222400000000", "1781222400000000000"])
def test_epochs_of_every_unit_are_one_instant(text: str) -> None:
    assert parse(text).at.tolist() == [MIDNIGHT]
    assert parse(f"{text}.0").at.tolist() == [MIDNIGHT]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2026-06-12 20:00Z",
            "2026-06-12T20:00Z",
            "2026-06-12 20:00 UTC",
            "2026-06-12 20:00:00 GMT",
            "20260612 20:00",
        ),
        *("2026-06-12 15:00 EST", "2026-06-12 16:00 EDT", "2026-06-12 4:00 PM ET", "Jun 12, 2026 8:00 PM"),
        *("12 Jun 2026 8 PM", "2026-06-12 10:00 p.m. CEST", "2026-06-12 22:00 Europe/Berlin", "2026-06-12 22:00+0200"),
        *("2026-06-12 21:00 UTC+1", "Fri, 12 Jun 2026 20:00:00 GMT", "2026-06-12 at 8pm UTC", "12.06.2026 8:00 PM"),
    ],
)
def test_a_time_of_day_is_read_with_its_zone(text: str) -> None:
    found = parse(text)
    assert found.at.tolist() == [EIGHT_PM]
    assert found.has_clock.all()


def test_noon_and_midnight_are_twelve_pm_and_twelve_am() -> None:
    assert parse("2026-06-12 12:00 AM").at.tolist() == [MIDNIGHT]
    assert parse("2026-06-12 12:00 PM").at.tolist() == [MIDNIGHT + 12 * 3_600_000_000]


def test_dates_may_stand_among_times_and_have_no_clock() -> None:
    assert parse("2026-06-12", "2026-06-12T20:00:00Z").has_clock.tolist() == [False, True]
    assert parse("2026-06-12", "2026-06-12 8:00 PM EDT").has_clock.tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("45678", "serial days of a spreadsheet .45678 is 2025-01-21.; format the column as a date"),
        ("45678.5", "serial days of a spreadsheet"),
        ("2026-06-12 20:00 CST", "'CST' is unknown or stands for several; write an offset"),
        ("2026-06-12 20:00 EST+2", "a zone and an offset"),
        ("2026-06-12 13:00 PM", "hour 13 beside PM"),
        ("2026-06-12 25:00 UTC", "no time of a day"),
        ("2206-06-12", "lies after 2100"),
        ("0024-06-12", "is not a known date; write 2026-06-12"),
        ("2026", "no time since 1970 in one of s, ms, µs, ns"),
        ("yesterday", "not a known date"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_remedy(text: str, words: str) -> None:
    with pytest.raises(OwnDataError, match=words):
        parse(text)


def test_epochs_of_two_units_in_one_column_are_refused() -> None:
    with pytest.raises(OwnDataError, match="no time since 1970 in one of"):
        parse("1781222400", "1781222400000")


def test_an_ambiguous_date_is_refused_and_a_clear_one_is_read() -> None:
    with pytest.raises(OwnDataError, match="ambiguous"):
        parse("01/02/2026")
    with pytest.raises(OwnDataError, match="ambiguous"):
        parse("01/02/2026 20:00 UTC")
    found = parse("01/02/2026", "13/02/2026")
    assert found.is_daily
    assert found.at[1] - found.at[0] == 12 * 86_400_000_000


def test_a_time_that_clocks_skip_is_refused() -> None:
    with pytest.raises(OwnDataError, match="skip this time"):
        parse("2026-03-08 2:30 AM ET")


def test_a_date_of_a_year_that_nobody_lived_is_named_among_good_ones() -> None:
    with pytest.raises(OwnDataError, match=r"own\.csv row 3: date '026-06-12' is not a known date"):
        parse_times(pl.Series("date", ["2026-06-12", "026-06-12"]), "own.csv")
