"""Which events can be measured on which markets: the plan of a study, before any number is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from analysis.returns import ReturnGrid
from analysis.single.aligned import MICROSECONDS_PER_HOUR, AlignedSeries, align_series
from analysis.single.pair import EventTime, Pair, StudySpecification, prepare_pair
from warehouse.tables.contract import UTC

ALL_MARKETS = "all markets"
DAY_REASON = "date only: no hour to measure from; give the event a time in your own ledger to measure it"


@dataclass(frozen=True, slots=True)
class StudyMarkets:
    """The aligned series of every market of a study, finest bars first, and the assets they quote."""

    series: Mapping[str, tuple[AlignedSeries, ...]]
    asset_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """One event with the markets that can be measured, and the reasons of those that cannot."""

    event: EventTime
    pairs: tuple[Pair, ...]
    reasons: tuple[tuple[str, str], ...]  # (market_id, why)

    @property
    def signature(self) -> frozenset[tuple[str, str]]:
        """(market_id, spec_sha256) of every pair: the same set means the same results."""
        return frozenset((pair.market_id, pair.spec_sha256) for pair in self.pairs)


def align_markets(
    grids: Sequence[ReturnGrid],
    markets: pl.DataFrame,
    *,
    asset_ids: Sequence[str],
    benchmark_asset_id: str,
    benchmark_exchanges: Sequence[str],
) -> StudyMarkets:
    """Series of every market that quotes one of `asset_ids`, beside the benchmark of its own venue, else of others.

    `grids` come finest bars first; `markets` has market_id and asset_id. The benchmark's own markets get none: their
    abnormal return is their return.
    """
    assets = dict(markets.select("market_id", "asset_id").iter_rows())
    benchmarks = [market_id for market_id, asset in assets.items() if asset == benchmark_asset_id]
    series: dict[str, tuple[AlignedSeries, ...]] = {}
    for market_id, asset in assets.items():
        if asset not in asset_ids:
            continue
        found = []
        for grid in grids:
            if market_id in grid.market_ids:
                chosen = (
                    [] if asset == benchmark_asset_id else _order_benchmarks(benchmarks, market_id, benchmark_exchanges)
                )
                found.append(align_series(grid, market_id, [name for name in chosen if name in grid.market_ids]))
        series[market_id] = tuple(item for item in found if item is not None)
    return StudyMarkets(series, {market_id: assets[market_id] for market_id in series})


def read_event_times(events: pl.DataFrame) -> tuple[tuple[EventTime, ...], tuple[tuple[str, str, str], ...]]:
    """Event times of core.event rows, in order of time, and (event_id, market_id, reason) of those without an hour."""
    times, excluded = [], []
    for row in events.sort("best_at_utc", "event_id").iter_rows(named=True):
        if row["time_precision"] == "day":
            excluded.append((row["event_id"], ALL_MARKETS, DAY_REASON))
            continue
        times.append(
            EventTime(
                row["event_id"],
                _microseconds(row["best_at_utc"]),
                _microseconds(row["earliest_at_utc"]),
                _microseconds(row["latest_at_utc"]),
                row["time_precision"],
                row["time_basis"],
                row["selected_from"],
            )
        )
    return tuple(times), tuple(excluded)


def plan_events(
    specification: StudySpecification, events: Iterable[EventTime], masks: pl.DataFrame, markets: StudyMarkets
) -> Iterator[PlannedEvent]:
    """Each event with its measurable pairs, one at a time because pairs are large.

    `masks` holds the core.event rows that estimation and placebos must avoid.
    """
    spans = list_mask_spans(masks, specification.mask_hours)
    for event in events:
        others = tuple(span for event_id, span in spans if event_id != event.event_id)
        pairs, reasons = [], []
        for market_id in sorted(markets.series):
            found = choose_pair(specification, event, markets.series[market_id], others)
            if isinstance(found, Pair):
                pairs.append(found)
            else:
                reasons.append((market_id, found))
        yield PlannedEvent(event, tuple(pairs), tuple(reasons))


def choose_pair(
    specification: StudySpecification,
    event: EventTime,
    candidates: Sequence[AlignedSeries],
    others_us: tuple[tuple[int, int], ...],
) -> Pair | str:
    """The pair on the finest bars that hold the whole main window, else on the finest that hold the event."""
    fallback: Pair | None = None
    reasons = []
    for series in candidates:
        found = prepare_pair(specification, event, series, others_us)
        if isinstance(found, str):
            reasons.append(found)
        elif found.index + found.bars(specification.main_window_hours) <= found.series.close_us.size:
            return found
        else:
            fallback = fallback or found
    return fallback or (reasons[0] if reasons else "fewer than two bars of a length that this study uses")


def list_mask_spans(events: pl.DataFrame, mask_hours: float) -> tuple[tuple[str, tuple[int, int]], ...]:
    """(event_id, [start, end) in microseconds) of the first hours after each event; a date covers its whole day too."""
    length = round(mask_hours * MICROSECONDS_PER_HOUR)
    spans = []
    for row in events.sort("best_at_utc", "event_id").iter_rows(named=True):
        start = _microseconds(row["earliest_at_utc"] if row["time_precision"] == "day" else row["best_at_utc"])
        end = _microseconds(row["latest_at_utc"] if row["time_precision"] == "day" else row["best_at_utc"]) + length
        spans.append((row["event_id"], (start, end)))
    return tuple(spans)


def _order_benchmarks(benchmarks: Sequence[str], market_id: str, exchanges: Sequence[str]) -> list[str]:
    """Benchmark markets: the market's own venue first, then the declared venues; others are not used."""
    preference = [market_id.split(":", 1)[0], *exchanges]
    known = [name for name in benchmarks if name.split(":", 1)[0] in preference]
    return sorted(known, key=lambda name: (preference.index(name.split(":", 1)[0]), name))


def _microseconds(instant: datetime) -> int:
    return int(pl.Series([instant], dtype=UTC).cast(pl.Int64)[0])
