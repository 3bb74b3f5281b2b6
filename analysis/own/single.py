"""Each event of a user's own tables judged alone: scaled scores, rank and the interval from inside its window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import cast

import numpy as np

from analysis.arrays import Integers
from analysis.engine.standardise import EventInput, EventResult
from analysis.own.run import OwnRequest, smallest_estimation
from analysis.own.selection import EventSelection, RowDeclared
from analysis.own.study import OwnStudyResult
from analysis.portable import log1p
from analysis.results.row import as_fraction
from analysis.single.window.block_model import measure_windows
from analysis.single.window.describe import describe_interval, describe_regime, describe_resolution
from analysis.single.window.score import BY_SCORES, WindowScore, ground_of_series, rank_score, score_window
from analysis.tape.returns import ReturnKind
from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import MICROSECONDS_PER_HOUR

_LEVEL = 0.95
_HISTORY_BARS = 8760  # in which placebo windows are looked for: a year of hours, as the study `reaction` does
_OWN_MOVES = ("prices", "returns")  # what has an abnormal return


@dataclass(frozen=True, slots=True)
class SingleEstimate:
    """One event alone; returns are simple ones (fractions) whatever the tables hold, None where `reason` says why.

    `reason` beside numbers names what they cannot tell: a fallback, a rank too coarse for 5 %, a burst.
    """

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = _LEVEL
    rank_p: float | None = None
    n_placebo: int = 0
    n_independent: int = 0
    low_inside: float | None = None
    high_inside: float | None = None
    volatility_ratio: float | None = None  # inside the window over the estimation window's
    selected: bool | None = None  # chosen from prices, or bar 0 has the largest |AR| of estimation and window
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedEvent:
    """An event's numbers beside the volatility that its interval assumes, in words."""

    single: SingleEstimate
    assumes: str | None = None


def estimate_singles(events: Sequence[EventResult], kind: ReturnKind, minimum: int, values: str) -> list[JudgedEvent]:
    """One estimate per event, in order, by the market model on its first factor (raw returns where there is none).

    `kind` is that of the events' returns and `minimum` the usable estimation bars needed. The constant is not carried
    into the window, as in the stored studies. Values other than prices and returns have no abnormal return.
    """
    if values not in _OWN_MOVES:
        return [_absent(f"--values {values} has no return; single events need prices or returns")] * len(events)
    return [_estimate(event, kind, minimum) for event in events]


def guard_single(single: SingleEstimate, selection: EventSelection, declared: RowDeclared) -> SingleEstimate:
    """The estimate as it may be read of an event that its table says was found so, among the others of its study.

    Rank and intervals are withheld of events chosen from prices (and of those that say nothing beside such events), and
    marked in `reason` where the events look chosen, or where this one's bar 0 is the largest move around.
    """
    if single.estimate is None or declared == "news":
        return single
    if selection.is_from_prices:
        reason = f"withheld: {selection.mark}"
        return replace(
            single, low=None, high=None, rank_p=None, low_inside=None, high_inside=None, selected=True, reason=reason
        )
    if selection.is_suspicious:
        mark = f"{selection.mark}: rank_p and intervals hold only for events found without looking at prices"
    elif single.selected:
        mark = "bar 0 is the largest move around: rank_p and intervals hold only if found without looking at prices"
    else:
        return single
    return replace(single, reason="; ".join(note for note in (mark, single.reason) if note))


def add_singles(document: dict[str, object], study: OwnStudyResult, request: OwnRequest) -> None:
    """Put each estimate under `single` of its event in the JSON `document`, what it assumes under `single_assumes`."""
    minimum = smallest_estimation(request)
    listed = cast(list[dict[str, object]], document["events"])
    judged = estimate_singles(study.result.events, cast(ReturnKind, request.kind), minimum, request.values)
    for event, item, declared in zip(listed, judged, study.declared, strict=True):
        event["single"] = asdict(guard_single(item.single, study.selection, declared))
        event["single_assumes"] = item.assumes


def _absent(reason: str) -> JudgedEvent:
    return JudgedEvent(SingleEstimate(reason=reason))


def _estimate(event: EventResult, kind: ReturnKind, minimum: int) -> JudgedEvent:
    source = event.source
    if event.fit is None or source.times_us is None:
        return _absent(event.reason or "no times of its bars")
    first, last = source.bar_zero + source.window[0], source.bar_zero + source.window[1]
    if first < 1 or last > source.returns.size:
        return _absent("the record does not hold the whole window")
    series = _align(source, source.times_us, kind)
    masked = source.mask if source.mask is not None else np.zeros(source.returns.size, dtype=np.bool_)
    gap = max(0, source.window[0] - source.estimation[1])
    lengths = np.array([source.estimation[1] - source.estimation[0], minimum, _HISTORY_BARS], dtype=np.int64)
    ground = ground_of_series(series, masked, first, lengths, gap=gap)
    if ground is None:
        return _absent("too few usable bars in the estimation window, or a series that does not move")
    n_bars = last - first
    measured = measure_windows(ground.sums, np.array([first], dtype=np.int64), n_bars, ground.coefficients)
    if not np.isfinite(measured.car[0]):
        return _absent("missing bar inside the event window")
    return _describe(event, score_window(ground, measured, n_bars), n_bars)


def _describe(event: EventResult, score: WindowScore, n_bars: int) -> JudgedEvent:
    rank = rank_score(score, n_bars)
    inside = score.inside
    notes = [
        describe_interval(score) if score.interval.method != BY_SCORES else "",
        describe_resolution(score.n_independent),
        describe_regime(score).removeprefix("; "),
    ]
    single = SingleEstimate(
        estimate=as_fraction(score.car),
        low=as_fraction(score.interval.lower),
        high=as_fraction(score.interval.upper),
        rank_p=None if rank is None else rank.p_value,
        n_placebo=score.n_placebo,
        n_independent=score.n_independent,
        low_inside=None if inside is None else as_fraction(inside.lower),
        high_inside=None if inside is None else as_fraction(inside.upper),
        volatility_ratio=score.volatility_ratio,
        selected=_is_largest(event),
        reason="; ".join(note for note in notes if note) or None,
    )
    return JudgedEvent(single, describe_interval(score))


def _align(source: EventInput, times_us: Integers, kind: ReturnKind) -> AlignedSeries:
    """The event's bars as a series of log returns beside its first factor."""
    steps = np.diff(times_us)
    step = int(np.median(steps)) if steps.size else MICROSECONDS_PER_HOUR
    asset, benchmark = source.returns, source.factors[:, 0]
    if kind == "simple":
        asset, benchmark = (log1p(np.maximum(values, np.nextafter(-1.0, 0.0))) for values in (asset, benchmark))
    return AlignedSeries(
        source.market_id,
        step / MICROSECONDS_PER_HOUR,
        times_us + step,
        np.ones(times_us.size),
        asset,
        benchmark,
        np.zeros(times_us.size, dtype=np.int64),
        ("market",),
    )


def _is_largest(event: EventResult) -> bool | None:
    """Whether |AR| at bar 0 is the largest of the event's estimation and window; None where bar 0 has none."""
    fit, place = event.require_fit(), -event.source.window[0]
    if not 0 <= place < fit.ar.size or not np.isfinite(fit.ar[place]):
        return None
    around = np.abs(np.concatenate([fit.residuals, fit.ar]))
    return bool(abs(fit.ar[place]) >= np.nanmax(around))
