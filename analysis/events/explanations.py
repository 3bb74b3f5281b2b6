"""Why a headline is evidence of an event, or of none, in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from analysis.events.detection import MOST_SOURCES
from analysis.events.drafts import Draft
from analysis.events.facts import OUTCOME, StoryFacts, read_stories
from analysis.events.stories.verdicts import judge_stories
from analysis.events.vocabulary import Vocabulary
from warehouse.tables.terms import category_label
from warehouse.tables.units import count, iso_day, plural


def explain_stories(
    members: pl.DataFrame, sources: pl.DataFrame, vocabulary: Vocabulary, headline: str
) -> pl.DataFrame:
    """One row per headline of `members` (whole stories, with `excluded`) that has this address or all of these words.

    Columns: at_utc, outlet, title, story_id, event_id (null without one) and why.
    """
    verdicts = {row["story_id"]: row for row in judge_stories(members, vocabulary).iter_rows(named=True)}
    facts = {story.story_id: story for story in read_stories(members, vocabulary)}
    events = {row["entry_id"]: row for row in sources.filter(pl.col("entry_id").is_not_null()).iter_rows(named=True)}
    of_stories = dict(sources.drop_nulls("story_id").select("story_id", "event_id").iter_rows())
    n_kept = Counter(sources["event_id"])
    title = pl.col("title").str.to_lowercase()
    has_words = pl.all_horizontal(title.str.contains(word, literal=True) for word in headline.lower().split())
    wanted = (pl.col("url") == headline) | has_words
    rows = []
    for row in members.filter(wanted).sort("at_utc", "entry_id").iter_rows(named=True):
        verdict, story, source = verdicts[row["story_id"]], facts.get(row["story_id"]), events.get(row["entry_id"])
        told_of = of_stories.get(row["story_id"])
        if source is None and told_of is not None:
            why = f"no evidence: its story is that of the event {told_of}, {_why_left_out(row, story, n_kept[told_of])}"
        elif source is not None:
            why = f"evidence of the event as its {source['role'].replace('_', ' ')}"
        elif story is None and verdict["category"] != OUTCOME:
            about = category_label(verdict["category"])
            why = f"no event: its story is told as “{about}”, which is no act of AI policy, on a network or on tokens"
        elif story is None:
            why = "no event: talk about a price is an outcome, never a cause"
        else:
            why = _what_lacks(story)
        if row["excluded"] is not None:
            why += f"; this headline by itself is {row['excluded']}"
        event_id = source["event_id"] if source is not None else None
        rows.append((row["at_utc"], row["outlet"], row["title"], row["story_id"], event_id, why))
    names = ("at_utc", "outlet", "title", "story_id", "event_id", "why")
    return pl.DataFrame(rows, schema={name: members.schema.get(name, pl.String) for name in names}, orient="row")


def _why_left_out(row: dict[str, Any], story: StoryFacts | None, n_kept: int) -> str:
    """Why a headline of an event's story is none of its `n_kept` sources: enough came before, or it tells another."""
    if story is not None and n_kept >= MOST_SOURCES and row["entry_id"] in story.entry_ids:
        return f"of which {MOST_SOURCES} headlines are kept and this is a later one"
    return "of which this headline says nothing new"


def _what_lacks(story: StoryFacts) -> str:
    """Why a story of the right kind is no event: too few houses, or an earlier event that says the same."""
    draft = Draft([story])
    n, least = len(story.carriers), draft.least_houses
    if draft.is_event:
        return (
            f"no event of its own: {plural(n, 'publishing house')} told it, but an event of the three weeks before "
            f"{iso_day(story.time.best)} says the same, or it is what followed from one that many more told"
        )
    if not n:
        return "no event: no headline of its story reports that it happened"
    return (
        f"no event: {plural(n, 'publishing house')} reported that it happened; {count(least)} make one event, or the "
        "one whose own act it is"
    )
