"""From a user's text tables and request to a finished study."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast, get_args

import polars as pl

from analysis.engine.battery import choose_model
from analysis.engine.panel import PairRule
from analysis.engine.study import EstimationSpecification, run_study
from analysis.own.funding import OwnFunding, funding_doubts, hold_contracts, list_added, read_funding
from analysis.own.plausibility import check_values, list_doubts
from analysis.own.regressions import explain_cars, trace_panel
from analysis.own.report import parse_range
from analysis.own.selection import mark_selected, measure_selection
from analysis.own.sessions import Dating, choose_dating
from analysis.own.study import (
    OwnStudy,
    OwnStudyResult,
    Values,
    build_own_events,
    choose_factors,
    declare_together,
    read_declared,
)
from analysis.own.tables import BarEnd, OwnTable, read_series
from analysis.tape.returns import ReturnKind

# What the tables may hold, and what the conventions then call it (returns are named by their kind).
QUANTITIES = {"prices": "", "returns": "", "volume": "log volume", "series": "the series as they stand"}

# Without a stated minimum, this share of the estimation bars asked for must be usable.
DEFAULT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """What a user typed; ranges are texts with inclusive bounds."""

    estimation: str
    window: str
    values: str = "prices"
    kind: str = "log"
    model_id: str = "market"
    benchmark: str | None = None
    factors: str = ""
    is_masked: bool = False
    minimum_estimation: int = 0
    is_cumulative: bool = False
    parts: str = ""  # windows inside the event window, comma-separated
    explain: str = ""  # numeric columns of the event table, comma-separated
    panel: str = ""  # bars around bar 0 of a panel event study
    pair_rule: str = "every"  # pairs of events that the mean residual correlation is over
    label: str = ""  # open or close: which end of a bar its row is dated by; empty: as the column is named
    calendar: str = ""  # of an exchange: when the bars of days close
    close: str = ""  # the same as HH:MM
    zone: str = ""  # on whose clocks


def run_own_study(
    prices: pl.DataFrame,
    market: pl.DataFrame | None,
    events: pl.DataFrame,
    request: OwnRequest,
    funding: pl.DataFrame | None = None,
) -> OwnStudyResult:
    """The study of `events` on the tables, all columns text; ValueError says what in which table and what to do.

    With a table of `funding` rates the prices are those of perpetuals, and returns are after funding.
    """
    estimation, window = parse_range(request.estimation), parse_range(request.window)
    _check_words(request)
    assets = read_series(prices, "prices")
    benchmarks = read_series(market, "market") if market is not None else None
    tables = [assets, *([benchmarks] if benchmarks else [])]
    check_values(tables, request.values, request.kind)
    dating = choose_dating(_asked_dating(request), {table.source: table.label for table in tables}, assets)
    paid = _read_funding(funding, assets, dating, request.values)
    unpaid, assets = assets, hold_contracts(assets, paid) if paid else assets
    names = _split(request.factors)
    chosen = choose_factors(benchmarks, request.benchmark, names)
    model_id = "multi_factor" if len(chosen) > 1 and request.model_id == "market" else request.model_id
    _check_factors(model_id, chosen)
    kind = cast(ReturnKind, request.kind)
    needs_donors = choose_model(model_id).needs_donors or bool(request.panel)
    study = OwnStudy(
        cast(Values, request.values), kind, estimation, window, chosen, request.is_masked, needs_donors, dating
    )
    minimum = smallest_estimation(request)
    specification = EstimationSpecification(
        model_id=model_id,
        kind=kind,
        minimum_estimation=max(minimum, len(chosen) + 3),
        is_cumulative=request.is_cumulative,
        parts=tuple(parse_range(part) for part in _split(request.parts)),
        quantity=QUANTITIES[request.values],
        pair_rule=cast(PairRule, request.pair_rule),
    )
    inputs = build_own_events(assets, benchmarks, events, study)
    windows = {window, *(item.window for item in inputs)}
    for first, last in specification.parts:
        if not any(start <= first and last <= stop for start, stop in windows):
            raise ValueError(f"--parts {first}:{last - 1} lies inside no event window; widen --window or leave it out")
    result = run_study(inputs, specification)
    declared = read_declared(events)
    selection = measure_selection(result.events, declare_together(declared))
    regressions = explain_cars(result.events, events, _split(request.explain)) if request.explain else []
    regressions += trace_panel(result.events, parse_range(request.panel)) if request.panel else []
    doubts = [*(funding_doubts(unpaid, paid) if paid else ()), *list_doubts(tables, result.events, chosen)]
    if selection.mark:
        doubts.append(selection.words)
    words = [dating.words(is_daily=assets.is_daily), selection.words, *([paid.words] if paid else [])]
    conventions = "; ".join([result.conventions, *words])
    result = replace(result, regressions=tuple(regressions), conventions=conventions)
    added = list_added(result.events, paid) if paid else None
    return OwnStudyResult(mark_selected(result, selection), selection, tuple(doubts), declared, added)


def _check_words(request: OwnRequest) -> None:
    if request.values not in QUANTITIES:
        raise ValueError(f"--values {request.values!r}; expected {', '.join(QUANTITIES)}")
    if request.kind not in ("log", "simple"):
        raise ValueError(f"--returns {request.kind!r}; expected log or simple")
    if request.pair_rule not in get_args(PairRule):
        raise ValueError(f"--pairs {request.pair_rule!r}; expected {' or '.join(get_args(PairRule))}")


def _read_funding(funding: pl.DataFrame | None, assets: OwnTable, dating: Dating, values: str) -> OwnFunding | None:
    if funding is None:
        return None
    if values != "prices":
        raise ValueError(f"--funding is of prices of perpetuals, and --values says {values}")
    return read_funding(read_series(funding, "funding"), assets.is_daily, dating)


def _asked_dating(request: OwnRequest) -> Dating:
    if request.label not in ("", *get_args(BarEnd)):
        raise ValueError(f"--label {request.label!r}; expected {' or '.join(get_args(BarEnd))}")
    label = cast(BarEnd, request.label) if request.label else None
    return Dating(label, request.calendar or None, request.close or None, request.zone or None)


def smallest_estimation(request: OwnRequest) -> int:
    """Usable estimation bars that an event needs: as asked for, else half of its estimation window."""
    estimation = parse_range(request.estimation)
    return request.minimum_estimation or int(DEFAULT_SHARE * (estimation[1] - estimation[0]))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _check_factors(model_id: str, factors: tuple[str, ...]) -> None:
    model = choose_model(model_id)
    if len(factors) < model.minimum_factors:
        raise ValueError(f"model {model_id} needs a benchmark; give --market (and --benchmark)")
    if model.maximum_factors is not None and len(factors) > model.maximum_factors:
        raise ValueError(f"model {model_id} takes {model.maximum_factors} factor, not {len(factors)}; use multi_factor")
