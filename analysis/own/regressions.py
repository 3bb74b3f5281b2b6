"""Regressions on a user's own study: CARs on columns of the event table, and the path bar by bar."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.engine.regressions.characteristics import regress_cars
from analysis.engine.regressions.leads_lags import panel_event_study
from analysis.engine.regressions.quantiles import regress_quantiles
from analysis.engine.regressions.stacks import stack_events
from analysis.engine.regressions.terms import Term
from analysis.engine.standardise import EventResult
from analysis.engine.study import Regression
from analysis.own.tables import parse_numbers, strip_cells
from analysis.own.times import OwnDataError

_QUANTILES = (0.25, 0.5, 0.75)
_Range = tuple[int, int]


def explain_cars(results: Sequence[EventResult], events: pl.DataFrame, names: Sequence[str]) -> list[Regression]:
    """CARs of the whole event window on numeric columns `names` of `events` (all text, a row per result, same order).

    `characteristics` with HC3 and two-way clustered errors (event and asset), then `quantiles`. Rows without a CAR or a
    value are left out and counted. OwnDataError for a column that is not there or holds something else than numbers.
    """
    lowered = {name.lower().strip(): name for name in events.columns}
    unknown = [name for name in names if name.lower() not in lowered]
    if unknown:
        raise OwnDataError(f"events: no column {unknown[0]!r} to explain CARs with; it has {', '.join(events.columns)}")
    cells = strip_cells(events)
    cars = [None if result.fit is None or result.reason else float(result.fit.ar.sum()) for result in results]
    frame = pl.DataFrame(
        {
            "event_id": [result.source.event_id for result in results],
            "asset_id": [result.source.market_id for result in results],
            "car": pl.Series(cars, dtype=pl.Float64),
            **{name: parse_numbers(cells[lowered[name.lower()]], "events") for name in names},
        }
    ).with_columns(pl.col(*names).fill_nan(None))
    found = regress_cars(frame, "car", names, clusters=("event_id", "asset_id"))
    return _named("characteristics", found) + _named("quantiles", regress_quantiles(frame, "car", names, _QUANTILES))


def trace_panel(results: Sequence[EventResult], bars: _Range) -> list[Regression]:
    """Panel event study of bars [first, last) around bar 0 against the earlier estimation bars.

    Each event is set beside the mean of the assets of the table that it does not concern, else beside the benchmark.
    OwnDataError when the bars do not reach over bar 0 or leave no bar of the estimation window before them.
    """
    leads, lags = -bars[0], bars[1] - 1
    if leads < 1 or lags < 0:
        raise OwnDataError(f"panel bars {bars[0]}:{lags} must begin before bar 0 and end at it or later, e.g. -5:5")
    inputs = [result.source for result in results]
    base = -min(source.estimation[0] for source in inputs) - leads
    if base < 1:
        raise OwnDataError(f"panel bars begin at {bars[0]}, before the estimation window: ask for fewer leads")
    frame = stack_events(inputs, leads=leads, lags=lags, base_bars=base)
    return _named("leads_lags", panel_event_study(frame, leads=leads, lags=lags))


def _named(kind: str, terms: Sequence[Term]) -> list[Regression]:
    return [Regression(kind, term) for term in terms]
