"""Abnormal trading around events: volume, range and volatility, event by event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from analysis.group_result import Row, Subject, group_row
from analysis.measures import log_range, log_volume, variance_ratio
from analysis.returns import ReturnGrid, place_on_grid
from analysis.standardise import EventResult

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Measure = Literal["returns", "volume", "range"]

# What the series of a measure hold, in the words of the conventions.
QUANTITIES: Mapping[Measure, str] = {
    "returns": "log returns",
    "volume": "log volume in base currency",
    "range": "log of the range ln(high/low)",
}
STATISTICS: Mapping[Measure, str] = {
    "returns": "abnormal_volatility",
    "volume": "abnormal_volume",
    "range": "abnormal_range",
}
HOURS_PER_DAY, DAYS_PER_WEEK = 24.0, 7

EVENT_GROUP = "event"
# The window in which each event has a row of its own.
EVENT_HOURS = 24.0
# Fewer windows before the event give no rank worth printing.
MINIMUM_WINDOWS = 20
# A t interval over fewer months is too wide to say anything.
MINIMUM_MONTHS = 5
RANK_WORDS = (
    "rank among the windows of the estimation bars that have this length and begin on the same kind of day (Monday to "
    "Friday, or weekend); they overlap, n_effective do not"
)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one window lies from the windows before it: `estimate` is a fraction, `p_value` a two-sided rank."""

    estimate: float
    p_value: float | None
    n: int
    n_independent: int
    why_no_rank: str | None


def activity_grid(grid: ReturnGrid, candles: pl.DataFrame, measure: Measure) -> ReturnGrid:
    """`grid` of `candles` with log volume or log range in the place of returns, NaN where a bar has none."""
    if measure == "volume":
        return replace(grid, returns=log_volume(grid.volume))
    if measure == "range":
        high, low = (place_on_grid(grid, candles, candles[name]) for name in ("high_quote", "low_quote"))
        return replace(grid, returns=log_range(high, low))
    return grid


def activity_rows(
    subject: Subject, measure: Measure, bar_hours: float, events: Sequence[EventResult], shared: Row
) -> Iterator[Row]:
    """The group's mean shift of volume, range or (from returns) volatility; for the day, each event's own as well.

    Estimates are fractions of the usual; p of an event is a two-sided rank among the windows of its estimation bars.
    """
    statistic = STATISTICS[measure]
    shift_of = volatility_shift if measure == "returns" else mean_shift
    whole = [event for event in events if event.fit is not None and event.reason is None]
    shifts = [(event, shift) for event in whole if (shift := shift_of(event, bar_hours)) is not None]
    yield _month_row(subject, statistic, shifts, shared)
    if subject.window_end_hours != EVENT_HOURS:
        return
    for event, shift in shifts:
        own = replace(subject, group_id=EVENT_GROUP, event_id=event.source.event_id, market_id=event.source.asset_id)
        yield group_row(
            own,
            statistic,
            shared,
            estimate=shift.estimate,
            p_value=shift.p_value,
            n=shift.n,
            n_effective=float(shift.n_independent),
            n_estimation=event.n_estimation,
            conventions=f"{shared['conventions']}; {shift.why_no_rank or RANK_WORDS}",
        )


def mean_shift(event: EventResult, bar_hours: float) -> Shift:
    """Mean abnormal log volume (or range) of the window as a fraction of the usual, ranked among earlier windows."""
    fit = event.require_fit()
    length = fit.ar.size
    return _rank(float(fit.ar.mean()), _windows(event, length, bar_hours).mean(axis=1), length)


def volatility_shift(event: EventResult, bar_hours: float) -> Shift | None:
    """Mean squared standardised abnormal return of the window over its typical value in earlier windows, less 1.

    Typical is the geometric mean over the estimation bars: with fat tails most windows lie below the variance of all
    bars, so that a ratio to that variance would find calm where nothing happened. The rank needs no normal returns.
    None without earlier windows. Source: after Beaver (1968).
    """
    found = variance_ratio(event)
    fit = event.require_fit()
    earlier = (_windows(event, fit.ar.size, bar_hours) ** 2).mean(axis=1) / fit.sigma**2
    earlier = np.log(earlier[earlier > 0])
    if found is None or found.ratio <= 0 or earlier.size < MINIMUM_WINDOWS:
        return None
    typical = float(earlier.mean())
    return _rank(float(np.log(found.ratio)) - typical, earlier - typical, fit.ar.size)


def _month_row(subject: Subject, statistic: str, shifts: Sequence[tuple[EventResult, Shift]], shared: Row) -> Row:
    """Mean shift over calendar months with its t interval; pairs of one event, then events of one month, count once.

    Volume and volatility stay high or low for weeks, so events of one month say the same: taken one by one, 410 outages
    moved by whole weeks gave |t| up to 5, by months at most 1.5. Few months are a reason. Source: Ibragimov & Muller
    (2010).
    """
    months: dict[str, dict[str, list[float]]] = {}
    for event, shift in shifts:
        at = event.source.event_time
        month = "undated" if at is None else f"{at:%Y-%m}"
        months.setdefault(month, {}).setdefault(event.source.event_id, []).append(float(np.log1p(shift.estimate)))
    means = np.array([np.mean([np.mean(own) for own in by_event.values()]) for by_event in months.values()])
    if means.size < MINIMUM_MONTHS or np.ptp(means) == 0:
        reason = f"events in {means.size} calendar months; a mean over months needs at least {MINIMUM_MONTHS}"
        return group_row(subject, statistic, shared, n=len(shifts), n_effective=float(means.size), reason=reason)
    mean, error = float(means.mean()), float(means.std(ddof=1) / np.sqrt(means.size))
    half = float(stdtrit(means.size - 1, 0.975)) * error
    return group_row(
        subject,
        statistic,
        shared,
        estimate=float(np.expm1(mean)),
        lower_95=float(np.expm1(mean - half)),
        upper_95=float(np.expm1(mean + half)),
        value=mean / error,
        p_value=float(2.0 * stdtr(means.size - 1, -abs(mean / error))),
        n=len(shifts),
        n_effective=float(means.size),
        conventions=f"{shared['conventions']}; averaged within events, within calendar months, then over months",
    )


def _windows(event: EventResult, length: int, bar_hours: float) -> Floats:
    """Every stretch of `length` residuals without a hole that begins on the event's kind of day, (windows, length).

    News comes on working days, when markets move more than at weekends: other days would make it look effective.
    """
    used = event.estimation
    if used.size < length:
        return np.zeros((0, length))
    series = np.full(int(used[-1] - used[0]) + 1, np.nan)
    series[used - used[0]] = event.require_fit().residuals
    windows = sliding_window_view(series, length)
    starts = event.source.calendar[used[0] : used[0] + windows.shape[0]]
    is_same_kind = _is_weekend(starts, bar_hours) == _is_weekend(event.source.calendar[event.window[:1]], bar_hours)
    return np.asarray(windows[np.isfinite(windows).all(axis=1) & is_same_kind])


def _is_weekend(bars: Integers, bar_hours: float) -> Flags:
    """Whether bars (close time since 1970 over bar length) open on a Saturday or Sunday, UTC."""
    days = ((bars - 1) * bar_hours // HOURS_PER_DAY).astype(np.int64)
    # 1 January 1970 was a Thursday, so day 2 was a Saturday.
    return np.asarray((days - 2) % DAYS_PER_WEEK < 2)


def _rank(shift: float, earlier: Floats, length: int) -> Shift:
    """Two-sided rank of `shift` among `earlier`, both in log points."""
    n = int(earlier.size)
    if n < MINIMUM_WINDOWS:
        why = f"no rank: {n} whole windows of {length} bars before the event, at least {MINIMUM_WINDOWS} needed"
        return Shift(float(np.expm1(shift)), None, n, n // length, why)
    above, below = (1 + int((earlier >= shift).sum())) / (1 + n), (1 + int((earlier <= shift).sum())) / (1 + n)
    return Shift(float(np.expm1(shift)), min(1.0, 2.0 * min(above, below)), n, n // length, None)
