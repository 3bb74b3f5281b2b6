"""The specification curve of one event, and how often ordinary dates draw one as extreme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.arrays import Floats, Integers
from analysis.portable import exp, expm1
from analysis.results.rank import rank_p
from analysis.single.choices.grid import HEADLINE_DAYS, WINDOW_HOURS, Choice, DatedGrid, evaluate_grid, place_dates
from analysis.single.window.placebo import count_independent
from analysis.tape.series import AlignedSeries, SpanTimes

_NORMAL_95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal
ESTIMATE_DIGITS = 12  # decimals of a fraction below which two estimates differ by rounding alone
MINIMUM_COMPLETE = 0.5  # share of the event's specifications that a placebo date must also have


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """Every specification with an estimate of its own, and the joint tests; arrays follow `choices`."""

    choices: tuple[Choice, ...]
    estimate: Floats  # fraction
    standard_error: Floats  # fraction
    p_value: Floats  # normal, each specification alone
    median: float
    share_significant: float  # p below 0.05 and the median's sign
    share_same_sign: float
    p_median: float | None
    p_share: float | None
    p_average_z: float | None
    n_placebo: int
    n_independent: int


def trace_specifications(
    variants: Sequence[Mapping[str, AlignedSeries]],
    anchors_us: Mapping[str, int],
    spans_us: SpanTimes,
) -> SpecificationCurve | None:
    """The curve of one event and asset, or None when no specification can be computed.

    `variants` hold, per market and bar length, the series by benchmark name, the main ones first; `anchors_us` the
    start by timing rule; `spans_us` the first hours after other events, left out of estimation and placebo dates. A
    placebo date shifts every start by the same whole number of days, so that the curve moves as one and its
    specifications keep their dependence. Null of the joint tests: the event's date is an ordinary one. Before they
    are compared, z values are put on the volatility of their own date, and medians on that of the event. p counts as
    in `rank_among_placebos`. Source: Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, with placebo dates
    for their permutations.
    """
    choices: list[Choice] = []
    estimates: list[Floats] = []
    errors: list[Floats] = []
    dates: tuple[Integers, Floats] | None = None
    for variant in variants:
        grid = place_dates(variant, anchors_us, spans_us)
        if grid is None:
            continue
        dates = dates or _comparable_dates(grid)
        for choice, estimate, error in evaluate_grid(grid.at_dates(dates[0])):
            if np.isfinite(estimate[0]) and error[0] > 0:
                choices.append(choice)
                estimates.append(estimate)
                errors.append(error)
    if dates is None or not choices:
        return None
    kept = find_distinct(choices, np.array([estimate[0] for estimate in estimates]))
    chosen = tuple(choices[place] for place in kept)
    return _summarise(chosen, np.array(estimates)[kept], np.array(errors)[kept], *dates)


def _comparable_dates(grid: DatedGrid) -> tuple[Integers, Floats]:
    """Days before the event, 0 first, then of the dates that can be compared with it, and the volatility of each."""
    ratios = grid.volatility_ratios()
    is_comparable = grid.clean_dates() & np.isfinite(ratios)
    is_comparable[0] = True
    days = np.flatnonzero(is_comparable)
    return days, ratios[days]


def find_distinct(choices: Sequence[Choice], estimates: Floats) -> list[int]:
    """Places of the choices whose estimate no other has, in order; of equal ones the one nearest to the main study.

    A raw return under four estimation windows is one number: counted four times it would pass for agreement.
    """
    order = sorted(range(len(choices)), key=lambda k: (abs(choices[k].estimation_days - HEADLINE_DAYS), k))
    first: dict[tuple[float, str], int] = {}
    for place in order:
        first.setdefault((round(float(estimates[place]), ESTIMATE_DIGITS), choices[place].return_kind), place)
    return sorted(first.values())


def _summarise(
    choices: tuple[Choice, ...], estimates: Floats, errors: Floats, days: Integers, ratios: Floats
) -> SpecificationCurve:
    with np.errstate(invalid="ignore"):
        z = estimates / errors
    is_log = np.array([choice.return_kind == "log" for choice in choices])
    fractions = np.where(is_log, expm1(estimates[:, 0]), estimates[:, 0])
    p_values = 2.0 * ndtr(-np.abs(z[:, 0]))
    median = float(np.median(fractions))
    has_sign = np.sign(fractions) == np.sign(median)
    placebo = np.flatnonzero((np.isfinite(z).mean(axis=0) >= MINIMUM_COMPLETE) & (days > 0))
    n_independent = count_independent(days[placebo], round(np.ceil(max(WINDOW_HOURS) / 24.0)))
    p_median, p_share, p_average = _joint_p(estimates, z, ratios, placebo, n_independent)
    return SpecificationCurve(
        choices,
        fractions,
        errors[:, 0] * np.where(is_log, exp(estimates[:, 0]), 1.0),
        p_values,
        median,
        float(np.mean((p_values < 0.05) & has_sign)),
        float(np.mean(has_sign)),
        p_median,
        p_share,
        p_average,
        int(placebo.size),
        n_independent,
    )


def _joint_p(
    estimates: Floats, z: Floats, ratios: Floats, placebo: Integers, n_independent: int
) -> tuple[float | None, float | None, float | None]:
    """p of the median, of the share significant and of the average z against the placebo dates; None without dates."""
    if not placebo.size or not np.isfinite(ratios[0]):
        return None, None, None
    columns = np.concatenate([[0], placebo])
    scaled_z = z[:, columns] / ratios[columns]
    medians = _medians(estimates[:, columns]) * (ratios[0] / ratios[columns])
    signs = np.sign(_medians(scaled_z))
    shares = np.nanmean((np.abs(scaled_z) > _NORMAL_95) & (np.sign(scaled_z) == signs), axis=0)
    averages = np.nanmean(scaled_z, axis=0)
    p_median, p_share, p_average = (
        _share_as_large(np.abs(values), n_independent) for values in (medians, shares, averages)
    )
    return p_median, p_share, p_average


def _medians(values: Floats) -> Floats:
    """The median of the numbers of each column, of all columns at once; NaN sorts behind them."""
    n = (~np.isnan(values)).sum(axis=0)
    below, above, columns = (n - 1) // 2, n // 2, np.arange(values.shape[1])
    ordered = np.partition(values, np.unique([below, above]), axis=0)
    return np.asarray((ordered[below, columns] + ordered[above, columns]) / 2.0)


def _share_as_large(values: Floats, n_independent: int) -> float:
    share = float(np.mean(values[1:] >= values[0]))
    return rank_p(share, 1, n_independent)
