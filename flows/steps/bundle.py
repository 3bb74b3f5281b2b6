"""Load the record that ships with the product."""

from flows.context import RunContext, StepReport
from flows.freshness import Rows
from ingest.bundle.loader import (
    load_bundle,
    load_false_alarms,
    load_single_size,
    only_best_measured,
    only_new_bars,
    only_untouched_events,
)
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.prices import CANDLE, QUARANTINE
from warehouse.tables.size import SINGLE_SIZE, TEST_SIZE

# Bars of the shipped markets that came from elsewhere.
_ELSEWHERE = Rows(
    CANDLE, (*CANDLE.key, "source_id"), "source_id <> 'bundle' and market_id in (select unnest($markets))"
)


def update_bundle(context: RunContext) -> StepReport:
    """Merge the shipped candles, events, evidence and false-alarm rates; what was stored from elsewhere stays."""
    warehouse = context.warehouse
    bundle = load_bundle(context.now, context.run_id)
    markets = bundle.candles["market_id"].unique().to_list()
    candles = only_new_bars(bundle.candles, warehouse.frame(_ELSEWHERE.narrowed, _ELSEWHERE.where, markets=markets))
    events, event_sources = only_untouched_events(bundle, warehouse.frame(EVENT), warehouse.frame(EVENT_SOURCE))

    n_refused = warehouse.merge(QUARANTINE, bundle.quarantined).n_changed
    n_candles = warehouse.merge(CANDLE, candles).n_changed
    n_events = warehouse.merge(EVENT, events).n_changed
    n_sources = warehouse.merge(EVENT_SOURCE, event_sources).n_changed

    n_sizes = warehouse.merge(TEST_SIZE, only_best_measured(load_false_alarms(), warehouse.frame(TEST_SIZE))).n_changed
    single = only_best_measured(load_single_size(), warehouse.frame(SINGLE_SIZE), SINGLE_SIZE)
    n_sizes += warehouse.merge(SINGLE_SIZE, single).n_changed

    n_changed = sum((n_refused, n_candles, n_events, n_sources, n_sizes))
    detail = f"{n_candles} candles and {n_events} events changed; {bundle.quarantined.height} rows refused"
    return StepReport(n_changed, detail)
