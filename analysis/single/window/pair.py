"""One event on one market, cut out of the record and ready to be measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

import numpy as np

from analysis.arrays import Flags, Floats
from analysis.engine.kernel import REASON_WORDS, BlockSums, MarketModels, Reason, fit_around
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.single.window.block_model import sum_returns
from analysis.single.window.score import Ground, prepare_ground
from analysis.tape.choice import Candidate
from analysis.tape.donors import Donors
from analysis.tape.observations import is_observed
from analysis.tape.series import AlignedSeries, SpanTimes, cut_series, mark_spans
from analysis.tape.stretches import Stretches, digest_stretches
from warehouse.tables.bars import utc_instant
from warehouse.tables.units import hours_plain, iso_minute, plain

_SOURCE = SourceCode("analysis.single.measure")  # what computes the rows of a pair


@dataclass(frozen=True, slots=True)
class StudySpecification:
    """A declared study of single events; lengths in hours."""

    study_id: str
    benchmark_asset_id: str
    windows_hours: tuple[float, ...]
    main_window_hours: float  # the window of bands, stored placebos and the methods shown side by side
    estimation_hours: float
    minimum_estimation_hours: float
    placebo_history_hours: float
    mask_hours: float  # bars this long after another event are left out of estimation and placebos
    path_before_hours: float
    path_after_hours: float
    specification_asset_ids: tuple[str, ...]  # assets that get a specification curve
    examined_origins: tuple[str, ...]  # origins of events that every method is applied to; the rest get the windows
    search_hours: float  # how long after the event the first significant bar is looked for
    observed_staleness_minutes: float = 0.0  # how old an observed price may be at its close; 0: none are used


@dataclass(frozen=True, slots=True)
class EventTime:
    """When an event became public, as an interval; microseconds since 1970 UTC."""

    event_id: str
    best_us: int
    earliest_us: int
    latest_us: int
    precision: str
    time_basis: str
    selected_from: str
    origin: str
    takes_every_method: bool = True  # where its origin is an examined one


@dataclass(frozen=True)
class Pair:
    """One event on one market: the cut of its bars, and what numbers on it stand on."""

    specification: StudySpecification
    event: EventTime
    series: AlignedSeries
    index: int  # the bar of the cut in which the event falls
    is_masked: Flags  # bars in the first hours after other events
    coefficients: MarketModels  # of the event, one element
    spec_sha256: str
    conventions: str

    @property
    def market_id(self) -> str:
        """The market."""
        return self.series.market_id

    @cached_property
    def sums(self) -> BlockSums:
        """Moments of the cut, made when first asked for: a pair that keeps its rows needs none."""
        return sum_returns(self.series, self.is_masked)

    @cached_property
    def ground(self) -> Ground:
        """What scores stand on, made when the first is asked for too."""
        declared = self.specification
        hours = (declared.estimation_hours, declared.minimum_estimation_hours, declared.placebo_history_hours)
        lengths = [int(length / self.series.bar_hours) for length in hours]
        return prepare_ground(
            self.series, self.sums, self.is_masked, self.index, self.coefficients, np.array(lengths, dtype=np.int64)
        )

    @property
    def volatility(self) -> Floats:
        """Per bar, known before each, freed of the rhythm of the week, log points: a ruler up to a factor."""
        return self.ground.volatility

    @property
    def is_examined(self) -> bool:
        """Whether every method is applied to this event, or only windows, path and reaction time."""
        return self.event.takes_every_method and self.event.origin in self.specification.examined_origins

    @property
    def candidate(self) -> Candidate:
        """The pair as the rule of choice sees it: does it hold the whole main window, on how many estimation bars."""
        n_window = self.bars(self.specification.main_window_hours)
        is_covering = self.index + n_window <= self.series.close_us.size
        return Candidate(self.market_id, self.series.bar_hours, int(self.coefficients.n[0]), is_covering)

    @property
    def base_close_us(self) -> int:
        """The last close at or before the event: every return is measured from it."""
        return int(self.series.close_us[self.index - 1])

    @property
    def abnormal(self) -> Floats:
        """Abnormal log return of every bar under the event's model, NaN where a return is missing."""
        return self.series.asset - float(self.coefficients.beta[0]) * self.series.benchmark

    @cached_property
    def benchmark_words(self) -> str:
        """The benchmark and its venues over the bars used."""
        first = max(0, self.index - self.bars(self.specification.estimation_hours))
        end = min(self.series.close_us.size, self.index + self.bars(self.specification.path_after_hours))
        words = self.series.benchmark_words(first, end)
        return f"{self.specification.benchmark_asset_id}: {words}" if self.series.benchmark_ids else words

    def bars(self, hours: float) -> int:
        """Whole bars in `hours`."""
        return int(hours / self.series.bar_hours + 1e-9)

    def close_at(self, offset: int) -> datetime:
        """Close of the bar `offset` bars after the event's (negative: before), within the record."""
        return utc_instant(int(self.series.close_us[min(max(self.index + offset, 0), self.series.close_us.size - 1)]))


def prepare_pair(
    specification: StudySpecification,
    event: EventTime,
    series: AlignedSeries,
    other_events_us: SpanTimes,
    donors: Donors | None = None,
    stretches: Stretches | None = None,
) -> Pair | str:
    """The pair, or the reason in words why this market cannot be measured at this event.

    `other_events_us` are [start, end) spans of other events' first hours. `donors` enter the specification hash,
    because the methods side by side use them. `stretches` are the digests of `series`, made here where not given.
    """
    index = series.first_bar_after(event.best_us)
    reason = _find_obstacle(event, series, index)
    if reason:
        return reason
    reach = int((specification.placebo_history_hours + specification.estimation_hours) / series.bar_hours)
    first = max(0, index - reach)
    last = min(series.close_us.size, index + int(specification.path_after_hours / series.bar_hours) + 1)
    cut, index = cut_series(series, first, last), index - first
    is_masked = mark_spans(cut, other_events_us)
    length = int(specification.estimation_hours / cut.bar_hours)
    minimum = int(specification.minimum_estimation_hours / cut.bar_hours)
    coefficients = _fit_before(cut, is_masked, index, length, minimum)
    if coefficients.reason[0] == Reason.CONSTANT_SERIES:
        return REASON_WORDS[Reason.CONSTANT_SERIES]
    if coefficients.reason[0]:
        return (
            f"{int(coefficients.n[0])} usable {cut.bar_words} bars in the "
            f"{hours_plain(specification.estimation_hours)} "
            f"before the event; the model needs {minimum}: import an earlier history of this market and its benchmark"
        )
    words = _describe_conventions(specification, event, cut, int(coefficients.n[0]), int(cut.close_us[index - 1]))
    after = index + int(specification.main_window_hours / cut.bar_hours)
    seen = None if donors is None else donors.fingerprint(cut, max(0, index - length), after)
    digests = (stretches or digest_stretches(series)).digests(np.array([first]), np.array([last]))
    sha256 = fingerprint(_SOURCE, _digest_declared(specification), event, digests, is_masked, seen)
    return Pair(specification, event, cut, index, is_masked, coefficients, sha256, words)


def _fit_before(series: AlignedSeries, is_masked: Flags, index: int, length: int, minimum: int) -> MarketModels:
    """The model of the `length` bars before bar `index`, one element; other bars are not summed."""
    first = max(0, index - length)
    sums = sum_returns(cut_series(series, first, index + 1), is_masked[first : index + 1])
    start = np.array([index - first], dtype=np.int64)
    return fit_around(sums, start, 0, limit=index - first, length=length, minimum=minimum)


@lru_cache(maxsize=64)
def _digest_declared(specification: StudySpecification) -> str:
    return fingerprint(specification)


def _describe_conventions(
    specification: StudySpecification, event: EventTime, series: AlignedSeries, n_estimation: int, base_close_us: int
) -> str:
    """The conventions of a pair's numbers, in words."""
    timing = "first public evidence"
    if event.precision == "upper_bound":
        timing += " (an upper bound: the news may have been public earlier)"
    model = (
        f"market model on {specification.benchmark_asset_id}" if series.benchmark_ids else "raw returns, no benchmark"
    )
    return (
        f"{model}, {n_estimation} {series.bar_words} bars before the event, "
        f"first {hours_plain(specification.mask_hours)} after other events left out, constant not carried forward; "
        f"log returns summed and shown as exp − 1; window from the last close at or before the event "
        f"({iso_minute(utc_instant(base_close_us))} UTC); timing: {timing}, {event.precision} precision"
        f"{describe_closes(specification, series.market_id)}"
    )


def describe_closes(specification: StudySpecification, market_id: str) -> str:
    """What to add to conventions where closes are not candles of a venue; empty where they are."""
    if not is_observed(market_id):
        return ""
    return (
        "; closes are prices observed at uneven times, not candles of a venue, each at most "
        f"{plain(specification.observed_staleness_minutes)} minutes old: a move so shortly before a close may fall "
        "into the next bar"
    )


def _find_obstacle(event: EventTime, series: AlignedSeries, index: int) -> str | None:
    n, name = series.close_us.size, f"{series.market_id} {series.bar_words}"
    if index == 0:
        return f"{name} begins after the event: import earlier bars"
    if index >= n:
        return f"{name} ends before the event: fetch or import later bars"
    if not np.isfinite(series.close_quote[index - 1]):
        return f"{name} has no close in the bar before the event (a gap, or a frozen price)"
    return None
