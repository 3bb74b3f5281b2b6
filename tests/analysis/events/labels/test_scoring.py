"""Scores are what they say they are."""

import polars as pl
import pytest

from analysis.events.labels.scoring import b_cubed, half_of_story, score_labels


def test_b_cubed_of_a_perfect_grouping_is_one_whatever_the_names():
    assert b_cubed(["a", "a", "b"], ["x", "x", "y"]).f1 == 1.0


def test_b_cubed_by_hand():
    # Two stories of two; everything lumped together: precision 1/2, recall 1.
    lumped = b_cubed(["a", "a", "b", "b"], ["x", "x", "x", "x"])
    assert (lumped.precision, lumped.recall) == (0.5, 1.0)
    assert lumped.f1 == pytest.approx(2 / 3)
    # Everything apart: precision 1, recall 1/2.
    assert b_cubed(["a", "a", "b", "b"], ["1", "2", "3", "4"]).recall == 0.5


def test_relevance_and_macro_by_hand():
    labels = pl.DataFrame(
        {"relevant": [1, 1, 0, 0], "category": ["outage", "outage", "general", "general"], "story_id": list("abcd")}
    )
    found = pl.DataFrame(
        {"relevant": [1, 0, 1, 0], "category": ["outage", "general", "outage", "general"], "story_id": list("abcd")}
    )
    relevance, macro, stories, *_ = score_labels(labels, found)
    assert (relevance.precision, relevance.recall, relevance.f1) == (0.5, 0.5, 0.5)
    assert macro.f1 == 0.5
    assert stories.f1 == 1.0


def test_whole_stories_fall_into_one_half():
    assert {half_of_story("some-story") for _ in range(5)} in ({0}, {1})
    assert {half_of_story(f"story {n}") for n in range(50)} == {0, 1}
