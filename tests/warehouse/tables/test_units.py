"""Values of every unit are written as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from warehouse.tables import units

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
