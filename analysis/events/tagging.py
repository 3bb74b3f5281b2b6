"""Tags of headlines, with the words that fired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.events.titles import plain_title
from analysis.events.vocabulary import Rule, Vocabulary

# Rows per pass: bounds the boolean matrix (rows x patterns) to a few tens of MB.
CHUNK_ROWS = 65_536
TAGGED_SCHEMA = pl.DataFrame(
    schema=[
        ("is_relevant", pl.Boolean),
        ("category", pl.String),
        ("categories", pl.List(pl.String)),
        ("entity_ids", pl.List(pl.String)),
        ("score", pl.Float64),
        ("rule_id", pl.String),
        ("evidence", pl.String),
    ]
).schema


@dataclass(frozen=True, slots=True)
class _Matches:
    fired: np.ndarray  # rows x rules
    entities: np.ndarray  # rows x entities


def tag_titles(titles: pl.Series, vocabulary: Vocabulary) -> pl.DataFrame:
    """One row per title, in order: is_relevant, category, categories, entity_ids, score, rule_id, evidence.

    `category` is that of the strongest rule, `categories` all that fired, strongest first; `evidence` is the words that
    each pattern of the strongest rule matched. A title that no rule knows is `general` with score 0.
    """
    plain = pl.DataFrame({"text": titles.cast(pl.String)}).select(plain_title(pl.col("text")).alias("text"))
    chunks = [_tag_chunk(plain.slice(start, CHUNK_ROWS), vocabulary) for start in range(0, plain.height, CHUNK_ROWS)]
    return pl.concat(chunks) if chunks else pl.DataFrame(schema=TAGGED_SCHEMA)


def _tag_chunk(plain: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    matches = _search(plain, vocabulary)
    is_main = np.array([vocabulary.category(rule.category_id).is_main for rule in vocabulary.rules])
    scores = np.array([rule.score for rule in vocabulary.rules])
    # argmax takes the first maximum: the order of the file breaks ties.
    best = np.argmax(np.where(matches.fired & is_main, scores, -1.0), axis=1)
    has_any = (matches.fired & is_main).any(axis=1)
    rows = pl.DataFrame(
        {
            "text": plain["text"],
            "best": best,
            "has_any": has_any,
            "categories": pl.Series(_category_lists(matches.fired, vocabulary), dtype=pl.List(pl.String)),
            "entity_ids": pl.Series(_entity_lists(matches.entities, vocabulary), dtype=pl.List(pl.String)),
        }
    )
    rule_table = pl.DataFrame(
        {
            "best": range(len(vocabulary.rules)),
            "rule_id": [rule.rule_id for rule in vocabulary.rules],
            "category": [rule.category_id for rule in vocabulary.rules],
            "score": scores,
            "is_relevant": [vocabulary.category(rule.category_id).is_relevant for rule in vocabulary.rules],
        },
        schema_overrides={"best": pl.Int64},
    )
    joined = rows.with_row_index("row").join(rule_table, on="best", how="left", validate="m:1")
    evidence = _evidence(joined, vocabulary.rules)
    return (
        joined.join(evidence, on="row", how="left", validate="1:1")
        .sort("row")
        .select(
            pl.col("is_relevant") & pl.col("has_any"),
            pl.when("has_any").then("category").otherwise(pl.lit("general")).alias("category"),
            "categories",
            "entity_ids",
            pl.when("has_any").then("score").otherwise(0.0).alias("score"),
            pl.when("has_any").then("rule_id").otherwise(pl.lit("none")).alias("rule_id"),
            pl.col("evidence").fill_null(""),
        )
    )


def _search(plain: pl.DataFrame, vocabulary: Vocabulary) -> _Matches:
    patterns: dict[str, int] = {}
    for rule in vocabulary.rules:
        for pattern in rule.required + rule.excluded:
            patterns.setdefault(pattern, len(patterns))
    expressions = [pl.col("text").str.contains(p).alias(f"p{i}") for p, i in patterns.items()]
    expressions += [
        pl.col("text").str.contains(f"(?i){e.pattern}").alias(f"e{i}") for i, e in enumerate(vocabulary.entities)
    ]
    found = plain.select(expressions).to_numpy()
    entities = found[:, len(patterns) :]
    fired = np.ones((plain.height, len(vocabulary.rules)), dtype=bool)
    for column, rule in enumerate(vocabulary.rules):
        for pattern in rule.required:
            fired[:, column] &= found[:, patterns[pattern]]
        for pattern in rule.excluded:
            fired[:, column] &= ~found[:, patterns[pattern]]
    return _Matches(fired, entities)


def _category_lists(fired: np.ndarray, vocabulary: Vocabulary) -> list[list[str]]:
    order = sorted(range(len(vocabulary.rules)), key=lambda index: -vocabulary.rules[index].score)
    lists = []
    for row in fired:
        found: dict[str, None] = {}
        for index in order:
            if row[index] and vocabulary.rules[index].category_id != "general":
                found.setdefault(vocabulary.rules[index].category_id)
        lists.append(list(found))
    return lists


def _entity_lists(found: np.ndarray, vocabulary: Vocabulary) -> list[list[str]]:
    lists = []
    for row in found:
        hits = [vocabulary.entities[index] for index in np.flatnonzero(row)]
        named = {entity.entity_id: None for entity in hits if entity.kind != "model"}
        named.update({entity.owner_id or entity.entity_id: None for entity in hits if entity.kind == "model"})
        lists.append(list(named))
    return lists


def _evidence(joined: pl.DataFrame, rules: tuple[Rule, ...]) -> pl.DataFrame:
    parts = [pl.DataFrame(schema={"row": pl.UInt32, "evidence": pl.String})]
    for (best,), rows in joined.filter("has_any").group_by("best"):
        rule = rules[int(best)]
        words = [pl.col("text").str.extract(f"({pattern})", 1) for pattern in rule.required]
        parts.append(rows.select("row", pl.concat_str(words, separator=" + ", ignore_nulls=True).alias("evidence")))
    return pl.concat(parts)
