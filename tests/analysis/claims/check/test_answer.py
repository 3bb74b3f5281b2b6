"""A text read and judged on bars made for it."""

from datetime import UTC, datetime

import pytest

from analysis.claims.check.answer import as_document
from analysis.claims.check.datelines import dateline
from analysis.claims.check.markup import is_markup, published_time, read_markup
from analysis.claims.sentences.reader import read_text
from analysis.claims.sentences.times.references import LedgerEvent
from tests.analysis.claims.check.answer_builders import BAN, SAID_AT, make_answer, make_verdicts


def test_a_window_counted_from_an_event_begins_there() -> None:
    document = as_document(make_answer("TAO rose 20% within 12 hours of the US restriction, reaching $120."))
    percent, level = document["statements"]
    assert percent["event_id"] == BAN.event_id
    assert percent["window"] == {
        "token": "PT12H", "from_utc": "2026-03-18T00:00:00Z", "to_utc": "2026-03-18T12:00:00Z"
    }  # fmt: skip
    assert (percent["verdict"], level["verdict"]) == ("supported", "supported")
    assert level["window"] == percent["window"]
    assert level["group_id"] == percent["group_id"]


def test_a_second_verb_is_no_part_of_the_name_of_an_event() -> None:
    text = "TAO rose 20% within 12 hours of the US restriction and stayed above $98."
    percent, _ = as_document(make_answer(text))["statements"]
    assert (percent["event_id"], percent["verdict"]) == (BAN.event_id, "supported")


def test_the_same_words_the_other_way_are_not_supported() -> None:
    assert make_verdicts("TAO fell 20% within 12 hours of the US restriction.") == ["not_supported"]


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("TAO rose 20% in the 12 hours after 18 March 2026 00:00 UTC.", ["supported"]),
        ("In the 12 hours after March 18, 00:00 UTC, TAO rose 20%.", ["supported"]),
        ("In the two days to March 18 TAO rose 20%.", ["supported"]),
        ("TAO rose 20% within 12 hours of 18 March 2026 00:00 UTC.", ["supported"]),
        ("TAO fell 20% in the 12 hours after 18 March 2026 00:00 UTC.", ["not_supported"]),
        ("TAO rose 20% in the 12 hours after 18 March 2026 08:00 UTC.", ["not_supported"]),
        ("TAO rose 20% in the 12 hours to 18 March 2026 11:56 UTC.", ["supported"]),
        ("TAO rose 20% in the 12 hours to 18 March 2026 06:00 UTC.", ["not_supported"]),
        ("TAO rose 20% between 18 March 00:00 UTC and 18 March 12:00 UTC.", ["supported"]),
        ("From 00:00 to 12:00 UTC on March 18, TAO rose 20%.", ["supported"]),
        ("TAO rose 20% between 17 March 00:00 UTC and 18 March 05:00 UTC.", ["not_supported"]),
        ("TAO rose 20% in the day after the restriction.", ["supported"]),
        ("In the week after the restriction TAO rose 20%.", ["supported"]),
        ("TAO fell 20% in the day after the restriction.", ["not_supported"]),
        ("TAO rose 20% in the 24 hours before the restriction.", ["not_supported"]),
        ("TAO was flat in the 24 hours before the restriction.", ["supported"]),
        ("TAO rose 20% throughout 18 March.", ["supported"]),
        ("TAO rose 20% throughout 17 March.", ["not_supported"]),
        ("Between 17 March and 18 March 2026 TAO rose 20%.", ["supported"]),
        ("Between 17 and 18 March 2026 TAO rose 20%.", ["supported"]),
        ("TAO rose 20% in 24 hours, as of 18 March 12:00 UTC.", ["supported"]),
        ("TAO rose 20% in 24 hours, as of 18 March 05:00 UTC.", ["not_supported"]),
    ],
)
def test_instants_place_the_window_that_they_name(text: str, verdicts: list[str]) -> None:
    assert make_verdicts(text) == verdicts


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("TAO jumped from $100 to $120 on 18 March.", "supported"),
        ("TAO jumped from $10 to $120 on 18 March.", "not_supported"),
        ("TAO jumped to $120 from about $10 on 18 March.", "not_supported"),
        ("TAO rose from $92 to $120 on 18 March.", "overstated"),
        ("TAO climbed from below $10 to above $115 on 18 March.", "not_supported"),
    ],
)
def test_the_price_that_a_move_is_said_to_come_from_is_judged(text: str, verdict: str) -> None:
    assert make_verdicts(text) == [verdict]


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("TAO has never traded above $110.", ["not_supported"]),
        ("TAO has not traded above $110 since 16 March.", ["not_supported"]),
        ("TAO has not traded above $110 since 19 March.", ["supported"]),
        ("TAO has not traded below $110 since 19 March.", ["not_supported"]),
        ("TAO has not closed above $110.", []),
    ],
)
def test_what_is_denied_of_a_level_is_judged_over_its_window_or_over_all_bars(text: str, verdicts: list[str]) -> None:
    assert make_verdicts(text, {54: 120.0, 40: 100.0}) == verdicts


@pytest.mark.parametrize(
    "text",
    [
        "in the 12 hours after 18 March 17:00 CEST",
        "in 24 hours, 18 March 17:00",
        "at 18:00 UTC",
        "in the 24 hours before the summit",
        "in the day after the summit",
        "a day after the restriction",
        "two weeks after the restriction",
        "the day the restriction was reported",
        "on the day of the restriction",
        "and more, 17 March",
    ],
)
def test_a_time_that_was_not_read_leaves_a_move_unjudged(text: str) -> None:
    document = as_document(make_answer(f"TAO rose 20% {text}."))
    assert document["statements"] == []
    assert [item["reason"] for item in document["not_judged"]] == ["unclear"]


def test_a_forecast_and_a_question_are_named_and_not_judged() -> None:
    document = as_document(make_answer("Will TAO rise 20%? BTC could fall 5%."))
    assert document["statements"] == []
    assert [item["reason"] for item in document["not_judged"]] == ["question", "forecast"]


def test_places_are_characters_of_the_text() -> None:
    text = "“Märkte” first – then TAO jumped 20% this week."
    (item,) = as_document(make_answer(text))["statements"]
    assert item["text"] == text[item["start"] : item["end"]] == "TAO jumped 20% this week"


def test_what_is_said_of_a_volume_is_not_judged_as_a_price() -> None:
    document = as_document(make_answer("TAO volume jumped 20%."))
    assert [item["reason"] for item in document["not_judged"]] == ["other_quantity"]
    assert document["statements"] == []


def test_a_table_cell_takes_its_market_from_the_row_and_its_day_from_the_head() -> None:
    text = "| Token | March 17 close | March 19 close | Change |\n|---|---|---|---|\n| TAO | $100 | $120 | +20.0% |\n"
    items = as_document(make_answer(text))["statements"]
    assert [(item["kind"], item["window"]["token"], item["verdict"]) for item in items] == [
        ("level_held", "day:2026-03-17", "supported"),
        ("level_held", "day:2026-03-19", "supported"),
        ("percent_move", "2026-03-18/P2D", "supported"),
    ]


def test_a_pronoun_takes_up_the_market_of_the_sentence_before() -> None:
    items = as_document(make_answer("TAO had a quiet start. It rose 20% this week."))["statements"]
    assert [(item["asset"], item["size"]) for item in items if item["kind"] == "percent_move"] == [("TAO", 0.2)]


def test_html_keeps_the_places_of_the_source() -> None:
    source = (
        "<html><head><title>TAO fell 9%</title></head><body><p>Bittensor&#8217;s <b>TAO</b> rose 20%</p></body></html>"
    )
    plain = read_markup(source)
    start = plain.text.index("rose 20%")
    assert is_markup(source)
    assert "fell 9%" not in plain.text
    assert source[plain.place(start) : plain.place(start) + len("rose 20%")] == "rose 20%"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '<meta property="article:published_time" content="2026-05-27T09:30:00Z">',
            datetime(2026, 5, 27, 9, 30, tzinfo=UTC),
        ),
        ("<p>no date</p>", None),
    ],
)
def test_a_page_says_when_it_was_published(source: str, expected: datetime | None) -> None:
    assert published_time(source) == expected


def test_a_dateline_without_a_time_is_the_end_of_its_day() -> None:
    assert dateline("By staff | Wednesday, May 27, 2026") == datetime(2026, 5, 27, 23, 59, tzinfo=UTC)
    assert dateline("May 27, 2026, 21:00 UTC") == datetime(2026, 5, 27, 21, 0, tzinfo=UTC)
    assert dateline("A text without a date") is None


DETECTED = LedgerEvent("2026-03-15-jobs", datetime(2026, 3, 15, 0, tzinfo=UTC), "US jobs report of 2024", False)


@pytest.mark.parametrize(
    "text",
    [
        "BTC rose today after the US jobs report.",  # a detected event of five days ago has these words too
        "BTC rose 0% on dismal jobs data, but Q4 was better.",
        "BTC rose today, and more: a recap of Q3.",
    ],
)
def test_words_of_another_part_are_no_window(text: str) -> None:
    read = read_text(text, SAID_AT, None, (BAN, DETECTED))
    [token] = {item.statement.window.token for item in read.statements if item.statement.window is not None}
    assert token in ("today", "trailing_24h_unsaid")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("TAO rose 20%, more than BTC.", "more than BTC"),
        ("TAO rose 20% this week, far less than bitcoin did.", "far less than bitcoin did"),
        ("TAO rose 20% today, its largest gain since May.", "its largest gain since May"),
        ("TAO rose 20% today, but BTC did not.", "BTC did not"),
        ("TAO rose 20% today, and BTC 5%.", "BTC 5%"),
    ],
)
def test_what_stands_in_commas_is_told_as_not_judged(text: str, left: str) -> None:
    answer = make_answer(text, {5: 120.0})
    assert [item["size"] for item in as_document(answer)["statements"]] == [0.2]
    assert [text[item.start : item.end].rstrip(".") for item in answer.unjudged] == [left]


@pytest.mark.parametrize(
    ("said", "certainty"), [("$120", "sure"), ("$190", "sure"), ("$999", "unsure"), ("$9", "unsure")]
)
def test_a_price_far_from_the_last_one_was_hardly_read_rightly(said: str, certainty: str) -> None:
    [item] = as_document(make_answer(f"TAO drops below {said}"))["statements"]
    assert item["certainty"] == certainty


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("None of the AI tokens rose today.", "denied"),
        ("Neither TAO nor BTC rose today.", "denied"),
        ("TAO's rally lasted two hours today.", "unclear"),
        ("TAO's rise was short-lived.", "unclear"),
        ("TAO rose every hour today.", "unclear"),
        ("TAO rose 1.5 basis points today.", "unclear"),
        ("TAO rose from 10th to 5th place.", "unclear"),
        ("TAO's price rose to zero.", "unclear"),
        ("TAO rose 20% against BTC today.", "comparison"),
        ("TAO rose 20% in euro terms today.", "comparison"),
        ("TAO rose for three days in a row.", "unclear"),
        ("TAO recovered all its losses today.", "unclear"),
        ("TAO reached a three-week high after the US restriction.", "unclear"),
    ],
)
def test_a_statement_of_which_words_would_be_dropped_is_not_judged(text: str, reason: str) -> None:
    answer = make_answer(text, {5: 120.0})
    assert answer.statements == ()
    assert reason in {item.reason for item in answer.unjudged}


@pytest.mark.parametrize(
    ("text", "size"),
    [("TAO rose in 24 hours.", None), ("TAO rose 20% in dollar terms.", 0.2), ("TAO rose today over the news.", None)],
)
def test_words_that_change_nothing_leave_a_statement(text: str, size: float | None) -> None:
    document = as_document(make_answer(text, {5: 120.0}))
    assert [(item["verdict"], item["size"]) for item in document["statements"]] == [("supported", size)]


def test_a_list_keeps_its_window() -> None:
    text = "TAO rose 20%, BTC 0%, within 12 hours of the US restriction."
    assert make_verdicts(text, {5: 120.0}) == ["not_supported"]


def test_what_a_fall_came_from_was_reached_from_below() -> None:
    text = "TAO fell back to $110 after touching $120."
    assert make_verdicts(text, {6: 120.0, 3: 110.0}) == ["supported", "supported"]
    assert make_verdicts(text, {6: 115.0, 3: 110.0}) == ["supported", "not_supported"]


def test_a_price_that_is_above_a_level_holds_it_and_crosses_nothing() -> None:
    assert make_verdicts("TAO has been above $99 since 19 March.", {80: 110.0}) == ["supported"]
    assert make_verdicts("TAO has been above $99 since 19 March.", {80: 110.0, 30: 90.0, 20: 110.0}) == [
        "another_reading"
    ]
