"""A statement is sure when nothing about its reading is a guess."""

from datetime import UTC, datetime

import pytest

from analysis.claims.sentences.reader import read_text

SAID_AT = datetime(2026, 5, 14, 18, tzinfo=UTC)


def sureness(text: str) -> set[bool]:
    """Whether the statements of a text are sure."""
    return {item.is_sure for item in read_text(text, SAID_AT).statements}


@pytest.mark.parametrize(
    "text",
    [
        "Bitcoin drops below $77,000 as funds sell",
        "XRP, DOGE surge 5%",
        "Bitcoin price today: slips to $77k as traders wait",
        "bitcoin climbs to 6-week high",
        "Crypto markets rally as peace nears",
        "ZEC outperforms Bitcoin",
        "ETH is down 45% this year",
    ],
)
def test_a_market_beside_its_verb_and_a_plain_number_are_sure(text: str) -> None:
    assert sureness(text) == {True}


@pytest.mark.parametrize(
    "text",
    [
        "Markets fall as rates rise",  # of stocks, perhaps
        "Altcoins soar 25%",  # which of them is not said
        "Bitcoin rises 160%",  # hardly in a day
        "Bitcoin price is down over 40% since STRC launched",  # a window that is not understood
        "The fund pivoted to Solana and lost 9%",  # who lost?
        "Solana outpaces Hyperliquid in token trades",  # no prices compared
        "Solana crosses 200K",  # no price, perhaps
        "Strategy shares crash as Bitcoin sinks toward $60K",  # how near is toward?
        "ADA price eyes $0.38 despite current consolidation",
    ],
)
def test_a_guess_about_market_number_or_window_is_not_sure(text: str) -> None:
    assert sureness(text) == {False}
