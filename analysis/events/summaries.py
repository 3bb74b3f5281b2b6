"""Story and tag rows of headlines that have been grouped."""

from __future__ import annotations

import polars as pl

from analysis.events.stories.verdicts import judge_stories
from analysis.events.tagging import tag_titles
from analysis.events.vocabulary import Vocabulary
from warehouse.tables.news import STORY, TAG

# A second category below this score is background, not a tag.
LEAST_SECOND_SCORE = 0.6


def add_tags(entries: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """`entries` (title) with the columns of `tag_titles`."""
    return pl.concat([entries, tag_titles(entries["title"], vocabulary)], how="horizontal")


def read_tags(entries: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """`entries` with their stored tags (category, score, entity_ids) and `is_relevant`, as `add_tags` tells it."""
    relevant = [category.category_id for category in vocabulary.categories if category.is_relevant]
    return entries.with_columns((pl.col("category").is_in(relevant) & (pl.col("score") > 0)).alias("is_relevant"))


def tag_rows(tagged: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """`core.tag` rows of tagged entries: the main category, policy categories that fired beside it, entities.

    A second category's score is its strongest rule's; an entity's score is 1, its evidence the title that names it.
    """
    best: dict[str, float] = {}
    for rule in vocabulary.rules:
        best[rule.category_id] = max(best.get(rule.category_id, 0.0), rule.score)
    policy = {c.category_id for c in vocabulary.categories if c.is_relevant or not c.is_main}
    policy = {name for name in policy if best.get(name, 0.0) >= LEAST_SECOND_SCORE}
    main = tagged.select(
        "entry_id",
        pl.col("category").alias("tag_id"),
        pl.lit("category").alias("kind"),
        "score",
        pl.col("evidence").fill_null(""),
        pl.lit(True).alias("is_main"),
    )
    second = (
        tagged.filter("is_relevant")
        .select("entry_id", "category", "evidence", pl.col("categories").alias("tag_id"))
        .explode("tag_id", empty_as_null=True)
        .filter(pl.col("tag_id").is_in(list(policy)) & (pl.col("tag_id") != pl.col("category")))
        .select(
            "entry_id",
            "tag_id",
            pl.lit("category").alias("kind"),
            pl.col("tag_id").replace_strict(best, return_dtype=pl.Float64, default=0.0).alias("score"),
            "evidence",
            pl.lit(False).alias("is_main"),
        )
    )
    entities = (
        tagged.select("entry_id", pl.col("entity_ids").alias("tag_id"), pl.col("title").alias("evidence"))
        .explode("tag_id", empty_as_null=True)
        .drop_nulls("tag_id")
        .select("entry_id", "tag_id", pl.lit("entity").alias("kind"), pl.lit(1.0).alias("score"), "evidence")
        .with_columns(pl.lit(False).alias("is_main"))
    )
    rows = pl.concat([main, second, entities]).unique(["entry_id", "tag_id"], keep="first", maintain_order=True)
    return TAG.conform(rows.with_columns(pl.lit(vocabulary.version).alias("rule_version")))


def story_rows(members: pl.DataFrame, vocabulary: Vocabulary, algorithm_version: str) -> pl.DataFrame:
    """`core.story` rows from all headlines of each story (story_id, title, carrier, at_utc, category and its tags).

    Category and relevance are the story's (`judge_stories`); its title is that of its first headline.
    """
    counted = (
        members.sort("at_utc", "entry_id")
        .group_by("story_id", maintain_order=True)
        .agg(
            pl.col("title").first(),
            pl.col("at_utc").min().alias("first_public_at_utc"),
            pl.col("at_utc").max().alias("last_at_utc"),
            pl.len().cast(pl.Int64).alias("n_entries"),
            pl.col("carrier").n_unique().cast(pl.Int64).alias("n_outlets"),
        )
    )
    verdicts = judge_stories(members, vocabulary).select("story_id", "category", "is_relevant")
    counted = counted.join(verdicts, on="story_id", how="left", validate="1:1", maintain_order="left")
    return STORY.conform(
        counted.with_columns(
            pl.lit(f"{algorithm_version}/{vocabulary.version}").alias("algorithm_version"),
        ).select(STORY.column_names)
    )
