"""Assets that a study does not treat, over the bars of one that it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats
from analysis.results.fingerprint import fingerprint
from analysis.tape.observations import is_observed
from analysis.tape.returns import ReturnGrid
from analysis.tape.series import AlignedSeries
from analysis.tape.stretches import DigestWords, hash_bars, sum_bars
from warehouse.tables.bars import HOUR, MICROSECONDS_PER_HOUR, MICROSECONDS_PER_SECOND

BASKET = "other assets"
MINIMUM_BASKET = 10  # assets with a return in the bar; fewer are a bet on single names


@dataclass(frozen=True)
class Donors:
    """Assets that the study does not treat, on one bar length."""

    bar_hours: float
    first_close_us: int
    asset_ids: tuple[str, ...]
    returns: Floats  # (assets, bars), log points, NaN = missing

    def over(self, series: AlignedSeries) -> Floats:
        """Returns over the bars of `series`, (assets, bars of series), NaN outside the record."""
        step = round(self.bar_hours * MICROSECONDS_PER_HOUR)
        return self.over_bars(int(series.close_us[0]) // step, series.close_us.size)

    def over_bars(self, first: int, n_bars: int) -> Floats:
        """Returns over `n_bars` from bar `first` on (close time over bar length), (assets, n_bars), NaN outside."""
        offset = first - self._number
        found = np.full((len(self.asset_ids), n_bars), np.nan)
        start, stop = max(0, offset), min(self.returns.shape[1], offset + n_bars)
        if stop > start:
            found[:, start - offset : stop - offset] = self.returns[:, start:stop]
        return found

    def fingerprint(self, series: AlignedSeries, first: int, last: int) -> str:
        """Fingerprint of names and returns in the bars [first, last) of `series`."""
        start = int(series.close_us[0]) // series.step_us + first
        return fingerprint(self.digest_bars([start], [min(last, series.close_us.size) - first]))

    def digest_bars(self, starts: Sequence[int], lengths: Sequence[int]) -> DigestWords:
        """What stands for names and returns over each of the stretches that `over_bars` gives, shape (2, stretches)."""
        first = np.array(starts, dtype=np.int64) - self._number
        last = first + np.array(lengths, dtype=np.int64)
        n_bars = self.returns.shape[1]
        before, after = (self._sums[:, np.minimum(np.maximum(at, 0), n_bars)] for at in (first, last))
        return np.asarray((after - before) ^ self._name[:, np.newaxis])

    @cached_property
    def _sums(self) -> DigestWords:
        """Running sums over the bars, each with its number."""
        numbers = np.arange(self._number, self._number + self.returns.shape[1])
        return sum_bars(hash_bars(numbers, *self.returns))

    @cached_property
    def _name(self) -> DigestWords:
        return np.frombuffer(bytes.fromhex(fingerprint(self.asset_ids))[:16], dtype=np.uint64)

    @property
    def _number(self) -> int:
        """Bars between 1970 and the close of the first."""
        return self.first_close_us // round(self.bar_hours * MICROSECONDS_PER_HOUR)

    def basket_over(self, series: AlignedSeries) -> Floats:
        """Equal-weighted mean return of the donors over the bars of `series`; NaN where fewer than ten have one."""
        returns = self.over(series)
        counts = np.isfinite(returns).sum(axis=0)
        total = np.nansum(returns, axis=0)
        return np.where(counts >= MINIMUM_BASKET, total / np.maximum(counts, 1), np.nan)


def collect_donors(grid: ReturnGrid, asset_ids: Mapping[str, str], treated: Collection[str]) -> Donors:
    """Every asset of `grid` that is not `treated`; its return of a bar comes from the first of its markets that has it.

    Markets with more returns come first; venues are mixed by return, never by price. Observed prices are no donors.
    """
    markets: dict[str, list[tuple[int, str]]] = {}
    for market_id in grid.market_ids:
        asset = asset_ids.get(market_id, market_id)
        if asset not in treated and not is_observed(market_id):
            n_returns = int(np.isfinite(grid.returns[grid.row(market_id)]).sum())
            markets.setdefault(asset, []).append((-n_returns, market_id))
    returns = np.full((len(markets), grid.n_bars), np.nan)
    for row, asset in enumerate(sorted(markets)):
        for _, market_id in sorted(markets[asset]):
            returns[row] = np.where(np.isnan(returns[row]), grid.returns[grid.row(market_id)], returns[row])
    first_close_us = round(grid.close_time(0).timestamp() * MICROSECONDS_PER_SECOND)
    return Donors(grid.bar / HOUR, first_close_us, tuple(sorted(markets)), returns)
