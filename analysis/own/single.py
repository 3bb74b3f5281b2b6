"""Each event of a user's own tables judged alone: scaled scores, rank and the interval from inside its window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np

from analysis.arrays import Integers
from analysis.engine.standardise import EventInput, EventResult
from analysis.engine.study import StudyResult
from analysis.own.run import OwnRequest, smallest_estimation
from analysis.portable import log1p
from analysis.results.row import as_fraction
from analysis.single.window.block_model import measure_windows
from analysis.single.window.describe import describe_interval, describe_regime, describe_resolution
from analysis.single.window.score import BY_SCORES, Ground, WindowScore, ground_of_series, rank_score, score_window
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
    selected: bool | None = None  # bar 0 has the largest |AR| of estimation and window
    assumes: str | None = None  # which volatility the interval assumes
    reason: str | None = None


def estimate_singles(
    events: Sequence[EventResult], kind: ReturnKind, minimum: int, values: str
) -> list[SingleEstimate]:
    """One estimate per event, in order, by the market model on its first factor (raw returns where there is none).

    `kind` is that of the events' returns and `minimum` the usable estimation bars needed. The constant is not carried
    into the window, as in the stored studies. Values other than prices and returns have no abnormal return.
    """
    if values not in _OWN_MOVES:
        return [SingleEstimate(reason=f"--values {values} has no return; single events need prices or returns")] * len(
            events
        )
    return [_estimate(event, kind, minimum) for event in events]


def add_singles(document: dict[str, object], study: StudyResult, request: OwnRequest) -> None:
    """Put each estimate under `single` of its event in the JSON `document` of `study`."""
    minimum = smallest_estimation(request)
    listed = cast(list[dict[str, object]], document["events"])
    singles = estimate_singles(study.events, cast(ReturnKind, request.kind), minimum, request.values)
    for event, single in zip(listed, singles, strict=True):
        event["single"] = asdict(single)


def _estimate(event: EventResult, kind: ReturnKind, minimum: int) -> SingleEstimate:
    source = event.source
    if event.fit is None or source.times_us is None:
        return SingleEstimate(reason=event.reason or "no times of its bars")
    first, last = source.bar_zero + source.window[0], source.bar_zero + source.window[1]
    if first < 1 or last > source.returns.size:
        return SingleEstimate(reason="the record does not hold the whole window")
    series = _align(source, source.times_us, kind)
    masked = source.mask if source.mask is not None else np.zeros(source.returns.size, dtype=np.bool_)
    gap = max(0, source.window[0] - source.estimation[1])
    lengths = np.array([source.estimation[1] - source.estimation[0], minimum, _HISTORY_BARS], dtype=np.int64)
    ground = ground_of_series(series, masked, first, lengths, gap=gap)
    if ground is None:
        return SingleEstimate(reason="too few usable bars in the estimation window, or a series that does not move")
    n_bars = last - first
    measured = measure_windows(ground.sums, np.array([first], dtype=np.int64), n_bars, ground.coefficients)
    if not np.isfinite(measured.car[0]):
        return SingleEstimate(reason="missing bar inside the event window")
    return _describe(event, score_window(ground, measured, n_bars), n_bars, ground)


def _describe(event: EventResult, score: WindowScore, n_bars: int, ground: Ground) -> SingleEstimate:
    rank = rank_score(score, n_bars)
    inside = score.inside
    notes = [
        describe_interval(score) if score.interval.method != BY_SCORES else "",
        describe_resolution(score.n_independent),
        describe_regime(score).removeprefix("; "),
    ]
    return SingleEstimate(
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
        assumes=describe_interval(score),
        reason="; ".join(note for note in notes if note) or None,
    )


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
