"""How well tags and stories agree with labels made by hand."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass

import polars as pl

# Policy categories counted in the macro average: the largest ones, so that two examples do not decide it.
MACRO_CATEGORIES = 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision, recall and F1 (fractions; 0 where undefined) over `n` labelled positives."""

    measure: str
    precision: float
    recall: float
    f1: float
    n: int


def score_labels(labels: pl.DataFrame, found: pl.DataFrame) -> list[Agreement]:
    """Agreement of `found` (relevant, category, story_id) with `labels` (same columns), row by row.

    In order: relevance, macro over the eight largest relevant categories, stories (B-cubed), then each category.
    """
    rows = pl.concat([labels.select("relevant", "category", "story_id"), _renamed(found)], how="horizontal")
    per_category = _per_category(rows)
    policy = rows.filter(pl.col("relevant") == 1)["category"].to_list()
    largest = [name for name, _ in sorted(Counter(policy).items(), key=lambda item: (-item[1], item[0]))]
    chosen = [per_category[name] for name in largest[:MACRO_CATEGORIES]]
    return [
        _relevance(rows),
        _mean_of(chosen),
        b_cubed(rows["story_id"].to_list(), rows["found_story_id"].to_list()),
        *sorted(per_category.values(), key=lambda agreement: (-agreement.n, agreement.measure)),
    ]


def half_of_story(story_id: str) -> int:
    """0 or 1, by the story's id alone: whole stories fall into one half, whatever else is in the file."""
    return zlib.crc32(story_id.encode()) % 2


def b_cubed(labelled: list[str], found: list[str]) -> Agreement:
    """B-cubed agreement of two groupings of the same rows (Bagga and Baldwin 1998)."""
    sizes_labelled, sizes_found = Counter(labelled), Counter(found)
    both = Counter(zip(labelled, found, strict=True))
    n = len(labelled)
    if not n:
        return Agreement("stories (B-cubed)", 0.0, 0.0, 0.0, 0)
    precision = sum(count * count / sizes_found[pair[1]] for pair, count in both.items()) / n
    recall = sum(count * count / sizes_labelled[pair[0]] for pair, count in both.items()) / n
    return Agreement("stories (B-cubed)", precision, recall, _f1(precision, recall), n)


def _renamed(found: pl.DataFrame) -> pl.DataFrame:
    return found.select(pl.col("relevant", "category", "story_id").name.prefix("found_"))


def _relevance(rows: pl.DataFrame) -> Agreement:
    is_labelled, is_found = rows["relevant"] == 1, rows["found_relevant"] == 1
    return _agreement("relevance", int((is_labelled & is_found).sum()), int(is_found.sum()), int(is_labelled.sum()))


def _per_category(rows: pl.DataFrame) -> dict[str, Agreement]:
    agreements = {}
    for name in rows["category"].unique().to_list():
        is_labelled, is_found = rows["category"] == name, rows["found_category"] == name
        counts = int((is_labelled & is_found).sum()), int(is_found.sum()), int(is_labelled.sum())
        agreements[name] = _agreement(name, *counts)
    return agreements


def _agreement(measure: str, n_both: int, n_found: int, n_labelled: int) -> Agreement:
    precision = n_both / n_found if n_found else 0.0
    recall = n_both / n_labelled if n_labelled else 0.0
    return Agreement(measure, precision, recall, _f1(precision, recall), n_labelled)


def _mean_of(agreements: list[Agreement]) -> Agreement:
    n = max(1, len(agreements))
    return Agreement(
        f"macro over {len(agreements)} largest policy categories",
        sum(agreement.precision for agreement in agreements) / n,
        sum(agreement.recall for agreement in agreements) / n,
        sum(agreement.f1 for agreement in agreements) / n,
        sum(agreement.n for agreement in agreements),
    )


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
