"""Which events can be measured on which markets: the plan of a study, before any number is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import polars as pl

from analysis.events.relevance import TAKES_EVERY_METHOD
from analysis.single.choices.grid import WINDOW_HOURS
from analysis.single.choices.rows import hash_specifications
from analysis.single.window.pair import EventTime, Pair, StudySpecification, prepare_pair
from analysis.tape.choice import choice_row, choose_market
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets, Variant
from analysis.tape.observations import candles_first, is_observed
from analysis.tape.series import AlignedSeries, SpanTimes
from analysis.tape.stretches import Stretches
from warehouse.tables.bars import EPOCH, MICROSECOND, MICROSECONDS_PER_HOUR, bar_of_hours

ALL_MARKETS = "all markets"
DAY_REASON = "date only: no hour to measure from; give the event a time in your own ledger to measure it"


@dataclass(frozen=True, slots=True)
class PlannedCurve:
    """The specification curve of one event and asset; `pair` is the asset's main one."""

    asset_id: str
    pair: Pair
    variants: tuple[Variant, ...]
    spans_us: SpanTimes
    spec_sha256: str


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """One event with the markets that can be measured, and the reasons of those that cannot."""

    event: EventTime
    pairs: tuple[Pair, ...]
    reasons: tuple[tuple[str, str], ...]  # (market_id, why)
    curves: tuple[PlannedCurve, ...]

    @property
    def fingerprints(self) -> frozenset[str]:
        """The fingerprint of every pair and curve: the same set means the same results."""
        return frozenset([*(pair.spec_sha256 for pair in self.pairs), *(curve.spec_sha256 for curve in self.curves)])


# What plans events, as often as it is asked.
PlanEvents = Callable[[Iterable[EventTime]], Iterable[PlannedEvent]]


def choose_event_markets(item: PlannedEvent, study_id: str, asset_ids: Mapping[str, str]) -> list[dict[str, object]]:
    """Rows of out.market_choice: which of the event's pairs stands for each asset; `asset_ids` by market."""
    by_asset: dict[str, list[Pair]] = {}
    for pair in item.pairs:
        by_asset.setdefault(asset_ids[pair.market_id], []).append(pair)
    rows = []
    for asset_id, pairs in by_asset.items():
        candidates = [pair.candidate for pair in pairs]
        timeframe = bar_of_hours(choose_market(candidates).bar_hours).name
        rows.append(choice_row(asset_id, study_id, item.event.event_id, timeframe, candidates))
    return rows


def read_event_times(events: pl.DataFrame) -> tuple[tuple[EventTime, ...], tuple[tuple[str, str, str], ...]]:
    """Event times of core.event rows, in order of time, and (event_id, market_id, reason) of those without an hour."""
    times, excluded = [], []
    judged = events.with_columns(pl.sql_expr(f"coalesce({TAKES_EVERY_METHOD}, false)").alias("takes_every_method"))
    for row in judged.sort("best_at_utc", "event_id").iter_rows(named=True):
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
                row["origin"],
                row["takes_every_method"],
            )
        )
    return tuple(times), tuple(excluded)


def plan_events(
    specification: StudySpecification,
    events: Iterable[EventTime],
    masks: pl.DataFrame,
    markets: StudyMarkets,
) -> Iterator[PlannedEvent]:
    """Each event with its measurable pairs, one at a time because pairs are large.

    `masks` holds the core.event rows that estimation and placebos must avoid. A market of observed prices is used only
    where no market with candles of its asset can be measured.
    """
    market_ids = sorted(markets.series, key=candles_first)
    masking = list_mask_spans(masks, specification.mask_hours)
    names = np.array([event_id for event_id, _ in masking], dtype=np.str_)
    spans = np.array([span for _, span in masking], dtype=np.int64).reshape(-1, 2)
    for event in events:
        others = spans[names != event.event_id]
        pairs, reasons = [], []
        by_asset: dict[str, str] = {}
        for market_id in market_ids:
            asset, candidates = markets.asset_ids[market_id], markets.digested[market_id]
            if is_observed(market_id) and asset in by_asset:
                if any(0 < series.first_bar_after(event.best_us) < series.close_us.size for series, _ in candidates):
                    reasons.append((market_id, f"not needed: candles of {asset} are there ({by_asset[asset]})"))
                continue
            found = choose_pair(specification, event, candidates, others, markets.donors)
            if isinstance(found, Pair):
                pairs.append(found)
                by_asset.setdefault(asset, market_id)
            else:
                reasons.append((market_id, found))
        curves = _plan_curves(specification, pairs, markets, others)
        yield PlannedEvent(event, tuple(pairs), tuple(reasons), curves)


def planner(specification: StudySpecification, masks: pl.DataFrame, markets: StudyMarkets) -> PlanEvents:
    """What plans events as `plan_events` does, so that nobody holds their plans until they are measured."""
    return partial(plan_events, specification, masks=masks, markets=markets)


def choose_pair(
    specification: StudySpecification,
    event: EventTime,
    candidates: Sequence[tuple[AlignedSeries, Stretches]],
    others_us: SpanTimes,
    donors: Mapping[float, Donors],
) -> Pair | str:
    """The pair on the finest bars that hold the whole main window, else on the finest that hold the event."""
    fallback: Pair | None = None
    reasons = []
    for series, stretches in candidates:
        found = prepare_pair(specification, event, series, others_us, donors.get(series.bar_hours), stretches)
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


def _plan_curves(
    specification: StudySpecification,
    pairs: Sequence[Pair],
    markets: StudyMarkets,
    spans_us: SpanTimes,
) -> tuple[PlannedCurve, ...]:
    """One curve per declared asset whose shortest window is in the record.

    The main pair is the one that stands for the asset by the rule of choice.
    """
    curves = []
    for asset in specification.specification_asset_ids:
        own = [pair for pair in pairs if markets.asset_ids[pair.market_id] == asset and not is_observed(pair.market_id)]
        variants = markets.variants.get(asset, ())
        if not own or not variants or not own[0].is_examined:
            continue
        main = min(own, key=lambda pair: pair.candidate.preference)
        if main.index + main.bars(min(WINDOW_HOURS)) > main.series.close_us.size:
            continue
        sha256 = hash_specifications(main, variants, markets.digested_variants[asset], spans_us)
        curves.append(PlannedCurve(asset, main, variants, spans_us, sha256))
    return tuple(curves)


def _microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND
