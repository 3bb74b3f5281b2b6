"""How well stories and events agree with sets read by hand, by period, category and importance."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from analysis.events.stories.headlines import STOP_WORDS

# A found event may lie this far outside the interval that was read by hand.
SLACK = timedelta(hours=12)
# Shared words from which an event without a known party is the one read by hand, and with one the words agree too.
NAMELESS_WORDS, SAME_WORDS = 0.4, 0.34
# An end that is written to the minute holds all of it, one to the second that second.
_TO_THE_MINUTE, _TO_THE_SECOND = timedelta(minutes=1), timedelta(seconds=1)
MONTH_LETTERS = 7
IMPORTANCES = ("high", "medium", "low")
SCORE_SCHEMA = {
    "part": pl.String,
    "measure": pl.String,
    "precision": pl.Float64,
    "recall": pl.Float64,
    "f1": pl.Float64,
    "n": pl.Int64,
}
_WORD = re.compile(r"[a-z0-9$.]+")
_Row = dict[str, Any]


def score_gold_stories(gold: pl.DataFrame, found: pl.DataFrame, house: Callable[[str], str]) -> pl.DataFrame:
    """Agreement of `found` (relevant, category, story_id) with `gold`, row by row: one line per part and measure.

    Parts are all rows, the months of publication, and each category with its own rows. Stories are B-cubed; shared
    ones have two houses or more and are scored against all rows, so that wrong merges count.
    """
    rows = pl.concat(
        [gold, found.select(pl.col("relevant", "category", "story_id").name.prefix("found_"))], how="horizontal"
    )
    rows = rows.with_columns(
        pl.col("outlet").map_elements(house, return_dtype=pl.String).alias("house"),
        pl.col("published_utc").str.slice(0, 7).alias("period"),
        (pl.col("relevant").cast(pl.String) == "1").alias("is_relevant"),
        (pl.col("found_relevant").cast(pl.String) == "1").alias("is_found"),
    ).with_columns((pl.col("house").n_unique().over("story_id") > 1).alias("is_shared"))
    parts = [
        ("all", rows),
        *((f"{name[0]}", part) for name, part in sorted(rows.group_by("period"), key=lambda p: p[0])),
    ]
    lines = [line for name, part in parts for line in _story_lines(name, part)]
    for category in sorted(rows["category"].unique()):
        is_of, is_called = rows["category"] == category, rows["found_category"] == category
        lines.append(
            (
                f"category {category}",
                "category",
                *_rates(int((is_of & is_called).sum()), int(is_called.sum()), int(is_of.sum())),
            )
        )
    return pl.DataFrame(lines, schema=SCORE_SCHEMA, orient="row")


def _story_lines(name: str, part: pl.DataFrame) -> list[tuple[Any, ...]]:
    stories, found = part["story_id"].to_list(), part["found_story_id"].to_list()
    every = range(len(stories))
    shared = [number for number in every if part["is_shared"][number]]
    is_relevant, is_found = part["is_relevant"], part["is_found"]
    n_taken, n_irrelevant = int((is_found & ~is_relevant).sum()), int((~is_relevant).sum())
    n_both = int((is_relevant & is_found).sum())
    return [
        (name, "stories (B-cubed), all rows", *_b_cubed_of(stories, found, every)),
        (name, "stories (B-cubed), rows of shared stories", *_b_cubed_of(stories, found, shared)),
        (name, "relevance", *_rates(n_both, int(is_found.sum()), int(is_relevant.sum()))),
        (name, "irrelevant rows taken", None, n_taken / n_irrelevant if n_irrelevant else None, None, n_irrelevant),
    ]


def _b_cubed_of(stories: list[str], found: list[str], chosen: range | list[int]) -> tuple[float, float, float, int]:
    """B-cubed of the chosen rows, each counted against all rows."""
    own, called, both = Counter(stories), Counter(found), Counter(zip(stories, found, strict=True))
    n = max(1, len(chosen))
    precision = sum(both[stories[i], found[i]] / called[found[i]] for i in chosen) / n
    recall = sum(both[stories[i], found[i]] / own[stories[i]] for i in chosen) / n
    return precision, recall, _f1(precision, recall), len(chosen)


def _rates(n_both: int, n_found: int, n_true: int) -> tuple[float, float, float, int]:
    precision, recall = n_both / max(1, n_found), n_both / max(1, n_true)
    return precision, recall, _f1(precision, recall), n_true


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True)
class _Happening:
    """One event, read by hand or found: when, who, and the words it is told in."""

    row: _Row
    best: datetime
    earliest: datetime
    latest: datetime
    names: frozenset[str]
    wordings: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class _Match:
    words: float
    has_party: bool
    nearness: float
    gold: int
    found: int


def score_gold_events(
    gold: pl.DataFrame, events: pl.DataFrame, sources: pl.DataFrame, nonevents: pl.DataFrame
) -> pl.DataFrame:
    """Recall of `gold` among `events`, best times inside, copies, `nonevents` taken; one line each.

    A match is in the gold interval widened by SLACK and has a party in common (without a known one: NAMELESS_WORDS of
    the words); greedy and one to one, by words, then party, then nearness. The second block asks for SAME_WORDS too.
    A best time in the minute to which the end of the interval is written is inside; to the second, only up to that end.
    Only events within the time that `gold` spans are counted, without the rejected ones.
    """
    known = frozenset().union(*(_names(row["entities"]) for row in events.iter_rows(named=True)))
    hand = [_read_gold(row, known) for row in gold.iter_rows(named=True)]
    since, until = min(one.earliest for one in hand) - SLACK, max(one.latest for one in hand) + SLACK
    inside = pl.col("best_at_utc").is_between(since, until) & (pl.col("status") != "rejected")
    titles = dict(sources.group_by("event_id").agg("title").iter_rows())
    found = [_read_found(row, titles.get(row["event_id"], [])) for row in events.filter(inside).iter_rows(named=True)]
    matches = [
        match for g, one in enumerate(hand) for f, other in enumerate(found) if (match := _match(g, one, f, other))
    ]
    matches.sort(key=lambda m: (m.words, m.has_party, m.nearness, m.gold, m.found), reverse=True)
    lines: list[tuple[Any, ...]] = []
    for block, least in (("time and party", 0.0), ("time, party and words", SAME_WORDS)):
        pairs = _pair(matches, least)
        lines += _recall_lines(block, hand, pairs)
        lines += _waste_lines(block, hand, found, pairs, matches, nonevents)
    return pl.DataFrame(lines, schema=SCORE_SCHEMA, orient="row")


def _pair(matches: list[_Match], least: float) -> dict[int, int]:
    """The found event of each gold one, best match first, one to one."""
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for match in matches:
        if match.words >= least and match.gold not in pairs and match.found not in taken:
            pairs[match.gold] = match.found
            taken.add(match.found)
    return pairs


def _recall_lines(block: str, hand: list[_Happening], pairs: dict[int, int]) -> list[tuple[Any, ...]]:
    scope = [g for g, one in enumerate(hand) if one.row["in_scope"] == "1"]
    groups = {"in scope": scope, "two houses or more": [g for g in scope if int(hand[g].row["n_outlets"]) > 1]}
    groups |= {f"importance {name}": [g for g in scope if hand[g].row["importance"] == name] for name in IMPORTANCES}
    for g in scope:
        row = hand[g].row
        for name in (f"category {row['category']}", f"period {row['best_utc'][:MONTH_LETTERS]}"):
            groups.setdefault(name, []).append(g)
    return [
        (block, f"recall, {name}", None, sum(g in pairs for g in chosen) / len(chosen), None, len(chosen))
        for name, chosen in groups.items()
        if chosen
    ]


def _waste_lines(
    block: str,
    hand: list[_Happening],
    found: list[_Happening],
    pairs: dict[int, int],
    matches: list[_Match],
    nonevents: pl.DataFrame,
) -> list[tuple[Any, ...]]:
    taken = set(pairs.values())
    inside = sum(_is_inside(found[f].best, hand[g]) for g, f in pairs.items())
    exact = sum(hand[g].earliest <= found[f].best <= hand[g].latest for g, f in pairs.items())
    copies = {m.found for m in matches if m.words >= SAME_WORDS and m.found not in taken}
    none = {title.strip() for title in nonevents["title"]}
    false = [f for f, one in enumerate(found) if f not in taken and _is_made_of(one, none)]
    n_pairs, n_found = len(pairs), len(found)
    return [
        (block, "best time inside the interval", None, inside / max(1, n_pairs), None, n_pairs),
        (block, "best time inside, to the second", None, exact / max(1, n_pairs), None, n_pairs),
        (block, "further copies of a matched happening", None, len(copies) / max(1, n_found), None, n_found),
        (block, "listed non-events that make an event", None, len(false) / max(1, len(none)), None, len(none)),
    ]


def _is_inside(at: datetime, one: _Happening) -> bool:
    return one.earliest <= at < one.latest + (_TO_THE_SECOND if one.latest.second else _TO_THE_MINUTE)


def _is_made_of(one: _Happening, titles: set[str]) -> bool:
    told = one.row["told"]
    hits = sum(title in titles for title in told)
    return one.row["title"].strip() in titles or (hits > 0 and 2 * hits >= max(1, len(told)))


def _match(g: int, one: _Happening, f: int, other: _Happening) -> _Match | None:
    if not one.earliest - SLACK <= other.best <= one.latest + SLACK:
        return None
    words = max(_overlap(a, b) for a in other.wordings for b in one.wordings)
    has_party = bool(one.names & other.names)
    if not has_party and ((one.names and other.names) or words < NAMELESS_WORDS):
        return None
    return _Match(words, has_party, -abs((other.best - one.best).total_seconds()), g, f)


def _read_gold(row: _Row, known: frozenset[str]) -> _Happening:
    best, earliest, latest = (_instant(row[f"{name}_utc"]) for name in ("best", "earliest", "latest"))
    wordings = (_words(row["title"]), _words(row["evidence_title"]))
    return _Happening(row, best, earliest, latest, _names(row["entities"]) & known, wordings)


def _read_found(row: _Row, titles: list[str]) -> _Happening:
    told = {title.strip() for title in titles}
    wordings = (_words(row["title"]), *(_words(title) for title in sorted(told)))
    times = row["best_at_utc"], row["earliest_at_utc"], row["latest_at_utc"]
    return _Happening(row | {"told": told}, *times, _names(row["entities"]), wordings)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.strip().replace("Z", "+00:00"))


def _names(text: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in re.split(r"[;,]", text or "") if name.strip())


def _words(text: str) -> frozenset[str]:
    plain = text.lower().replace("’", "'").replace("'s", "")
    return frozenset(word for word in _WORD.findall(plain) if word not in STOP_WORDS and len(word) > 1)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0
