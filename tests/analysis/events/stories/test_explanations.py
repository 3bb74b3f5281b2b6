"""Why a headline became an event, or did not, in words that say which of the reasons it is."""

import polars as pl

from analysis.events.detection import MOST_SOURCES
from analysis.events.explanations import explain_stories
from analysis.events.wording.exclusions import add_exclusions
from tests.analysis.events.headline_frames import FRAMES, VOCABULARY, detect_in, group, make_headlines, tell_as
from warehouse.tables.news import EVENT_SOURCE


def explain(*titles: str, asked: str, at: str = "2026-06-13T01:00:00Z") -> str:
    rows = [{"title": title, "at": at, "outlet": f"h{k}.example"} for k, title in enumerate(titles)]
    told = add_exclusions(group(make_headlines(*rows)), FRAMES)
    found = explain_stories(told, EVENT_SOURCE.empty(), VOCABULARY, asked)
    return str(found["why"][0])


def explain_left_out(n_told: int, asked: str) -> set[str]:
    """Why headlines with these words are no evidence of the event of a story that `n_told` houses tell."""
    act = [
        {
            "title": f"Publishers sue OpenAI over copyright: {name_of(n)}",
            "at": f"2026-06-13T0{1 + n // 60}:{n % 60:02}:00Z",
        }
        for n in range(n_told)
    ]
    price = {"title": "Solana price slips under pressure", "at": "2026-06-13T03:00:00Z"}
    told = tell_as({"act": [*act, price]})
    sources = detect_in(told).sources
    found = explain_stories(told, sources, VOCABULARY, asked)
    return set(found.filter(pl.col("event_id").is_null())["why"].str.split(", ").list.last())


def name_of(number: int) -> str:
    return f"{chr(97 + number // 26)}{chr(97 + number % 26)}"


def test_a_headline_that_the_limit_cut_is_told_from_one_that_says_nothing_of_the_act():
    cut = f"of which {MOST_SOURCES} headlines are kept and this is a later one"
    assert explain_left_out(MOST_SOURCES + 2, "publishers") == {cut}
    assert explain_left_out(MOST_SOURCES, "publishers") == set()
    for n_told in (MOST_SOURCES - 1, MOST_SOURCES + 2):
        assert explain_left_out(n_told, "slips") == {"of which this headline says nothing new"}


def test_too_few_houses_are_counted_against_those_needed():
    said = explain("Publishers sue OpenAI over copyright", asked="sue openai publishers")
    assert said.startswith("no event: 1 publishing house reported that it happened; 2 make one event")
    said = explain("SEC approves spot Solana ETF", asked="solana")
    assert "; 4 make one event, or the one whose own act it is" in said


def test_what_enough_houses_told_was_an_earlier_event_s():
    title = "Publishers sue OpenAI over copyright"
    said = explain(title, title, asked="publishers")
    assert said.startswith("no event of its own: 2 publishing houses told it, but an event of the three weeks before")


def test_another_subject_is_named_in_words():
    said = explain("Solana validator count falls", asked="validator")
    assert said.startswith("no event: its story is told as ")
    assert "_" not in said


def test_a_question_is_told_from_what_happened():
    said = explain("Will OpenAI be sued by publishers?", asked="sued")
    assert said.endswith("; this headline by itself is a question")


def test_words_may_stand_in_any_order_and_none_may_lack():
    rows = [{"title": "Publishers sue OpenAI over copyright", "at": "2026-06-13T01:00:00Z"}]
    told = add_exclusions(group(make_headlines(*rows)), FRAMES)
    assert isinstance(told, pl.DataFrame)
    assert explain_stories(told, EVENT_SOURCE.empty(), VOCABULARY, "copyright OPENAI").height == 1
    assert explain_stories(told, EVENT_SOURCE.empty(), VOCABULARY, "copyright Anthropic").is_empty()
