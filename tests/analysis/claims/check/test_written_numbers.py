"""Numbers whose writing leaves open what they say are settled by the prices of their time, or not judged."""

import pytest

from tests.analysis.claims.check.answer_builders import make_answer, make_verdicts


@pytest.mark.parametrize(
    ("text", "price"),
    [("TAO rose 18,887% today.", 120.0), ("TAO lost $40 today.", 60.0), ("TAO rose to $121.000 today.", 120_000.0)],
)
def test_a_number_that_can_be_another_is_not_judged_and_says_so(text: str, price: float) -> None:
    [item] = make_answer(text, {5: price}).statements
    assert str(item.judgement.verdict) == "cannot_be_told"
    assert item.judgement.reason is not None
    assert not item.read.is_sure


@pytest.mark.parametrize(
    ("text", "price", "verdict"),
    [
        ("TAO rose over $60 today.", 120.0, "not_supported"),
        ("TAO lost $40 today.", 120.0, "not_supported"),
        ("TAO lost $50 today.", 80.0, "not_supported"),
        ("TAO rose to $120.000 today.", 120_000.0, "supported"),
    ],
)
def test_a_number_of_which_all_readings_have_one_verdict_has_it(text: str, price: float, verdict: str) -> None:
    [item] = make_answer(text, {5: price}).statements
    assert str(item.judgement.verdict) == verdict
    assert (item.judgement.reason or "").endswith("the verdict is the same")
    assert not item.read.is_sure


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("TAO rose to $120.001 today.", "cannot_be_told"),
        ("TAO is 5% below its peak of $126.199.", "cannot_be_told"),
        ("TAO rose to $119.95 today.", "supported"),
        ("TAO rose 1,800% today.", "not_supported"),
        ("TAO rose 20.000% today.", "supported"),
    ],
)
def test_a_number_that_only_english_writes_so_is_judged(text: str, verdict: str) -> None:
    price = 120_000.0 if verdict == "cannot_be_told" else 120.0
    assert make_verdicts(text, {5: price}) == [verdict]


@pytest.mark.parametrize(
    ("text", "kind", "verdict"),
    [
        ("TAO lost $20 today.", "direction_only", "supported"),
        ("TAO lost $7.49 today.", "direction_only", "understated"),
        ("TAO lost $90 today.", "level_crossed", "supported"),
        ("TAO lost $20 support today.", "level_crossed", "not_supported"),
        ("TAO fell over $15 today.", "direction_only", "supported"),
    ],
)
def test_dollars_behind_a_loss_are_a_move_or_a_price_by_their_size(text: str, kind: str, verdict: str) -> None:
    [item] = make_answer(text, {5: 80.0}).statements
    assert (str(item.read.statement.kind), str(item.judgement.verdict)) == (kind, verdict)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("TAO opened at $100 on March 20.", "supported"),
        ("TAO opened March 20 at $120.", "not_supported"),
        ("TAO started the week at $90.", "supported"),
        ("TAO opened the month at $70.", "not_supported"),
        ("TAO closed above $118 today.", "supported"),
        ("TAO opened yesterday at $90.", "supported"),
        ("TAO had closed above $118 on March 20.", "supported"),
        ("TAO started the week on March 19 at $90.", "supported"),
    ],
)
def test_an_open_is_the_price_where_its_day_or_week_began(text: str, verdict: str) -> None:
    assert make_verdicts(text, {200: 90.0, 30: 100.0, 5: 120.0}) == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "TAO started last year at $90.",
        "TAO opened the New York session at $100.",
        "TAO opened the hour at $120.",
    ],
)
def test_an_open_of_another_stretch_is_not_judged(text: str) -> None:
    answer = make_answer(text, {200: 90.0, 30: 100.0, 5: 120.0})
    assert not answer.statements
    assert [item.reason for item in answer.unjudged] == ["unclear"]
