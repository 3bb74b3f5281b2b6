"""Regressions over all groups: what goes with the size of a reaction, and how it unfolds bar by bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.engine.battery import choose_model
from analysis.engine.kernel import fit_line
from analysis.engine.regressions.characteristics import regress_cars
from analysis.engine.regressions.leads_lags import REFERENCE_BAR, panel_event_study
from analysis.engine.regressions.local_projections import project_locally
from analysis.engine.regressions.quantiles import regress_quantiles
from analysis.engine.regressions.stacks import stack_events
from analysis.engine.regressions.terms import Term
from analysis.engine.standardise import EventInput
from analysis.engine.study import StudyResult, StudySpecification
from analysis.groups.plan import GROUP_PREFIX, GroupPlan, PlannedGroup
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.row import Basis, Numbers, ResultRow, Subject
from analysis.single.study import read_event_times
from analysis.single.window.pair import utc_instant
from analysis.tape.choice import Candidate, Preference
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets
from analysis.tape.series import AlignedSeries, cut_series
from warehouse.tables.bars import HOURS_PER_WEEK
from warehouse.tables.units import ISO_MONTH, hours_plain

Floats = NDArray[np.float64]

PREFIX = "regression:"
_SOURCE = SourceCode("analysis.groups.regressions")

# The window whose CARs are explained, and which the panel's bars lie in.
_WINDOW_HOURS = 24.0
CHARACTERISTICS = (
    "severity",
    "restricts",
    "enables",
    "duration_hours",
    "prior_volatility",
    "attention",
)
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
# Bars of the panel before the event that are tested, and the base before those.
LEAD_HOURS, BASE_HOURS = 12.0, 72.0
# Projections use one bar length, on which most of the record lies: hours are joined to it.
PROJECTION_BAR_HOURS = 4.0
_MINIMUM_BARS = 100  # of a series before anything is projected on it
PROJECTION_HOURS = (4.0, 12.0, 24.0, 72.0)
PROJECTION_LAGS = 2


@dataclass(frozen=True, slots=True)
class _Measured:
    """One group of the regression window with its study."""

    group: PlannedGroup
    study: StudyResult

    @property
    def category(self) -> str:
        return self.group.group_id.removeprefix(GROUP_PREFIX)


def regression_rows(
    study_id: str,
    plan: GroupPlan,
    studies: Mapping[tuple[str, float], StudyResult],
    events: pl.DataFrame,
    markets: StudyMarkets,
    sha256: str,
) -> list[ResultRow]:
    """Rows of all regressions; `studies` by key of the planned group, `events` in the shape of core.event.

    `sha256` is that of `hash_regressions`.

    `regression:characteristics` and `regression:quantiles` explain the CARs of 24 hours; `regression:leads_lags:…` is
    the panel event study of one category, or all; `regression:projection:ASSET:…` the response of one asset.
    """
    measured = [_Measured(group, studies[group.key]) for group in plan.groups if group.window_hours == _WINDOW_HOURS]
    if not measured:
        return []
    as_of = max(item.group.data_as_of for item in measured)
    shared = Basis(sha256, "", as_of, "; ".join(sorted({item.group.benchmark for item in measured})))
    return [
        *_explain(study_id, measured, events, markets, shared),
        *_leads_and_lags(study_id, measured, markets, shared),
        *_project(study_id, events, markets, as_of, shared),
    ]


def hash_regressions(plan: GroupPlan, events: pl.DataFrame, markets: StudyMarkets) -> str:
    """Fingerprint of all that the regressions rest on: groups, what is known of events, donors and whole series."""
    known = events.select("event_id", "category", "best_at_utc", "time_precision").join(
        _characteristics(events), on="event_id", validate="1:1"
    )
    longest = [series for asset in sorted(markets.variants) if (series := _longest(markets, asset)) is not None]
    groups = [group.inputs_sha256 for group in plan.groups]
    model = choose_model(StudySpecification().model_id)
    return fingerprint(_SOURCE, model, groups, known.sort("event_id"), markets.donors, longest)


def _explain(
    study_id: str, measured: Sequence[_Measured], events: pl.DataFrame, markets: StudyMarkets, shared: Basis
) -> Iterator[ResultRow]:
    """CARs of the day after on what the events were, over all categories together.

    Events of one calendar month are one cluster: they overlap, and markets stay calm or nervous for weeks.
    """
    frame = _cars(measured, markets).join(_characteristics(events), on="event_id", validate="m:1")
    found = {
        "characteristics": regress_cars(frame, "car", CHARACTERISTICS, clusters=("month", "asset_id")),
        "quantiles": regress_quantiles(frame, "car", CHARACTERISTICS, _QUANTILES),
    }
    n_events = frame["event_id"].n_unique()
    for name, terms in found.items():
        subject = Subject(study_id, f"{PREFIX}{name}", _WINDOW_HOURS)
        for term in terms:
            words = f"{term.conventions}; car without the constant of the market model, log points"
            if name == "quantiles":
                words += "; errors take reactions for independent, which those to one event are not"
            numbers = replace(_numbers(term), n_effective=float(n_events))
            yield ResultRow(subject, f"{term.covariance}:{term.name}", replace(shared, conventions=words), numbers)


def _cars(measured: Sequence[_Measured], markets: StudyMarkets) -> pl.DataFrame:
    """event_id, asset_id, car (log points), prior_volatility (log points a day) of every complete pair.

    The car leaves out the constant of the model: a lively month before the event has a large one, and carried forward
    it would be explained by the volatility of that month.
    """
    rows = [
        (
            event.source.event_id,
            markets.asset_ids[event.source.market_id],
            float(event.fit.ar.sum() + event.fit.alpha * event.fit.ar.size),
            event.fit.sigma * float(np.sqrt(24.0 / item.group.bar_hours)),
        )
        for item in measured
        for event in item.study.events
        if event.fit is not None and event.reason is None
    ]
    schema = {"event_id": pl.String, "asset_id": pl.String, "car": pl.Float64, "prior_volatility": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _characteristics(events: pl.DataFrame) -> pl.DataFrame:
    """What is known of each event; an event without an end has no duration, one without outlets no attention."""
    duration = (pl.col("ended_at_utc") - pl.col("best_at_utc")).dt.total_minutes() / 60.0
    return events.select(
        "event_id",
        severity=pl.col("severity").cast(pl.Float64),
        restricts=(pl.col("direction") == "restricts").fill_null(value=False).cast(pl.Float64),
        enables=(pl.col("direction") == "enables").fill_null(value=False).cast(pl.Float64),
        month=pl.col("best_at_utc").dt.strftime(ISO_MONTH),
        duration_hours=duration.fill_null(0.0),
        attention=pl.col("n_outlets").fill_null(0).cast(pl.Float64).log1p(),
    )


def _leads_and_lags(
    study_id: str, measured: Sequence[_Measured], markets: StudyMarkets, shared: Basis
) -> Iterator[ResultRow]:
    """The panel event study of every category, and of all categories on the bar length that most events have."""
    n_pairs: dict[float, int] = {}
    for item in measured:
        n_pairs[item.group.bar_hours] = n_pairs.get(item.group.bar_hours, 0) + len(item.group.inputs)
    common = max(sorted(n_pairs), key=lambda hours: n_pairs[hours])
    everything = [item for item in measured if item.group.bar_hours == common]
    for name, items in (("all", everything), *((item.category, [item]) for item in measured)):
        yield from _panel_rows(study_id, name, items, markets, shared)


def _panel_rows(
    study_id: str, name: str, items: Sequence[_Measured], markets: StudyMarkets, shared: Basis
) -> Iterator[ResultRow]:
    bar_hours = items[0].group.bar_hours
    leads, lags, base = (round(hours / bar_hours) for hours in (LEAD_HOURS, _WINDOW_HOURS - bar_hours, BASE_HOURS))
    donors = markets.donors.get(bar_hours)
    inputs = [_cut(entry, donors, leads + base, lags) for item in items for entry in item.group.inputs]
    bars_a_week = round(HOURS_PER_WEEK / bar_hours)
    frame = stack_events(inputs, leads=leads, lags=lags, base_bars=base, cluster_bars=bars_a_week)
    treated = frame.filter(pl.col("relative_bar").is_not_null() & pl.col("outcome").is_finite())
    n, n_clusters = treated["unit"].n_unique(), float(frame["cluster"].n_unique())
    shared = replace(
        shared, benchmark="mean return of the assets that the study does not treat, bar by bar of each event"
    )
    *terms, joint = panel_event_study(frame, leads=leads, lags=lags)
    bars = [bar for bar in range(-leads, lags + 1) if bar != REFERENCE_BAR]
    spans = [(bar * bar_hours, (bar + 1) * bar_hours) for bar in bars]
    spans.append((-leads * bar_hours, REFERENCE_BAR * bar_hours))
    for term, (start, end) in zip([*terms, joint], spans, strict=True):
        subject = Subject(study_id, f"{PREFIX}leads_lags:{name}", end, start)
        words = f"{hours_plain(bar_hours)} bars; log points a bar; {term.conventions}; clusters are weeks"
        numbers = replace(_numbers(term), n=n, n_effective=n_clusters, n_estimation=frame.height)
        yield ResultRow(subject, term.covariance, replace(shared, conventions=words), numbers)


def _cut(item: EventInput, donors: Donors | None, before: int, after: int) -> EventInput:
    """The bars around an event only, beside the donors over the same bars."""
    first, last = max(0, item.bar_zero - before), min(item.returns.size, item.bar_zero + after + 1)
    calendar = item.calendar[first:last]
    return replace(
        item,
        returns=item.returns[first:last],
        factors=item.factors[first:last],
        benchmark=item.benchmark[first:last],
        calendar=calendar,
        mask=None if item.mask is None else item.mask[first:last],
        bar_zero=item.bar_zero - first,
        donors=None if donors is None or not calendar.size else donors.over_bars(int(calendar[0]), calendar.size).T,
    )


def _project(
    study_id: str, events: pl.DataFrame, markets: StudyMarkets, as_of: datetime, shared: Basis
) -> Iterator[ResultRow]:
    """Responses of every treated asset to the events of each category, and to all of them."""
    times, _ = read_event_times(events)
    categories = dict(events.select("event_id", "category").iter_rows())
    for asset in sorted(markets.variants):
        series = _longest(markets, asset)
        if series is None:
            continue
        # No later bar than the groups have, so that the stated instant bounds what was used.
        series = cut_series(series, 0, int(np.searchsorted(series.close_us, round(as_of.timestamp() * 1e6), "right")))
        usable = np.isfinite(series.asset) & np.isfinite(series.benchmark)
        if usable.sum() < _MINIMUM_BARS:
            continue
        abnormal = series.asset - fit_line(series.asset, series.benchmark).beta[0] * series.benchmark
        bars = {time.event_id: series.first_bar_after(time.best_us) for time in times}
        own = replace(
            shared,
            benchmark=series.benchmark_words(0, series.close_us.size),
            data_as_of_utc=utc_instant(int(series.close_us[-1])),
        )
        for name in ("all", *sorted({categories[time.event_id] for time in times})):
            hit = [bars[t.event_id] for t in times if name in ("all", categories[t.event_id])]
            hit = [bar for bar in hit if 0 < bar < series.asset.size]
            shock = np.bincount(np.array(hit, dtype=np.int64), minlength=series.asset.size).astype(np.float64)
            yield from _projection_rows(study_id, asset, name, abnormal, shock, series, own)


def _projection_rows(
    study_id: str, asset: str, name: str, abnormal: Floats, shock: Floats, series: AlignedSeries, shared: Basis
) -> Iterator[ResultRow]:
    horizons = [round(hours / series.bar_hours) - 1 for hours in PROJECTION_HOURS]
    terms = project_locally(abnormal, shock, horizons=horizons, n_lags=PROJECTION_LAGS)
    words = (
        f"{series.bar_words} bars; log points after one event, return beyond the benchmark with one beta over the "
        "whole series, bars after the events included"
    )
    for hours, term in zip(PROJECTION_HOURS, terms, strict=True):
        subject = Subject(study_id, f"{PREFIX}projection:{asset}:{name}", hours, 0.0, None, series.market_id)
        numbers = replace(_numbers(term), n=term.n_shocks, n_estimation=term.n)
        basis = replace(shared, conventions=f"{words}; {term.conventions}")
        yield ResultRow(subject, term.covariance, basis, numbers)


def _longest(markets: StudyMarkets, asset: str) -> AlignedSeries | None:
    """The series that stands for the asset on the projection's bar length, by usable bars; None with too few."""
    found: list[tuple[Preference, AlignedSeries]] = []
    for market_id, own in markets.series.items():
        for series in own if markets.asset_ids[market_id] == asset else ():
            n = int((np.isfinite(series.asset) & np.isfinite(series.benchmark)).sum())
            if series.bar_hours == PROJECTION_BAR_HOURS and series.benchmark_ids and n >= _MINIMUM_BARS:
                found.append((Candidate(market_id, series.bar_hours, n).preference, series))
    return min(found, key=lambda ranked: ranked[0])[1] if found else None


def _numbers(term: Term) -> Numbers:
    return Numbers(
        term.estimate,
        term.standard_error,
        term.lower_95,
        term.upper_95,
        term.t,
        term.p_value,
        term.n,
        reason=term.reason,
    )
