"""THE rule which market stands for an asset, and which benchmark markets stand beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analysis.arrays import Flags, Integers
from analysis.tape.observations import is_observed
from warehouse.tables.bars import DAY, HOUR, bar_length
from warehouse.tables.choice import ANY_TIMEFRAME, MARKET_CHOICE, RECORD

BENCHMARK_ASSET = "BTC"
# The one order of venues, deepest book first; others come last, by name.
VENUE_ORDER = (
    "binanceusdm",
    "binance",
    "okx",
    "bybit",
    "kucoin",
    "gate",
    "coinbase",
    "kraken",
    "bitget",
    "mexc",
    "hyperliquid",
    "binanceus",
)
# Bars cover a record when no more than this much of the longest is lost.
LEAST_SHARE_OF_SPAN = 0.8
_MOST_BARS = 2**40  # more than any record has

Preference = tuple[bool, bool, float, int, int, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One series that may stand for an asset; `n_bars` is its record, as the question at hand counts it."""

    market_id: str
    bar_hours: float
    n_bars: int
    is_covering: bool = True

    @property
    def preference(self) -> Preference:
        """The rule as a sort key, smallest first: finest bars that cover the window, longest record, venue order.

        Observed prices stand behind every candle that covers the window too.
        """
        return (
            not self.is_covering,
            is_observed(self.market_id),
            self.bar_hours,
            -self.n_bars,
            venue_rank(self.market_id),
            self.market_id,
        )


def venue_of(market_id: str) -> str:
    """The venue of a market: what stands before the colon."""
    return market_id.partition(":")[0]


def venue_rank(market_id: str) -> int:
    """Place of the market's venue in the one order of venues; those that are not in it share the last."""
    venue = venue_of(market_id)
    return VENUE_ORDER.index(venue) if venue in VENUE_ORDER else len(VENUE_ORDER)


def choose_market(candidates: Sequence[Candidate]) -> Candidate:
    """The one that stands for the asset by the rule; ValueError without a candidate."""
    return min(candidates, key=lambda candidate: candidate.preference)


def choose_each(series: Sequence[tuple[str, float]], n_bars: Integers, is_covering: Flags | None = None) -> Integers:
    """Which of `series`, market and bar length in hours each, stands for the asset at each of n places by the rule.

    `n_bars` [series, n] are their records at each place, negative where a series has no say, and `is_covering` [series,
    n] whether they cover the window (all do by default). Shape (n,); −1 where none has a say. Of equals the first.
    """
    keys = [Candidate(market_id, bar_hours, 0).preference for market_id, bar_hours in series]
    order = sorted(range(len(series)), key=lambda place: keys[place][4:])
    kinds = sorted({key[1:3] for key in keys}, reverse=True)
    worth = np.array([[kinds.index(keys[place][1:3])] for place in order], dtype=np.int64).reshape(-1, 1)
    if is_covering is not None:
        worth = worth + len(kinds) * is_covering[order]
    records = n_bars[order]
    scores = np.where(records < 0, -1, worth * _MOST_BARS + records)
    best = scores.argmax(axis=0) if order else np.zeros(n_bars.shape[1], dtype=np.int64)
    return np.where(scores.max(axis=0, initial=-1) < 0, -1, np.array([*order, -1])[best])


def explain_choice(candidates: Sequence[Candidate]) -> str:
    """Why the chosen one of `candidates` stands for the asset, in words: the first step of the rule that decided."""
    if len(candidates) == 1:
        return "the only market"
    first, second = sorted(candidates, key=lambda candidate: candidate.preference)[:2]
    steps = (
        "its bars cover the window",
        "traded, not observed at uneven times",
        "finest bars",
        f"longest record ({first.n_bars} bars against {second.n_bars} of {second.market_id})",
        f"first in the order of venues before {second.market_id}",
        f"equal to {second.market_id}, first by name",
    )
    differing = (a != b for a, b in zip(first.preference, second.preference, strict=True))
    return next((words for words, differs in zip(steps, differing, strict=True) if differs), steps[-1])


def order_benchmarks(market_ids: Iterable[str], market_id: str) -> list[str]:
    """Markets of a benchmark in the order in which they are asked beside `market_id`: its own venue, then the rest."""
    own = venue_of(market_id)
    return sorted(market_ids, key=lambda name: (venue_of(name) != own, venue_rank(name), name))


def choose_over_record(series: pl.DataFrame) -> pl.DataFrame:
    """out.market_choice of the whole record: per asset and bar length, and over all bar lengths (`any`, in days).

    `series` has asset_id, market_id, timeframe and n_bars.
    """
    days = pl.col("n_bars") * pl.col("timeframe").map_elements(lambda name: bar_length(name) / DAY, pl.Float64)
    together = series.group_by("asset_id", "market_id").agg(
        pl.lit(ANY_TIMEFRAME).alias("timeframe"), days.max().round().cast(pl.Int64).alias("n_bars")
    )
    columns = ["asset_id", "market_id", "timeframe", "n_bars"]
    both = pl.concat([series.select(columns).cast({"n_bars": pl.Int64}), together.select(columns)])
    rows = []
    for key, part in both.partition_by("asset_id", "timeframe", as_dict=True).items():
        candidates = [Candidate(market, 0.0, n) for market, n in part.select("market_id", "n_bars").iter_rows()]
        rows.append(choice_row(str(key[0]), RECORD, RECORD, str(key[1]), candidates))
    return choice_frame(rows)


def choice_row(
    asset_id: str, purpose: str, event_id: str, timeframe: str, candidates: Sequence[Candidate]
) -> dict[str, object]:
    """One row of out.market_choice."""
    chosen = choose_market(candidates)
    return {
        "asset_id": asset_id,
        "purpose": purpose,
        "event_id": event_id,
        "timeframe": timeframe,
        "market_id": chosen.market_id,
        "n_bars": chosen.n_bars,
        "n_candidates": len(candidates),
        "reason": explain_choice(candidates),
    }


def choice_frame(rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    """Rows as out.market_choice, in the order of its key."""
    return MARKET_CHOICE.conform(pl.DataFrame(rows, schema=MARKET_CHOICE.schema)).sort(MARKET_CHOICE.key)


def pair_markets(
    candles: pl.DataFrame, asset_ids: Sequence[str], timeframes: Sequence[str]
) -> list[tuple[str, Candidate, tuple[str, ...]]]:
    """Per asset the longest series beside the benchmark, on the finest bars that keep most of its length.

    Each comes as asset, choice, and the benchmark's markets in the order in which they are asked for a bar. `candles`
    are core.candle rows with asset_id. Assets without a benchmark beside them are left out.
    """
    spans = (
        candles.filter(
            pl.col("timeframe").is_in(list(timeframes)), pl.col("asset_id").is_in([*asset_ids, BENCHMARK_ASSET])
        )
        .group_by("asset_id", "market_id", "timeframe")
        .agg(pl.col("open_time_utc").min().alias("first"), pl.col("open_time_utc").max().alias("last"))
        .sort("asset_id", "market_id", "timeframe")
    )
    theirs = spans.filter(pl.col("asset_id") == BENCHMARK_ASSET).rows(named=True)
    pairs = []
    for asset_id in sorted(set(asset_ids) - {BENCHMARK_ASSET}):
        candidates = []
        for own in spans.filter(pl.col("asset_id") == asset_id).rows(named=True):
            others = [other for other in theirs if other["timeframe"] == own["timeframe"]]
            if others and (common := _common(own, others)) > timedelta(0):
                candidates.append((common, own, others))
        if candidates:
            longest = max(common for common, _, _ in candidates)
            ranked = [(_as_candidate(common, own, longest), others) for common, own, others in candidates]
            chosen, others = min(ranked, key=lambda item: item[0].preference)
            ids = order_benchmarks([other["market_id"] for other in others], chosen.market_id)
            pairs.append((asset_id, chosen, tuple(ids)))
    return pairs


def _as_candidate(common: timedelta, own: dict[str, Any], longest: timedelta) -> Candidate:
    bar = bar_length(own["timeframe"])
    return Candidate(own["market_id"], bar / HOUR, common // bar, common >= LEAST_SHARE_OF_SPAN * longest)


def _common(own: dict[str, Any], others: list[dict[str, Any]]) -> timedelta:
    first: datetime = max(own["first"], min(other["first"] for other in others))
    last: datetime = min(own["last"], max(other["last"] for other in others))
    return last - first
