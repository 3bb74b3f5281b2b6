"""The stored prices that studies work on: read once per bar length, aligned once, for a whole run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from analysis.tape.benchmarks import (
    BENCHMARK_IDS,
    BENCHMARKS,
    BY_LIQUIDITY,
    benchmark_returns,
    member_returns,
    represent_assets,
)
from analysis.tape.joining import add_joined, join_bars
from analysis.tape.markets import StudyMarkets, align_markets
from analysis.tape.observations import observed_bars
from analysis.tape.returns import ReturnGrid, build_return_grid
from warehouse.store.connection import Reader
from warehouse.tables.bars import bar_length, joined_from, parse_bar
from warehouse.tables.own import STUDY_BAR
from warehouse.tables.prices import ASSET, CANDLE, MARKET, OBSERVATION

if TYPE_CHECKING:
    from flows.study_registry import DeclaredStudy

_RESTS_ON = (CANDLE, MARKET, ASSET, OBSERVATION, STUDY_BAR)
_Kept = TypeVar("_Kept")


class StoredTape:
    """Candles and aligned series of one reader, each made once while nothing is written to what they rest on.

    With `as_of` everything is as it was believed at that instant.
    """

    def __init__(self, reader: Reader, as_of: datetime | None = None) -> None:
        self._reader = reader
        self._as_of = as_of
        self._kept: dict[tuple[object, ...], Any] = {}
        self._n_writes = reader.count_writes(*_RESTS_ON)

    def assets(self) -> pl.DataFrame:
        """market_id, asset_id and role of every market with candles or observed prices."""
        return self._keep(("assets",), lambda: self._reader.query("study_markets"))

    def candles(self, timeframe: str) -> pl.DataFrame:
        """Bars of every market, per unit of its asset, up to the end of its life; absent bars joined from finer ones.

        market_id, open_time_utc, close_quote, high_quote, low_quote, volume_base, by market and time.
        """
        return self._keep(("candles", timeframe), lambda: self._read_candles(timeframe))

    def grid(self, timeframe: str) -> ReturnGrid | None:
        """The log returns of `candles`; None without a candle."""
        candles = self.candles(timeframe)
        return self._keep(
            ("grid", timeframe), lambda: build_return_grid(candles, bar_length(timeframe)) if candles.height else None
        )

    def whole_grid(self, timeframe: str) -> ReturnGrid | None:
        """The log returns of the stored bars of registered markets, over whole lives, none joined; None without one."""
        registered = self._reader.frame(MARKET)["market_id"].to_list()
        before, after = (self._read_stored(timeframe, is_after=is_after) for is_after in (False, True))
        if not (joined_from(timeframe) or after.height):
            grid = self.grid(timeframe)
            if grid is None or set(registered).issuperset(grid.market_ids):
                return grid
        bars = pl.concat([before, after]).filter(pl.col("market_id").is_in(registered))
        ordered = bars.sort("market_id", "open_time_utc")
        return build_return_grid(ordered, bar_length(timeframe)) if ordered.height else None

    def grids(self, study: DeclaredStudy) -> list[ReturnGrid]:
        """One grid per bar length of the study, finest first.

        Observed prices of the study's assets join them as markets of their own, on bars longer than their age limit.
        """
        return self._keep(("grids", study), lambda: self._build_grids(study))

    def markets(self, study: DeclaredStudy) -> StudyMarkets:
        """The study's tokens beside their benchmarks."""
        return self._keep(
            ("markets", study),
            lambda: align_markets(
                self.grids(study),
                self._own_assets(study) if study.is_own else self.assets(),
                asset_ids=study.asset_ids,
                benchmark_asset_ids=study.benchmark_asset_ids,
                benchmark_exchanges=study.benchmark_exchanges,
            ),
        )

    def observations(self, study: DeclaredStudy) -> pl.DataFrame:
        """asset_id, observed_at_utc, price_quote of the study's assets, each asset's from its busiest source."""
        return self._keep(
            ("observations", study.asset_ids),
            lambda: self._reader.query("study_observations", asset_ids=list(study.asset_ids), as_of=self._as_of),
        )

    def let_go(self) -> None:
        """Keep nothing any more; who asks after this reads and aligns again."""
        self._kept.clear()

    def _read_candles(self, timeframe: str) -> pl.DataFrame:
        bar, found = parse_bar(timeframe), self._read_stored(timeframe, is_after=False)
        for source in joined_from(timeframe):
            before, after = (self._read_stored(source.name, is_after=is_after) for is_after in (False, True))
            joined = join_bars(pl.concat([before, after]) if after.height else before, source, bar)
            # Whole lives end within a long bar, not before it begins.
            begun = joined.join(after, on=["market_id", "open_time_utc"], how="anti") if after.height else joined
            found = add_joined(found, begun)
        return found

    def _read_stored(self, timeframe: str, *, is_after: bool) -> pl.DataFrame:
        """The stored bars of this length, before the end of each market's life or after it."""
        return self._keep(
            ("stored", timeframe, is_after),
            lambda: self._reader.query("study_candles", timeframe=timeframe, as_of=self._as_of, is_after=is_after),
        )

    def _build_grids(self, study: DeclaredStudy) -> list[ReturnGrid]:
        grids = []
        for timeframe in study.timeframes if not study.is_own else ():
            observed = observed_bars(self.observations(study), bar_length(timeframe), study.observed_staleness)
            if observed.height:
                candles = pl.concat([self.candles(timeframe), observed])
                grids.append(build_return_grid(candles, bar_length(timeframe)))
            elif (grid := self.grid(timeframe)) is not None:
                grids.append(grid)
        return [self._own_grid(study)] if study.is_own else grids

    def _own_bars(self, study: DeclaredStudy) -> pl.DataFrame:
        return self._keep(("own", study.id), lambda: self._reader.query("own_bars", study_id=study.id))

    def _own_assets(self, study: DeclaredStudy) -> pl.DataFrame:
        """The markets of a study's own files, and those of the record that its benchmarks have."""
        recorded = self.assets().filter(pl.col("asset_id").is_in(self._benchmarks_of_record(study)))
        own = self._own_bars(study).select("market_id", "asset_id").unique().sort("market_id")
        return pl.concat([own, recorded.select("market_id", "asset_id")])

    def _own_grid(self, study: DeclaredStudy) -> ReturnGrid:
        """One grid over a study's own bars, beside the record's bars of its benchmarks."""
        timeframe = study.timeframes[0]
        own = self._own_bars(study).select("market_id", "open_time_utc", "close_quote")
        benchmarks = self.assets().filter(pl.col("asset_id").is_in(self._benchmarks_of_record(study)))
        recorded = self.candles(timeframe).filter(
            pl.col("market_id").is_in(benchmarks["market_id"].to_list())
            & pl.col("open_time_utc").is_between(own["open_time_utc"].min(), own["open_time_utc"].max())
        )
        return build_return_grid(pl.concat([own, recorded], how="diagonal"), bar_length(timeframe))

    def _benchmarks_of_record(self, study: DeclaredStudy) -> list[str]:
        """Benchmarks that no file of the study brought."""
        own = self._own_bars(study)["asset_id"].unique()
        return [asset_id for asset_id in study.benchmark_asset_ids if asset_id not in own]

    def _keep(self, key: tuple[object, ...], make: Callable[[], _Kept]) -> _Kept:
        n_writes = self._reader.count_writes(*_RESTS_ON)
        if n_writes != self._n_writes:
            self._kept.clear()
            self._n_writes = n_writes
        if key not in self._kept:
            self._kept[key] = make()
        kept: _Kept = self._kept[key]
        return kept


def open_benchmarks(
    tape: StoredTape, benchmark_ids: Collection[str] = BENCHMARK_IDS, since: datetime | None = None
) -> Callable[[str | None, str], dict[str, pl.DataFrame]]:
    """A function from (asset under study or None, timeframe) to the returns of each of the benchmarks by id.

    Columns as from `benchmark_returns`. Candles of a timeframe are read once, and each series is built once. `since`:
    where the bars begin that anybody will ask for; the first of them has no return.
    """
    markets = tape.assets()
    roles = dict(markets.select("asset_id", "role").iter_rows())
    by_id = {item.benchmark_id: item for item in BENCHMARKS if item.benchmark_id in benchmark_ids}
    has_weights = any(item.kind == BY_LIQUIDITY for item in by_id.values())

    @cache
    def members(timeframe: str) -> pl.DataFrame:
        bars = represent_assets(tape.candles(timeframe), markets)
        # Weights look back over the bars before, as far as those reach.
        used = bars if since is None or has_weights else bars.filter(pl.col("open_time_utc") >= since)
        return member_returns(used, parse_bar(timeframe).seconds, has_weights=has_weights)

    @cache
    def series(benchmark_id: str, left_out: str | None, timeframe: str) -> pl.DataFrame:
        return benchmark_returns(members(timeframe), by_id[benchmark_id], left_out)

    def returns(asset_id: str | None, timeframe: str) -> dict[str, pl.DataFrame]:
        role = roles.get(asset_id) if asset_id is not None else None
        return {
            name: series(name, asset_id if role in benchmark.roles else None, timeframe)
            for name, benchmark in by_id.items()
        }

    return returns
