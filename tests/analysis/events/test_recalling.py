"""Facts of stories that are kept say what the headlines would say again."""

import json

import polars as pl

from analysis.events.facts import read_stories
from analysis.events.recalling import recall, rest_on
from tests.analysis.events.headline_frames import RESTRICTION, VOCABULARY, tell_as
from warehouse.tables.news import STORY_FACT

NONE = STORY_FACT.empty()
PRICE = {"title": "Bitcoin price slips under pressure", "at": "2026-06-13T03:00:00Z"}
TOLD = tell_as({"act": [*RESTRICTION], "price": [PRICE]})
RESTED = rest_on(TOLD, "rules")


def told_otherwise(title: str) -> pl.DataFrame:
    """The same headlines with another title for the first."""
    is_first = pl.col("title") == RESTRICTION[0]["title"]
    return TOLD.with_columns(pl.when(is_first).then(pl.lit(title)).otherwise("title").alias("title"))


def test_kept_facts_are_those_that_were_read():
    read = read_stories(TOLD, VOCABULARY)
    kept = recall(RESTED, NONE, read)
    again = recall(RESTED, kept.rows, [])
    assert again.facts == kept.facts == read
    assert kept.changed == ["act", "price"]
    assert again.changed == []


def test_a_story_that_tells_no_act_is_kept_without_facts():
    kept = recall(RESTED, NONE, read_stories(TOLD, VOCABULARY)).rows
    assert dict(kept.select("story_id", pl.col("facts").is_null()).iter_rows()) == {"act": False, "price": True}


def test_only_a_story_whose_headlines_are_others_rests_on_something_else():
    before, after = (dict(rest_on(told, "rules").iter_rows()) for told in (TOLD, told_otherwise("Nothing happened")))
    assert {story_id for story_id in before if before[story_id] != after[story_id]} == {"act"}
    assert dict(rest_on(TOLD.reverse(), "rules").iter_rows()) == before


def test_other_rules_let_every_story_be_read_again():
    assert RESTED.join(rest_on(TOLD, "other rules"), on=["story_id", "rests_on"], how="semi").is_empty()


def test_a_story_that_is_gone_loses_its_facts():
    kept = recall(RESTED, NONE, read_stories(TOLD, VOCABULARY)).rows
    left = recall(rest_on(TOLD.filter(pl.col("story_id") != "act"), "rules"), kept, [])
    assert left.rows["story_id"].to_list() == ["price"]
    assert left.changed == ["act"]


def test_the_text_of_facts_has_one_order_in_every_process():
    [text] = recall(RESTED, NONE, read_stories(TOLD, VOCABULARY)).rows["facts"].drop_nulls()
    facts = json.loads(text)
    assert len(facts["words"]) > 1
    assert facts["words"] == sorted(facts["words"])
