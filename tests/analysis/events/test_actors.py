"""Whose rule a headline tells of, and which firm got the licence."""

import pytest

from analysis.events.wording.actors import licensed_in, places_in


@pytest.mark.parametrize(
    "title",
    [
        "Trump-Backed Firm Wins Bank Charter",
        "Nasdaq-Listed Firm Gets OCC Charter",
        "Dubai-Based Exchange Secures License",
        "Family-Owned Broker Obtains License",
    ],
)
def test_an_epithet_is_no_firm_s_name(title):
    assert licensed_in(title) == frozenset()


def test_a_name_beside_an_epithet_remains_and_may_begin_with_digits():
    assert licensed_in("Nasdaq-Listed BitGo Gets OCC Charter") == {"bitgo"}
    assert licensed_in("World Liberty Financial Wins Bank Charter") == {"world", "liberty", "financial"}
    assert licensed_in("21Shares Secures UK License") == {"21shares"}


def contradict(one: str, other: str) -> bool:
    return not places_in(one, "crypto_token_regulation") & places_in(other, "crypto_token_regulation")


def test_a_federal_act_named_by_its_seat_is_of_the_union_and_states_part_from_states():
    seat, federal = "Texas judge blocks dealer rule for crypto", "US court strikes down SEC dealer rule"
    assert not contradict(seat, federal)
    assert contradict(seat, "Florida judge blocks dealer rule for crypto")
    assert contradict(seat, "UK court strikes down dealer rule")


@pytest.mark.parametrize(
    ("title", "places"),
    [
        ("Nigeria SEC licenses first exchanges", {"ng"}),
        ("Poland's Senate passes crypto bill", {"eu"}),
        ("Texas Senate passes crypto bill", {"us_tx"}),
    ],
)
def test_an_office_beside_another_place_is_that_place_s(title, places):
    assert places_in(title, "crypto_token_regulation") == places


def test_offices_of_two_places_are_of_both():
    assert {"us", "uk"} <= places_in("SEC and UK FCA agree on crypto rules", "crypto_token_regulation")
    assert {"us", "uk"} <= places_in("UK, SEC agree on crypto rules", "crypto_token_regulation")
