"""Which markets are compared with which, as aligned return series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.tape.choice import Candidate, Preference
from analysis.tape.returns import ReturnGrid
from analysis.together.moving.intervals import MIN_BARS, Array
from warehouse.tables.bars import HOUR, MICROSECOND

TOKEN_ROLES = frozenset({"ai_token"})
BASKET_ROLES = frozenset({"ai_token", "basket"})
BITCOIN, ETHER = "BTC", "ETH"
BASKET_ASSET, BASKET_MARKET = "BASKET", "basket:equal-weight"
# Fewer other tokens than this are not a market.
MIN_BASKET = 5
# A benchmark on another venue joins the one of the same venue only when it adds this much history.
LONGER_HISTORY = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class ReturnPair:
    """Returns of a token and of what it is compared with on the bars from their first to their last common one.

    Returns are log points per bar, `volume` is the token's in base currency, NaN where absent; bar 0 opens at
    `first_open`.
    """

    market_id: str
    other_market_id: str
    asset_id: str
    other_asset_id: str
    timeframe: str
    first_open: datetime
    bar: timedelta
    token: Array
    benchmark: Array
    volume: Array

    @property
    def bar_hours(self) -> float:
        """Bar length in hours."""
        return self.bar / HOUR

    @property
    def n_common(self) -> int:
        """Bars that both have."""
        return int((np.isfinite(self.token) & np.isfinite(self.benchmark)).sum())

    @property
    def last_close(self) -> datetime:
        """Close of the last common bar."""
        return self.close_time(self.token.size - 1)

    def close_time(self, position: int) -> datetime:
        """When the bar at `position` was known."""
        return self.first_open + (position + 1) * self.bar

    def close_times(self, positions: Integers) -> pl.Series:
        """Closes of several bars."""
        micro = self.bar // MICROSECOND
        start = pl.Series([self.first_open], dtype=pl.Datetime("us", "UTC")).dt.epoch("us").item()
        return pl.Series(start + (positions + 1) * micro, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))

    def position_at(self, instant: datetime) -> int:
        """Bar that contains `instant`; it may lie outside the series."""
        return int((instant - self.first_open) // self.bar)

    def labels(self) -> dict[str, str]:
        """The columns that name the pair in every table."""
        return {
            "market_id": self.market_id,
            "other_market_id": self.other_market_id,
            "asset_id": self.asset_id,
            "other_asset_id": self.other_asset_id,
            "timeframe": self.timeframe,
        }


@dataclass(frozen=True, slots=True, eq=False)
class ReturnPanel:
    """A return grid with the asset, venue and role of each of its rows (same order)."""

    grid: ReturnGrid
    timeframe: str
    assets: tuple[str, ...]
    venues: tuple[str, ...]
    roles: tuple[str, ...]

    def longest_row(self, asset_id: str) -> int | None:
        """The row of the market that stands for the asset: most bars, then the order of venues; None without one."""
        rows = [row for row, asset in enumerate(self.assets) if asset == asset_id]
        return min(rows, key=self._preference, default=None)

    def _preference(self, row: int) -> Preference:
        return Candidate(self.grid.market_ids[row], self.grid.bar / HOUR, self.n_bars(row)).preference

    def n_bars(self, row: int) -> int:
        """Bars with a return."""
        return int(np.isfinite(self.grid.returns[row]).sum())

    def token_rows(self) -> list[int]:
        """Rows of tokens we study."""
        return [row for row, role in enumerate(self.roles) if role in TOKEN_ROLES]

    def one_row_per_asset(self, roles: frozenset[str]) -> list[int]:
        """The longest market of each asset with one of `roles`, in order of asset."""
        chosen = {asset for asset, role in zip(self.assets, self.roles, strict=True) if role in roles}
        rows = (self.longest_row(asset) for asset in sorted(chosen))
        return [row for row in rows if row is not None]


def build_return_panel(
    grid: ReturnGrid, timeframe: str, markets: pl.DataFrame, roles: Mapping[str, str]
) -> ReturnPanel:
    """`grid` with names from `markets` (market_id, asset_id, exchange); an asset without a role is `other`."""
    known = {market: (asset, venue) for market, asset, venue in markets.iter_rows()}
    assets, venues = zip(*(known[market] for market in grid.market_ids), strict=True)
    return ReturnPanel(grid, timeframe, assets, venues, tuple(roles.get(asset, "other") for asset in assets))


def bitcoin_pairs(panel: ReturnPanel) -> list[ReturnPair]:
    """Every token market with Bitcoin on its own venue, and on another venue where that has much more history."""
    return [pair for row in panel.token_rows() for pair in _pairs_with(panel, row, BITCOIN)]


def other_pairs(panel: ReturnPanel) -> list[ReturnPair]:
    """The longest market of each token with Ether, the equal-weighted basket of the others, and every other token."""
    rows = panel.one_row_per_asset(TOKEN_ROLES)
    pairs = [pair for row in rows for pair in _pairs_with(panel, row, ETHER)[:1]]
    pairs += [pair for row in rows if (pair := _basket_pair(panel, row))]
    return pairs + [
        pair
        for position, row in enumerate(rows)
        for other in rows[position + 1 :]
        if (pair := _make_pair(panel, row, other))
    ]


def _pairs_with(panel: ReturnPanel, row: int, asset: str) -> list[ReturnPair]:
    candidates = [_make_pair(panel, row, other) for other, held in enumerate(panel.assets) if held == asset]
    found = sorted((pair for pair in candidates if pair), key=_by_common_bars)
    venue = panel.venues[row]
    own = [pair for pair in found if panel.venues[panel.grid.row(pair.other_market_id)] == venue][:1]
    longest = found[:1]
    if not own or longest[0].n_common >= LONGER_HISTORY * own[0].n_common:
        return own + longest
    return own


def _by_common_bars(pair: ReturnPair) -> Preference:
    return Candidate(pair.other_market_id, pair.bar_hours, pair.n_common).preference


def _make_pair(panel: ReturnPanel, row: int, other: int) -> ReturnPair | None:
    grid = panel.grid
    if row == other:
        return None
    return _trimmed(panel, row, grid.market_ids[other], panel.assets[other], grid.returns[other])


def _basket_pair(panel: ReturnPanel, row: int) -> ReturnPair | None:
    others = [other for other in panel.one_row_per_asset(BASKET_ROLES) if panel.assets[other] != panel.assets[row]]
    if len(others) < MIN_BASKET:
        return None
    returns = panel.grid.returns[others]
    n = np.isfinite(returns).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(
            n >= MIN_BASKET, np.where(np.isfinite(returns), returns, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan
        )
    return _trimmed(panel, row, BASKET_MARKET, BASKET_ASSET, mean)


def _trimmed(panel: ReturnPanel, row: int, other_market: str, other_asset: str, benchmark: Array) -> ReturnPair | None:
    grid = panel.grid
    token = grid.returns[row]
    common = np.flatnonzero(np.isfinite(token) & np.isfinite(benchmark))
    if common.size < MIN_BARS:
        return None
    span = slice(int(common[0]), int(common[-1]) + 1)
    return ReturnPair(
        market_id=grid.market_ids[row],
        other_market_id=other_market,
        asset_id=panel.assets[row],
        other_asset_id=other_asset,
        timeframe=panel.timeframe,
        first_open=grid.open_time(span.start),
        bar=grid.bar,
        token=token[span],
        benchmark=benchmark[span],
        volume=grid.volume[row][span],
    )
