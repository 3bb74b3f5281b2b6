"""Which markets are compared with which, as aligned return series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.tape.choice import Candidate, Preference
from analysis.tape.returns import ReturnGrid
from analysis.tape.series import AlignedSeries, cut_series, lay_beside
from analysis.together.moving.intervals import MIN_BARS, Array
from warehouse.tables.bars import HOUR

TOKEN_ROLES = frozenset({"ai_token"})
BASKET_ROLES = frozenset({"ai_token", "basket"})
BITCOIN, ETHER = "BTC", "ETH"
BASKET_ASSET, BASKET_MARKET = "BASKET", "basket:equal-weight"
# Fewer other tokens than this are not a market.
MIN_BASKET = 5
# A benchmark on another venue joins the one of the same venue only when it adds this much history.
LONGER_HISTORY = 1.5


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


def bitcoin_pairs(panel: ReturnPanel) -> list[AlignedSeries]:
    """Every token market with Bitcoin on its own venue, and on another venue where that has much more history."""
    return [pair for row in panel.token_rows() for pair in _pairs_with(panel, row, BITCOIN)]


def other_pairs(panel: ReturnPanel) -> list[AlignedSeries]:
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


def _pairs_with(panel: ReturnPanel, row: int, asset: str) -> list[AlignedSeries]:
    candidates = [_make_pair(panel, row, other) for other, held in enumerate(panel.assets) if held == asset]
    found = sorted((pair for pair in candidates if pair), key=_by_common_bars)
    venue = panel.venues[row]
    own = [pair for pair in found if panel.venues[panel.grid.row(pair.benchmark_ids[0])] == venue][:1]
    longest = found[:1]
    if not own or longest[0].n_common >= LONGER_HISTORY * own[0].n_common:
        return own + longest
    return own


def _by_common_bars(pair: AlignedSeries) -> Preference:
    return Candidate(pair.benchmark_ids[0], pair.bar_hours, pair.n_common).preference


def _make_pair(panel: ReturnPanel, row: int, other: int) -> AlignedSeries | None:
    grid = panel.grid
    if row == other:
        return None
    return _trimmed(panel, row, grid.market_ids[other], panel.assets[other], grid.returns[other])


def _basket_pair(panel: ReturnPanel, row: int) -> AlignedSeries | None:
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


def _trimmed(
    panel: ReturnPanel, row: int, other_market: str, other_asset: str, benchmark: Array
) -> AlignedSeries | None:
    grid = panel.grid
    common = np.flatnonzero(np.isfinite(grid.returns[row]) & np.isfinite(benchmark))
    if common.size < MIN_BARS:
        return None
    series = replace(
        lay_beside(grid, grid.market_ids[row], [other_market], benchmark),
        asset_id=panel.assets[row],
        benchmark_asset_id=other_asset,
        volume_base=grid.volume[row],
    )
    return cut_series(series, int(common[0]), int(common[-1]) + 1)
