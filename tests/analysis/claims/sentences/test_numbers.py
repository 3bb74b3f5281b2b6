"""Numbers as people write them."""

import pytest

from analysis.claims.sentences.numbers import NUMBER, read_number


@pytest.mark.parametrize("written", ["7 Percent", "7 PERCENT", "7 percent", "7%", "7 Per Cent", "7 pct"])
def test_a_percent_is_read_in_any_case(written: str) -> None:
    found = NUMBER.match(written)
    assert found is not None
    assert read_number(found).value == pytest.approx(0.07)
