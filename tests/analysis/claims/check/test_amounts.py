"""A move in dollars is judged by its size, or not at all."""

import polars as pl
import pytest

from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.market import GROUP_MEMBERS, gather_market
from analysis.claims.sentences.reader import read_text
from tests.analysis.claims.check.answer_builders import SAID_AT, make_answer, make_path, make_verdicts


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("TAO rose $20 today.", "supported"),
        ("TAO rose $24 today.", "overstated"),
        ("TAO rose $650 today.", "not_supported"),
        ("TAO rose by more than $18 today.", "supported"),
        ("TAO rose by more than $30 today.", "overstated"),
        ("TAO rose by over $90 today.", "not_supported"),
        ("TAO is up by about $19 today.", "supported"),
        ("TAO is up over $18 since Wednesday.", "supported"),
        ("TAO is up over $60 in the past 24 hours.", "not_supported"),
        ("TAO jumped at least $18 today.", "supported"),
        ("TAO jumped at least $30 today.", "overstated"),
        ("TAO has gained $20 since Wednesday.", "supported"),
        ("TAO fell over $18 today.", "not_supported"),
        ("TAO lost more than $18 today.", "not_supported"),
    ],
)
def test_a_move_in_dollars_is_judged_by_its_size(text: str, verdict: str) -> None:
    assert make_verdicts(text, {5: 120.0}) == [verdict]


def test_a_group_has_no_price_that_could_move_by_dollars() -> None:
    market = gather_market(pl.concat([make_path(name, {5: 120.0}) for name in GROUP_MEMBERS["AI_TOKENS"]]))
    [read] = read_text("The AI tokens jumped $5 today.", SAID_AT, None, ()).statements
    judgement = judge_statement(read.statement, market)
    assert (str(judgement.verdict), judgement.reason) == ("cannot_be_told", "a group has no price")


def test_up_over_a_price_without_a_beginning_is_a_level() -> None:
    [item] = make_answer("TAO is up over $115.", {5: 120.0}).statements
    assert (str(item.read.statement.kind), str(item.judgement.verdict)) == ("level_crossed", "supported")


@pytest.mark.parametrize(
    "text",
    [
        "TAO surged $500 in days.",
        "TAO slides $3K from its peak.",
        "TAO swings $30 up.",
        "TAO tanks by $20 in just weeks.",
        "TAO lost $90 in weeks.",
        "TAO soared by hundreds of dollars.",
    ],
)
def test_dollars_that_count_from_what_is_not_read_leave_no_bare_direction(text: str) -> None:
    answer = make_answer(text, {5: 120.0})
    assert not [item for item in answer.statements if str(item.read.statement.kind) != "level_held"]
    assert answer.statements or {item.reason for item in answer.unjudged} == {"unclear"}


@pytest.mark.parametrize(
    ("text", "amount"),
    [("Bitcoin jumps $1K", 1000.0), ("Bitcoin slightly up at $87k", None), ("Bitcoin rose by nearly $2,500", 2500.0)],
)
def test_dollars_behind_a_move_are_its_size_unless_they_are_where_it_stands(text: str, amount: float | None) -> None:
    assert {item.statement.amount for item in read_text(text, SAID_AT, None, ()).statements} == {amount}
