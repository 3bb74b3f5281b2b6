"""Conformal inference for the total effect after one event, by cyclic shifts of the residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.single.window.volatility import measure_volatility

_LEVEL = 0.05  # of the test that the interval turns round
_CANDIDATES_AT_ONCE = 64  # of an effect, ranked together: the interval's ends lie among the first few dozen


@dataclass(frozen=True, slots=True)
class ConformalEffect:
    """The effect summed over the bars after the event, with the interval of values the data do not contradict."""

    effect: float  # log points
    lower: float  # log points; −inf where too few shifts exist to exclude any value
    upper: float
    p_value: float  # of no effect
    n_shifts: int  # cyclic shifts compared, the event's own included
    n_independent: float  # blocks of the event's length that fit side by side


def infer_effect(
    asset: Floats, regressors: Floats, n_after: int, *, volatility: Floats | None = None
) -> ConformalEffect:
    """The total abnormal return of the last `n_after` bars and its conformal interval.

    `asset` (n,) and `regressors` (n, k) are aligned bars without gaps, log points, the last `n_after` after the event.
    For every candidate effect θ, spread evenly over those bars, the model is refitted under the null to *all* bars and
    the block sum after the event is ranked among the block sums of every cyclic shift of the residuals; θ stays in the
    interval while its p-value exceeds `_LEVEL`. `volatility` (n,) per bar, known before each bar, divides each block by
    the volatility at its start (blocks that start after the event: at the event), so that an event in restless times is
    compared fairly.
    Null: no effect. Assumes scaled blocks that are stationary and weakly dependent; shifts keep their order, so serial
    correlation is allowed. An effect that is not spread evenly leaves residue in overlapping shifts and makes the
    interval wider. The granularity of p is 1/n_shifts, its real resolution 1/n_independent.
    Source: Chernozhukov, Wüthrich & Zhu (2021), JASA 116(536), algorithm 1 with moving-block permutations.
    """
    is_after = np.zeros(asset.size)
    is_after[-n_after:] = 1.0
    base, slope = _residuals_under_null(asset, is_after / n_after, regressors)
    scale = np.ones(asset.size) if volatility is None else _block_volatility(volatility, n_after)
    sums_base = _cyclic_block_sums(base, n_after) / scale
    sums_slope = _cyclic_block_sums(slope, n_after) / scale
    lower, upper = _accepted_range(sums_base, sums_slope)
    effect = float(sums_base[0] / sums_slope[0])
    p_value = _share_as_large(sums_base, sums_slope, 0.0)
    return ConformalEffect(effect, lower, upper, p_value, asset.size, asset.size / n_after)


def infer_gap(gap: Floats, n_after: int, bar_hours: float) -> ConformalEffect:
    """The effect in a gap of returns (n,), the last `n_after` after the event, scaled by the gap's own volatility."""
    volatility = measure_volatility(gap, bar_hours)
    volatility[-n_after:] = volatility[-n_after]
    is_known = np.isfinite(volatility)
    known = gap[is_known]
    return infer_effect(known, np.zeros((known.size, 0)), n_after, volatility=volatility[is_known])


def _residuals_under_null(asset: Floats, direction: Floats, regressors: Floats) -> tuple[Floats, Floats]:
    """Residuals of the outcome and of the effect's direction: residuals under θ are base − θ·slope."""
    q, _ = np.linalg.qr(regressors)
    return asset - q @ (q.T @ asset), direction - q @ (q.T @ direction)


def _block_volatility(volatility: Floats, length: int) -> Floats:
    """Volatility at the start of each block in the order of the block sums; after the event it is the event's."""
    known = volatility.copy()
    known[-length:] = volatility[-length]
    return np.roll(known, length)


def _cyclic_block_sums(values: Floats, length: int) -> Floats:
    """Sums of `length` neighbours for every cyclic shift; element 0 is the block at the end, the event's own."""
    rotated = np.concatenate([values[-length:], values[:-length], values[-length:]])
    totals = np.concatenate([[0.0], np.cumsum(rotated)])
    sums: Floats = totals[length : length + values.size] - totals[: values.size]
    return sums


def _share_as_large(base: Floats, slope: Floats, theta: float) -> float:
    sizes = np.abs(base - theta * slope)
    tolerance = 1e-12 * max(1.0, float(sizes.max()))
    return float(np.mean(sizes >= sizes[0] - tolerance))


def _accepted_range(base: Floats, slope: Floats) -> tuple[float, float]:
    """The smallest and largest θ that are not rejected, between the crossing points where the rank can change."""
    others_base, others_slope = base[1:], slope[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = np.concatenate(
            [(base[0] - others_base) / (slope[0] - others_slope), (base[0] + others_base) / (slope[0] + others_slope)]
        )
    crossings = np.unique(crossings[np.isfinite(crossings)])
    if not crossings.size:
        return -np.inf, np.inf
    middles = (crossings[1:] + crossings[:-1]) / 2.0
    span = max(1.0, float(np.ptp(crossings)))
    candidates = np.concatenate([[crossings[0] - span], middles, [crossings[-1] + span]])
    first = _first_accepted(base, slope, candidates)
    if first is None:
        theta = float(base[0] / slope[0])
        return theta, theta
    from_above = _first_accepted(base, slope, candidates[::-1]) or 0
    lower = -np.inf if first == 0 else float(crossings[first - 1])
    upper = np.inf if from_above == 0 else float(crossings[candidates.size - 1 - from_above])
    return lower, upper


def _first_accepted(base: Floats, slope: Floats, candidates: Floats) -> int | None:
    """Place of the first candidate that is not rejected; both ends of the interval lie early, so in small parts."""
    for start in range(0, candidates.size, _CANDIDATES_AT_ONCE):
        part = candidates[start : start + _CANDIDATES_AT_ONCE]
        sizes = np.abs(base[None, :] - part[:, None] * slope[None, :])
        accepted = np.flatnonzero(np.mean(sizes >= sizes[:, :1], axis=1) > _LEVEL)
        if accepted.size:
            return start + int(accepted[0])
    return None
