"""Whose rule a headline tells of, on what, and which firm got the licence."""

import re

import pytest

from analysis.events.vocabulary import load_vocabulary
from analysis.events.wording.actors import Gazetteer, licensed_in, subjects_in
from tests.analysis.events.headline_frames import VOCABULARY
from warehouse.config import ConfigError, ConfigText

PLACES = Gazetteer(VOCABULARY)


@pytest.mark.parametrize(
    "title",
    [
        "Trump-Backed Firm Wins Bank Charter",
        "Nasdaq-Listed Firm Gets OCC Charter",
        "Dubai-Based Exchange Secures License",
        "Family-Owned Broker Obtains License",
        "Stablecoin Bill Wins Final Senate Approval",
        "Trump Pick Wins Senate Approval",
        "Nasdaq Wins SEC Approval for Trading of Tokenized Stocks",
    ],
)
def test_an_epithet_is_no_firm_s_name(title):
    assert licensed_in(title, PLACES) == frozenset()


def test_a_name_beside_an_epithet_remains_and_may_begin_with_digits():
    assert licensed_in("Nasdaq-Listed BitGo Gets OCC Charter", PLACES) == {"bitgo"}
    assert licensed_in("World Liberty Financial Wins Bank Charter", PLACES) == {"world", "liberty", "financial"}
    assert licensed_in("21Shares Secures UK License", PLACES) == {"21shares"}


def contradict(one: str, other: str) -> bool:
    return not places_in(one) & places_in(other)


def places_in(title: str) -> frozenset[str]:
    return PLACES.of_rules(title, "crypto_token_regulation")


def test_a_federal_act_named_by_its_seat_is_of_the_union_and_states_part_from_states():
    seat, federal = "Texas judge blocks dealer rule for crypto", "US court strikes down SEC dealer rule"
    assert not contradict(seat, federal)
    assert contradict(seat, "Florida judge blocks dealer rule for crypto")
    assert contradict(seat, "UK court strikes down dealer rule")


@pytest.mark.parametrize(
    ("title", "places"),
    [
        ("Nigeria SEC licenses first exchanges", {"NG"}),
        ("Poland's Senate passes crypto bill", {"EU"}),
        ("Texas Senate passes crypto bill", {"US-TX"}),
    ],
)
def test_an_office_beside_another_place_is_that_place_s(title, places):
    assert places_in(title) == places


def test_offices_of_two_places_are_of_both():
    assert {"US", "UK"} <= places_in("SEC and UK FCA agree on crypto rules")
    assert {"US", "UK"} <= places_in("UK, SEC agree on crypto rules")


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("Norway imposes near ban on AI in elementary school", "NO"),
        ("Minnesota passes ban on fake AI nudes", "US"),
        ("Taiwan moves to detain three over illegal AI server exports to China", "TW"),
        ("Pentagon expands list of China military-linked firms", "US"),
        ("Chinese regulators block sale of AI chips, says US firm", "CN"),
        ("Google sues Chinese cybercrime ring that used Gemini", "global"),
        ("Nvidia told to stop sales to China", "global"),
        ("The New York Times amends complaint over training data", "global"),
        ("Chinese firm Zhipu added to US Entity List", "US"),
        ("Chinese AI lab barred from US market", "US"),
        ("China's Huawei hit by US sanctions", "US"),
        ("Taiwan's TSMC fined by US over Huawei chips", "US"),
        ("China Unicom blacklisted by FCC", "US"),
        ("DeepSeek blocked in South Korea", "KR"),
        ("Nvidia barred from selling to China", "global"),
        ("Microsoft blocks Israel's military unit from AI services", "global"),
        ("China's DeepSeek bans foreign staff", "CN"),
        ("Judge blocks California AI law", "US"),
    ],
)
def test_an_act_is_of_the_place_that_acts_and_not_of_the_one_it_is_done_to(title, place):
    assert PLACES.jurisdiction([title], ()) == place


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("House passes GAIN AI Act limiting Nvidia exports", "US"),
        ("House passes Kids AI Act", "US"),
        ("Governor delays AI Act of Colorado", "US"),
        ("Parliament backs delay to the AI Act", "EU"),
        ("North Korea hackers steal $1.5bn from Bybit", "KP"),
        ("Northern Ireland bans AI nudes", "UK"),
        ("Denzel Washington warns of AI", "global"),
        ("Bank of America bans ChatGPT", "global"),
        ("Denmark passes AI deepfake law", "EU"),
        ("New Zealand bans AI nudes", "NZ"),
        ("Commerce adds 30 Chinese AI chip firms to Entity List", "US"),
        ("Supreme Court rejects AI copyright appeal", "US"),
        ("India's Supreme Court blocks AI ad", "IN"),
        ("BIS warns of stablecoins", "global"),
    ],
)
def test_a_name_that_holds_a_place_s_is_not_that_place(title, place):
    named = tuple(one.entity_id for one in VOCABULARY.entities if re.search(one.pattern, title, re.IGNORECASE))
    assert PLACES.jurisdiction([title], named) == place


@pytest.mark.parametrize(
    ("title", "places"),
    [
        ("Georgia governor signs crypto kiosk bill", {"US-GA"}),
        ("Georgia’s Senate passes crypto kiosk bill", {"US-GA"}),
        ("Atlanta bans crypto kiosks", {"US-GA"}),
        ("Georgian parliament passes crypto bill", {"GE"}),
        ("Georgia's central bank licenses stablecoin", {"GE"}),
        ("Tbilisi bars crypto mining", {"GE"}),
        ("Georgia limits crypto kiosks", set()),
        ("Georgia Tech studies crypto rules", set()),
        ("Georgia's Attorney General sues crypto kiosks", {"US-GA"}),
        ("Georgia Prime Minister backs crypto bill", {"GE"}),
    ],
)
def test_a_name_of_a_state_and_a_country_is_of_the_one_whose_office_stands_beside_it_or_of_neither(title, places):
    assert places_in(title) == places


@pytest.mark.parametrize("body", ["governor", "tribunal", "council", "rules", "prime minister"])
def test_people_of_a_place_act_where_a_body_stands_beside_them(body):
    assert PLACES.jurisdiction([f"Lab fined after Chinese {body} on chatbots"], ()) == "CN"


@pytest.mark.parametrize("body", ["cyber agency", "antitrust council", "party lawmakers", "Defence Department"])
def test_a_word_before_a_body_tells_which_one_of_the_place_it_is(body):
    assert PLACES.jurisdiction([f"Lab fined after Korean {body} order"], ()) == "KR"


@pytest.mark.parametrize(
    "who", ["German department store", "Swiss university president", "Korean news agency", "Indian American president"]
)
def test_what_anybody_has_is_no_body_of_a_place(who):
    assert PLACES.jurisdiction([f"Lab told by {who} to explain chatbots"], ()) == "global"


def test_a_place_in_fewer_than_a_quarter_of_the_titles_is_an_aside():
    suit = "Firm faces lawsuit over usage limits"
    assert PLACES.jurisdiction([suit] * 4 + ["Suit in Texas over usage limits"], ()) == "global"
    assert PLACES.jurisdiction([suit] * 3 + ["Suit in Texas over usage limits"], ()) == "US"
    assert PLACES.jurisdiction([suit], ("sec", "openai")) == "US", "the office named stands for its place"


def test_a_person_adds_a_place_and_an_office_to_the_same_file_as_names():
    own = ConfigText(
        "entities.toml",
        """
        [[place]]
        id = "PE"
        name = "Peru"
        names = ["Peru"]
        offices = ["SBS"]
        [[entity]]
        id = "lima"
        name = "Lima's ministry"
        kind = "regulator"
        aliases = ["Lima"]
        jurisdiction = "PE"
        """,
    )
    places = Gazetteer(load_vocabulary(own_entities=own))
    for title in ("Peru bans AI nudes", "SBS licenses exchange", "Lima bans AI nudes"):
        assert places.jurisdiction([title], ()) == "PE"
    with pytest.raises(ConfigError, match="no entity 'nobody'"):
        load_vocabulary(own_entities=ConfigText("e.toml", '[[place]]\nid = "PE"\nname = "Peru"\nentity = "nobody"'))


def test_a_title_that_speaks_of_tokens_and_of_models_parts_from_neither():
    assert subjects_in("House panel drafts rules for digital assets", "crypto_token_regulation") == {"tokens"}
    assert subjects_in("House panel drafts rules for AI labs", "regulation_legislation") == {"models"}
    assert subjects_in("Senate asks SEC about AI tools and crypto", "crypto_token_regulation") == frozenset()
    assert subjects_in("President's AI and crypto adviser drafts rules", "regulation_legislation") == frozenset()
    assert subjects_in("House panel drafts rules for AI labs", "ai_product_news") == frozenset()
