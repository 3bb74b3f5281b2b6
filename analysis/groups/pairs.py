"""An event on the series that stands for an asset, with digests that answer for any stretch of it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.standardise import EventInput
from analysis.tape.series import AlignedSeries, count_spans, cut_series, find_bars
from analysis.tape.stretches import DigestWords, hash_bars, sum_bars
from warehouse.tables.bars import utc_instant

Spans = Sequence[tuple[str, tuple[int, int]]]  # of each event: [start, end), microseconds


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A series beside its benchmark with the events that estimation avoids; sums run over the bars before each."""

    series: AlignedSeries
    n_usable: Integers  # running count of bars with both returns, (n + 1,)
    n_spans: Integers  # spans that touch each bar, (n,)
    own_bars: Mapping[str, tuple[int, int]]  # bars [first, stop) that the span of each event touches
    values: DigestWords  # running digest of instants and returns
    touched: DigestWords  # running digest of the bars that some span touches
    touched_once: DigestWords  # and of those that one alone touches

    def mask(self, event_id: str, first: int, last: int) -> Flags:
        """Whether the span of another event touches each of the bars [first, last)."""
        others = self.n_spans[first:last].copy()
        start, stop = (min(max(bar, first), last) - first for bar in self.own_bars.get(event_id, (0, 0)))
        others[start:stop] -= 1
        return np.asarray(others > 0)

    def digest(self, own: Integers, first: Integers, last: Integers) -> DigestWords:
        """What stands for the bars [first, last) and for their mask, by event, (4, n): other values are other numbers.

        `own` (n, 2) are the bars [start, stop) of each event's own span.
        """
        start, stop = (np.clip(bound, first, last) for bound in own.T)
        alone = self.touched_once[:, stop] - self.touched_once[:, start]
        masked = self.touched[:, last] - self.touched[:, first] - alone
        return np.concatenate([self.values[:, last] - self.values[:, first], masked])


@dataclass(frozen=True, slots=True, eq=False)
class GroupPair:
    """One event on one market: `index` is the bar in which it falls, `first` and `last` bound what is looked at."""

    event_id: str
    record: Record
    index: int
    first: int
    last: int

    @property
    def market_id(self) -> str:
        """The market that stands for the asset."""
        return self.record.series.market_id

    @property
    def first_bar(self) -> int:
        """Number of its first bar: the close's time over the bar length."""
        return int(self.record.series.close_us[self.first]) // self.record.series.step_us

    def __reduce__(self) -> tuple[object, ...]:
        """A copy has the bars that are looked at with their mask, and nothing to plan by."""
        cut = cut_series(self.record.series, self.first, self.last)
        series = replace(cut, close_quote=_NO_PRICES, benchmark_source=_NO_BARS, volume_base=_NO_PRICES)
        mask = self.record.mask(self.event_id, self.first, self.last)
        return _copy_pair, (self.event_id, series, mask, self.index - self.first)

    def cut(self, before: int, after: int) -> GroupPair:
        """The same with no more than `before` bars ahead of the event's and `after` behind it."""
        first, last = max(self.first, self.index - before), min(self.last, self.index + after + 1)
        return GroupPair(self.event_id, self.record, self.index, first, last)

    def read(self, estimation: tuple[int, int], window: tuple[int, int]) -> EventInput:
        """The pair's bars as the engine takes them; `estimation` and `window` are relative to the event's bar."""
        series, bars = self.record.series, slice(self.first, self.last)
        return EventInput(
            event_id=self.event_id,
            market_id=series.market_id,
            event_time=utc_instant(series.close_us[self.index]),
            returns=series.asset[bars],
            factors=series.benchmark[bars, np.newaxis],
            benchmark=series.benchmark[bars],
            calendar=series.close_us[bars] // series.step_us,
            bar_zero=self.index - self.first,
            estimation=estimation,
            window=window,
            mask=self.record.mask(self.event_id, self.first, self.last),
        )


_NO_BARS, _NO_PRICES = np.empty(0, dtype=np.int64), np.empty(0)
_NO_DIGESTS: DigestWords = np.empty((2, 0), dtype=np.uint64)


def _copy_pair(event_id: str, series: AlignedSeries, mask: Flags, index: int) -> GroupPair:
    record = Record(series, _NO_BARS, mask.astype(np.int64), {}, _NO_DIGESTS, _NO_DIGESTS, _NO_DIGESTS)
    return GroupPair(event_id, record, index, 0, series.close_us.size)


def keep_record(series: AlignedSeries, spans: Spans) -> Record:
    """`series` with everything that pairs on it ask for."""
    is_usable = np.isfinite(series.asset) & np.isfinite(series.benchmark)
    bars = find_bars(series, [span for _, span in spans])
    n_spans = count_spans(bars, series.close_us.size)
    instants, nothing = hash_bars(series.close_us), np.uint64(0)
    own_bars = {
        event_id: (int(first), max(int(first), int(stop)))
        for (event_id, _), (first, stop) in zip(spans, bars, strict=True)
    }
    return Record(
        series,
        np.concatenate([[0], np.cumsum(is_usable)]),
        n_spans,
        own_bars,
        sum_bars(hash_bars(series.close_us, series.asset, series.benchmark)),
        sum_bars(np.where(n_spans > 0, instants, nothing)),
        sum_bars(np.where(n_spans == 1, instants, nothing)),
    )


def lay_out(pairs: Sequence[GroupPair], before: int, after: int) -> tuple[Floats, Floats, Flags]:
    """Returns of asset and benchmark and the mask of each pair, (pairs, before + after), the event's bar at `before`.

    NaN where a pair looks at no bar.
    """
    asset, benchmark = (np.full((len(pairs), before + after), np.nan) for _ in range(2))
    mask = np.zeros(asset.shape, dtype=np.bool_)
    for row, pair in enumerate(pairs):
        record, bars = pair.record, slice(pair.first, pair.last)
        columns = slice(pair.first - pair.index + before, pair.last - pair.index + before)
        asset[row, columns], benchmark[row, columns] = record.series.asset[bars], record.series.benchmark[bars]
        mask[row, columns] = record.mask(pair.event_id, pair.first, pair.last)
    return asset, benchmark, mask


def digest_pairs(pairs: Sequence[GroupPair]) -> pl.DataFrame:
    """One row a pair that stands for all it can give to a result: who, where, and the bars with their mask."""
    words = np.zeros((len(_WORDS), len(pairs)), dtype=np.uint64)
    places: dict[int, list[int]] = {}
    for place, pair in enumerate(pairs):
        places.setdefault(id(pair.record), []).append(place)
    for chosen in places.values():
        found = [pairs[place] for place in chosen]
        own = np.array([pair.record.own_bars.get(pair.event_id, (0, 0)) for pair in found])
        bounds = np.array([(pair.first, pair.last) for pair in found])
        words[:, chosen] = found[0].record.digest(own, *bounds.T)
    rows = [
        (
            pair.event_id,
            pair.market_id,
            pair.record.series.bar_hours,
            int(pair.record.series.close_us[pair.index]),
            pair.index - pair.first,
            pair.last - pair.first,
        )
        for pair in pairs
    ]
    frame = pl.DataFrame(rows, schema=_DIGEST, orient="row")
    return frame.with_columns(pl.Series(name, lane) for name, lane in zip(_WORDS, words, strict=True))


_DIGEST = {
    "event_id": pl.String,
    "market_id": pl.String,
    "bar_hours": pl.Float64,
    "close_us": pl.Int64,
    "bar_zero": pl.Int64,
    "n_bars": pl.Int64,
}
_WORDS = [f"{of}_{lane}" for of in ("values", "mask") for lane in (1, 2)]
