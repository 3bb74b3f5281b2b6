"""Values of every unit are written as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from warehouse.tables import units
from warehouse.tables.catalog import load_tables

AT = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"), [(0.2338, "+23.4%"), (-0.0371, "−3.7%"), (0.0, "0"), (-0.0002, "0"), (12.5, "+1,250.0%")]
)
def test_percent_has_one_decimal_a_sign_and_a_true_minus(value, text):
    assert units.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1571.47, "$1,571.47"), (0.1716, "$0.1716"), (211.58, "$211.58"), (9.99994, "$9.9999")]
)
def test_small_prices_have_four_decimals(value, text):
    assert units.price(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0004, "p < 0.001"), (0.004, "p = 0.004"), (0.031, "p = 0.03")])
def test_p_values_are_never_zero(value, text):
    assert units.p_value(value) == text


@pytest.mark.parametrize(
    ("precision", "text"),
    [
        ("second", "12 Jun 2026 23:56:41 UTC"),
        ("minute", "12 Jun 2026 23:56 UTC"),
        ("upper_bound", "12 Jun 2026 23:56 UTC at latest"),
        ("day", "12 Jun 2026"),
    ],
)
def test_times_are_as_exact_as_they_are_known(precision, text):
    assert units.moment(AT, precision) == text


def test_a_bar_that_closes_at_midnight_ends_its_own_day():
    assert units.close_moment(datetime(2026, 7, 1, tzinfo=UTC)) == "30 Jun 2026 24:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"), [(41, "41 s"), (53 * 60, "53 min"), (9360, "2 h 36 min"), (86400 * 6, "6 days")]
)
def test_spans_use_the_two_largest_units(seconds, text):
    assert units.span(timedelta(seconds=seconds)) == text


def test_a_share_below_one_is_never_rounded_to_all():
    assert units.share(0.99999) == "99.9%"
    assert units.share(1.0) == "100%"


def test_differences_horizons_and_lists_read_as_a_sentence_part():
    assert units.percentage_points(0.0438) == "+4.4 points"
    assert (units.hours_short(12), units.hours_short(168)) == ("12 h", "7 days")
    assert units.listing(["a", "b", "c"]) == "a, b and c"
    assert (units.plural(1, "source"), units.plural(2, "source")) == ("1 source", "2 sources")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0000037, "$0.0000037"), (0.012345, "$0.01235"), (0.05, "$0.05"), (-3.5, "−$3.5000"), (-1571.47, "−$1,571.47")],
)
def test_a_price_far_below_a_cent_keeps_its_digits(value, text):
    assert units.price(value) == text


def test_a_log_return_is_told_as_the_percentage_it_stands_for():
    assert units.log_percent(0.262364) == "+30.0%"
    assert units.log_percent(-0.693147) == "−50.0%"
    assert units.percent(0.262364) == "+26.2%"


@pytest.mark.parametrize(
    ("hours", "text"), [(6.05, "6 h 3 min"), (0.75, "45 min"), (0.0, "0 min"), (60.0, "60 h"), (1.999, "2 h")]
)
def test_hours_are_told_to_the_minute(hours, text):
    assert units.hours_and_minutes(hours) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.2338, "fraction", "+23.4%"),
        (0.262364, "log points", "+30.0%"),
        (0.0123, "fraction per year", "+1.2% per year"),
        (0.01, "log points per bar", "+1.0% per bar"),
        (0.0041, "fraction of earlier stretches", "0.4% of earlier stretches"),
        (0.25, "fraction per year", "+25.0% per year"),
        (0.1716, "US dollar", "$0.1716"),
        (211.58, "quote currency", "$211.58"),
        (1234567.8, "base currency", "1,234,568"),
        (168.0, "hours", "7 days"),
        (7.25, "hours", "7.2 hours"),
        (1.0, "days", "1 day"),
        (2.726, "weeks", "2.7 weeks"),
        (1.0, "bars", "1 bar"),
        (12_345, "bars", "12,345 bars"),
        (90.0, "minutes", "1 h 30 min"),
        (5.24, "seconds", "5.2 s"),
        (12_500_000, "bytes", "12.5 MB"),
        (0.0004, "probability", "< 0.001"),
        (-0.257, "-1 to 1", "−0.26"),
        (2.5, "residual standard deviations", "2.5 residual standard deviations"),
        (1234.5, "", "1,234.5"),
        (None, "fraction", "–"),
        (float("nan"), "hours", "–"),
        (True, "", "yes"),
        ("okx", "", "okx"),
        (AT, "", "12 Jun 2026 23:56 UTC"),
        (AT.date(), "", "12 Jun 2026"),
        (timedelta(hours=2, minutes=36), "", "2 h 36 min"),
    ],
)
def test_a_value_is_written_by_the_unit_of_its_column(value, unit, text):
    assert units.format_value(value, unit) == text


def test_every_unit_of_a_contract_has_its_own_writing():
    used = {column.unit for table in load_tables().values() for column in table.columns if column.unit}
    plain = {unit for unit in used if units.format_value(2.0, unit) == f"2 {unit}"}
    assert plain <= {"residual standard deviations", "days", "bars", "hours"}, "give the unit a writer in units.py"
