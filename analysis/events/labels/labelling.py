"""Anybody's headlines with relevance, category, names and story, one row out per row in."""

from __future__ import annotations

from datetime import UTC as UTC_ZONE
from datetime import datetime

import polars as pl

from analysis.events.stories.frames import FrameSet, has_manner
from analysis.events.stories.grouping import group_stories
from analysis.events.stories.headlines import story_input
from analysis.events.stories.verdicts import judge_stories
from analysis.events.tagging import tag_titles
from analysis.events.vocabulary import Vocabulary
from warehouse.tables.contract import UTC

# From this share of relevant headlines on, a story speaks for those of its headlines that no rule knows.
MOST_OF_STORY = 0.5
# Headlines without a date can only meet each other.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC_ZONE)
_OF_SOMETHING_ELSE = ("crypto_generic", "model_release")


def label_headlines(headlines: pl.DataFrame, vocabulary: Vocabulary, frames: FrameSet) -> pl.DataFrame:
    """The verdict on each of `headlines` (title, url, published_at_utc; the last two may be null), in the same order.

    Columns: relevant (1 or 0), category, categories, entities (names), story_id, evidence, story_reason and matched_row
    (the 1-based row it met; null for the first of a story). Lists are joined with semicolons.
    """
    tagged = tag_titles(headlines["title"], vocabulary)
    rows = headlines.select("title", "url", "published_at_utc").with_row_index("row", offset=1)
    entries = pl.concat([rows, tagged], how="horizontal").with_columns(
        pl.col("row").cast(pl.String).str.zfill(9).alias("entry_id"),
        pl.col("published_at_utc").fill_null(pl.lit(UNDATED, dtype=UTC)).alias("at_utc"),
    )
    prepared = story_input(entries, frames)
    known = prepared.clear().with_columns(pl.lit("").alias("story_id"))
    grouped = group_stories(prepared, known, frames, vocabulary)
    told = _with_story(entries, grouped, frames, vocabulary)
    names = {entity.entity_id: entity.name for entity in vocabulary.entities}
    first_of = pl.col("entry_id").first().over("story_id", order_by="row")
    return told.with_columns(("story-" + first_of.str.strip_chars_start("0")).alias("story_id")).select(
        pl.col("is_relevant").cast(pl.Int64).alias("relevant"),
        "category",
        pl.col("categories").list.join(";"),
        pl.col("entity_ids").list.eval(pl.element().replace(names)).list.join(";").alias("entities"),
        "story_id",
        "evidence",
        pl.col("reason").alias("story_reason"),
        pl.col("matched_entry_id").cast(pl.Int64).alias("matched_row"),
    )


def _with_story(entries: pl.DataFrame, grouped: pl.DataFrame, frames: FrameSet, vocabulary: Vocabulary) -> pl.DataFrame:
    """`entries` with their story; a headline without relevance has its story's, if most have.

    Not one that a price leads, or that a rule reads as being about something else on the occasion.
    """
    joined = entries.join(grouped, on="entry_id", how="left", validate="1:1", maintain_order="left")
    verdicts = judge_stories(joined, vocabulary).select(
        "story_id",
        pl.col("category").alias("story_category"),
        (pl.col("is_relevant") & (pl.col("share_relevant") > MOST_OF_STORY)).alias("is_told"),
    )
    told = joined.join(verdicts, on="story_id", how="left", validate="m:1", maintain_order="left")
    is_carried = (
        ~pl.col("is_relevant")
        & pl.col("is_told")
        & ~(has_manner(pl.col("title"), "price", frames) | pl.col("category").is_in(list(_OF_SOMETHING_ELSE)))
    )
    return told.with_columns(
        pl.when(is_carried).then("story_category").otherwise("category").alias("category"),
        (pl.col("is_relevant") | is_carried).alias("is_relevant"),
    )
