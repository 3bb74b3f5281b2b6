"""Measure what outages and restrictions did to the tokens, over all events of a kind."""

import polars as pl

from analysis.groups.dose_response import measure_dose_response
from analysis.groups.hedge import measure_hedge
from analysis.tape.choice import BENCHMARK_ASSET
from flows.context import RunContext, StepReport
from flows.tape import StoredTape
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET
from warehouse.tables.resilience import DOSE_RESPONSE, HEDGE

TIMEFRAMES = ("1h", "4h")


def update_resilience(context: RunContext) -> StepReport:
    """Refresh dose and response of outages, and the value of tokens as a hedge."""
    warehouse = context.warehouse
    candles = _read_candles(context.tape)
    events = warehouse.held(EVENT).filter(pl.col("status") != "rejected")
    tokens = warehouse.frame(ASSET, where="role = 'ai_token'")["asset_id"].to_list()

    responses = measure_dose_response(candles, events, tokens, warehouse.held(DOSE_RESPONSE))
    hedges = measure_hedge(candles, events, tokens, warehouse.held(HEDGE))

    n_changed = warehouse.replace(DOSE_RESPONSE, responses) + warehouse.replace(HEDGE, hedges)
    return StepReport(
        n_changed, f"{responses.height} dose-response and {hedges.height} hedge rows, {n_changed} changed"
    )


def _read_candles(tape: StoredTape) -> pl.DataFrame:
    """Bars of one and four hours of the AI tokens and the benchmark, with asset_id and timeframe."""
    is_wanted = (pl.col("role") == "ai_token") | (pl.col("asset_id") == BENCHMARK_ASSET)
    assets = tape.assets().filter(is_wanted).select("market_id", "asset_id")
    return pl.concat(
        tape.candles(timeframe)
        .join(assets, on="market_id", how="inner", validate="m:1", maintain_order="left")
        .with_columns(pl.lit(timeframe).alias("timeframe"))
        for timeframe in TIMEFRAMES
    )
