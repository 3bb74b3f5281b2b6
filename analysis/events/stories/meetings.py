"""Headlines that are one story whatever else is known: of one title, of one address, or of nearly the same words."""

from __future__ import annotations

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from analysis.events.stories.headlines import number_members
from analysis.events.stories.likeness import OUTAGE_HOURS, STORY_HOURS
from analysis.near_titles import NEAR_RATIO, PERCENT, propose
from warehouse.tables.bars import SECONDS_PER_HOUR

# Titles of fewer words than this are near nothing.
LEAST_WORDS = 3
# Pairs whose titles are compared at once: as text of Python they take ten times what they take in a frame.
RATED_PAIRS = 65_536


def find_meetings(headlines: pl.DataFrame) -> pl.DataFrame:
    """For each of `headlines` (`headlines_of`, in order of time) the earlier one that it meets, where there is one.

    Columns: row, other_row (numbers of rows), similarity (0 to 100) and reason: exact, same_url or near, the first that
    fits. Headlines further apart than a story, or of outages than an outage, do not meet.
    """
    numbered = headlines.select(
        "at",
        "key",
        "url_key",
        "category",
        pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
        pl.col("words").list.len(),
    ).with_columns(
        pl.col("row").shift(1).over("key").alias("same_key"),
        pl.col("row").shift(1).over("url_key").alias("same_url"),
        (pl.when(pl.col("category") == "outage").then(OUTAGE_HOURS).otherwise(STORY_HOURS) * SECONDS_PER_HOUR).alias(
            "reach"
        ),
    )
    at = pl.col("at")
    is_exact = (pl.col("words") > 0) & (at - at.gather(pl.col("same_key")) <= pl.col("reach"))
    is_linked = pl.col("url_key").is_not_null() & (at - at.gather(pl.col("same_url")) <= pl.col("reach"))
    met = numbered.with_columns(
        pl.when(is_exact).then(pl.lit("exact")).when(is_linked).then(pl.lit("same_url")).alias("reason"),
        pl.when(is_exact).then("same_key").when(is_linked).then("same_url").alias("other_row"),
    )
    by_title = met.filter(pl.col("reason") == "exact").with_columns(pl.lit(PERCENT).alias("similarity"))
    by_url = _rated(met.filter(pl.col("reason") == "same_url"), headlines["key"], cutoff=0.0)
    near = _find_near(headlines, met)
    columns = ("row", "other_row", "similarity", "reason")
    return pl.concat([part.select(columns) for part in (by_title, by_url, near)]).sort("row")


def _find_near(headlines: pl.DataFrame, met: pl.DataFrame) -> pl.DataFrame:
    """The likest of the earlier headlines under one rare word, of equals the latest, that nothing contradicts."""
    ends, numbers, n_words = number_members(headlines["words"])
    row, other_row = propose(
        ends,
        numbers,
        n_words,
        met["at"].to_numpy(),
        met["reach"].to_numpy(),
        STORY_HOURS * SECONDS_PER_HOUR,
        headlines["key"].str.len_chars().cast(pl.Int64).to_numpy(),
        met["reason"].is_null().to_numpy() & (met["words"] >= LEAST_WORDS).to_numpy(),
    )
    pairs = pl.DataFrame({"row": row, "other_row": other_row})
    rated = _rated(pairs, headlines["key"], cutoff=NEAR_RATIO).filter(pl.col("similarity") > 0)
    said = headlines.select("numbers", "negations", "entities")
    mine, theirs = (said[rated[name]] for name in ("row", "other_row"))
    both = pl.concat([rated, mine, theirs.select(pl.all().name.prefix("other_"))], how="horizontal")
    agreed = both.filter(~_contradicts())
    likest = agreed.sort("row", "similarity", descending=[False, True], maintain_order=True)
    return likest.unique("row", keep="first", maintain_order=True).with_columns(pl.lit("near").alias("reason"))


def _contradicts() -> pl.Expr:
    """Whether two similar titles differ in what makes news different: a number, a negation, or a name on each side."""
    mine, theirs = pl.col("entities"), pl.col("other_entities")
    return (
        (pl.col("numbers") != pl.col("other_numbers"))
        | (pl.col("negations") != pl.col("other_negations"))
        | ((mine.list.set_difference(theirs).list.len() > 0) & (theirs.list.set_difference(mine).list.len() > 0))
    )


def _rated(pairs: pl.DataFrame, keys: pl.Series, *, cutoff: float) -> pl.DataFrame:
    """`pairs` (row, other_row) with `similarity`, the ratio of their keys; 0 below `cutoff`."""
    parts = [np.empty(0)]
    for block in pairs.iter_slices(RATED_PAIRS):
        one, other = (keys[block[name]].to_list() for name in ("row", "other_row"))
        parts.append(process.cpdist(one, other, scorer=fuzz.ratio, score_cutoff=cutoff, dtype=np.float64))
    return pairs.with_columns(pl.Series("similarity", np.concatenate(parts), dtype=pl.Float64))
