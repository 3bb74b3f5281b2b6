"""The markets of a study on their grids: each token beside its benchmarks, and everybody else beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from analysis.tape.choice import BENCHMARK_ASSET, order_benchmarks, pair_markets, venue_of
from analysis.tape.donors import BASKET, Donors, collect_donors
from analysis.tape.observations import is_observed
from analysis.tape.returns import ReturnGrid, ReturnKind, build_return_grid
from analysis.tape.series import AlignedSeries, align_series, lay_beside
from analysis.tape.stretches import Stretches, digest_stretches
from warehouse.tables.bars import HOUR, bar_of_hours

Variant = Mapping[str, AlignedSeries]  # one market and bar length, by benchmark, the main one first


@dataclass(frozen=True)
class StudyMarkets:
    """Every market of a study, finest bars first, with what the methods compare it to."""

    series: Mapping[str, tuple[AlignedSeries, ...]]  # by market, beside the main benchmark
    asset_ids: Mapping[str, str]  # by market
    variants: Mapping[str, tuple[Variant, ...]]  # by asset
    donors: Mapping[float, Donors]  # by bar length in hours

    @cached_property
    def digested(self) -> Mapping[str, tuple[tuple[AlignedSeries, Stretches], ...]]:
        """Every series beside its digests, by market."""
        return {name: tuple((bars, digest_stretches(bars)) for bars in own) for name, own in self.series.items()}

    @cached_property
    def digested_variants(self) -> Mapping[str, tuple[Mapping[str, Stretches], ...]]:
        """Digests of every series of `variants`, in the same places."""
        return {
            asset: tuple({name: digest_stretches(bars) for name, bars in variant.items()} for variant in variants)
            for asset, variants in self.variants.items()
        }


def pair_series(
    candles: pl.DataFrame, asset_ids: Sequence[str], timeframes: Sequence[str], kind: ReturnKind = "log"
) -> Iterator[AlignedSeries]:
    """The series that stands for each asset beside the benchmark by `pair_markets`, over all bars of any of the two.

    `candles` are core.candle rows with asset_id.
    """
    for asset_id, chosen, benchmark_ids in pair_markets(candles, asset_ids, timeframes):
        bar = bar_of_hours(chosen.bar_hours)
        is_used = pl.col("market_id").is_in([chosen.market_id, *benchmark_ids]) & (pl.col("timeframe") == bar.name)
        grid = build_return_grid(candles.filter(is_used), bar.length, kind)
        series = lay_beside(grid, chosen.market_id, benchmark_ids)
        yield replace(series, asset_id=asset_id, benchmark_asset_id=BENCHMARK_ASSET)


def align_markets(
    grids: Sequence[ReturnGrid],
    markets: pl.DataFrame,
    *,
    asset_ids: Sequence[str],
    benchmark_asset_ids: Sequence[str],
    benchmark_exchanges: Sequence[str],
    is_level: bool = False,
) -> StudyMarkets:
    """Series of every market that quotes one of `asset_ids`, beside the benchmark of its own venue, else of others.

    `grids` come finest bars first; `markets` has market_id and asset_id; `benchmark_asset_ids` come main one first.
    The main benchmark's own markets get none: their abnormal return is their return. Donors are the assets of
    `markets` that are not in `asset_ids`, and the benchmarks. An observed market without a bar is left out; it enters
    neither the donors nor the variants of the specification curve. With `is_level` (volumes and ranges, which differ
    between venues) a market has a series beside each benchmark market that it shares bars with, and there are neither
    donors nor variants; the benchmark of returns may change its venue from bar to bar.
    """
    assets = dict(markets.select("market_id", "asset_id").iter_rows())
    treated = frozenset(asset_ids) - frozenset(benchmark_asset_ids)
    donors = {} if is_level else {grid.bar / HOUR: collect_donors(grid, assets, treated) for grid in grids}
    series: dict[str, tuple[AlignedSeries, ...]] = {}
    variants: dict[str, list[Variant]] = {}
    for market_id, asset in assets.items():
        if asset not in asset_ids:
            continue
        found = []
        for grid in grids:
            if market_id not in grid.market_ids:
                continue
            if is_level:
                venues = _venues_of(grid, market_id, benchmark_asset_ids[0], assets, benchmark_exchanges)
                found += _align_levels(grid, market_id, venues) if asset != benchmark_asset_ids[0] else []
                continue
            variant = _align_variant(grid, market_id, asset, assets, benchmark_asset_ids, benchmark_exchanges)
            if not variant:
                continue
            main = next(iter(variant.values()))
            found.append(main)
            if asset in treated and not is_observed(market_id):
                variants.setdefault(asset, []).append(variant | _beside_basket(main, donors[main.bar_hours]))
        if found or not is_observed(market_id):
            series[market_id] = tuple(found)
    named = {market_id: assets[market_id] for market_id in series}
    return StudyMarkets(series, named, {asset: tuple(items) for asset, items in variants.items()}, donors)


def _align_variant(
    grid: ReturnGrid,
    market_id: str,
    asset: str,
    assets: Mapping[str, str],
    benchmark_asset_ids: Sequence[str],
    exchanges: Sequence[str],
) -> dict[str, AlignedSeries]:
    """The market beside each benchmark it is not itself; the main benchmark's own market stands alone."""
    if asset == benchmark_asset_ids[0]:
        alone = align_series(grid, market_id, [])
        return {asset: alone} if alone is not None else {}
    found = {}
    for number, benchmark in enumerate(benchmark_asset_ids):
        chosen = _venues_of(grid, market_id, benchmark, assets, exchanges)
        if benchmark == asset or (number > 0 and not chosen):
            continue
        aligned = align_series(grid, market_id, chosen) if chosen else None
        if aligned is not None:
            found[benchmark] = aligned
    return found if benchmark_asset_ids[0] in found else {}


def _align_levels(grid: ReturnGrid, market_id: str, venues: Sequence[str]) -> list[AlignedSeries]:
    """The market beside each benchmark market on its own, where both have a value in some bar."""
    own = np.isfinite(grid.returns[grid.row(market_id)])
    shared = [name for name in venues if (own & np.isfinite(grid.returns[grid.row(name)])).any()]
    return [series for name in shared if (series := align_series(grid, market_id, [name])) is not None]


def _venues_of(
    grid: ReturnGrid, market_id: str, benchmark: str, assets: Mapping[str, str], exchanges: Sequence[str]
) -> list[str]:
    """Markets of a benchmark on a grid and on a declared venue, in the order in which they are asked for a bar."""
    used = {venue_of(market_id), *exchanges}
    names = [name for name in grid.market_ids if assets.get(name) == benchmark and venue_of(name) in used]
    return order_benchmarks(names, market_id)


def _beside_basket(series: AlignedSeries, donors: Donors) -> dict[str, AlignedSeries]:
    basket = donors.basket_over(series)
    if not np.isfinite(basket).any():
        return {}
    return {BASKET: replace(series, benchmark=basket, benchmark_ids=(BASKET,))}
