"""What a story is about, decided from all of its headlines."""

from __future__ import annotations

import polars as pl

from analysis.events.vocabulary import Vocabulary

# Share of a story's headlines that suffices: an act told in fifteen wordings is not lost to fourteen of them.
ENOUGH_OF_STORY = 0.25


def judge_stories(members: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Per story of `members` (story_id, category): category, is_relevant and the share of relevant headlines.

    A quarter of its headlines makes a story relevant, an act before talk about prices; its category is the one that
    most of the deciding headlines have, of equals the first of the alphabet. Other stories have their most frequent.
    """
    relevant = [category.category_id for category in vocabulary.categories if category.is_relevant]
    outcomes = [category.category_id for category in vocabulary.categories if category.is_outcome]
    decides = pl.col("category").is_in(relevant)
    acts = decides & ~pl.col("category").is_in(outcomes)
    enough = ENOUGH_OF_STORY * pl.len()

    def most(which: pl.Expr) -> pl.Expr:
        return pl.col("category").filter(which).mode().sort().first()

    return (
        members.group_by("story_id", maintain_order=True)
        .agg(
            pl.when(acts.sum() >= enough)
            .then(most(acts))
            .when(decides.sum() >= enough)
            .then(most(decides))
            .otherwise(most(~decides))
            .alias("category"),
            pl.col("category").mode().sort().first().alias("most_frequent"),
            decides.mean().alias("share_relevant"),
        )
        .select("story_id", pl.coalesce("category", "most_frequent").alias("category"), "share_relevant")
        .with_columns(pl.col("category").is_in(relevant).alias("is_relevant"))
    )
