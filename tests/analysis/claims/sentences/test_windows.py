"""Words that name a stretch of time."""

from datetime import UTC, datetime

import pytest

from analysis.claims.sentences.times.windows import WINDOW_FORM, WINDOW_PHRASES, find_windows
from warehouse.config import load_config, packaged_text

SAID_AT = datetime(2026, 5, 14, 18, tzinfo=UTC)
ENTRIES = load_config(WINDOW_FORM, packaged_text("analysis.claims.sentences.times", "windows.toml")).entries(
    WINDOW_PHRASES
)


@pytest.mark.parametrize("example", [text for entry in ENTRIES for text in entry.examples])
def test_words_name_the_window_of_their_example(example: str) -> None:
    words, _, token = example.partition(" = ")
    assert [phrase.token for phrase in find_windows(words, 0, len(words), SAID_AT)] == [token]


@pytest.mark.parametrize("words", [text for entry in ENTRIES for text in entry.counter_examples])
def test_words_that_only_look_like_a_window_name_none(words: str) -> None:
    assert find_windows(words, 0, len(words), SAID_AT) == []


def test_a_weekday_is_the_latest_one_before_publication() -> None:
    found = find_windows("on Friday", 0, 9, SAID_AT)
    assert [phrase.token for phrase in found] == ["day:2026-05-08"]


def test_a_new_york_time_is_placed_on_the_utc_clock_of_its_season() -> None:
    winter = datetime(2026, 1, 14, 18, tzinfo=UTC)
    assert [phrase.token for phrase in find_windows("at 8 a.m. ET", 0, 12, winter)] == ["at:2026-01-14T13:00"]
    assert [phrase.token for phrase in find_windows("at 8 a.m. ET", 0, 12, SAID_AT)] == ["at:2026-05-14T12:00"]


@pytest.mark.parametrize("words", ["after Monday's ban", "after May 12 directive", "after 12 May 2026 directive"])
def test_a_length_counted_from_what_happened_on_a_day_is_not_counted_from_the_day(words: str) -> None:
    text = f"within 12 hours {words}"
    first = find_windows(text, 0, len(text), SAID_AT)[0]
    assert (first.token, first.is_forward) == ("PT12H", True)
