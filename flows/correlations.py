"""Bring the correlation tables up to date with the stored prices, events and headlines."""

from __future__ import annotations

from analysis.clock import bar_length
from analysis.correlation.episodes import measure_episodes
from analysis.correlation.moving import measure_moving
from analysis.correlation.pairs import Pair, Panel, bitcoin_pairs, build_panel, other_pairs
from analysis.returns import build_return_grid
from flows.context import RunContext, StepReport
from warehouse.store.connection import Reader
from warehouse.tables.correlation import CORRELATION_EPISODE, CORRELATION_ROLLING
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET, MARKET

TIMEFRAMES = ("1h", "4h", "1d")


def update_correlations(context: RunContext) -> StepReport:
    """Recompute every correlation table from what is stored; tables that come out the same are not rewritten."""
    panels = load_panels(context.warehouse)
    with_bitcoin = [pair for panel in panels for pair in bitcoin_pairs(panel)]
    with_others = [pair for panel in panels for pair in other_pairs(panel)]
    written = {
        "rolling": context.warehouse.replace(CORRELATION_ROLLING, measure_moving([*with_bitcoin, *with_others])),
        "before and after events": context.warehouse.replace(
            CORRELATION_EPISODE, measure_episodes(with_bitcoin, context.warehouse.frame(EVENT))
        ),
    }
    return StepReport(sum(written.values()), _describe(with_bitcoin, written))


def load_panels(reader: Reader) -> list[Panel]:
    """Aligned returns of every stored timeframe that has candles."""
    markets = reader.frame(MARKET).select("market_id", "asset_id", "exchange")
    roles = dict(reader.frame(ASSET).select("asset_id", "role").iter_rows())
    panels = []
    for timeframe in TIMEFRAMES:
        candles = reader.query("candles_of_timeframe", timeframe=timeframe)
        if candles.height:
            grid = build_return_grid(candles, bar_length(timeframe))
            panels.append(build_panel(grid, timeframe, markets, roles))
    return panels


def _describe(pairs: list[Pair], written: dict[str, int]) -> str:
    changed = ", ".join(f"{count} {name}" for name, count in written.items() if count)
    tokens = ", ".join(sorted({pair.asset_id for pair in pairs})) or "no token with Bitcoin bars"
    return f"{tokens}: {changed or 'nothing new'}"
