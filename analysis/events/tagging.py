"""Tags of headlines, with the words that fired."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.events.titles import plain_title
from analysis.events.vocabulary import Rule, Vocabulary
from analysis.events.wording.alternatives import find_patterns
from analysis.threads import WORTH_THREADS, start_threads

# Rows per pass: bounds the boolean matrix (rows x patterns) to a few tens of MB. Each pass reads all patterns anew.
CHUNK_ROWS = 131_072
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


def find_tagged(titles: pl.Series, category_id: str, vocabulary: Vocabulary) -> pl.Series:
    """Whether `tag_titles` gives each title this category by a rule, searched by no more rules than tell."""
    plain = pl.DataFrame({"text": titles.cast(pl.String)}).select(plain_title(pl.col("text"))).to_series()
    # The strongest rule that fires decides, of equals the first of the file.
    ranked = sorted((rule for rule in vocabulary.rules if _is_main(rule, vocabulary)), key=lambda rule: -rule.score)
    own = [rule for rule in ranked if rule.category_id == category_id]
    least = {min(rule.required, key=len) for rule in own}
    may_be = np.zeros(len(titles), dtype=np.bool_)
    for pattern in sorted(least):
        may_be |= plain.str.contains(pattern).to_numpy()
    for rules in (own, ranked):  # few titles fire one of its own, and the others are asked of these alone
        undecided = np.flatnonzero(may_be)
        found = np.zeros(len(titles), dtype=np.bool_)
        for rule in rules:
            if not len(undecided):
                break
            text = plain[undecided]
            known = {rule.marker: text.str.contains(rule.marker).to_numpy()} if rule.marker else {}
            fires = _fires(rule, text, known)
            found[undecided[fires]] = rule.category_id == category_id
            undecided = undecided[~fires]
        may_be = found
    return pl.Series(may_be)


def _is_main(rule: Rule, vocabulary: Vocabulary) -> bool:
    return vocabulary.category(rule.category_id).is_main


def _tag_chunk(plain: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    matches = _search(plain, vocabulary)
    is_main = np.array([_is_main(rule, vocabulary) for rule in vocabulary.rules])
    scores = np.array([rule.score for rule in vocabulary.rules])
    # argmax takes the first maximum: the order of the file breaks ties.
    best = np.argmax(np.where(matches.fired & is_main, scores, -1.0), axis=1)
    has_any = (matches.fired & is_main).any(axis=1)
    rows = pl.DataFrame(
        {
            "text": plain["text"],
            "best": best,
            "has_any": has_any,
            "categories": _category_lists(matches.fired, vocabulary),
            "entity_ids": _entity_lists(matches.entities, vocabulary),
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
    """Which rules fire and which entities are named.

    Each rule is first tried by the pattern it shares with most others; its other patterns are searched only where that
    one is found, which is a few rows in a hundred.
    """
    text = plain["text"]
    uses = Counter(pattern for rule in vocabulary.rules for pattern in rule.required)
    anchors = {rule.marker or max(rule.required, key=lambda pattern: uses[pattern]) for rule in vocabulary.rules}
    any_entity = f"(?i){'|'.join(entity.pattern for entity in vocabulary.entities)}"
    known = find_patterns(text, [*sorted(anchors), any_entity])
    with start_threads(is_worth=plain.height >= WORTH_THREADS) as pool:
        fired = np.column_stack([*pool.map(lambda rule: _fires(rule, text, known), vocabulary.rules)])
    is_named = known[any_entity]
    named = plain.filter(pl.Series(is_named)).select(
        pl.col("text").str.contains(f"(?i){entity.pattern}").alias(entity.entity_id) for entity in vocabulary.entities
    )
    entities = np.zeros((plain.height, len(vocabulary.entities)), dtype=bool)
    entities[is_named] = named.to_numpy()
    return _Matches(fired, entities)


def _fires(rule: Rule, text: pl.Series, known: dict[str, np.ndarray]) -> np.ndarray:
    fires = known[rule.marker].copy() if rule.marker else np.ones(len(text), dtype=bool)
    # Of what is still to be searched the shortest first: it is the cheapest, and may leave no row to the others.
    for pattern in sorted(rule.required, key=lambda pattern: (pattern not in known, len(pattern))):
        fires &= known[pattern] if pattern in known else _contains(text, pattern, fires)
    for pattern in rule.excluded:
        fires &= ~_contains(text, pattern, fires)
    return fires


def _contains(text: pl.Series, pattern: str, where: np.ndarray) -> np.ndarray:
    """Where `pattern` is found among the rows of `where`; False elsewhere."""
    hits = np.zeros(len(text), dtype=bool)
    if where.any():
        hits[where] = text.filter(pl.Series(where)).str.contains(pattern).to_numpy()
    return hits


def _category_lists(fired: np.ndarray, vocabulary: Vocabulary) -> pl.Series:
    order = sorted(range(len(vocabulary.rules)), key=lambda index: -vocabulary.rules[index].score)
    order = [index for index in order if vocabulary.rules[index].category_id != "general"]
    return _named_columns(fired[:, order], [vocabulary.rules[index].category_id for index in order])


def _entity_lists(found: np.ndarray, vocabulary: Vocabulary) -> pl.Series:
    """Names in the order of the file; a model's maker stands for it, after those named themselves."""
    order = sorted(range(len(vocabulary.entities)), key=lambda index: vocabulary.entities[index].kind == "model")
    names = [vocabulary.entities[index].owner_id or vocabulary.entities[index].entity_id for index in order]
    return _named_columns(found[:, order], names)


def _named_columns(table: np.ndarray, names: list[str]) -> pl.Series:
    """For each row the distinct names of the columns that are true, in order of the columns."""
    rows, columns = np.nonzero(table)
    pairs = pl.DataFrame({"row": rows, "column": columns}).select(
        "row", pl.lit(pl.Series(names, dtype=pl.String)).gather(pl.col("column")).alias("name")
    )
    lists = pairs.unique(maintain_order=True).group_by("row", maintain_order=True).agg("name")
    every = pl.DataFrame({"row": np.arange(len(table))}).join(lists, on="row", how="left", validate="1:1")
    return every.sort("row")["name"].fill_null(pl.lit([], dtype=pl.List(pl.String)))


def _evidence(joined: pl.DataFrame, rules: tuple[Rule, ...]) -> pl.DataFrame:
    by_rule = joined.filter("has_any").partition_by("best", as_dict=True)
    with start_threads(is_worth=joined.height >= WORTH_THREADS) as pool:
        found = pool.map(lambda item: _words(item[1], rules[int(item[0][0])]), by_rule.items())
        return pl.concat([pl.DataFrame(schema={"row": pl.UInt32, "evidence": pl.String}), *found])


def _words(rows: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """The words of each of `rows` that fired `rule`."""
    # The first of all that is found: to read it as a group takes a search that walks back.
    words = [pl.col("text").str.extract_all(pattern).list.first() for pattern in rule.required]
    return rows.select("row", pl.concat_str(words, separator=" + ", ignore_nulls=True).alias("evidence"))
