"""Every price series of a home as arrays, for thousands of questions a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import polars as pl

from analysis.arrays import Flags, Floats, Integers
from analysis.portable import exp
from analysis.tape.choice import Candidate
from analysis.tape.funding import FundingRecord
from analysis.tape.observations import LABEL, is_observed
from warehouse.tables.bars import (
    MICROSECOND,
    MICROSECONDS_PER_DAY,
    MICROSECONDS_PER_HOUR,
    MICROSECONDS_PER_SECOND,
    bar_length,
    utc_instant,
)
from warehouse.tables.terms import market_name
from warehouse.tables.units import day

# The last price is at most so old: 2 h for windows up to 3 days, 8 h beyond, a daily bar for windows of a month.
_FRESH_US = 2 * MICROSECONDS_PER_HOUR
_FRESH_LONG_US = 8 * MICROSECONDS_PER_HOUR
_LONG_FROM_US = 3 * MICROSECONDS_PER_DAY
_DAILY_FROM_US = 28 * MICROSECONDS_PER_DAY
# A group is judged by the median of its members, when at least this share of them has prices.
LEAST_SHARE_OF_GROUP = 0.5

# What a text means by a part of the market: declared, so that two texts mean the same.
GROUP_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "MARKET": (
        "BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LINK", "AVAX", "LTC", "DOT", "BNB", "TAO", "NEAR", "UNI", "AAVE",
    ),
    "ALTS": ("ETH", "SOL", "XRP", "DOGE", "ADA", "LINK", "AVAX", "LTC", "DOT", "BNB", "NEAR", "UNI", "AAVE"),
    "AI_TOKENS": ("TAO", "FET", "NEAR", "RENDER", "WLD", "VIRTUAL"),
    "MEME": ("DOGE", "PEPE", "SHIB", "WIF", "BONK"),
    "PRIVACY": ("ZEC", "XMR", "DASH"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """The closed bars (or the observations, `bar_us` 0) of one market in time order; times are microseconds since 1970.

    All arrays have shape (n,). Where a bar's range is not known its high and low are its close.
    """

    market_id: str
    bar_name: str  # of `warehouse.tables.bars`; `observed` for prices at uneven times
    bar_us: int
    close_us: Integers  # when each close was known
    closes: Floats
    highs: Floats
    lows: Floats
    is_range_known: Flags
    is_after_funding: bool = False  # worth of a long position that began with one contract, and not prices

    @property
    def is_daily(self) -> bool:
        """Whether a bar lasts a day or longer."""
        return self.bar_us >= MICROSECONDS_PER_DAY

    def last_by(self, instant_us: int) -> int:
        """Index of the last close known at `instant_us`; −1 when there was none."""
        return int(np.searchsorted(self.close_us, instant_us, side="right")) - 1

    def fresh_by(self, instant_us: int, length_us: int) -> int:
        """As `last_by`, −1 also when that close is too old for a window of `length_us`."""
        at = self.last_by(instant_us)
        return at if at >= 0 and instant_us - self.close_us[at] <= self._oldest(length_us) else -1

    def covers(self, start_us: int, end_us: int) -> bool:
        """Whether the window begins and ends on a price that is young enough."""
        length = end_us - start_us
        return self.fresh_by(end_us, length) >= 0 and self.fresh_by(start_us, length) >= 0

    def move(self, start_us: int, end_us: int) -> float:
        """The simple return between the last closes by both instants of a window that is covered."""
        first, last = self.last_by(start_us), self.last_by(end_us)
        return float(self.closes[last] / self.closes[first] - 1.0)

    def within(self, start_us: int, end_us: int) -> slice:
        """The bars that open at or after `start_us` and close by `end_us`; a bar begun before counts by its close."""
        first = int(np.searchsorted(self.close_us, start_us + self.bar_us, side="left"))
        return slice(first, self.last_by(end_us) + 1)

    def has_ranges(self, start_us: int, end_us: int) -> bool:
        """Whether every bar of the window has a high and a low of its own."""
        return self.bar_us > 0 and bool(self.is_range_known[self.within(start_us, end_us)].all())

    def bars_in(self, length_us: int | None) -> int | None:
        """How many whole bars a length holds; None for no length and for prices at uneven times."""
        return None if length_us is None or not self.bar_us else length_us // self.bar_us

    def running_at(self, instant_us: int) -> int:
        """Index of the bar that is open at `instant_us` and closes after it; −1 when none is stored."""
        at = self.last_by(instant_us) + 1
        is_open = at < self.close_us.size and self.close_us[at] - self.bar_us < instant_us
        return at if is_open else -1

    def _oldest(self, length_us: int) -> int:
        if self.is_daily:
            return self.bar_us if length_us >= _DAILY_FROM_US else _fresh(length_us)
        return max(self.bar_us, _fresh(length_us))

    def after_funding(self, record: FundingRecord, start_us: int) -> PriceSeries:
        """What one contract held from `start_us` on is worth with its funding, at the bars where that is known.

        Bars before are the worth that grew to the price at `start_us`. A payment at the close of a bar comes after its
        high and its low; a bar so long that others fall inside it has them before.
        """
        factor, inside = self._factor(record, start_us, 0), self._factor(record, start_us, 1)
        known = np.isfinite(factor)
        return replace(
            self,
            close_us=self.close_us[known],
            closes=(self.closes * factor)[known],
            highs=(self.highs * inside)[known],
            lows=(self.lows * inside)[known],
            is_range_known=self.is_range_known[known],
            is_after_funding=True,
        )

    def _factor(self, record: FundingRecord, start_us: int, before_us: int) -> Floats:
        """Worth per contract shortly before each close, 1 at `start_us`; NaN where it is not known."""
        at = self.close_us - before_us
        added = record.log_return(np.minimum(at, start_us), np.maximum(at, start_us))
        return exp(np.where(at >= start_us, added, -added))


def _fresh(length_us: int) -> int:
    return _FRESH_US if length_us <= _LONG_FROM_US else _FRESH_LONG_US


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Moves of several assets over one window, and the bars on which they were measured."""

    values: Mapping[str, float | None]
    bar_name: str | None


@dataclass(frozen=True, slots=True)
class MarketEvidence:
    """The series of every asset, the preferred one first; build it once with `gather_market`."""

    series: Mapping[str, tuple[PriceSeries, ...]]
    data_as_of: datetime | None = None
    ended: Mapping[str, str] = field(default_factory=dict)  # asset -> how it ended, in words
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: GROUP_MEMBERS)

    def of_asset(self, asset_id: str, market_id: str | None = None) -> tuple[PriceSeries, ...]:
        """The series of an asset in the order of the choice, or those of one of its markets."""
        found = self.series.get(asset_id, ())
        return found if market_id is None else tuple(item for item in found if item.market_id == market_id)

    def first_us(self, asset_id: str, market_id: str | None = None) -> int | None:
        """When the first stored bar of an asset opened, microseconds since 1970; None without bars."""
        own = self.of_asset(asset_id, market_id)
        return min(
            (int(item.close_us[0]) - item.bar_us for item in own if item.bar_us and item.close_us.size), default=None
        )

    def covering(self, asset_id: str, start_us: int, end_us: int, market_id: str | None = None) -> PriceSeries | None:
        """The series that stands for the asset over a window: the first that covers it; None when none does."""
        return next((item for item in self.of_asset(asset_id, market_id) if item.covers(start_us, end_us)), None)

    def with_ranges(
        self, asset_id: str, start_us: int, end_us: int, market_id: str | None = None
    ) -> PriceSeries | None:
        """The series for extremes: the first covering one with highs and lows, then observations, then closes."""
        covering = [item for item in self.of_asset(asset_id, market_id) if item.covers(start_us, end_us)]
        covering.sort(
            key=lambda item: (item.is_daily, not item.has_ranges(start_us, end_us), not is_observed(item.market_id))
        )
        return covering[0] if covering else None

    def move(self, asset_id: str, start_us: int, end_us: int, market_id: str | None = None) -> float | None:
        """The simple return between the last closes by both instants; a group's is the median of its members'."""
        if asset_id in self.groups:
            moves = [self.move(member, start_us, end_us) for member in self.groups[asset_id]]
            known = [value for value in moves if value is not None]
            return float(np.median(known)) if len(known) >= LEAST_SHARE_OF_GROUP * len(moves) else None
        series = self.covering(asset_id, start_us, end_us, market_id)
        return None if series is None else series.move(start_us, end_us)

    def moves(self, asset_ids: Sequence[str], start_us: int, end_us: int, market_id: str | None = None) -> SideBySide:
        """The moves of several assets on bars of equal length, the coarsest one's, or their windows would differ.

        `market_id` is the market of the first asset. Groups are medians of their members on whatever bars they have.
        """
        chosen = {
            name: self.covering(name, start_us, end_us, market_id if name == asset_ids[0] else None)
            for name in asset_ids
            if name not in self.groups
        }
        coarsest = max((s for s in chosen.values() if s is not None), key=lambda s: s.bar_us, default=None)
        values = {name: self.move(name, start_us, end_us) for name in asset_ids if name in self.groups}
        for name, own in chosen.items():
            if own is not None and coarsest is not None and own.bar_us not in (0, coarsest.bar_us):
                same = (item for item in self.of_asset(name) if item.bar_us == coarsest.bar_us)
                own = next((item for item in same if item.covers(start_us, end_us)), own)
            values[name] = None if own is None else own.move(start_us, end_us)
        return SideBySide(values, coarsest.bar_name if coarsest is not None else None)

    def preferring(self, choices: Mapping[str, tuple[str, float]]) -> MarketEvidence:
        """The same with the chosen market of an asset (its id, and the longest bar in hours) before all others."""
        ordered = dict(self.series)
        for asset_id, (market_id, hours) in choices.items():
            longest = hours * MICROSECONDS_PER_HOUR
            ordered[asset_id] = tuple(
                sorted(self.of_asset(asset_id), key=lambda s: not (s.market_id == market_id and s.bar_us <= longest))
            )
        return replace(self, series=ordered)

    def after_funding(self, asset_id: str, record: FundingRecord, start_us: int) -> MarketEvidence:
        """The same with the one market of an asset that `record` is of, after funding; its other markets left out."""
        own = tuple(item.after_funding(record, start_us) for item in self.of_asset(asset_id, record.market_id))
        return replace(self, series={**self.series, asset_id: own})

    def why_nothing(self, asset_id: str, start_us: int, end_us: int) -> str:
        """Why no series covers the window, in words."""
        own = [item for item in self.series.get(asset_id, ()) if item.close_us.size]
        if not own:
            return f"no prices of {asset_id} are stored"
        if any(item.is_daily and item.last_by(start_us) >= 0 and item.running_at(end_us) >= 0 for item in own):
            return f"only daily bars of {asset_id} are stored at that time"
        ended = f"; {self.ended[asset_id]}" if asset_id in self.ended else ""
        spans = [
            f"{market_name(item.market_id)}, {' to '.join(day(utc_instant(at)) for at in item.close_us[[0, -1]])}"
            for item in own[:3]
        ]
        return f"no prices of {asset_id} at both ends of the window; stored: {'; '.join(spans)}{ended}"


def gather_market(
    candles: pl.DataFrame, observations: pl.DataFrame | None = None, ended: Mapping[str, str] | None = None
) -> MarketEvidence:
    """The evidence from `candles` and `observations`.

    `candles`: asset_id, market_id, timeframe, open_time_utc, high_quote, low_quote, close_quote; null highs and lows
    are allowed. `observations`: asset_id, observed_at_utc, price_quote, one source per asset.
    """
    found: dict[str, list[PriceSeries]] = {}
    for asset_id, series in [*_candle_series(candles), *_observed_series(observations)]:
        found.setdefault(asset_id, []).append(series)
    for own in found.values():
        own.sort(key=_preference)
    ends = [item.close_us[-1] for own in found.values() for item in own if item.close_us.size]
    return MarketEvidence(
        {asset: tuple(own) for asset, own in found.items()}, utc_instant(max(ends)) if ends else None, dict(ended or {})
    )


def _preference(series: PriceSeries) -> tuple[bool, tuple[object, ...]]:
    """The one rule of choice, daily bars behind observed prices: they seldom have a price when something is said."""
    hours = series.bar_us / MICROSECONDS_PER_HOUR
    return series.is_daily, Candidate(series.market_id, hours, series.close_us.size).preference


def _candle_series(candles: pl.DataFrame) -> Iterator[tuple[str, PriceSeries]]:
    parts = candles.sort("market_id", "timeframe", "open_time_utc").partition_by(
        "asset_id", "market_id", "timeframe", as_dict=True, maintain_order=True
    )
    for key, bars in parts.items():
        asset_id, market_id, timeframe = (str(part) for part in key)
        bar_us = bar_length(timeframe) // MICROSECOND
        closes = bars["close_quote"].to_numpy()
        known = (bars["high_quote"].is_not_null() & bars["low_quote"].is_not_null()).to_numpy()
        highs = bars.select(pl.coalesce("high_quote", "close_quote").alias("price"))["price"].to_numpy()
        lows = bars.select(pl.coalesce("low_quote", "close_quote").alias("price"))["price"].to_numpy()
        close_us = _epoch(bars["open_time_utc"]) + bar_us
        yield asset_id, PriceSeries(market_id, timeframe, bar_us, close_us, closes, highs, lows, known)


def _observed_series(observations: pl.DataFrame | None) -> Iterator[tuple[str, PriceSeries]]:
    if observations is None or not observations.height:
        return
    parts = observations.sort("observed_at_utc").partition_by("asset_id", as_dict=True, maintain_order=True)
    for key, rows in parts.items():
        prices = rows["price_quote"].to_numpy()
        at = _epoch(rows["observed_at_utc"])
        yield (
            str(key[0]),
            PriceSeries(
                f"{LABEL}:{key[0]}/USD", LABEL, 0, at, prices, prices, prices, np.zeros(at.size, dtype=np.bool_)
            ),
        )


def _epoch(times: pl.Series) -> Integers:
    return times.dt.epoch("us").to_numpy().astype(np.int64)


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return round(at.timestamp() * MICROSECONDS_PER_SECOND)
