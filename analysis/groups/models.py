"""The same event under every expected-return model: whether the answer is the model's."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.engine.battery import load_models
from analysis.engine.model_fit import ExpectedReturnModel
from analysis.engine.standardise import EventInput, EventResult, standardise_event
from analysis.engine.tails import student_interval
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.refresh import Fingerprints, refresh, stored_fingerprints
from analysis.results.row import (
    GROUP_ID,
    Basis,
    Numbers,
    ResultRow,
    Subject,
    as_fraction,
    error_as_fraction,
    results_frame,
)
from analysis.single.study import PlanEvents, PlannedEvent
from analysis.single.window.pair import EventTime, Pair, describe_closes
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets
from analysis.tape.series import cut_series
from analysis.threads import one_blas_thread, one_by_one
from warehouse.tables.bars import MICROSECONDS_PER_HOUR
from warehouse.tables.units import number

_SOURCE = SourceCode("analysis.groups.models")
_PREFIX = "car:"
# Factors of the multi-factor models beside the main benchmark, in this order: each is cleared of those before it.
EXTRA_FACTORS = ("ETH", "BASKET_EQUAL", "AI_OTHERS")
# A factor that lacks more of the estimation bars than this is left out, not allowed to shorten the estimation.
LARGEST_GAP = 0.1

FitKey = tuple[str, str, str]  # event, market, statistic
FitPart = tuple[tuple[EventTime, frozenset[FitKey]], ...]
ShareFits = Callable[[Callable[[FitPart], pl.DataFrame], Sequence[FitPart]], Generator[pl.DataFrame, None, None]]


@dataclass(frozen=True, slots=True)
class DatedReturns:
    """Log returns of one benchmark (n,), and the bars between 1970 and the close of each, ascending."""

    bars: Integers
    returns: Floats

    @classmethod
    def of(cls, returns: pl.DataFrame, bar_hours: float) -> DatedReturns:
        """Those of a frame with open_time_utc and log_return."""
        opens = returns["open_time_utc"].cast(pl.Int64).to_numpy()
        return cls(opens // round(bar_hours * MICROSECONDS_PER_HOUR) + 1, returns["log_return"].to_numpy())

    def over_bars(self, first: int, n_bars: int) -> Floats:
        """The returns of `n_bars` from bar `first` on, NaN where there is none."""
        column = np.full(n_bars, np.nan)
        start, stop = np.searchsorted(self.bars, [first, first + n_bars])
        column[self.bars[start:stop] - first] = self.returns[start:stop]
        return column


# Returns of every benchmark by id, for an asset under study and a bar length in hours.
BenchmarkReturns = Callable[[str, float], Mapping[str, DatedReturns]]


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """All rows of the study, and how many pairs and fits under a model there were and were computed afresh."""

    results: pl.DataFrame
    n_pairs: int
    n_fresh: int
    has_changed: bool


@one_blas_thread()
def compare_models(
    study_id: str,
    plan: PlanEvents,
    events: Iterable[EventTime],
    stored: pl.DataFrame,
    markets: StudyMarkets,
    benchmarks: BenchmarkReturns,
    asset_id: str | None = None,
    share: ShareFits = one_by_one,
) -> ModelComparison:
    """Rows `car:<model>` of the main window under every model, one market per event and asset: that on the finest bars.

    Of every asset, or of `asset_id` alone.
    A fit whose data and model are as in `stored` keeps its row. One-factor models use the pair's own benchmark,
    multi-factor models that and the other benchmarks that have nearly all of its bars (never the asset itself).
    Estimates are simple returns, intervals and p by Student's t with the model's degrees of freedom; a model that
    cannot be fitted has a row with its reason. The constant of a model is carried forward, as published, which the
    study `reaction` does not do. `share` gives the rows of each part in any order, and may have parts fitted elsewhere,
    by `fit_part`, which plans the events again: what is prepared of many is large.
    """
    pairs: set[tuple[str, str]] = set()
    todo: dict[EventTime, set[FitKey]] = {}

    def list_planned() -> Iterator[tuple[FitKey, Fingerprints, _Fit]]:
        for fit in _list_fits(plan(events), markets, benchmarks):
            if asset_id in (None, fit.prepared.asset_id):
                pairs.add(fit.key[:2])
                yield fit.key, frozenset([fit.sha256]), fit

    def fit_here(part: FitPart) -> pl.DataFrame:
        return fit_part(study_id, plan, part, markets, benchmarks)

    rows = stored.select("event_id", "market_id", "statistic", "spec_sha256").iter_rows()
    known = stored_fingerprints(((event_id, market_id, name), sha256) for event_id, market_id, name, sha256 in rows)
    found = refresh(list_planned(), known, lambda fit: todo.setdefault(fit.prepared.pair.event, set()).add(fit.key))
    parts = [((event, frozenset(keys)),) for event, keys in todo.items()]
    with closing(share(fit_here, parts)) as fitted:
        results = pl.concat([results_frame([]), *fitted, found.keep(stored)])
    return ModelComparison(results, len(pairs), len(found.fresh), has_changed=not found.is_unchanged)


@one_blas_thread()
def fit_part(
    study_id: str, plan: PlanEvents, part: FitPart, markets: StudyMarkets, benchmarks: BenchmarkReturns
) -> pl.DataFrame:
    """The rows of the keys of a part, as `compare_models` has them."""
    keys = frozenset(key for _, asked in part for key in asked)
    fits = _list_fits(plan(event for event, _ in part), markets, benchmarks)
    return results_frame(_fit_row(study_id, fit) for fit in fits if fit.key in keys)


def _list_fits(planned: Iterable[PlannedEvent], markets: StudyMarkets, benchmarks: BenchmarkReturns) -> Iterator[_Fit]:
    """Every pair that stands for an asset under every model."""
    models = [(model, fingerprint(model)) for model in load_models().values()]
    for event in planned:
        for name, pair in _main_pairs(event, markets).items():
            prepared = _prepare(pair, name, markets, benchmarks)
            for model, sha256 in models:
                yield _Fit(prepared, model, fingerprint(prepared.sha256, sha256))


def _main_pairs(event: PlannedEvent, markets: StudyMarkets) -> dict[str, Pair]:
    """By asset, the pair that stands for it, of those with a benchmark and the whole main window."""
    best: dict[str, Pair] = {}
    for pair in event.pairs:
        n_bars = pair.bars(pair.specification.main_window_hours)
        if pair.series.benchmark_ids and pair.index + n_bars <= pair.series.close_us.size:
            asset = markets.asset_ids[pair.market_id]
            best[asset] = min(best.get(asset, pair), pair, key=lambda pair: pair.candidate.preference)
    return dict(sorted(best.items()))


@dataclass(frozen=True)
class _Prepared:
    """One pair with the factors of both kinds of model; what a fit takes is made when the first asks for it."""

    pair: Pair
    asset_id: str
    donors: Donors | None
    others: Mapping[str, Floats]  # factors beside the pair's benchmark, on the bars used
    sha256: str

    @property
    def minimum(self) -> int:
        """Estimation bars that a fit needs."""
        return self.pair.bars(self.pair.specification.minimum_estimation_hours)

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The benchmark first."""
        return (self.pair.specification.benchmark_asset_id, *self.others)

    @cached_property
    def item(self) -> EventInput:
        """One factor: the pair's benchmark."""
        return _as_input(self.pair, self.asset_id, self.donors)

    @cached_property
    def factors(self) -> Floats:
        """[T, K] of the multi-factor models, the benchmark first."""
        return np.column_stack([self.item.benchmark, *self.others.values()])


@dataclass(frozen=True, slots=True)
class _Fit:
    """One pair under one model."""

    prepared: _Prepared
    model: ExpectedReturnModel
    sha256: str

    @property
    def statistic(self) -> str:
        return f"{_PREFIX}{self.model.model_id}"

    @property
    def key(self) -> FitKey:
        return self.prepared.pair.event.event_id, self.prepared.pair.market_id, self.statistic


def _prepare(pair: Pair, asset_id: str, markets: StudyMarkets, benchmarks: BenchmarkReturns) -> _Prepared:
    """The pair's own fingerprint stands for its bars, mask, benchmark and donors."""
    first, last = _bars_used(pair)
    first_bar = _bar_number(pair, first)
    returns = benchmarks(asset_id, pair.series.bar_hours)
    others: dict[str, Floats] = {}
    for benchmark_id in EXTRA_FACTORS:
        if benchmark_id == asset_id:
            continue
        column = returns[benchmark_id].over_bars(first_bar, last - first)
        is_missing = ~np.isfinite(column)
        if is_missing.mean() <= LARGEST_GAP and not is_missing[pair.index - first :].any():
            others[benchmark_id] = column
    donors = markets.donors.get(pair.series.bar_hours)
    return _Prepared(pair, asset_id, donors, others, fingerprint(_SOURCE, pair.spec_sha256, asset_id, others))


def _bars_used(pair: Pair) -> tuple[int, int]:
    """The bars [first, last) of the pair's cut that are its estimation and main window."""
    declared = pair.specification
    first = max(0, pair.index - pair.bars(declared.estimation_hours))
    return first, pair.index + pair.bars(declared.main_window_hours)


def _bar_number(pair: Pair, place: int) -> int:
    """Bars between 1970 and the close of a bar of the pair's cut."""
    return int(pair.series.close_us[place]) // pair.series.step_us


def _as_input(pair: Pair, asset_id: str, donors: Donors | None) -> EventInput:
    """The pair as the engine takes it, cut to its estimation and main window."""
    first, last = _bars_used(pair)
    series = cut_series(pair.series, first, last)
    calendar = series.close_us // series.step_us
    others = None
    if donors is not None:
        is_other = np.array([name != asset_id for name in donors.asset_ids], dtype=np.bool_)
        others = donors.over_bars(int(calendar[0]), calendar.size)[is_other].T
    return EventInput(
        event_id=pair.event.event_id,
        market_id=pair.market_id,
        event_time=pair.close_at(0),
        returns=series.asset,
        factors=series.benchmark[:, np.newaxis],
        benchmark=series.benchmark,
        calendar=calendar,
        bar_zero=pair.index - first,
        estimation=(-pair.bars(pair.specification.estimation_hours), 0),
        window=(0, last - pair.index),
        mask=pair.is_masked[first:last],
        donors=others,
    )


def _fit_row(study_id: str, fit: _Fit) -> ResultRow:
    prepared, model, pair = fit.prepared, fit.model, fit.prepared.pair
    hours = pair.specification.main_window_hours
    subject = Subject(study_id, GROUP_ID, hours, event_id=pair.event.event_id, market_id=pair.market_id)
    is_multiple = model.maximum_factors is None and model.minimum_factors > 0
    item = replace(prepared.item, factors=prepared.factors) if is_multiple else prepared.item
    names = prepared.factor_names if is_multiple else prepared.factor_names[:1]
    result = standardise_event(item, model, prepared.minimum, "log")
    words = f"{pair.series.bar_words} bars, log returns shown as exp - 1; {model.title}: {model.equation}"
    words += describe_closes(pair.specification, pair.market_id)
    words += _beta_words(result, names) if model.minimum_factors else ""
    basis = Basis(fit.sha256, words, pair.close_at(pair.bars(hours) - 1), _benchmark_words(model, pair, names))
    return ResultRow(subject, fit.statistic, basis, _numbers(result))


def _benchmark_words(model: ExpectedReturnModel, pair: Pair, names: tuple[str, ...]) -> str:
    if model.needs_donors:
        return "assets that the study does not treat"
    if not model.minimum_factors:
        return "none"
    return "; ".join([pair.benchmark_words, *names[1:]])


def _beta_words(result: EventResult, names: tuple[str, ...]) -> str:
    if result.fit is None or len(result.fit.beta) != len(names):
        return ""
    return "; beta " + ", ".join(f"{name} {number(beta)}" for name, beta in zip(names, result.fit.beta, strict=True))


def _numbers(result: EventResult) -> Numbers:
    """The CAR as a simple return with its interval, or the reason why there is none."""
    if result.fit is None or result.reason is not None:
        return Numbers(reason=result.reason, n_estimation=result.n_estimation)
    fit = result.fit
    car, error = float(fit.ar.sum()), float(np.sqrt(fit.car_variance(0, fit.ar.size)))
    interval = student_interval(car, error, fit.degrees_of_freedom)
    return Numbers(
        as_fraction(car),
        error_as_fraction(car, error),
        as_fraction(interval.lower),
        as_fraction(interval.upper),
        interval.t,
        interval.p_value,
        n_estimation=result.n_estimation,
    )
