"""Abnormal returns of one event by matrix algebra, written from the textbook and knowing nothing of the engine.

Campbell, Lo & MacKinlay (1997), chapter 4: θ = (X₁'X₁)⁻¹X₁'R₁, ε* = R₂ − X₂θ and V = σ²(I + X₂(X₁'X₁)⁻¹X₂').
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Series = Mapping[int, float]  # value by day; NaN is a bar without a value
Bounds = tuple[int, int]  # inclusive, relative to bar 0


@dataclass(frozen=True)
class Event:
    """One row of the events table."""

    event_id: str
    asset: str
    day: int
    window: Bounds
    estimation: Bounds


@dataclass(frozen=True)
class Tables:
    """What the CSV files hold."""

    assets: Mapping[str, Series]
    factors: Sequence[Series]  # none for the constant mean
    values: str = "returns"
    kind: str = "simple"


@dataclass(frozen=True)
class Measured:
    """An event through its model; estimation bars by relative bar, the event window as vectors."""

    event: Event
    coefficients: Floats
    sigma: float
    degrees: int
    residuals: dict[int, float]
    days: dict[int, int]
    ar: Floats
    covariance: Floats
    bhar: float

    def car(self, part: Bounds) -> float:
        return float(self.ar[self._rows(part)].sum())

    def car_sd(self, part: Bounds) -> float:
        rows = self._rows(part)
        return float(np.sqrt(self.covariance[np.ix_(rows, rows)].sum()))

    def sar(self, part: Bounds) -> Floats:
        rows = self._rows(part)
        return np.asarray(self.ar[rows] / np.sqrt(np.diag(self.covariance)[rows]))

    def part(self, part: Bounds) -> Floats:
        return self.ar[self._rows(part)]

    def window_days(self, part: Bounds) -> list[int]:
        return [self.days[bar] for bar in range(part[0], part[1] + 1)]

    def _rows(self, part: Bounds) -> list[int]:
        return list(range(part[0] - self.event.window[0], part[1] - self.event.window[0] + 1))


def measure(
    tables: Tables, event: Event, model: str = "market", *, least: int = 0, spoilers: Sequence[Event] = ()
) -> Measured | None:
    """The event, or None when bars are missing at an end or fewer than `least` estimation bars can be used.

    Bars in the windows of `spoilers`, events of the same asset, are left out of the estimation.
    """
    days = sorted(set(tables.assets[event.asset]).intersection(*tables.factors))
    asset = _returns([tables.assets[event.asset][day] for day in days], tables)
    factors = [_returns([series[day] for day in days], tables) for series in tables.factors]
    zero = _bar_zero(days, event)
    spoiled = {
        _bar_zero(days, other) + bar
        for other in spoilers
        for bar in range(other.window[0], other.window[1] + 1)
        if other.day >= days[0]
    }
    first, last = min(event.window[0], event.estimation[0]), max(event.window[1], event.estimation[1])
    if zero + event.window[0] < 0 or zero + event.window[1] >= len(days) or event.day < days[0]:
        return None
    if _is_far(days, zero, event.day):
        return None
    everything = np.column_stack([asset, *factors]) if factors else asset[:, None]
    relative = {bar: zero + bar for bar in range(first, last + 1) if 0 <= zero + bar < len(days)}
    usable = [
        bar
        for bar in range(event.estimation[0], event.estimation[1] + 1)
        if bar in relative and relative[bar] not in spoiled and np.isfinite(everything[relative[bar]]).all()
    ]
    if len(usable) < max(least, len(factors) + 3):
        return None
    rows = [relative[bar] for bar in usable]
    ahead = [relative[bar] for bar in range(event.window[0], event.window[1] + 1)]
    fit = _MODELS[model](asset, factors, rows, ahead)
    benchmark = factors[0] if factors else np.zeros(asset.size)
    gap = _growth(asset[ahead], tables.kind) - _growth(benchmark[ahead], tables.kind)
    return Measured(
        event,
        fit.coefficients,
        fit.sigma,
        fit.degrees,
        dict(zip(usable, fit.residuals, strict=True)),
        {bar: days[row] for bar, row in relative.items()},
        fit.ar,
        fit.covariance,
        gap if np.isfinite(fit.ar).all() else float("nan"),
    )


def _is_far(days: Sequence[int], zero: int, day: int) -> bool:
    """More than five usual steps after the event, where the days have no such pause as a rule."""
    gaps = sorted(np.diff(days).tolist())
    usual = gaps[int(np.floor(0.99 * (len(gaps) - 1)))]
    return bool(days[zero] - day > max(5 * np.median(gaps), 1.5 * usual))


def _bar_zero(days: Sequence[int], event: Event) -> int:
    return next((row for row, day in enumerate(days) if day >= event.day), len(days))


@dataclass(frozen=True)
class _Fit:
    coefficients: Floats
    sigma: float
    degrees: int
    residuals: Floats
    ar: Floats
    covariance: Floats


def _least_squares(asset: Floats, factors: Sequence[Floats], rows: list[int], ahead: list[int]) -> _Fit:
    """Any number of factors, none for the constant mean; the prediction covariance is that of the regression."""
    design, future = _design(factors, rows), _design(factors, ahead)
    orthogonal, triangular = np.linalg.qr(design)
    coefficients = np.linalg.solve(triangular, orthogonal.T @ asset[rows])
    residuals = asset[rows] - design @ coefficients
    degrees = len(rows) - design.shape[1]
    variance = float(residuals @ residuals) / degrees
    half = np.linalg.solve(triangular.T, future.T)
    covariance = variance * (np.eye(len(ahead)) + half.T @ half)
    return _Fit(
        coefficients, float(np.sqrt(variance)), degrees, residuals, asset[ahead] - future @ coefficients, covariance
    )


def _design(factors: Sequence[Floats], rows: list[int]) -> Floats:
    return np.column_stack([np.ones(len(rows)), *(factor[rows] for factor in factors)])


def _market_adjusted(asset: Floats, factors: Sequence[Floats], rows: list[int], ahead: list[int]) -> _Fit:
    """R − R_m with the deviation of the estimation bars around their own mean, n − 1 (Brown & Warner 1985)."""
    gap = asset - factors[0]
    sigma = float(np.std(gap[rows], ddof=1))
    covariance = sigma**2 * np.eye(len(ahead))
    return _Fit(np.array([0.0, 1.0]), sigma, len(rows) - 1, gap[rows], gap[ahead], covariance)


def _scholes_williams(asset: Floats, factors: Sequence[Floats], rows: list[int], ahead: list[int]) -> _Fit:
    """Scholes & Williams (1977): (b₋₁ + b₀ + b₊₁) / (1 + 2ρ), from bars whose neighbours are estimation bars too."""
    market, middle = factors[0], [row for row in rows if row - 1 in rows and row + 1 in rows]
    ends = [np.array(middle) + shift for shift in (-1, 0, 1)]
    slopes = [stats.linregress(market[at], asset[middle]).slope for at in ends]
    rho = stats.pearsonr(market[ends[0]], market[ends[1]]).statistic
    return _given_slope(asset, market, rows, ahead, middle, sum(slopes) / (1 + 2 * rho))


def _dimson(asset: Floats, factors: Sequence[Floats], rows: list[int], ahead: list[int]) -> _Fit:
    """Dimson (1979): the sum of the slopes on lagged, same and leading market returns of one regression."""
    market, middle = factors[0], [row for row in rows if row - 1 in rows and row + 1 in rows]
    shifted = np.column_stack([np.ones(len(middle)), *(market[np.array(middle) + shift] for shift in (-1, 0, 1))])
    slopes = np.linalg.lstsq(shifted, asset[middle], rcond=None)[0][1:]
    return _given_slope(asset, market, rows, ahead, middle, float(slopes.sum()))


def _given_slope(
    asset: Floats, market: Floats, rows: list[int], ahead: list[int], middle: list[int], slope: float
) -> _Fit:
    """α through the means of the bars behind β; variance and prediction error as if β came from least squares."""
    level = float(asset[middle].mean() - slope * market[middle].mean())
    residuals = asset[rows] - level - slope * market[rows]
    variance = float(residuals @ residuals) / (len(rows) - 2)
    future, design = _design([market], ahead), _design([market], rows)
    covariance = variance * (np.eye(len(ahead)) + future @ np.linalg.inv(design.T @ design) @ future.T)
    ar = asset[ahead] - level - slope * market[ahead]
    return _Fit(np.array([level, slope]), float(np.sqrt(variance)), len(rows) - 2, residuals, ar, covariance)


_MODELS = {
    "market": _least_squares,
    "multi_factor": _least_squares,
    "constant_mean": _least_squares,
    "market_adjusted": _market_adjusted,
    "scholes_williams": _scholes_williams,
    "dimson": _dimson,
}


def _returns(values: Sequence[float], tables: Tables) -> Floats:
    """The values themselves, or growth from row to row where both prices are there and positive."""
    if tables.values == "returns":
        return np.array(values, dtype=np.float64)
    found = [float("nan")]
    for before, after in itertools.pairwise(values):
        ratio = after / before if before > 0 and after > 0 else float("nan")
        found.append(float(np.log(ratio)) if tables.kind == "log" else ratio - 1.0)
    return np.array(found)


def _growth(returns: Floats, kind: str) -> float:
    return float(np.exp(returns.sum()) if kind == "log" else np.prod(1.0 + returns))
