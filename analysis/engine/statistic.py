"""What a test of a group of events takes, returns and declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.tails import normal_p, student_p
from warehouse.tables.units import number, plural

Dependence = Literal["independent", "adjusted", "portfolio", "clustered"]

DEPENDENCE_WORDS: dict[Dependence, str] = {
    "independent": "events are independent of one another",
    "adjusted": "events may be correlated; the mean residual correlation is adjusted for",
    "portfolio": "events may be correlated within a bar; the variance is that of the portfolio over time",
    "clustered": "events may be correlated inside a cluster of overlapping windows, not across clusters",
}


# Values that differ by less than this share of the largest are equal up to rounding.
EQUAL_SHARE = 1e-12

_LEAST_VALUES = 2  # of a mean's t: the distribution with one degree of freedom is the smallest that exists


def spread(values: Floats) -> float:
    """Standard deviation (n − 1) of `values` [n]; NaN when they are all equal up to rounding."""
    if np.ptp(values) <= EQUAL_SHARE * np.max(np.abs(values)):
        return float("nan")
    return float(values.std(ddof=1))


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A statistic that cannot be computed, with the reason in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class TestResult:
    """Value and two-sided p of one test; `df` is None for normal and exact distributions."""

    __test__ = False  # pytest: not a test class

    value: float
    p_value: float
    df: float | None = None
    n_eff: float | None = None
    rbar: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """n events with all bars of one window; L1 estimation bars, L2 bars of the whole event window, L of this window.

    Rows are keyed by (event, asset) and have no names: no statistic can depend on which asset a row belongs to.
    Abnormal returns are in return units, scaled ones in standard deviations. NaN in `residuals` and `ranks` marks
    bars that are missing or masked.
    """

    ar: Floats  # [n, L]
    sar: Floats  # [n, L] over the prediction-error standard deviation
    car: Floats  # [n]
    car_sd: Floats  # [n] exact, prediction covariance included
    sigma: Floats  # [n] residual standard deviation of the model
    residuals: Floats  # [n, L1] in event time
    ranks: Floats  # [n, L1 + L2] ranks of residuals and abnormal returns together, per event
    columns: tuple[int, int]  # where this window lies in `ranks`
    degrees_of_freedom: Integers  # [n] estimation bars minus parameters
    bars: Integers  # [n, L] calendar bar of each abnormal return
    clusters: Integers  # [n] events whose windows overlap in calendar time share a number
    rbar: float | None  # mean correlation of calendar-aligned residuals over pairs; None where it is unknown
    score_rbar: float | None  # the same for the normal scores of `ranks`
    seed: int

    @property
    def n(self) -> int:
        """Events."""
        return int(self.car.size)

    @property
    def length(self) -> int:
        """Bars of the window."""
        return int(self.ar.shape[1])

    @property
    def scar(self) -> Floats:
        """CAR over its exact standard deviation, [n]."""
        return self.car / self.car_sd

    @property
    def caar(self) -> float:
        """Mean CAR."""
        return float(self.car.mean())


@dataclass(frozen=True, slots=True)
class Statistic:
    """One published test and what a referee needs to know about it."""

    statistic_id: str
    title: str
    null: str
    assumptions: str
    dependence: Dependence
    equation: str
    reference: str
    minimum_events: int
    compute: Callable[[Sample], TestResult | NotApplicable]

    def run(self, sample: Sample) -> TestResult | NotApplicable:
        """The result, or the reason: too few events, or a value that does not exist."""
        if sample.n < self.minimum_events:
            few = plural(sample.n, "event")
            return NotApplicable(f"{few}; {self.statistic_id} needs at least {self.minimum_events}")
        with np.errstate(divide="ignore", invalid="ignore"):
            result = self.compute(sample)
        if isinstance(result, TestResult) and not np.isfinite(result.value):
            return NotApplicable(f"{self.statistic_id} does not exist: no variation to divide by")
        return result


def read_clustering(sample: Sample) -> tuple[float, float] | NotApplicable:
    """r̄ and the factor 1 + (N − 1) r̄ by which it inflates a variance of means (Kolari & Pynnönen 2010).

    An unknown r̄, or one so negative that the factor is not positive, is NotApplicable with the reason.
    """
    rbar = sample.rbar
    if rbar is None:
        return NotApplicable(
            "no pair of events shares enough estimation bars: the mean residual correlation is unknown"
        )
    inflation = 1.0 + (sample.n - 1) * rbar
    if inflation <= 0.0:
        return NotApplicable(f"mean residual correlation {number(rbar, 4)} is too negative for {sample.n} events")
    return rbar, inflation


def mean_of_few(values: Floats, too_few: str) -> TestResult | NotApplicable:
    """The t value of the mean of `values` [q] with q − 1 degrees of freedom; of one value, `too_few` and the remedy."""
    q = values.size
    if q < _LEAST_VALUES:
        return NotApplicable(f"{too_few} needs at least {_LEAST_VALUES}")
    value = float(np.sqrt(q) * values.mean() / spread(values))
    return TestResult(value, student_p(value, q - 1), df=q - 1, n_eff=float(q))


def portfolio_ranks(per_bar: Floats, is_present: Flags, sample: Sample) -> TestResult:
    """z of the window's sum of `per_bar` [T], one number a bar for all events, by its deviation over all bars."""
    deviation = np.sqrt(np.mean(per_bar[is_present] ** 2))
    first, last = sample.columns
    value = float(per_bar[first:last].sum() / (np.sqrt(sample.length) * deviation)) if deviation > 0 else float("nan")
    return TestResult(value, normal_p(value))
