"""Digests of any stretch of a series, each from two running sums, so that many stretches cost one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Floats, Integers
from analysis.results.fingerprint import fingerprint
from analysis.tape.series import AlignedSeries

DigestWords = NDArray[np.uint64]

# Odd constants of the finaliser of splitmix64, and one start for each of the two words of a digest.
# Source: Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators.
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_SEEDS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03))


@dataclass(frozen=True, slots=True)
class Stretches:
    """Running sums over the digests of single bars, each of which holds the bar's own time."""

    name: DigestWords  # [2] of the market, the bar length and the benchmarks
    sums: DigestWords  # [2, n + 1]

    def digests(self, first: Integers, last: Integers) -> DigestWords:
        """128 bits for each of the stretches [first, last) with the series they are of, shape (2, N).

        Equal stretches of equal series have them wherever the records begin and end. Digests of several series may be
        added up: bits of different series have nothing to do with each other.
        """
        return _mix((self.sums[:, last] - self.sums[:, first]) ^ self.name[:, np.newaxis])


def digest_stretches(series: AlignedSeries) -> Stretches:
    """The running sums of `series`: times, closes, both returns and the benchmark's source of every bar."""
    columns = (series.close_us, series.close_quote, series.asset, series.benchmark, series.benchmark_source)
    found = sum_bars(hash_bars(*columns))
    name = bytes.fromhex(fingerprint(series.market_id, series.bar_hours, series.benchmark_ids))
    return Stretches(np.frombuffer(name[:16], dtype=np.uint64), found)


def hash_bars(*columns: Integers | Floats) -> DigestWords:
    """Two words that stand for the bits of each row of equally long columns, shape (2, n)."""
    found = np.empty((len(_SEEDS), columns[0].size), dtype=np.uint64)
    for row, seed in enumerate(_SEEDS):
        bars = np.full(columns[0].size, seed)
        for column in columns:
            bars = _mix(bars ^ np.ascontiguousarray(column).view(np.uint64))
        found[row] = bars
    return found


def sum_bars(hashes: DigestWords) -> DigestWords:
    """Running sums of the words of bars, (2, n + 1): the difference of two stands for the bars between them."""
    start = np.zeros((len(_SEEDS), 1), dtype=np.uint64)
    return np.concatenate([start, np.cumsum(hashes, axis=1, dtype=np.uint64)], axis=1)


def _mix(words: DigestWords) -> DigestWords:
    """Every bit of the result hangs on every bit of the word."""
    words = (words ^ (words >> _SHIFTS[0])) * _MULTIPLIERS[0]
    words = (words ^ (words >> _SHIFTS[1])) * _MULTIPLIERS[1]
    return words ^ (words >> _SHIFTS[2])
