"""What each event can see of the record it is planned on, as one digest: the same digest means the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.single.choices.grid import WINDOW_HOURS
from analysis.single.study import list_mask_spans
from analysis.single.window.pair import EventTime, StudySpecification
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets
from analysis.tape.series import AlignedSeries
from analysis.tape.stretches import DigestWords, Stretches, hash_bars, sum_bars
from warehouse.tables.bars import MICROSECONDS_PER_HOUR

_SOURCES = (SourceCode("analysis.single.horizon"), SourceCode("analysis.single.measure"))
# The bar in which an instant falls ends after it, and one more is looked at.
_SLACK_BARS = 2


def digest_horizons(
    specification: StudySpecification, events: Sequence[EventTime], masks: pl.DataFrame, markets: StudyMarkets
) -> dict[str, str]:
    """By event, what stands for all that its plan looks at: itself, the bars and masks up to its horizon, the markets.

    Nothing later than the horizon is looked at, so that what is new at the end of a record, a bar or another event,
    leaves the digests of the events before it as they are. `masks` are as `plan_events` takes them.
    """
    if not events:
        return {}
    shared = fingerprint(_SOURCES, specification, _describe(markets))
    horizons = _find_horizons(specification, events, markets)
    seen = [*_digest_series(markets, horizons), *_digest_donors(markets, horizons)]
    seen.append(_digest_masks(specification, masks, horizons))
    columns = np.concatenate(seen)
    return {
        event.event_id: fingerprint(shared, event, column)
        for event, column in zip(events, np.ascontiguousarray(columns.T), strict=True)
    }


def _find_horizons(specification: StudySpecification, events: Sequence[EventTime], markets: StudyMarkets) -> Integers:
    """The instant after which nothing is looked at, of each event, microseconds since 1970."""
    ahead = max(
        specification.main_window_hours,
        specification.path_after_hours,
        specification.search_hours,
        *specification.windows_hours,
        *WINDOW_HOURS,
    )
    bars = [series.bar_hours for series, _ in _list_series(markets)]
    reach = round((ahead + _SLACK_BARS * max(bars, default=0.0)) * MICROSECONDS_PER_HOUR)
    return np.array([max(event.best_us, event.latest_us) + reach for event in events], dtype=np.int64)


def _list_series(markets: StudyMarkets) -> Iterator[tuple[AlignedSeries, Stretches]]:
    """Every series that a plan may read, with its digests, in one order."""
    for name in sorted(markets.series):
        yield from markets.digested[name]
    for asset in sorted(markets.variants):
        for variant, stretches in zip(markets.variants[asset], markets.digested_variants[asset], strict=True):
            yield from ((variant[name], stretches[name]) for name in variant)


def _describe(markets: StudyMarkets) -> str:
    """What a plan knows of its markets beside their bars."""
    variants = {asset: [list(variant) for variant in found] for asset, found in markets.variants.items()}
    series = [(item.market_id, item.bar_hours, item.benchmark_ids) for item, _ in _list_series(markets)]
    counts = {name: len(found) for name, found in markets.series.items()}
    return fingerprint(markets.asset_ids, counts, variants, series, sorted(markets.donors))


def _digest_series(markets: StudyMarkets, horizons: Integers) -> Iterator[DigestWords]:
    """The bars of each series up to each horizon; bars of a gap count, so that where a series ends is seen too."""
    for series, stretches in _list_series(markets):
        yield stretches.sums[:, np.searchsorted(series.close_us, horizons, side="right")]


def _digest_donors(markets: StudyMarkets, horizons: Integers) -> Iterator[DigestWords]:
    for _, donors in sorted(markets.donors.items()):
        yield _digest_bars_of(donors, horizons)


def _digest_bars_of(donors: Donors, horizons: Integers) -> DigestWords:
    first = donors.first_close_us // round(donors.bar_hours * MICROSECONDS_PER_HOUR)
    last = horizons // round(donors.bar_hours * MICROSECONDS_PER_HOUR)
    starts = np.full(horizons.size, first)
    return donors.digest_bars(starts.tolist(), (np.maximum(last, first - 1) + 1 - first).tolist())


def _digest_masks(specification: StudySpecification, masks: pl.DataFrame, horizons: Integers) -> DigestWords:
    """The spans that begin by each horizon, whoever's they are."""
    spans = list_mask_spans(masks, specification.mask_hours)
    bounds = np.array([span for _, span in spans], dtype=np.int64).reshape(-1, 2)
    names = np.array([int(fingerprint(name)[:15], 16) for name, _ in spans], dtype=np.int64)
    order = np.argsort(bounds[:, 0], kind="stable")
    sums = sum_bars(hash_bars(names[order], bounds[order, 0], bounds[order, 1]))
    return sums[:, np.searchsorted(bounds[order, 0], horizons, side="right")]
