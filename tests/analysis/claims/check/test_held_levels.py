"""How long a price is said to have stood beyond a level decides which of its prices are asked."""

import pytest

from tests.analysis.claims.check.answer_builders import make_answer, make_verdicts

# 100 until 40 hours before it was said, then 120, for two hours of the last day 130, at last 110.
PRICES = {40: 120.0, 20: 130.0, 18: 120.0, 3: 110.0}


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("is above $105", "supported"),
        ("is now trading above $115", "not_supported"),
        ("sits below $112", "supported"),
        ("was above $125 at one point today", "not_supported"),
        ("was above $125 at one point this week", "supported"),
        ("was briefly above $125 this week", "supported"),
        ("was at times trading over $125 this week", "supported"),
        ("briefly traded above $140 this week", "not_supported"),
        ("was already above $115 yesterday", "supported"),
        ("once stood above $125 this week", "supported"),
        ("is well above $105", "supported"),
        ("is already above $115", "not_supported"),
        ("was above $105", "supported"),
        ("was below $115", "supported"),
        ("was briefly above $130 this week", "cannot_be_told"),  # touched, not passed
        ("was above $125", "another_reading"),
        ("was above $135", "not_supported"),
        ("was above $125 yesterday", "another_reading"),
        ("has been above $105 this week", "another_reading"),
        ("has been above $125 this week", "not_supported"),
        ("stayed above $98 this week", "supported"),
        ("held above $125 this week", "not_supported"),
        ("is above $115 since 19 March", "not_supported"),
        ("was above $115 all day", "not_supported"),  # it ended the day at 110
        ("was above $105 throughout", "supported"),
        ("was above $112 for the whole session", "overstated"),
        ("traded above $125 for a while this week", "supported"),
        ("was above $125 and briefly above $128 this week", "another_reading"),
    ],
)
def test_is_asks_the_last_price_stayed_every_price_and_at_one_point_any(words: str, verdict: str) -> None:
    assert make_verdicts(f"TAO {words}.", PRICES) == [verdict]


def test_a_level_that_was_passed_at_some_time_is_told_with_the_price_that_passed_it() -> None:
    [item] = make_answer("TAO was briefly above $125 this week.", PRICES).statements
    assert "highest price" in item.judgement.measured
    assert "$130.00" in item.judgement.measured


def test_a_last_price_within_what_venues_differ_cannot_be_told() -> None:
    assert make_verdicts("TAO is above $110.20.", PRICES) == ["cannot_be_told"]
