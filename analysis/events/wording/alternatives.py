"""Which of many patterns are found in titles, where the patterns share alternatives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from analysis.arrays import Flags

# Alternatives that are searched at once. Of more the search forgets what it has built, and walks each title again.
MOST_TOGETHER = 72
_ANY_CASE = "(?i)"
_GROUP = "(?:"
# What opens, closes or parts alternatives, and what stands for itself: an escaped letter, a class of letters.
_MARK = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)


def find_patterns(text: pl.Series, patterns: Iterable[str]) -> dict[str, Flags]:
    """For each of `patterns` where it is found in `text`.

    What one alternative of several patterns finds, all of them find: each is searched once, together with some of those
    that the same patterns have. Patterns that do not begin with (?i) are searched as they are.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for pattern in patterns:
        for alternative in _alternatives(pattern):
            owners[alternative].add(pattern)
    shared: dict[frozenset[str], list[str]] = defaultdict(list)
    for alternative, owned_by in owners.items():
        shared[frozenset(owned_by)].append(alternative)
    wanted = [(owned_by, _join(run)) for owned_by, parts in shared.items() for run in _runs(parts)]
    titles = pl.DataFrame({"text": text})
    found = titles.select(pl.col("text").str.contains(one).alias(str(n)) for n, (_, one) in enumerate(wanted))
    table = found.to_numpy()
    return {
        pattern: np.logical_or.reduce(
            table[:, [n for n, (owned_by, _) in enumerate(wanted) if pattern in owned_by]], axis=1
        )
        for pattern in frozenset().union(*shared)
    }


def _runs(alternatives: list[str]) -> Iterator[list[str]]:
    """Alternatives that begin alike, as many as a search keeps all its states of: six times as fast as all at once."""
    ordered = sorted(alternatives)
    return (ordered[start : start + MOST_TOGETHER] for start in range(0, len(ordered), MOST_TOGETHER))


def _join(alternatives: list[str]) -> str:
    bodies = [one.removeprefix(_ANY_CASE) for one in alternatives]
    return alternatives[0] if len(alternatives) == 1 else f"{_ANY_CASE}{'|'.join(bodies)}"


def _alternatives(pattern: str) -> list[str]:
    """The patterns of which one at least is found where `pattern` is."""
    if not pattern.startswith(_ANY_CASE):
        return [pattern]
    return [_ANY_CASE + body for body in split_alternatives(pattern.removeprefix(_ANY_CASE))]


def split_alternatives(body: str) -> Iterator[str]:
    """The alternatives of the outermost level, and of groups that are alternatives as a whole."""
    parts, start = [], 0
    for mark, depth, end in _marks(body):
        if mark == "|" and depth == 0:
            parts.append(body[start : end - 1])
            start = end
    for part in (*parts, body[start:]):
        closes = next((end for mark, depth, end in _marks(part) if mark == ")" and depth == 0), 0)
        if part.startswith(_GROUP) and closes == len(part):
            yield from split_alternatives(part[len(_GROUP) : -1])
        else:
            yield part


def _marks(body: str) -> Iterator[tuple[str, int, int]]:
    """Each mark, how many groups are open after it, and where it ends."""
    depth = 0
    for mark in _MARK.finditer(body):
        depth += (mark.group() == "(") - (mark.group() == ")")
        yield mark.group(), depth, mark.end()
