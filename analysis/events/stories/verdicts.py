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
    n, is_enough = pl.col("n"), ENOUGH_OF_STORY * pl.col("n").sum()
    # Counted by category first: of 230,000 stories most are a headline, and asking each for its mode costs most.
    counted = members.group_by("story_id", "category", maintain_order=True).agg(pl.len().alias("n"))
    told = counted.with_columns(
        pl.when((n.filter(acts).sum() >= is_enough).over("story_id"))
        .then(acts)
        .when((n.filter(decides).sum() >= is_enough).over("story_id"))
        .then(decides)
        .otherwise(~decides)
        .alias("is_deciding"),
        (n.filter(decides).sum() / n.sum()).over("story_id").alias("share_relevant"),
    )
    most = told.sort("is_deciding", "n", "category", descending=[True, True, False])
    return most.unique("story_id", keep="first", maintain_order=True).select(
        "story_id", "category", "share_relevant", pl.col("category").is_in(relevant).alias("is_relevant")
    )
