"""Titles that may be nearly the same, found under the rare words that both have."""

from __future__ import annotations

import numba
import numpy as np

from analysis.arrays import Flags, Floats, Integers

# Ratio of the sorted words from which two titles are the same headline (precision 0.955, recall 0.999 on variants).
NEAR_RATIO = 88.0
PERCENT = 100.0
RARE_WORDS = 4
# More headlines than this under one word make it too common to propose candidates.
POSTING_LIMIT = 40


@numba.njit(cache=True, nogil=True, error_model="numpy")
def propose(
    ends: Integers,
    numbers: Integers,
    n_words: int,
    at: Floats,
    reach: Floats,
    kept: float,
    lengths: Integers,
    asks: Flags,
) -> tuple[Integers, Integers]:
    """Pairs of a headline of `asks` and an earlier one under one of its rare words, whose ratio can be NEAR_RATIO.

    The words (`numbers`, split at `ends`) of a headline that fewest headlines use are its rare ones. Under a word lie
    the headlines that have it among those, as far back as `kept` from the last of them. `at`, `reach` and `kept` are
    seconds, `lengths` letters of the keys. Pairs follow each other by headline, rarest word, and latest other.
    """
    n = len(at)
    rare, n_under = _rare_words(ends, numbers, n_words)
    start = np.cumsum(n_under)
    first, last = start[:-1].copy(), start[:-1].copy()
    under = np.empty(start[-1], dtype=np.int64)
    seen_by = np.full(n, -1, dtype=np.int64)
    left, right = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    n_pairs = 0
    for i in range(n):
        for word in rare[i]:
            if word < 0 or not asks[i] or last[word] - first[word] > POSTING_LIMIT:
                continue
            for place in range(last[word] - 1, first[word] - 1, -1):
                j = under[place]
                if at[i] - at[j] > reach[i]:
                    break
                if seen_by[j] == i:
                    continue
                seen_by[j] = i
                # Letters that only the longer key can have bound the ratio from above.
                total = lengths[i] + lengths[j]
                if PERCENT * abs(lengths[i] - lengths[j]) > (PERCENT - NEAR_RATIO) * total + 1.0:
                    continue
                if n_pairs == len(left):
                    left, right = np.append(left, left), np.append(right, right)
                left[n_pairs], right[n_pairs] = i, j
                n_pairs += 1
        for word in rare[i]:
            if word < 0:
                continue
            under[last[word]] = i
            last[word] += 1
            while at[under[first[word]]] < at[i] - kept:
                first[word] += 1
    return left[:n_pairs].copy(), right[:n_pairs].copy()


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _rare_words(ends: Integers, numbers: Integers, n_words: int) -> tuple[Integers, Integers]:
    """The rare words of each headline, filled up with -1, and after a 0 how many headlines have each word as one."""
    used = np.zeros(n_words, dtype=np.int64)
    for word in numbers:
        used[word] += 1
    rare = np.full((len(ends) - 1, RARE_WORDS), -1, dtype=np.int64)
    n_under = np.zeros(n_words + 1, dtype=np.int64)
    for i in range(len(rare)):
        for k in range(ends[i], ends[i + 1]):
            _keep_rarest(rare[i], numbers[k], used)
        for word in rare[i]:
            if word >= 0:
                n_under[word + 1] += 1
    return rare, n_under


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _keep_rarest(kept: Integers, word: int, used: Integers) -> None:
    """Put `word` in its place among the rarest `kept` (rarest first, then by number), if it has one."""
    for place in range(len(kept)):
        other = kept[place]
        if other < 0 or used[word] < used[other] or (used[word] == used[other] and word < other):
            kept[place], word = word, other
            if word < 0:
                return
