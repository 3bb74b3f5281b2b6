"""Abnormal returns of single events, standardised by their exact prediction variance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput
from analysis.engine.statistic import NotApplicable
from analysis.portable import exp

_Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class EventInput:
    """One (event, market): its series of T bars and the bars it asks for. Ranges are half-open, relative to bar 0.

    `calendar` [T] numbers the bars in the calendar all events share. `bad_bars` maps the position of a bar that cannot
    be used (a non-positive price, say) to the reason. `reason` is set when the event is out before any number.
    """

    event_id: str
    market_id: str
    event_time: datetime | None
    returns: Floats  # [T]
    factors: Floats  # [T, K]
    benchmark: Floats  # [T] what buy-and-hold is compared with
    calendar: Integers  # [T]
    bar_zero: int
    estimation: _Range
    window: _Range
    mask: Flags | None = None  # [T] True = leave out of estimation
    bad_bars: dict[int, str] | None = None
    donors: Floats | None = None  # [T, D]
    times_us: Integers | None = None  # [T] as the rows are dated, microseconds since 1970
    reason: str | None = None
    bar_zero_time: datetime | None = None  # as the row of bar 0 is dated


@dataclass(frozen=True, slots=True)
class EventResult:
    """One event's abnormal returns, or the reason why there are none; `fit` is None exactly then.

    `reason` beside a fit means that a bar of the window is missing: single bars exist, the CAR does not.
    """

    source: EventInput
    fit: ModelFit | None
    n_estimation: int
    estimation: Integers  # positions of the bars used
    window: Integers  # positions of the event window
    bhar: float | None
    reason: str | None

    @property
    def ar_sd(self) -> Floats:
        """Prediction-error standard deviation of each abnormal return, [L2]."""
        fit = self.require_fit()
        error = np.einsum("lp,pq,lq->l", fit.design, fit.gram, fit.design)
        return np.asarray(np.sqrt(fit.bar_variance + fit.sigma**2 * error))

    def car_variance(self, first: int, last: int) -> float:
        """Exact variance of the CAR over the bars [first, last) relative to bar 0."""
        start = self.source.window[0]
        return self.require_fit().car_variance(first - start, last - start)

    def require_fit(self) -> ModelFit:
        """The fit; ValueError when the event was excluded."""
        if self.fit is None:
            raise ValueError(f"{self.source.event_id} / {self.source.market_id} was excluded: {self.reason}")
        return self.fit


def standardise_event(event: EventInput, model: ExpectedReturnModel, minimum_estimation: int, kind: str) -> EventResult:
    """Fit `model` on the estimation bars of `event` and take the abnormal returns of its window.

    Reasons, in the order they are looked for: the event's own `reason`, bounds in the wrong order, event outside the
    data, window outside the data, overlapping windows, a bad bar among the bars used, shortfall of estimation bars,
    what the model says, a missing bar.
    `kind` (log or simple) says how buy-and-hold returns compound.
    """
    empty = np.zeros(0, dtype=np.int64)
    n_bars = event.returns.size
    reason = event.reason or _bounds_reason(event)
    if reason:
        return EventResult(event, None, 0, empty, empty, None, reason)
    if not 0 <= event.bar_zero < n_bars:
        return EventResult(event, None, 0, empty, empty, None, "event outside the data")
    window = np.arange(event.bar_zero + event.window[0], event.bar_zero + event.window[1])
    start, stop = (min(max(event.bar_zero + bar, 0), n_bars) for bar in event.estimation)
    asked, bars = np.arange(start, stop), slice(start, stop)
    is_usable = np.isfinite(event.returns[bars])
    for factor in event.factors[bars].T:
        is_usable &= np.isfinite(factor)
    if event.mask is not None:
        is_usable &= ~event.mask[bars]
    estimation = asked[is_usable]
    n = int(estimation.size)
    reason = _bars_reason(event, asked, window) or _shortfall_reason(event, n, minimum_estimation)
    if reason:
        return EventResult(event, None, n, estimation, empty, None, reason)
    fit = model.fit(ModelInput(event.returns, event.factors, estimation, window, event.donors))
    if isinstance(fit, NotApplicable):
        return EventResult(event, None, n, estimation, window, None, fit.reason)
    is_missing = not np.isfinite(fit.ar).all()
    bhar = None if is_missing else buy_and_hold(event.returns[window], event.benchmark[window], kind)
    return EventResult(
        event, fit, n, estimation, window, bhar, "missing bar inside the event window" if is_missing else None
    )


def buy_and_hold(returns: Floats, benchmark: Floats, kind: str) -> float | None:
    """Compounded return of the asset minus that of the benchmark, a simple return; None with a missing bar.

    Source: Barber & Lyon (1997). `returns` and `benchmark` [L] are log or simple returns by `kind`.
    """
    if not (np.isfinite(returns).all() and np.isfinite(benchmark).all()):
        return None
    if kind == "log":
        return float(exp(returns.sum()) - exp(benchmark.sum()))
    return float(np.prod(1.0 + returns) - np.prod(1.0 + benchmark))


def _bounds_reason(event: EventInput) -> str | None:
    for name, bars in (("event window", event.window), ("estimation window", event.estimation)):
        if bars[1] <= bars[0]:
            return f"{name} ends before it begins: {_inclusive(bars)}; write the smaller bar first"
    return None


def _bars_reason(event: EventInput, asked: Integers, window: Integers) -> str | None:
    n_bars = event.returns.size
    if window[0] < 0 or window[-1] >= n_bars:
        return f"window outside the data: bars {window[0]}..{window[-1]} of a series of {n_bars}"
    if event.estimation[0] < event.window[1] and event.window[0] < event.estimation[1]:
        return f"overlapping windows: estimation {_inclusive(event.estimation)}, event {_inclusive(event.window)}"
    if event.bad_bars:
        used = {*window.tolist(), int(window[0]) - 1, *asked.tolist(), *(asked[:1] - 1).tolist()}
        if bad := used & event.bad_bars.keys():
            return event.bad_bars[min(bad)]
    if not np.isfinite(event.returns).any():
        return "all-NaN asset: no return at all"
    return None


def _shortfall_reason(event: EventInput, n: int, minimum: int) -> str | None:
    if n >= minimum:
        return None
    asked = event.estimation[1] - event.estimation[0]
    return f"shortfall of estimation bars: {n} usable of {asked} asked for, at least {minimum} needed"


def _inclusive(bars: _Range) -> str:
    return f"{bars[0]}..{bars[1] - 1}"
