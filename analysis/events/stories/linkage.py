"""Headlines linked into stories by the average chance that two of them tell the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from analysis.arrays import Flags, Floats, Integers
from analysis.events.stories.likeness import STORY_HOURS, Pairs, Profile, Spoken, chances, pairs_that_share
from analysis.row_products import Scores

# Two stories are one when the average chance over their pairs is at least this.
SAME_STORY = 0.342
# Only what a chain of pairs of at least this chance connects is looked at together.
CONNECTED = 0.45
# Headlines, and pairs of them, that are compared at once: bounds what is measured of them to a few tens of MB.
BLOCK_ROWS = 256
BLOCK_PAIRS = BLOCK_ROWS * BLOCK_ROWS
# Headlines are looked for as far as a story is long, and a little further, for hours are compared in single precision.
_REACH = STORY_HOURS + 0.01
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


def link_headlines(spoken: Spoken, given: Integers, is_new: Flags, read: Callable[[Integers], Profile]) -> Links:
    """Stories among the headlines of `spoken` that are connected with a new one.

    `given` are pairs (n x 2) that are one story whatever their words (one address, one title); `read` profiles the
    headlines of some rows, and is asked for those only that a new one may lead to. Average linkage never joins what no
    pair of at least SAME_STORY connects, so each connected piece is linked alone, and the same whatever else is in the
    table. `met` is the member of its story, earlier in the table, that a headline is likest to (-1 for the first).
    """
    n = len(spoken)
    links = Links(np.full(n, -1), np.full(n, -1), np.zeros(n))
    likely, likeness, held = _likely_pairs(spoken, given, is_new, read)
    pieces = _pieces(np.concatenate([given, likely]), np.concatenate([np.ones(len(given)), likeness]), n, is_new)
    alone = np.array([piece[0] for piece in pieces if len(piece) == 1], dtype=np.int64)
    links.labels[alone] = np.arange(len(alone))
    next_label = len(alone)
    joined = [piece for piece in pieces if len(piece) > 1]
    if not joined:
        return links
    held = _covering(held, np.unique(np.concatenate(joined)), read)
    is_given = given[:, 0] * n + given[:, 1]
    for parts in _batches(joined):
        corners = [np.tril_indices(len(part), -1) for part in parts]
        later, earlier = (
            np.concatenate([part[corner[side]] for part, corner in zip(parts, corners, strict=True)]) for side in (0, 1)
        )
        chance = held.chances(later, earlier).astype(np.float64)
        chance[np.isin(later * n + earlier, is_given)] = 1.0
        start = 0
        for part, corner in zip(parts, corners, strict=True):
            square = np.eye(len(part))
            square[corner] = square.T[corner] = chance[start : start + len(corner[0])]
            next_label = _link_part(part, square, links, next_label)
            start += len(corner[0])
    return links


@dataclass(frozen=True, slots=True)
class _Held:
    """The profile of some rows of all, which ascend."""

    rows: Integers
    table: Profile

    def chances(self, later: Integers, earlier: Integers, least: float = 0.0) -> Scores:
        """The chance of each pair of a later and an earlier row, 0 below `least`."""
        place = np.full(self.rows[-1] + 1, -1)
        place[self.rows] = np.arange(len(self.rows))
        return chances(self.table, Pairs(place[later], place[earlier]), least)


def _covering(held: _Held | None, rows: Integers, read: Callable[[Integers], Profile]) -> _Held:
    """`held` where it has all of `rows`, else the profile of those."""
    if held is not None and np.isin(rows, held.rows, assume_unique=True).all():
        return held
    return _Held(rows, read(rows))


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


def _likely_pairs(
    spoken: Spoken, given: Integers, is_new: Flags, read: Callable[[Integers], Profile]
) -> tuple[Integers, Floats, _Held | None]:
    """Pairs (n x 2) of a later and an earlier row whose chance is at least CONNECTED, that chance, and the last read.

    Found from the new rows on, and from what these are connected with, as long as that costs less than all rows do.
    """
    n = len(spoken)
    found, likeness = [np.empty((0, 2), dtype=np.int64)], [np.empty(0)]
    is_done, is_asked, n_read = np.zeros(n, dtype=np.bool_), _connected_with(is_new, given), 0
    held: _Held | None = None
    while is_asked.any():
        near = _near_to(spoken, np.flatnonzero(is_asked))
        n_read += len(near)
        if n_read > n // 2:
            is_asked, near = ~is_done, np.arange(n)
        held = _Held(near, read(near))
        for pairs in _pairs_of(spoken, near, is_asked, is_done):
            chance = held.chances(pairs[:, 0], pairs[:, 1], CONNECTED)
            is_likely = chance >= CONNECTED
            found.append(pairs[is_likely])
            likeness.append(chance[is_likely].astype(np.float64))
        is_done |= is_asked
        is_asked = _connected_with(is_new, np.concatenate([given, *found])) & ~is_done
    return np.concatenate(found), np.concatenate(likeness), held


def _connected_with(is_new: Flags, pairs: Integers) -> Flags:
    """Which rows `pairs` connect with a new one."""
    owner = _owners(pairs, len(is_new))
    return np.asarray(np.bincount(owner, weights=is_new)[owner] > 0) if len(is_new) else is_new


def _near_to(spoken: Spoken, asked: Integers) -> Integers:
    """The rows that may share a word or a name with one of `asked` within the hours of a story, and these."""
    hours, n = spoken.hours, len(spoken)
    bounds = np.zeros(n + 1, dtype=np.int64)
    np.add.at(bounds, np.searchsorted(hours, hours[asked] - _REACH), 1)
    np.add.at(bounds, np.searchsorted(hours, hours[asked] + _REACH), -1)
    is_near = np.cumsum(bounds[:-1]) > 0
    shared = [np.asarray(matrix @ matrix[asked].sum(axis=0).T).ravel() > 0 for matrix in (spoken.words, spoken.names)]
    is_near &= shared[0] | shared[1]
    is_near[asked] = True
    return np.flatnonzero(is_near)


def _pairs_of(spoken: Spoken, near: Integers, is_asked: Flags, is_done: Flags) -> Iterator[Integers]:
    """Pairs (n x 2) of `near` rows, a later and an earlier one, that share something; one is asked, none is done."""
    hours, n = spoken.hours, len(spoken)
    is_open = ~is_done & np.isin(np.arange(n), near)
    for start in range(0, n, BLOCK_ROWS):
        block = np.arange(start, min(start + BLOCK_ROWS, n))
        # A row is compared with none before this, whatever else is asked for.
        first = max(int(np.searchsorted(hours, hours[start] - STORY_HOURS)), start - MOST_NEIGHBOURS)
        every = np.arange(first, start + len(block))
        every, block = every[is_open[every]], block[is_open[block]]
        asked, others = block[is_asked[block]], block[~is_asked[block]]
        for rows, columns in ((asked, every), (others, every[is_asked[every]])):
            if len(rows) and len(columns):
                pairs = pairs_that_share(spoken, rows, columns)
                yield np.column_stack([pairs.left, pairs.right])


def _pieces(pairs: Integers, chance: Floats, n: int, is_new: Flags) -> list[Integers]:
    """The connected pieces that hold a new headline, each as ascending row numbers."""
    if not n:
        return []
    owner, is_asked = _owners(pairs, n), _connected_with(is_new, pairs)
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
    if len(part) == 2:  # most are, and a tree of one fork takes longer to grow than to compare
        found = np.array([0, int(1.0 - chance[1, 0] > 1.0 - SAME_STORY)])
    else:
        found = _cut(linkage(squareform(1.0 - chance, checks=False), "average"), 1.0 - SAME_STORY)
    links.labels[part] = found + next_label
    is_earlier = np.tri(len(part), k=-1, dtype=np.bool_)
    together = np.where(is_earlier & (found[:, None] == found[None, :]), chance, -1.0)
    best = together.argmax(axis=1)
    likeness = together[np.arange(len(part)), best]
    has_met = likeness >= 0
    links.met[part[has_met]] = part[best[has_met]]
    links.chance[part] = np.where(has_met, likeness, 0.0)
    return next_label + int(found.max()) + 1


def _cut(tree: Floats, height: float) -> Integers:
    """The cluster of each leaf of `tree` (of scipy's `linkage`) cut at `height`: `fcluster`, which checks all first."""
    members = {leaf: [leaf] for leaf in range(len(tree) + 1)}
    for fork, (one, other, distance, _) in enumerate(tree.tolist(), start=len(tree) + 1):
        if distance > height:  # forks ascend
            break
        members[fork] = [*members.pop(int(one)), *members.pop(int(other))]
    found = np.empty(len(tree) + 1, dtype=np.int64)
    for label, leaves in enumerate(members.values()):
        found[leaves] = label
    return found
