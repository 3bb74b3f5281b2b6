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
SAME_STORY = 0.342
# Only what a chain of pairs of at least this chance connects is looked at together.
CONNECTED = 0.45
# Headlines, and pairs of them, that are compared at once: bounds what is measured of them to a few tens of MB.
BLOCK_ROWS = 256
BLOCK_PAIRS = BLOCK_ROWS * BLOCK_ROWS
# A headline is compared with at most this many before it, so that a file without dates stays feasible.
MOST_NEIGHBOURS = 6_000
# A connected piece larger than this is linked in parts, since its table would not fit: in what chains of likelier pairs
# connect, each time likelier by this much, and where the surest still connect too many, in order of time.
LARGEST_PIECE = 1_500
LIKELIER = 0.05


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
    likely, likeness = _likely_pairs(table)
    pieces = _pieces(np.concatenate([given, likely]), np.concatenate([np.ones(len(given)), likeness]), n, is_new)
    alone = np.array([piece[0] for piece in pieces if len(piece) == 1], dtype=np.int64)
    links.labels[alone] = np.arange(len(alone))
    next_label = len(alone)
    every, is_given = np.arange(n), given[:, 0] * n + given[:, 1]
    for parts in _batches([piece for piece in pieces if len(piece) > 1]):
        corners = [np.tril_indices(len(part), -1) for part in parts]
        later, earlier = (
            np.concatenate([part[corner[side]] for part, corner in zip(parts, corners, strict=True)]) for side in (0, 1)
        )
        chance = chances(table, Pairs(every, every, (later, earlier))).astype(np.float64)
        chance[np.isin(later * n + earlier, is_given)] = 1.0
        start = 0
        for part, corner in zip(parts, corners, strict=True):
            square = np.eye(len(part))
            square[corner] = square.T[corner] = chance[start : start + len(corner[0])]
            next_label = _link_part(part, square, links, next_label)
            start += len(corner[0])
    return links


def _batches(pieces: list[Integers]) -> Iterator[list[Integers]]:
    """Pieces, gathered until their pairs are worth a call."""
    batch: list[Integers] = []
    n_pairs = 0
    for piece in pieces:
        own_pairs = len(piece) * (len(piece) - 1) // 2
        if batch and n_pairs + own_pairs > BLOCK_PAIRS:
            yield batch
            batch, n_pairs = [], 0
        batch.append(piece)
        n_pairs += own_pairs
    if batch:
        yield batch


def _likely_pairs(table: Profile) -> tuple[Integers, Floats]:
    """Pairs (n x 2) of a later and an earlier row whose chance is at least CONNECTED, and that chance."""
    parts, likeness = [np.empty((0, 2), dtype=np.int64)], [np.empty(0)]
    for start in range(0, len(table), BLOCK_ROWS):
        rows = np.arange(start, min(start + BLOCK_ROWS, len(table)))
        first = int(np.searchsorted(table.hours, table.hours[start] - STORY_HOURS))
        columns = np.arange(max(first, start - MOST_NEIGHBOURS), rows[-1] + 1)
        pairs = pairs_that_share(table, rows, columns)
        chance = chances(table, pairs)
        is_likely = chance >= CONNECTED
        parts.append(np.column_stack([pairs.left[is_likely], pairs.right[is_likely]]))
        likeness.append(chance[is_likely].astype(np.float64))
    return np.concatenate(parts), np.concatenate(likeness)


def _pieces(pairs: Integers, chance: Floats, n: int, is_new: Flags) -> list[Integers]:
    """The connected pieces that hold a new headline, each as ascending row numbers."""
    if not n:
        return []
    owner = _owners(pairs, n)
    is_asked = np.bincount(owner, weights=is_new)[owner] > 0
    asked = [piece for piece in _rows_of(owner) if is_asked[piece[0]]]
    return [part for piece in asked for part in _parted(piece, pairs, chance, CONNECTED)]


def _parted(piece: Integers, pairs: Integers, chance: Floats, least: float) -> list[Integers]:
    """`piece`, connected by `pairs` of a `chance` of `least`, in parts that are not too large."""
    if len(piece) <= LARGEST_PIECE:
        return [piece]
    if least >= 1.0:
        return np.array_split(piece, -(-len(piece) // LARGEST_PIECE))
    least = min(1.0, least + LIKELIER)
    is_within = np.isin(pairs[:, 0], piece) & (chance >= least)
    inner, chance = pairs[is_within], chance[is_within]
    found = _rows_of(_owners(np.searchsorted(piece, inner), len(piece)))
    return [part for rows in found for part in _parted(piece[rows], inner, chance, least)]


def _owners(pairs: Integers, n: int) -> Integers:
    """For each of `n` rows the number of the piece that `pairs` connect it into."""
    graph = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _rows_of(owner: Integers) -> list[Integers]:
    """The rows of each piece, ascending."""
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(owner[order])) + 1)


def _link_part(part: Integers, chance: Floats, links: Links, next_label: int) -> int:
    """Link one piece of several, whose chances are `chance`, into `links`; returns the next free label."""
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
