"""Regressions over all groups: what goes with the size of a reaction, and how it unfolds bar by bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.engine.kernel import fit_line, market_model_windows
from analysis.engine.regressions.characteristics import regress_cars
from analysis.engine.regressions.leads_lags import REFERENCE_BAR, panel_event_study
from analysis.engine.regressions.local_projections import project_locally
from analysis.engine.regressions.quantiles import regress_quantiles
from analysis.engine.regressions.stacks import stack_events
from analysis.engine.regressions.terms import Term
from analysis.engine.standardise import EventInput
from analysis.groups.pairs import GroupPair, digest_pairs, lay_out
from analysis.groups.plan import GROUP_PREFIX, GroupPlan, GroupSpecification, PlannedGroup
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.row import Basis, Numbers, ResultRow, Subject, as_fraction, error_as_fraction
from analysis.single.study import read_event_times
from analysis.tape.choice import Candidate, Preference
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets
from analysis.tape.series import AlignedSeries, cut_series
from analysis.tape.stretches import DigestWords
from analysis.threads import Call, one_blas_thread
from warehouse.tables.bars import DAY, HOURS_PER_DAY, HOURS_PER_WEEK, MINUTE, utc_instant
from warehouse.tables.units import ISO_MONTH, hours_plain

PREFIX = "regression:"
_SOURCE = SourceCode("analysis.groups.regressions")

# The window whose CARs are explained, and which the panel's bars lie in.
_WINDOW_HOURS = 24.0
CHARACTERISTICS = (
    "severity",
    "restricts",
    "enables",
    "duration_days",
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
class PlannedRegression:
    """One regression: the fingerprint of everything it rests on, and what makes the call that gives its rows.

    One that `is_wide` reads the bars of many pairs, which take long to hand over.
    """

    group_id: str
    sha256: str
    call: Callable[[], Call]
    is_wide: bool = False


def plan_regressions(
    specification: GroupSpecification, plan: GroupPlan, events: pl.DataFrame, markets: StudyMarkets
) -> list[PlannedRegression]:
    """All regressions; `events` is in the shape of core.event.

    `regression:characteristics` and `regression:quantiles` explain the CARs of 24 hours; `regression:leads_lags:…` is
    the panel event study of one category, or all; `regression:projection:ASSET:…` the response of one asset.
    """
    groups = [group for group in plan.groups if group.window_hours == _WINDOW_HOURS]
    if not groups:
        return []
    as_of, study_id = max(group.data_as_of for group in groups), specification.study_id
    return [
        *_plan_explanations(specification, groups, events, markets, as_of),
        *_plan_leads_and_lags(study_id, groups, markets, as_of),
        *_plan_projections(study_id, events, markets, as_of),
    ]


def _plan_explanations(
    specification: GroupSpecification,
    groups: Sequence[PlannedGroup],
    events: pl.DataFrame,
    markets: StudyMarkets,
    as_of: datetime,
) -> Iterator[PlannedRegression]:
    """CARs of the day after on what the events were, over all categories together.

    Events of one calendar month are one cluster: they overlap, and markets stay calm or nervous for weeks.
    """
    measured = sorted({item.event_id for group in groups for item in group.pairs})
    known = _characteristics(events).filter(pl.col("event_id").is_in(measured)).sort("event_id")
    sha256 = fingerprint(_SOURCE, [group.inputs_sha256 for group in groups], known)
    basis = Basis(sha256, "", as_of, "; ".join(sorted({group.benchmark for group in groups})))

    @cache
    def frame() -> pl.DataFrame:
        return _cars(specification, groups, markets).join(known, on="event_id", validate="m:1")

    def explain(name: str) -> Call:
        return _explain, (specification.study_id, name, frame(), basis)

    for name in ("characteristics", "quantiles"):
        yield PlannedRegression(f"{PREFIX}{name}", sha256, partial(explain, name))


@one_blas_thread()
def _explain(study_id: str, name: str, frame: pl.DataFrame, basis: Basis) -> list[ResultRow]:
    """The rows of one regression of the CARs in `frame`."""
    if name == "quantiles":
        terms = regress_quantiles(frame, "car", CHARACTERISTICS, _QUANTILES)
    else:
        terms = regress_cars(frame, "car", CHARACTERISTICS, clusters=("month", "asset_id"))
    rows = []
    for term in terms:
        words = f"{term.conventions}; car without the constant of the market model; coefficients shown as exp - 1"
        if name == "quantiles":
            words += "; errors take reactions for independent, which those to one event are not"
        numbers = replace(_numbers(term), n_effective=float(frame["event_id"].n_unique()))
        subject = Subject(study_id, f"{PREFIX}{name}", _WINDOW_HOURS)
        rows.append(ResultRow(subject, f"{term.covariance}:{term.name}", replace(basis, conventions=words), numbers))
    return rows


def _cars(specification: GroupSpecification, groups: Sequence[PlannedGroup], markets: StudyMarkets) -> pl.DataFrame:
    """event_id, asset_id, car (log points), prior_volatility (hundredths of a log point a day) of complete pairs.

    The car leaves out the constant of the model: a lively month before the event has a large one, and carried forward
    it would be explained by the volatility of that month. All pairs of a group are fitted at once, by the market model.
    """
    frames = []
    for group in groups:
        n_window = round(group.window_hours / group.bar_hours)
        asset, benchmark, mask = lay_out(group.pairs, group.n_estimation, n_window)
        found = market_model_windows(
            asset,
            benchmark,
            np.arange(len(group.pairs)),
            np.full(len(group.pairs), group.n_estimation),
            estimation=(-group.n_estimation, 0),
            window=(0, n_window),
            mask=mask,
            minimum_estimation=round(specification.minimum_estimation_hours / group.bar_hours),
            keep_bars=False,
        )
        frame = pl.DataFrame(
            {
                "event_id": [pair.event_id for pair in group.pairs],
                "asset_id": [markets.asset_ids[pair.market_id] for pair in group.pairs],
                "car": found.car + found.alpha * n_window,
                "prior_volatility": 100.0 * found.sigma * float(np.sqrt(HOURS_PER_DAY / group.bar_hours)),
            }
        )
        frames.append(frame.filter(pl.Series(found.is_complete)))
    return pl.concat(frames)


def _characteristics(events: pl.DataFrame) -> pl.DataFrame:
    """What is known of each event; an event without an end has no duration, one without outlets no attention."""
    duration = (pl.col("ended_at_utc") - pl.col("best_at_utc")).dt.total_minutes() / (DAY // MINUTE)
    return events.select(
        "event_id",
        severity=pl.col("severity").cast(pl.Float64),
        restricts=(pl.col("direction") == "restricts").fill_null(value=False).cast(pl.Float64),
        enables=(pl.col("direction") == "enables").fill_null(value=False).cast(pl.Float64),
        month=pl.col("best_at_utc").dt.strftime(ISO_MONTH),
        duration_days=duration.fill_null(0.0),
        attention=pl.col("n_outlets").fill_null(0).cast(pl.Float64).log1p(),
    )


def _plan_leads_and_lags(
    study_id: str, groups: Sequence[PlannedGroup], markets: StudyMarkets, as_of: datetime
) -> Iterator[PlannedRegression]:
    """The panel event study of every category, and of all categories on the bar length that most events have."""
    n_pairs: dict[float, int] = {}
    for group in groups:
        n_pairs[group.bar_hours] = n_pairs.get(group.bar_hours, 0) + len(group.pairs)
    common = max(sorted(n_pairs), key=lambda hours: n_pairs[hours])
    seen = {group.group_id: _digest_cut(group, markets) for group in groups}
    everything = [group for group in groups if group.bar_hours == common]
    for name, items in (
        ("all", everything),
        *((group.group_id.removeprefix(GROUP_PREFIX), [group]) for group in groups),
    ):
        bar_hours = items[0].bar_hours
        sha256 = fingerprint(_SOURCE, name, bar_hours, [seen[group.group_id] for group in items], as_of)
        basis = Basis(
            sha256, "", as_of, "mean return of the assets that the study does not treat, bar by bar of each event"
        )
        call = partial(_call_panel, study_id, name, items, markets.donors.get(bar_hours), basis)
        yield PlannedRegression(f"{PREFIX}leads_lags:{name}", sha256, call, is_wide=True)


def _panel_bars(bar_hours: float) -> tuple[int, int, int]:
    """Bars of leads, lags and base."""
    leads, lags, base = (round(hours / bar_hours) for hours in (LEAD_HOURS, _WINDOW_HOURS - bar_hours, BASE_HOURS))
    return leads, lags, base


def _cut_pairs(group: PlannedGroup) -> tuple[GroupPair, ...]:
    """Each pair with the bars that the panel event study looks at."""
    leads, lags, base = _panel_bars(group.bar_hours)
    return tuple(pair.cut(leads + base, lags) for pair in group.pairs)


def _digest_cut(group: PlannedGroup, markets: StudyMarkets) -> str:
    """What stands for the pairs of the panel and for the donors beside them."""
    pairs, donors = _cut_pairs(group), markets.donors.get(group.bar_hours)
    starts = [pair.first_bar for pair in pairs]
    beside: DigestWords | None = (
        None if donors is None else donors.digest_bars(starts, [pair.last - pair.first for pair in pairs])
    )
    return fingerprint(digest_pairs(pairs), beside)


def _call_panel(study_id: str, name: str, groups: Sequence[PlannedGroup], donors: Donors | None, basis: Basis) -> Call:
    """The panel event study of some groups, with no more of each than it looks at."""
    return _panel_rows, (study_id, name, [replace(group, pairs=_cut_pairs(group)) for group in groups], donors, basis)


def _read_cut(group: PlannedGroup, donors: Donors | None) -> Iterator[EventInput]:
    """The bars of the panel, beside the donors over the same bars."""
    window = (0, round(group.window_hours / group.bar_hours))
    for pair in group.pairs:
        entry = pair.read((-group.n_estimation, 0), window)
        n_bars = pair.last - pair.first
        yield entry if donors is None else replace(entry, donors=donors.over_bars(pair.first_bar, n_bars).T)


@one_blas_thread()
def _panel_rows(
    study_id: str, name: str, groups: Sequence[PlannedGroup], donors: Donors | None, basis: Basis
) -> list[ResultRow]:
    bar_hours = groups[0].bar_hours
    inputs = [entry for group in groups for entry in _read_cut(group, donors)]
    leads, lags, base = _panel_bars(bar_hours)
    bars_a_week = round(HOURS_PER_WEEK / bar_hours)
    frame = stack_events(inputs, leads=leads, lags=lags, base_bars=base, cluster_bars=bars_a_week)
    treated = frame.filter(pl.col("relative_bar").is_not_null() & pl.col("outcome").is_finite())
    n, n_clusters = treated["unit"].n_unique(), float(frame["cluster"].n_unique())
    *terms, joint = panel_event_study(frame, leads=leads, lags=lags)
    bars = [bar for bar in range(-leads, lags + 1) if bar != REFERENCE_BAR]
    spans = [(bar * bar_hours, (bar + 1) * bar_hours) for bar in bars]
    spans.append((-leads * bar_hours, REFERENCE_BAR * bar_hours))
    rows = []
    for term, (start, end) in zip([*terms, joint], spans, strict=True):
        subject = Subject(study_id, f"{PREFIX}leads_lags:{name}", end, start)
        words = (
            f"{hours_plain(bar_hours)} bars; mean log returns shown as exp - 1; {term.conventions}; clusters are weeks"
        )
        numbers = replace(_numbers(term), n=n, n_effective=n_clusters, n_estimation=frame.height)
        rows.append(ResultRow(subject, term.covariance, replace(basis, conventions=words), numbers))
    return rows


def _plan_projections(
    study_id: str, events: pl.DataFrame, markets: StudyMarkets, as_of: datetime
) -> Iterator[PlannedRegression]:
    """Responses of every treated asset to the events of each category, and to all of them."""
    times, _ = read_event_times(events)
    categories = dict(events.select("event_id", "category").iter_rows())
    names = ("all", *sorted({categories[time.event_id] for time in times}))
    for asset in sorted(markets.variants):
        series = _longest(markets, asset)
        if series is None:
            continue
        # No later bar than the groups have, so that the stated instant bounds what was used.
        series = cut_series(series, 0, int(np.searchsorted(series.close_us, round(as_of.timestamp() * 1e6), "right")))
        usable = np.isfinite(series.asset) & np.isfinite(series.benchmark)
        if usable.sum() < _MINIMUM_BARS:
            continue
        seen = fingerprint(_SOURCE, series)
        bars = {time.event_id: series.first_bar_after(time.best_us) for time in times}
        for name in names:
            hit = [bars[time.event_id] for time in times if name in ("all", categories[time.event_id])]
            inside = np.array(sorted(bar for bar in hit if 0 < bar < series.asset.size), dtype=np.int64)
            # Kinds without an event in the bars are alike but for their name.
            sha256 = fingerprint(seen, name, inside)
            call = partial(_call, _projection_rows, study_id, asset, name, series, inside, sha256)
            yield PlannedRegression(f"{PREFIX}projection:{asset}:{name}", sha256, call)


def _call(function: Callable[..., list[ResultRow]], *given: object) -> Call:
    return function, given


@one_blas_thread()
def _projection_rows(
    study_id: str, asset: str, name: str, series: AlignedSeries, hit: Integers, sha256: str
) -> list[ResultRow]:
    """Responses of one asset to events in the bars `hit`, several of which may be one."""
    abnormal = series.asset - fit_line(series.asset, series.benchmark).beta[0] * series.benchmark
    shock = np.bincount(hit, minlength=series.asset.size).astype(np.float64)
    horizons = [round(hours / series.bar_hours) - 1 for hours in PROJECTION_HOURS]
    terms = project_locally(abnormal, shock, horizons=horizons, n_lags=PROJECTION_LAGS)
    words = (
        f"{series.bar_words} bars; log return after one event, shown as exp - 1, beyond the benchmark with one beta "
        "over the whole series, bars after the events included"
    )
    as_of, n_bars = utc_instant(series.close_us[-1]), series.close_us.size
    rows = []
    for hours, term in zip(PROJECTION_HOURS, terms, strict=True):
        subject = Subject(study_id, f"{PREFIX}projection:{asset}:{name}", hours, 0.0, None, series.market_id)
        numbers = replace(_numbers(term), n=term.n_shocks, n_estimation=term.n)
        basis = Basis(sha256, f"{words}; {term.conventions}", as_of, series.benchmark_words(0, n_bars))
        rows.append(ResultRow(subject, term.covariance, basis, numbers))
    return rows


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
    """The term's log points as fractions."""
    return Numbers(
        _fraction(term.estimate),
        None
        if term.estimate is None or term.standard_error is None
        else error_as_fraction(term.estimate, term.standard_error),
        _fraction(term.lower_95),
        _fraction(term.upper_95),
        term.t,
        term.p_value,
        term.n,
        reason=term.reason,
    )


def _fraction(log_points: float | None) -> float | None:
    return None if log_points is None else as_fraction(log_points)
