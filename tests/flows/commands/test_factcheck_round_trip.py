"""What was read of a text keeps every field in its JSON, and in the claims that are written of it."""

from dataclasses import fields, replace

import polars as pl
import pytest

from analysis.claims.check.answer import as_document
from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.windows import resolve_window
from analysis.claims.language import read_claims
from analysis.claims.reading import find_anchor, read_parts
from analysis.claims.statement import StatedWindow, Statement
from flows.checking.output import as_toml
from tests.analysis.claims.check.answer_builders import BAN, make_answer, make_market
from warehouse.config import ConfigText

EVENTS = pl.DataFrame(
    {
        "event_id": [BAN.event_id],
        "earliest_at_utc": [BAN.at_utc],
        "best_at_utc": [BAN.at_utc],
        "latest_at_utc": [BAN.at_utc],
    }
)
PRICES = {54: 120.0, 5: 110.0}
TEXTS = (
    "TAO rose 20% within 12 hours of the US restriction, reaching $120.",
    "TAO rose more than $5 today.",
    "TAO fell $10 in 24 hours, as of 20 March 08:00 UTC.",
    "TAO is above $105.",
    "TAO was above $115 at one point this week.",
    "TAO was above $115 yesterday.",
    "TAO has never traded above $115.",
    "TAO rose by 10-15% this week.",
    "TAO gained a fifth this week.",
    "TAO rose 20.0% this week.",
    "TAO rose 20% in the 12 hours after 18 March 2026 00:00 UTC.",
    "TAO rose 20% after the US restriction.",
    "TAO stayed above $98 after the US restriction.",
    "TAO jumped from $100 to $120 on 18 March.",
    "TAO is up nearly 250% this year.",
    "TAO doubled this week.",
    "TAO hovers around $110.",
    "TAO trades between $98 and $122.",
    "TAO reached a three-week high within 12 hours of the US restriction.",
    "TAO was range-bound this week.",
    "TAO was flat today.",
    "TAO is 8% below its peak.",
    "TAO outperformed BTC by 10% this week.",
    "TAO was flat in the 24 hours before the restriction.",
    "TAO hit $120K.",
    "TAO lost $60 this week.",
    "TAO lost $6 this week.",
    "TAO lost $115 this week.",
    "TAO fell to $110.000 today.",
    "TAO fell 8% within 2 hours of the post, following its release at 07:00 UTC on 20 March.",
)
# What a text cannot say; the key of the others in JSON.
_OF_CLAIMS_ALONE = {"market_id", "within", "swing_hours", "quantity"}
_KEYS = {"as_of": "as_of_utc", "event_utc": "event_utc", "size_quoted": "written", "price_quoted": "written"}
_ONCE = {"said_at"}


@pytest.mark.parametrize("text", TEXTS)
def test_claims_of_what_was_read_are_the_same_statements_with_the_same_verdicts(text: str) -> None:
    answer = make_answer(text, PRICES)
    claims = read_claims(ConfigText("read.toml", as_toml(answer)))
    parts = [part.statement for claim in claims for part in read_parts(claim, find_anchor(claim, EVENTS))]
    read = [item.read.statement for item in answer.statements]
    assert [_comparable(item) for item in parts] == [_comparable(item) for item in read]
    verdicts = [judge_statement(item, make_market(PRICES)).verdict for item in parts]
    assert verdicts == [item.judgement.verdict for item in answer.statements]


def test_the_texts_say_something_in_every_field() -> None:
    said = [item.read.statement for text in TEXTS for item in make_answer(text, PRICES).statements]
    silent = {item.name for item in fields(Statement) if all(getattr(one, item.name) == item.default for one in said)}
    assert silent == _OF_CLAIMS_ALONE


def test_every_field_of_a_statement_has_a_key_in_json() -> None:
    for text in TEXTS:
        document = as_document(make_answer(text, PRICES))
        for item in document["statements"]:
            missing = {
                field.name
                for field in fields(Statement)
                if field.name not in _OF_CLAIMS_ALONE | _ONCE and _KEYS.get(field.name, field.name) not in item
            }
            assert missing == set()


def _comparable(statement: Statement) -> Statement:
    """The statement with its window where it lies and its numbers to nine digits."""
    rounded = {name: round(value, 9) for name in ("size", "size_high") if (value := getattr(statement, name))}
    placed = resolve_window(statement)
    return replace(statement, window=StatedWindow("", placed.from_utc, placed.to_utc), **rounded)
