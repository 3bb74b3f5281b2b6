"""Group new headlines into stories and tag them."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from analysis.events.carriers import add_carriers
from analysis.events.stories import MEMORY_HOURS, group_stories
from analysis.events.story_frames import FrameSet
from analysis.events.story_headlines import story_input
from analysis.events.summaries import add_tags, story_rows, tag_rows
from analysis.events.timing import add_clocks
from analysis.events.vocabulary import Vocabulary
from warehouse.store.connection import Warehouse
from warehouse.tables.news import STORY, STORY_ENTRY, TAG


def update_stories(warehouse: Warehouse, vocabulary: Vocabulary, frames: FrameSet) -> tuple[int, str]:
    """Rows written and a sentence; only headlines without a story are read, and their neighbours in time."""
    fresh = warehouse.query("events_new_entries")
    if fresh.is_empty():
        return 0, "no new headlines"
    new = prepare(fresh, vocabulary, frames)
    days = _days_around(new)
    known = prepare(warehouse.query("events_known_entries", days=days), vocabulary, frames)

    links = group_stories(new, known, frames, vocabulary)
    linked = new.join(links.select("entry_id", "story_id"), on="entry_id", how="inner", validate="1:1")
    grown = linked.filter(pl.col("story_id").is_in(known["story_id"].unique().to_list()))["story_id"].unique()
    earlier = warehouse.query("events_story_members", story_ids=grown.to_list())
    members = pl.concat([linked, prepare(earlier, vocabulary, frames).select(linked.columns)])

    n_changed = warehouse.merge(STORY_ENTRY, links).n_changed
    n_changed += warehouse.merge(TAG, tag_rows(new, vocabulary)).n_changed
    n_changed += warehouse.merge(STORY, story_rows(members, vocabulary, frames.version)).n_changed
    n_stories = links["story_id"].n_unique()
    return n_changed, f"{links.height} new headlines in {n_stories} stories, {grown.len()} of them known before"


def prepare(entries: pl.DataFrame, vocabulary: Vocabulary, frames: FrameSet) -> pl.DataFrame:
    """Stored headlines with clocks, carriers, tags and frames."""
    return story_input(add_tags(add_carriers(add_clocks(entries), vocabulary), vocabulary), frames)


def _days_around(new: pl.DataFrame) -> list[object]:
    """The days within memory of any new headline."""
    reach = range(-int(MEMORY_HOURS // 24) - 1, int(MEMORY_HOURS // 24) + 2)
    own = new["at_utc"].dt.date().unique()
    return sorted({day + timedelta(days=offset) for day in own for offset in reach})
