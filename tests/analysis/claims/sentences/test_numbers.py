"""Numbers as people write them."""

import pytest

from analysis.claims.sentences.numbers import NUMBER, read_number


@pytest.mark.parametrize("written", ["7 Percent", "7 PERCENT", "7 percent", "7%", "7 Per Cent", "7 pct"])
def test_a_percent_is_read_in_any_case(written: str) -> None:
    found = NUMBER.match(written)
    assert found is not None
    assert read_number(found).value == pytest.approx(0.07)


@pytest.mark.parametrize(
    ("written", "value", "quoted"),
    [
        ("23,4%", 0.234, "23.4%"),
        ("1,234%", 12.34, "1,234%"),
        ("$262,10", 262.10, "$262.10"),
        ("$64,418", 64418.0, "$64,418"),
        ("$0,2154", 0.2154, "$0.2154"),
        ("1.234,50 USD", 1234.50, "1234.50 USD"),
        ("1,234.5 dollars", 1234.5, "1,234.5 dollars"),
    ],
)
def test_a_comma_before_one_or_two_digits_is_a_decimal_point(written: str, value: float, quoted: str) -> None:
    found = NUMBER.match(written)
    assert found is not None
    assert (read_number(found).value, read_number(found).quoted) == (pytest.approx(value), quoted)
