"""From a user's text tables and request to a finished study."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast, get_args

import polars as pl

from analysis.engine.battery import choose_model
from analysis.engine.panel import PairRule
from analysis.engine.study import StudyResult, StudySpecification, run_study
from analysis.own.regressions import explain_cars, trace_panel
from analysis.own.report import parse_range
from analysis.own.study import OwnStudy, Values, build_own_events, choose_factors
from analysis.own.tables import read_series
from analysis.tape.returns import ReturnKind

# What the tables may hold, and what the conventions then call it (returns are named by their kind).
QUANTITIES = {"prices": "", "returns": "", "volume": "log volume"}

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


def run_own_study(
    prices: pl.DataFrame, market: pl.DataFrame | None, events: pl.DataFrame, request: OwnRequest
) -> StudyResult:
    """The study of `events` on the tables, all columns text; ValueError says what in which table and what to do."""
    estimation, window = parse_range(request.estimation), parse_range(request.window)
    if request.values not in QUANTITIES:
        raise ValueError(f"--values {request.values!r}; expected {', '.join(QUANTITIES)}")
    if request.kind not in ("log", "simple"):
        raise ValueError(f"--returns {request.kind!r}; expected log or simple")
    if request.pair_rule not in get_args(PairRule):
        raise ValueError(f"--pairs {request.pair_rule!r}; expected {' or '.join(get_args(PairRule))}")
    assets = read_series(prices, "prices")
    benchmarks = read_series(market, "market") if market is not None else None
    names = _split(request.factors)
    chosen = choose_factors(benchmarks, request.benchmark, names)
    model_id = "multi_factor" if len(chosen) > 1 and request.model_id == "market" else request.model_id
    _check_factors(model_id, chosen)
    kind = cast(ReturnKind, request.kind)
    needs_donors = choose_model(model_id).needs_donors or bool(request.panel)
    study = OwnStudy(cast(Values, request.values), kind, estimation, window, chosen, request.is_masked, needs_donors)
    minimum = smallest_estimation(request)
    specification = StudySpecification(
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
    regressions = explain_cars(result.events, events, _split(request.explain)) if request.explain else []
    regressions += trace_panel(result.events, parse_range(request.panel)) if request.panel else []
    return replace(result, regressions=tuple(regressions))


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
