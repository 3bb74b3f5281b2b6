"""Whether two series move together differently after an event, allowing for changed volatility."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.portable import arctanh
from analysis.results.rank import rank_p
from analysis.together.moving.intervals import (
    MIN_BARS,
    Array,
    Association,
    Moments,
    associate,
    bootstrap_moments,
    moments,
    percentile_interval,
    two_sided_p,
)
from analysis.together.moving.rolling import rolling_correlation

# Bootstrap samples behind each interval of a change.
N_DRAWS = 999


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference, after minus before, with its 95 % block-bootstrap interval; NaN where it cannot be computed."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of a break and what changed; `adjusted` is the later correlation at the earlier volatility."""

    before: Association
    after: Association
    correlation: Difference
    adjusted: Difference
    after_adjusted: float
    beta: Difference
    benchmark_variance_ratio: float
    token_variance_ratio: float
    p_adjusted_change: float


@dataclass(frozen=True, slots=True)
class PlaceboChange:
    """How the change of correlation ranks among the changes at earlier dates."""

    rank: float
    n: int
    n_independent: int


def forbes_rigobon(correlation: Array, variance_ratio: Array) -> Array:
    """The correlation had the benchmark's variance not changed by `variance_ratio` (Forbes and Rigobon 2002, eq. 11).

    It assumes that the link and the token's own noise stay as they were: a token whose own noise rises as well is
    adjusted too far down, which is why the change of beta stands beside it (Corsetti, Pericoli and Sbracia 2005).
    """
    return np.asarray(correlation / np.sqrt(1.0 + (variance_ratio - 1.0) * (1.0 - correlation**2)))


def compare(
    token_before: Array,
    benchmark_before: Array,
    token_after: Array,
    benchmark_after: Array,
    generator: np.random.Generator,
    *,
    n_draws: int = N_DRAWS,
    length_after: int | None = None,
) -> Comparison:
    """Correlation, adjusted correlation and beta on both sides; series are one-dimensional, NaN is an absent bar.

    Intervals of the changes come from circular block bootstraps of the two sides, independent of each other. The p of
    the adjusted change is a normal test of the difference of Fisher's z with the bootstrap's standard deviation.
    """
    before, after = associate(token_before, benchmark_before), associate(token_after, benchmark_after)
    seen = (moments(token_before, benchmark_before), moments(token_after, benchmark_after))
    drawn = (
        bootstrap_moments(token_before, benchmark_before, generator, n_draws),
        bootstrap_moments(token_after, benchmark_after, generator, n_draws, length_after),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        adjusted, adjusted_draws = _adjusted(*seen), _adjusted(*drawn)
        z = arctanh(adjusted) - arctanh(seen[0].correlation)
        spread = np.nanstd(arctanh(adjusted_draws) - arctanh(drawn[0].correlation))
        p_value = two_sided_p(z / spread)
        ratio = seen[1].benchmark_variance / seen[0].benchmark_variance
    return Comparison(
        before=before,
        after=after,
        correlation=_change(seen[1].correlation - seen[0].correlation, drawn[1].correlation - drawn[0].correlation),
        adjusted=_change(adjusted - seen[0].correlation, adjusted_draws - drawn[0].correlation),
        after_adjusted=float(adjusted[0]),
        beta=_change(seen[1].beta - seen[0].beta, drawn[1].beta - drawn[0].beta),
        benchmark_variance_ratio=float(ratio[0]),
        token_variance_ratio=_variance(token_after) / _variance(token_before),
        p_adjusted_change=float(p_value[0]),
    )


def is_comparable(comparison_n_before: int, comparison_n_after: int, window: int, min_share: float) -> bool:
    """Whether both sides hold enough of their `window` bars."""
    needed = max(MIN_BARS, min_share * window)
    return comparison_n_before >= needed and comparison_n_after >= needed


def rank_change(
    token: Array, benchmark: Array, window: int, observed_before: float, observed_after: float
) -> PlaceboChange:
    """The share of earlier dates whose change of Fisher's z between adjacent windows was at least as large.

    `token` and `benchmark` end before the event, so no placebo window sees the aftermath. With no earlier date the
    rank is NaN and n is 0; `n_independent` counts windows pairs that do not overlap.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = arctanh(rolling_correlation(token, benchmark, window))
        changes = np.abs(z[window:] - z[:-window]) if z.size > window else np.empty(0)
        observed = abs(arctanh(observed_after) - arctanh(observed_before))
    changes = changes[np.isfinite(changes)]
    if not changes.size or not np.isfinite(observed):
        return PlaceboChange(float("nan"), int(changes.size), 0)
    rank = rank_p(float((changes >= observed).sum()), changes.size)
    return PlaceboChange(rank, int(changes.size), max(1, (int(changes.size) + 2 * window - 1) // (2 * window)))


def _adjusted(before: Moments, after: Moments) -> Array:
    return forbes_rigobon(after.correlation, after.benchmark_variance / before.benchmark_variance)


def _change(seen: Array, draws: Array) -> Difference:
    lower, upper = percentile_interval(draws)
    return Difference(float(seen[0]), lower, upper)


def _variance(values: Array) -> float:
    present = values[np.isfinite(values)]
    return float(present.var()) if present.size > 1 else float("nan")
