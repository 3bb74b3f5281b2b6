"""The reader against sentences read by hand, and the marking rule of the score itself."""

import json
from datetime import datetime
from typing import Any

import pytest

from analysis.claims.check.scoring import score_answers
from analysis.claims.sentences.reader import read_text
from tests.paths import shared


def make_answer(row: dict[str, Any]) -> dict[str, Any]:
    """What the reader finds in a gold row, without verdicts."""
    read = read_text(row["text"], datetime.fromisoformat(row["published_utc"]))
    return {"statements": [_as_row(item.statement, item.start, item.end, item.is_sure) for item in read.statements]}


def _as_row(said: Any, start: int, end: int, is_sure: bool) -> dict[str, Any]:
    return {
        "start": start, "end": end, "asset": said.asset, "kind": str(said.kind), "direction": str(said.direction),
        "size": said.size, "price": said.price, "price_high": said.price_high, "verdict": None,
        "comparator": str(said.comparator) if said.comparator else None,
        "window": {"token": said.window.token if said.window else None}, "certainty": "sure" if is_sure else "unsure",
    }  # fmt: skip


def test_sentences_read_by_hand_are_read_as_well() -> None:
    lines = shared("gold", "sentences", "train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    score = score_answers(rows, {row["id"]: make_answer(row) for row in rows})
    measured = {row["measure"]: row["share"] for row in score.rows()}
    assert measured["recall"] >= 0.92
    assert measured["precision"] >= 0.95
    assert min(measured["kind"], measured["direction"], measured["number"]) >= 0.97
    assert measured["window"] >= 0.93
    assert measured["sure"] >= 0.6
    assert measured["sure_right"] >= 0.95


def make_gold(**changes: Any) -> dict[str, Any]:
    statement = {
        "asset": "TAO", "scope": "registry", "kind": "percent_move", "direction": "up", "size": 0.2, "price": None,
        "price_high": None, "comparator": "exact", "window": "P7D", "span": [0, 12], "is_past_statement": True,
        "truth": {"judgement": "true"},
    }  # fmt: skip
    return {"id": "a", "text": "TAO rose 20%", "statements": [statement | changes]}


def make_read(**changes: Any) -> dict[str, dict[str, Any]]:
    answer = {
        "start": 0, "end": 12, "asset": "TAO", "kind": "percent_move", "direction": "up", "size": 0.2, "price": None,
        "price_high": None, "comparator": "exact", "window": {"token": "P7D"}, "certainty": "sure",
        "verdict": "supported",
    }  # fmt: skip
    return {"a": {"statements": [answer | changes]}}


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("direction", {"direction": "down"}),
        ("number", {"size": 0.3}),
        ("window", {"window": {"token": "PT24H"}}),
        ("comparator", {"comparator": "about"}),
        ("verdict", {"verdict": "not_supported"}),
        ("kind", {"kind": "drawdown"}),
    ],
)
def test_each_part_that_is_wrong_is_counted_wrong(part: str, changes: dict[str, Any]) -> None:
    assert {row["measure"]: row["share"] for row in score_answers([make_gold()], make_read()).rows()}[part] == 1.0
    assert {row["measure"]: row["share"] for row in score_answers([make_gold()], make_read(**changes)).rows()}[
        part
    ] == 0


def test_another_asset_or_place_is_no_match() -> None:
    for changes in ({"asset": "BTC"}, {"start": 12, "end": 14}):
        score = score_answers([make_gold()], make_read(**changes))
        assert (score.recall, score.precision) == (0.0, 0.0)


def test_a_statement_that_should_stay_unread_is_invented_when_it_is_read() -> None:
    score = score_answers([make_gold(is_past_statement=False)], make_read())
    assert (score.n_gold, score.precision, score.n_other_silent) == (0, 0.0, 0)


def test_a_near_miss_may_go_either_way() -> None:
    gold = make_gold(truth={"judgement": "overstated", "near_miss": True})
    assert score_answers([gold], make_read()).right["verdict"] == 1
