"""Measure what outages and restrictions did to the tokens, over all events of a kind."""

from analysis.groups.dose_response import measure_dose_response
from analysis.groups.hedge import measure_hedge
from analysis.tape.choice import BENCHMARK_ASSET
from flows.context import RunContext, StepReport
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET
from warehouse.tables.resilience import DOSE_RESPONSE, HEDGE


def update_resilience(context: RunContext) -> StepReport:
    """Refresh dose and response of outages, and the value of tokens as a hedge."""
    warehouse = context.warehouse
    candles = warehouse.query("token_candles", benchmark=BENCHMARK_ASSET)
    events = warehouse.frame(EVENT, where="status <> 'rejected'")
    tokens = warehouse.frame(ASSET, where="role = 'ai_token'")["asset_id"].to_list()

    responses = measure_dose_response(candles, events, tokens)
    hedges = measure_hedge(candles, events, tokens)

    n_changed = warehouse.replace(DOSE_RESPONSE, responses) + warehouse.replace(HEDGE, hedges)
    return StepReport(
        n_changed, f"{responses.height} dose-response and {hedges.height} hedge rows, {n_changed} changed"
    )
