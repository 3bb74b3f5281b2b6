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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TAO rose less than BTC on 13 May", "comparison"),
        ("TAO rose 5% more than the market on 13 May", "comparison"),
        ("TAO fell further than its peers on 13 May", "comparison"),
        ("Only TAO rose on 13 May", "comparison"),
        ("FET rose twice as much as TAO on 13 May", "comparison"),
        ("TAO rose half as much as FET on 13 May", "comparison"),
        ("TAO doubled bitcoin's gain on 13 May", "comparison"),
        ("Unlike FET, TAO rose 23% on 13 May", "comparison"),
        ("TAO's all-time high is $750", "unclear"),
        ("TAO's all-time high of $750 was set in 2024", "unclear"),
        ("TAO gave back 10% by 13 May", "unclear"),
        ("It is false that TAO rose 23% on 13 May", "denied"),
        ("Nobody believes that TAO fell below $200 on 13 May", "denied"),
        ("Nobody believes TAO rose 23% on 13 May", "denied"),
        ("TAO rose 23% on 13 May, which is false", "denied"),
        ("The report that TAO rose 23% on 13 May was wrong", "denied"),
    ],
)
def test_a_qualifier_that_no_form_reads_leaves_the_phrase_unjudged(text: str, reason: str) -> None:
    read = read_text(text, SAID_AT)
    assert not read.statements
    assert {item.reason for item in read.unjudged} == {reason}


@pytest.mark.parametrize(
    "text",
    [
        "TAO rose more than 20% on 13 May",
        "TAO rose as much as 16% on 13 May",
        "TAO rose for more than a week",
        "TAO has more than doubled since March",
        "The firm said that TAO rose 23% on 13 May",
        "TAO outperformed BTC on 13 May",
        "No one sold as TAO rose 23% on 13 May",
    ],
)
def test_a_comparator_of_a_number_is_no_comparison_with_others(text: str) -> None:
    assert read_text(text, SAID_AT).statements


def test_the_price_of_a_record_is_quoted_without_the_record() -> None:
    text = "TAO hit an all-time high of $292 on 12 May"
    quotes = {item.statement.kind: text[item.start : item.end] for item in read_text(text, SAID_AT).statements}
    assert quotes == {"all_time_extreme": "TAO hit an all-time high", "level_crossed": "$292 on 12 May"}
