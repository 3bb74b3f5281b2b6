"""Abnormal trading around events: volume, range and volatility beside earlier windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.arrays import Floats, Integers
from analysis.engine.measures import log_range, log_volume
from analysis.engine.multiplicity import holm
from analysis.engine.tails import student_interval
from analysis.groups.plan import GROUP_PREFIX
from analysis.groups.shifts import SeriesShifts, trace_shifts
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.rank import two_sided_rank_p
from analysis.results.refresh import refresh, stored_fingerprints
from analysis.results.row import GROUP_ID, Basis, Numbers, ResultRow, Subject, as_fraction, results_frame
from analysis.single.window.pair import EventTime
from analysis.tape.choice import choose_each
from analysis.tape.markets import StudyMarkets
from analysis.tape.observations import is_observed
from analysis.tape.returns import ReturnGrid, place_on_grid
from analysis.tape.series import AlignedSeries
from analysis.tape.stretches import Stretches, digest_stretches
from warehouse.tables.bars import utc_instant
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import hours_plain, iso_month, plural

Measure = Literal["volume", "range", "volatility"]
LEVELS: tuple[Measure, ...] = ("volume", "range")  # which differ between venues
MEASURES: tuple[Measure, ...] = (*LEVELS, "volatility")

_SOURCE = SourceCode("analysis.groups.activity")

# Fewer windows before the event give no rank worth printing.
MINIMUM_WINDOWS = 20
# A t interval over fewer months is too wide to say anything.
MINIMUM_MONTHS = 5

_WORDS: Mapping[Measure, str] = {
    "volume": "log volume in base currency, mean over the window",
    "range": "log of the range ln(high/low), mean over the window",
    "volatility": "log of the mean squared standardised abnormal return, less its mean over the earlier windows",
}


@dataclass(frozen=True, slots=True)
class ActivitySpecification:
    """How activity is measured; lengths in hours."""

    study_id: str
    benchmark_asset_ids: tuple[str, ...]  # the main one first; they are not measured themselves
    windows_hours: tuple[float, ...]
    event_hours: float  # the window in which each event has a row of its own
    estimation_hours: float
    history_hours: float  # how far back the windows lie that an event is ranked among


def activity_grid(grid: ReturnGrid, candles: pl.DataFrame, level: Measure) -> ReturnGrid:
    """`grid` of `candles` with log volume, or else log range, in the place of returns, NaN where a bar has none."""
    if level == "volume":
        return replace(grid, returns=log_volume(grid.volume))
    high, low = place_on_grid(grid, candles, ("high_quote", "low_quote"))
    return replace(grid, returns=log_range(high, low))


def measure_activity(
    specification: ActivitySpecification,
    measure: Measure,
    events: Sequence[EventTime],
    categories: Mapping[str, str],
    markets: StudyMarkets,
    stored: pl.DataFrame,
) -> pl.DataFrame:
    """Rows of out.study_result of one measure; the `stored` ones (of this study) where nothing they rest on changed.

    Every event and asset has one row for `event_hours`, every category one row a window: a mean over calendar months.
    Each window, the event's and the earlier ones alike, is predicted from the bars before it by a market model on the
    benchmark's own volume, range or return. Estimates are fractions of the usual.
    """
    own = stored.filter(pl.col("statistic") == f"abnormal_{measure}")
    parts = _plan(specification, measure, events, categories, markets)
    keys = own.select(pl.col("group_id"), pl.col("event_id").fill_null(""), "window_end_hours", "spec_sha256")
    known = stored_fingerprints(((group, event, hours), sha256) for group, event, hours, sha256 in keys.iter_rows())
    found = refresh(((part.key, frozenset([part.sha256]), part) for part in parts), known, lambda part: part)
    rows = list(_measure_parts(_Shifts(specification, measure, markets), found.fresh.values()))
    return _adjust(pl.concat([found.keep(own), results_frame(rows)]))


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of one event, or the row of one category over one window, and the events that they rest on."""

    group_id: str
    hours: float
    events: tuple[EventTime, ...]
    sha256: str

    @property
    def key(self) -> tuple[str, str, float]:
        """What names the part among the stored rows of one measure."""
        return self.group_id, self.events[0].event_id if self.group_id == GROUP_ID else "", self.hours


def _plan(
    specification: ActivitySpecification,
    measure: Measure,
    events: Sequence[EventTime],
    categories: Mapping[str, str],
    markets: StudyMarkets,
) -> list[_Part]:
    """Every event over its window and every category over every window, each with a fingerprint of its own bars."""
    shared = fingerprint(_SOURCE, specification, measure)
    by_category: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        by_category.setdefault(categories[event.event_id], []).append(place)
    measured = [item for market in sorted(markets.series) for item in _measured_series(specification, markets, market)]
    stretches = [(series, digest_stretches(series)) for series in measured]
    times = np.array([event.best_us for event in events], dtype=np.int64)
    parts: list[_Part] = []
    for hours in specification.windows_hours:
        words = _digest_bars(specification, times, hours, stretches)
        for category, places in sorted(by_category.items()):
            members = tuple(events[place] for place in places)
            seen = ([event.event_id for event in members], times[places], np.ascontiguousarray(words[:, places]))
            sha256 = fingerprint(shared, category, hours, *seen)
            parts.append(_Part(f"{GROUP_PREFIX}{category}", hours, members, sha256))
        if hours == specification.event_hours:
            parts += [
                _Part(GROUP_ID, hours, (event,), fingerprint(shared, hours, event.event_id, event.best_us, seen))
                for event, seen in zip(events, np.ascontiguousarray(words.T), strict=True)
            ]
    return parts


def _measured_series(
    specification: ActivitySpecification, markets: StudyMarkets, market_id: str
) -> tuple[AlignedSeries, ...]:
    """The series of one market that may stand for its asset; none of a benchmark or an observed price."""
    if is_observed(market_id) or markets.asset_ids[market_id] in specification.benchmark_asset_ids:
        return ()
    return tuple(series for series in markets.series[market_id] if series.benchmark_ids)


def _digest_bars(
    specification: ActivitySpecification,
    times: Integers,
    hours: float,
    stretches: Sequence[tuple[AlignedSeries, Stretches]],
) -> NDArray[np.uint64]:
    """128 bits over every bar that the rows of each event over one window can rest on, shape (2, events)."""
    found = np.zeros((2, times.size), dtype=np.uint64)
    before = specification.history_hours + specification.estimation_hours
    for series, sums in stretches:
        if hours % series.bar_hours:
            continue
        index, n_bars = np.searchsorted(series.close_us, times, side="right"), round(hours / series.bar_hours)
        is_covered = (index > 0) & (index <= series.close_us.size - n_bars)
        first = np.maximum(index[is_covered] - round(before / series.bar_hours), 0)
        found[:, is_covered] += sums.digests(first, index[is_covered] + n_bars)
    return found


def _measure_parts(shifts: _Shifts, parts: Iterable[_Part]) -> Iterator[ResultRow]:
    """The rows of all parts; what events were on their markets over one window is read once for all of them."""
    specification, measure = shifts.specification, shifts.measure
    for hours, own in groupby(sorted(parts, key=lambda part: part.hours), key=lambda part: part.hours):
        asked = list(own)
        readings = shifts.read([*dict.fromkeys(event for part in asked for event in part.events)], hours)
        for part in asked:
            found = [(event, reading) for event in part.events for reading in readings[event.event_id]]
            if part.group_id == GROUP_ID:
                yield from (_event_row(specification, measure, event, reading, part.sha256) for event, reading in found)
            else:
                subject = Subject(specification.study_id, part.group_id, part.hours)
                yield _month_row(specification, measure, subject, found, part.sha256)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One event on one market over the window that begins at bar `index`, beside the earlier windows known there."""

    series: AlignedSeries
    index: int
    n_bars: int
    n_estimation: int
    shift: float
    earlier: Floats
    is_volatility: bool

    @property
    def log_points(self) -> float:
        """How far the window lies from what is usual."""
        # Fat tails keep most windows below the variance of all bars: what is usual is the mean of the logs.
        return self.shift - (float(self.earlier.mean()) if self.is_volatility else 0.0)

    @property
    def n_as_large(self) -> int:
        """Earlier windows that lie at least as far."""
        return int((self.earlier >= self.shift).sum())

    @property
    def p_value(self) -> float | None:
        """Two-sided rank among the earlier windows; None with too few."""
        n = self.earlier.size
        return None if n < MINIMUM_WINDOWS else two_sided_rank_p(self.n_as_large, n)

    @property
    def data_as_of(self) -> datetime:
        """Close of the window's last bar."""
        return utc_instant(self.series.close_us[self.index + self.n_bars - 1])


@dataclass(frozen=True, slots=True)
class _Shifts:
    """Readings of events of one measure."""

    specification: ActivitySpecification
    measure: Measure
    markets: StudyMarkets

    def read(self, events: Sequence[EventTime], hours: float) -> dict[str, list[_Reading]]:
        """By event one reading per asset with candles over the window, on the market that stands for it by the rule.

        The record of a market are its earlier windows.
        """
        times = np.array([event.best_us for event in events], dtype=np.int64)
        by_asset: dict[str, list[_Readings]] = {}
        for market_id in sorted(self.markets.series):
            for series in _measured_series(self.specification, self.markets, market_id):
                if hours % series.bar_hours == 0:
                    found = self._read_series(series, times, hours)
                    by_asset.setdefault(self.markets.asset_ids[market_id], []).append(found)
        readings: dict[str, list[_Reading]] = {event.event_id: [] for event in events}
        for _, own in sorted(by_asset.items()):
            names = [(item.series.market_id, item.series.bar_hours) for item in own]
            chosen = choose_each(names, np.stack([item.n_earlier for item in own]))
            for place in np.flatnonzero(chosen >= 0).tolist():
                readings[events[place].event_id].append(own[chosen[place]].at(place))
        return readings

    def _read_series(self, series: AlignedSeries, times: Integers, hours: float) -> _Readings:
        spec, is_volatility = self.specification, self.measure == "volatility"
        n_bars, n_estimation, reach = (
            round(length / series.bar_hours) for length in (hours, spec.estimation_hours, spec.history_hours)
        )
        shifts = trace_shifts(series, n_bars, n_estimation, is_volatility=is_volatility)
        index = np.searchsorted(series.close_us, times, side="right")
        first, stop, n_earlier = shifts.count_earlier(index, reach, n_bars)
        if is_volatility:
            n_earlier[n_earlier < MINIMUM_WINDOWS] = -1
        return _Readings(series, n_bars, n_estimation, is_volatility, shifts, index, first, stop, n_earlier)


@dataclass(frozen=True, slots=True)
class _Readings:
    """The readings of many events on one series, of which only those on the market that is chosen are made."""

    series: AlignedSeries
    n_bars: int
    n_estimation: int
    is_volatility: bool
    shifts: SeriesShifts
    index: Integers
    first: Integers
    stop: Integers
    n_earlier: Integers  # negative where there is no reading

    def at(self, place: int) -> _Reading:
        """The reading of one event."""
        index = int(self.index[place])
        earlier = self.shifts.earlier(index, int(self.first[place]), int(self.stop[place]))
        shift = float(self.shifts.shifts[index])
        return _Reading(self.series, index, self.n_bars, self.n_estimation, shift, earlier, self.is_volatility)


def _event_row(
    specification: ActivitySpecification, measure: Measure, event: EventTime, reading: _Reading, sha256: str
) -> ResultRow:
    series, n_earlier = reading.series, int(reading.earlier.size)
    subject = Subject(
        specification.study_id,
        GROUP_ID,
        specification.event_hours,
        event_id=event.event_id,
        market_id=series.market_id,
    )
    first = max(0, reading.index - reading.n_estimation)
    few = "" if n_earlier >= MINIMUM_WINDOWS else f"; no p: fewer than {MINIMUM_WINDOWS} windows"
    basis = Basis(
        sha256,
        f"{_words(specification, measure)}; {series.bar_words} bars; value: earlier windows at least as large, p their "
        f"two-sided rank, n_effective of them do not overlap{few}",
        reading.data_as_of,
        series.benchmark_words(first, reading.index + reading.n_bars),
    )
    numbers = Numbers(
        as_fraction(reading.log_points),
        value=float(reading.n_as_large),
        p_value=reading.p_value,
        n=n_earlier,
        n_effective=float(n_earlier // reading.n_bars),
        n_estimation=reading.n_estimation,
    )
    return ResultRow(subject, f"abnormal_{measure}", basis, numbers)


def _month_row(
    specification: ActivitySpecification,
    measure: Measure,
    subject: Subject,
    own: Sequence[tuple[EventTime, _Reading]],
    sha256: str,
) -> ResultRow:
    """Mean shift over calendar months with its t interval; pairs of one event, then events of one month, count once.

    Volume and volatility stay high or low for weeks, so events of one month say the same: taken one by one, 410 outages
    moved by whole weeks gave |t| up to 5, by months at most 1.5. Few months are a reason. Source: Ibragimov & Mueller
    (2010).
    """
    months: dict[str, dict[str, list[float]]] = {}
    for event, reading in own:
        month = iso_month(utc_instant(event.best_us))
        months.setdefault(month, {}).setdefault(event.event_id, []).append(reading.log_points)
    means = np.array([np.mean([np.mean(values) for values in by_event.values()]) for by_event in months.values()])
    basis = Basis(
        sha256,
        f"{_words(specification, measure)}; averaged within events, within calendar months, then over months; t with "
        "months - 1",
        max((reading.data_as_of for _, reading in own), default=utc_instant(0)),
        specification.benchmark_asset_ids[0],
    )
    counts = Numbers(n=len(own), n_effective=float(means.size))
    return ResultRow(subject, f"abnormal_{measure}", basis, _mean_of_months(means, counts))


def _mean_of_months(means: Floats, counts: Numbers) -> Numbers:
    if means.size < MINIMUM_MONTHS:
        few = plural(means.size, "calendar month")
        reason = f"events with candles around them in {few}; a mean over months needs at least {MINIMUM_MONTHS}"
        return replace(counts, reason=reason)
    mean, error = float(means.mean()), float(means.std(ddof=1) / np.sqrt(means.size))
    if error == 0.0:
        return replace(counts, reason="all months are equal: no variation to divide by")
    interval = student_interval(mean, error, means.size - 1)
    return replace(
        counts,
        estimate=as_fraction(mean),
        lower_95=as_fraction(interval.lower),
        upper_95=as_fraction(interval.upper),
        value=interval.t,
        p_value=interval.p_value,
    )


def _words(specification: ActivitySpecification, measure: Measure) -> str:
    own = "returns" if measure == "volatility" else measure
    return (
        f"{_WORDS[measure]}, shown as exp - 1; every window predicted by a market model on the {own} of "
        f"{specification.benchmark_asset_ids[0]} over the {hours_plain(specification.estimation_hours)} before; "
        f"earlier windows begin in the {hours_plain(specification.history_hours)} before the event on the same kind of "
        "day (Monday to Friday, or weekend)"
    )


def _adjust(results: pl.DataFrame) -> pl.DataFrame:
    """Holm over the categories and windows; single events are ranked, not tested."""
    is_group = pl.col("event_id").is_null()
    groups = results.filter(is_group).sort("result_id")
    adjusted = pl.Series("p_adjusted", holm(groups["p_value"].to_list()), dtype=pl.Float64)
    return STUDY_RESULT.conform(pl.concat([groups.with_columns(adjusted), results.filter(~is_group)]))
