"""Bring the correlation tables up to date with the stored prices, events and headlines."""

from __future__ import annotations

import polars as pl

from analysis.clock import bar_length
from analysis.correlation.aftermath import measure_aftermath
from analysis.correlation.attention import measure_attention
from analysis.correlation.episodes import measure_episodes
from analysis.correlation.moving import measure_dynamic, measure_moving
from analysis.correlation.network import measure_network
from analysis.correlation.order import measure_order
from analysis.correlation.pairs import Pair, Panel, bitcoin_pairs, build_panel, other_pairs
from analysis.correlation.reactions import hourly_markets, measure_forecasts, measure_responses
from analysis.correlation.regimes import measure_regimes
from analysis.correlation.spans import measure_spans
from analysis.returns import build_return_grid
from flows.context import RunContext, StepReport
from flows.labelled_files import load_user_vocabulary
from warehouse.store.connection import Reader
from warehouse.tables.attention import ATTENTION, ATTENTION_FORECAST, ATTENTION_RESPONSE
from warehouse.tables.correlation import (
    CORRELATION_CLUSTER,
    CORRELATION_CONTAGION,
    CORRELATION_EPISODE,
    CORRELATION_NETWORK,
    CORRELATION_PAIR,
    CORRELATION_REGIME,
    CORRELATION_ROLLING,
    LEAD_LAG,
    LEAD_LAG_PATH,
)
from warehouse.tables.news import ENTRY, EVENT, STORY, STORY_ENTRY, TAG
from warehouse.tables.prices import ASSET, MARKET

TIMEFRAMES = ("1h", "4h", "1d")


def update_correlations(context: RunContext) -> StepReport:
    """Recompute every correlation table from what is stored; tables that come out the same are not rewritten."""
    panels = load_panels(context.warehouse)
    with_bitcoin = [pair for panel in panels for pair in bitcoin_pairs(panel)]
    with_others = [pair for panel in panels for pair in other_pairs(panel)]
    warehouse, events = context.warehouse, context.warehouse.frame(EVENT)
    moving = pl.concat([measure_moving([*with_bitcoin, *with_others]), measure_dynamic(with_bitcoin)])
    lead_lag, lead_lag_path = measure_order(panels)
    network, clusters = measure_network(panels)
    attention = read_attention(context)
    markets = hourly_markets(with_bitcoin)
    written = {
        "rolling": warehouse.replace(CORRELATION_ROLLING, moving),
        "before and after events": warehouse.replace(CORRELATION_EPISODE, measure_episodes(with_bitcoin, events)),
        "spans": warehouse.replace(CORRELATION_PAIR, measure_spans([*with_bitcoin, *with_others])),
        "aftermaths": warehouse.replace(CORRELATION_CONTAGION, measure_aftermath(with_bitcoin, events)),
        "regimes": warehouse.replace(CORRELATION_REGIME, measure_regimes(with_bitcoin)),
        "leads and lags": warehouse.replace(LEAD_LAG, lead_lag) + warehouse.replace(LEAD_LAG_PATH, lead_lag_path),
        "network": warehouse.replace(CORRELATION_NETWORK, network) + warehouse.replace(CORRELATION_CLUSTER, clusters),
        "attention": warehouse.replace(ATTENTION, attention),
        "responses": warehouse.replace(ATTENTION_RESPONSE, measure_responses(markets, attention)),
        "forecasts": warehouse.replace(ATTENTION_FORECAST, measure_forecasts(markets, attention)),
    }
    return StepReport(sum(written.values()), _describe(with_bitcoin, written))


def read_attention(context: RunContext) -> pl.DataFrame:
    """The attention index of the stored headlines, stories and tags."""
    reader = context.warehouse
    places = {
        entity.entity_id: entity.jurisdiction
        for entity in load_user_vocabulary(context.settings.config_path).entities
        if entity.jurisdiction
    }
    return measure_attention(
        reader.frame(ENTRY), reader.frame(STORY_ENTRY), reader.frame(STORY), reader.frame(TAG), places
    )


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
