"""Why a headline is evidence of an event, or of none, in words."""

from __future__ import annotations

import polars as pl

from analysis.events.drafts import ENOUGH_OUTLETS, OUTCOME, read_stories
from analysis.events.stories.verdicts import judge_stories
from analysis.events.vocabulary import Vocabulary
from warehouse.tables.units import plural


def explain_stories(
    members: pl.DataFrame, sources: pl.DataFrame, vocabulary: Vocabulary, headline: str
) -> pl.DataFrame:
    """One row per headline of `members` (whole stories, with `excluded`) that has this address or these words.

    Columns: at_utc, outlet, title, story_id, event_id (null without one) and why.
    """
    verdicts = {row["story_id"]: row for row in judge_stories(members, vocabulary).iter_rows(named=True)}
    facts = {story.story_id: story for story in read_stories(members, vocabulary)}
    events = {row["entry_id"]: row for row in sources.filter(pl.col("entry_id").is_not_null()).iter_rows(named=True)}
    wanted = (pl.col("url") == headline) | pl.col("title").str.to_lowercase().str.contains(
        headline.lower(), literal=True
    )
    rows = []
    for row in members.filter(wanted).sort("at_utc", "entry_id").iter_rows(named=True):
        verdict, story, source = verdicts[row["story_id"]], facts.get(row["story_id"]), events.get(row["entry_id"])
        if source is not None:
            why = f"evidence of the event as its {source['role'].replace('_', ' ')}"
        elif story is None and verdict["category"] != OUTCOME:
            why = f"no event: its story is about {verdict['category']}, which is not AI policy, a network or token law"
        elif story is None:
            why = "no event: talk about a price is an outcome, never a cause"
        else:
            n = len(story.carriers)
            why = (
                f"no event: {plural(n, 'publishing house')} reported its story as an act; {ENOUGH_OUTLETS} or the one "
                "whose act it is make an event, and what repeats an event of three weeks before is none"
            )
        if row["excluded"] is not None:
            why += f"; this headline by itself is {row['excluded']}"
        event_id = source["event_id"] if source is not None else None
        rows.append((row["at_utc"], row["outlet"], row["title"], row["story_id"], event_id, why))
    names = ("at_utc", "outlet", "title", "story_id", "event_id", "why")
    return pl.DataFrame(rows, schema={name: members.schema.get(name, pl.String) for name in names}, orient="row")
