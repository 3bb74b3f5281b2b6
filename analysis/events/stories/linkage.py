"""Headlines linked into stories by the average chance that two of them tell the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from analysis.arrays import Flags, Floats, Integers
from analysis.events.stories.likeness import STORY_HOURS, Pairs, Profile, chances, pairs_that_share

# Two stories are one when the average chance over their pairs is at least this.
SAME_STORY = 0.35
# Only what a chain of pairs of at least this chance connects is looked at together.
CONNECTED = 0.45
# Headlines compared at once: bounds a table of chances to a few tens of MB.
BLOCK_ROWS = 256
# A headline is compared with at most this many before it, so that a file without dates stays feasible.
MOST_NEIGHBOURS = 6_000
# A connected piece larger than this is linked in parts, in order of time: its table would not fit.
LARGEST_PIECE = 1_500


@dataclass(frozen=True, slots=True)
class Links:
    """A label per headline, equal within a story (-1 where no new headline is near), and the earlier one it met."""

    labels: Integers
    met: Integers
    chance: Floats


def link_headlines(table: Profile, given: Integers, is_new: Flags) -> Links:
    """Stories among the headlines of `table` that are connected with a new one.

    `given` are pairs (n x 2) that are one story whatever their words (one address, one title). Average linkage never
    joins what no pair of at least SAME_STORY connects, so each connected piece is linked alone, and the same whatever
    else is in the table. `met` is the member of its story, earlier in the table, that a headline is likest to (-1 for
    the first).
    """
    n = len(table)
    links = Links(np.full(n, -1), np.full(n, -1), np.zeros(n))
    place = np.full(n, -1)
    next_label = 0
    for parts in _batches(_pieces(np.concatenate([given, _likely_pairs(table)]), n, is_new)):
        rows = np.concatenate(parts)
        chance = chances(table, Pairs(rows, rows)).astype(np.float64)
        place[rows] = np.arange(len(rows))
        inside = place[given]
        inside = inside[(inside >= 0).all(axis=1)]
        chance[inside[:, 0], inside[:, 1]] = chance[inside[:, 1], inside[:, 0]] = 1.0
        np.fill_diagonal(chance, 1.0)
        place[rows] = -1
        start = 0
        for part in parts:
            end = start + len(part)
            next_label = _link_part(part, chance[start:end, start:end], links, next_label)
            start = end
    return links


def _batches(pieces: list[Integers]) -> Iterator[list[Integers]]:
    """Pieces, those that are too large in parts, gathered until a table of their chances is worth its call."""
    batch: list[Integers] = []
    n_rows = 0
    for piece in pieces:
        for part in np.array_split(piece, -(-len(piece) // LARGEST_PIECE)):
            if batch and n_rows + len(part) > BLOCK_ROWS:
                yield batch
                batch, n_rows = [], 0
            batch.append(part)
            n_rows += len(part)
    if batch:
        yield batch


def _likely_pairs(table: Profile) -> Integers:
    parts = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(table), BLOCK_ROWS):
        rows = np.arange(start, min(start + BLOCK_ROWS, len(table)))
        first = int(np.searchsorted(table.hours, table.hours[start] - STORY_HOURS))
        columns = np.arange(max(first, start - MOST_NEIGHBOURS), rows[-1] + 1)
        pairs = pairs_that_share(table, rows, columns)
        is_likely = chances(table, pairs) >= CONNECTED
        parts.append(np.column_stack([pairs.left[is_likely], pairs.right[is_likely]]))
    return np.concatenate(parts)


def _pieces(pairs: Integers, n: int, is_new: Flags) -> list[Integers]:
    """The connected pieces that hold a new headline, each as ascending row numbers."""
    if not n:
        return []
    graph = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, owner = connected_components(graph, directed=False)
    order = np.argsort(owner, kind="stable")
    ends = np.cumsum(np.bincount(owner))
    return [piece for piece in np.split(order, ends[:-1]) if is_new[piece].any()]


def _link_part(part: Integers, chance: Floats, links: Links, next_label: int) -> int:
    """Link one piece, whose chances are `chance`, into `links`; returns the next free label."""
    if len(part) == 1:
        links.labels[part] = next_label
        return next_label + 1
    tree = linkage(squareform(1.0 - chance, checks=False), "average")
    found = fcluster(tree, 1.0 - SAME_STORY, "distance") - 1
    links.labels[part] = found + next_label
    together = np.where(found[:, None] == found[None, :], chance, -1.0)
    together[np.triu_indices(len(part))] = -1.0
    best = together.argmax(axis=1)
    likeness = together[np.arange(len(part)), best]
    has_met = likeness >= 0
    links.met[part[has_met]] = part[best[has_met]]
    links.chance[part] = np.where(has_met, likeness, 0.0)
    return next_label + int(found.max()) + 1
