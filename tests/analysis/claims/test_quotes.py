"""What a claim's quote says is held against its entry; a difference is told and never silent."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.claims.language import packaged_claims
from analysis.claims.verdicts import judge
from tests.analysis.claims.claim_builders import NEWS_AT, judged, make_candles, make_claim, make_evidence
from tests.builders import make_rows
from warehouse.tables.news import EVENT

BEFORE = [100.0] * 600


def rising(to: float, hours: int) -> list[float]:
    return [float(price) for price in np.linspace(100, to, hours + 1)[1:]]


def test_a_quote_that_says_another_number_is_warned_of() -> None:
    evidence = make_evidence(make_candles("TAO", BEFORE, rising(130.0, 12)))
    wrong = make_claim(kind="rise_within", rise="0.7%", hours=12, quote="TAO rose 1.5% in 12 hours")
    assert judged(wrong, evidence)[0]["warning"] == "the entry says 0.7%, the quote 1.5%"
    right = make_claim(kind="level", price="$1.5k", hours=12, quote="TAO reached $1,500")
    assert judged(right, evidence)[0]["warning"] is None


@pytest.mark.parametrize(
    ("quote", "warning"),
    [
        ("BTC rose 30% in 12 hours", "the quote speaks of BTC, the entry of TAO"),
        ("TAO fell 30% in 12 hours", "the quote says down, the entry up"),
        ("TAO rose more than 30% in 12 hours", "the quote says more than, the entry exact"),
        ("TAO rose 30% in three days", "the quote says 3 days, the entry 12 h"),
        ("TAO rose 40% in 12 hours", "the entry says 30.0%, the quote 40.0%"),
        ("TAO rose 30% in 12 hours", None),
        ("TAO rose 30%.", None),
        ("Nobody had seen that coming.", None),
    ],
)
def test_a_quote_that_says_another_thing_than_its_entry_is_warned_of(quote: str, warning: str | None) -> None:
    evidence = make_evidence(make_candles("TAO", BEFORE, rising(130.0, 12)))
    claim = make_claim(kind="rise_within", rise="30%", hours=12, quote=quote)
    assert judged(claim, evidence)[0]["warning"] == warning


@pytest.mark.parametrize(
    ("quote", "warning"),
    [
        ("TAO hit a three-week high of $130", None),
        ("TAO hit a six-week high of $130", "the quote says 42 days, the entry 21 days"),
        ("TAO hit a three-week low of $130", "the quote says down, the entry up"),
    ],
)
def test_the_period_of_a_quote_is_compared(quote: str, warning: str | None) -> None:
    evidence = make_evidence(make_candles("TAO", BEFORE, rising(130.0, 12)))
    claim = make_claim(kind="n_week_high", price="$130", weeks=3.0, hours=12, quote=quote)
    assert judged(claim, evidence)[0]["warning"] == warning


def test_the_claims_that_ship_say_what_their_quotes_say() -> None:
    evidence = make_evidence(make_candles("TAO", BEFORE, rising(130.0, 12)))
    events = make_rows(
        EVENT,
        *(
            {
                "event_id": claim.event,
                "earliest_at_utc": NEWS_AT,
                "best_at_utc": NEWS_AT,
                "latest_at_utc": NEWS_AT,
                "status": "confirmed",
            }
            for claim in packaged_claims()
            if claim.event
        ),
    )
    verdicts = judge(packaged_claims(), replace(evidence, events=events)).verdicts
    assert verdicts["warning"].drop_nulls().to_list() == []
