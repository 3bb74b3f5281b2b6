"""Judge where a move to a level began: "from $235 to $260" needs the first price before the second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags
from analysis.claims.judging.market import PriceSeries
from analysis.claims.judging.question import DOLLARS, Question
from analysis.claims.statement import Comparator, StatementVerdict, TriedReading
from warehouse.tables.bars import MICROSECONDS_PER_DAY
from warehouse.tables.units import price

# A price within this share of the one that is quoted is about that price.
_ABOUT_SHARE = 0.02
# Where no window is said the move may have begun so long before it.
_WEEK_US = 7 * MICROSECONDS_PER_DAY
# A move of less than this share of the one that is said is another move.
_LEAST_SHARE_OF_MOVE = 0.5


@dataclass(frozen=True, slots=True)
class Beginning:
    """Whether a level that was reached was reached from the price that is said."""

    verdict: StatementVerdict
    readings: tuple[TriedReading, ...]
    words: str
    reason: str | None = None


def judge_beginning(
    question: Question, series: PriceSeries, inside: slice, *, begun: float, level: float, is_up: bool
) -> Beginning:
    """The verdict on a level that was reached inside the window, said to have been reached from `begun` (dollars).

    Supported when the price stood within 2 % of `begun`, or beyond it, at the start of the window or in it, before a
    bar that reaches the level; one bar with both prices does not tell their order. Without a window the week before
    it is another reading. Else the stretch that was seen decides: half the size that is said, or more, is overstated.
    """
    last = inside.start + int(np.flatnonzero(_reaches(question, series, inside, level, is_up=is_up))[-1])
    seen = _farthest(series, question.start_us, slice(inside.start, last), is_up=is_up)
    side = "lowest" if is_up else "highest"
    words = f"its {side} price before it was last at {price(level)} was {price(seen)}"
    if (begun < level) is not is_up:
        return Beginning(StatementVerdict.NOT_SUPPORTED, (_reading(question, seen, words, fits=False),), words)
    if _is_beyond(seen, begun, is_up=is_up):
        return Beginning(StatementVerdict.SUPPORTED, (_reading(question, seen, words, fits=True),), words)
    literal = _reading(question, seen, f"{words}, not {price(begun)}", fits=False)
    if _is_beyond(float((series.lows if is_up else series.highs)[last]), begun, is_up=is_up):
        reason = f"one bar holds both {price(begun)} and {price(level)}, and does not tell which came first"
        return Beginning(StatementVerdict.CANNOT_BE_TOLD, (literal,), literal.detail, reason)
    start_us = question.start_us - _WEEK_US
    week = slice(series.within(start_us, question.end_us).start, inside.start)
    if question.is_open and _is_beyond(_farthest(series, start_us, week, is_up=is_up), begun, is_up=is_up):
        detail = f"{price(begun)} was seen in the 7 days before"
        other = question.reading("began_earlier", begun, detail, fits=True, unit=DOLLARS, start_us=start_us)
        return Beginning(StatementVerdict.ANOTHER_READING, (literal, other), f"{literal.detail}; {detail}")
    is_large = abs(level / seen - 1) >= _LEAST_SHARE_OF_MOVE * abs(level / begun - 1) and (seen < level) is is_up
    verdict = StatementVerdict.OVERSTATED if is_large else StatementVerdict.NOT_SUPPORTED
    return Beginning(verdict, (literal,), literal.detail)


@dataclass(frozen=True, slots=True)
class Approach:
    """Whether a level that was reached was come to from its other side, and what was seen instead."""

    is_from_other_side: bool
    readings: tuple[TriedReading, ...]
    words: str


def judge_approach(
    question: Question, series: PriceSeries, inside: slice, *, level: float, slack: float, is_up: bool
) -> Approach:
    """Whether the price came up (down) to a level that it reached inside the window, or stood beyond it all the time.

    It came to it when it stood below (above) it, or within `slack` of it (a share), at the start of the window or in
    a bar before the last that reaches it. Without a window the week before the end is another reading.
    """
    bound = level * (1 + slack if is_up else 1 - slack)

    def comes(start_us: int, bars: slice) -> tuple[bool, float]:
        last = bars.start + int(np.flatnonzero(_reaches(question, series, bars, level, is_up=is_up))[-1])
        seen = _farthest(series, start_us, slice(bars.start, last), is_up=is_up)
        return seen <= bound if is_up else seen >= bound, seen

    fits, seen = comes(question.start_us, inside)
    if fits:
        return Approach(True, (), "")
    side, way = ("lowest", "above") if is_up else ("highest", "below")
    words = f"it stood {way} {price(level)} before, at {price(seen)} at the {side}"
    start_us = question.end_us - _WEEK_US
    if question.is_open and comes(start_us, slice(series.within(start_us, question.end_us).start, inside.stop))[0]:
        detail = f"{price(level)} was passed in the 7 days before"
        other = question.reading("came_earlier", level, detail, fits=True, unit=DOLLARS, start_us=start_us)
        return Approach(False, (other,), f"{words}; {detail}")
    return Approach(False, (), words)


def _reading(question: Question, seen: float, words: str, *, fits: bool) -> TriedReading:
    return question.reading("began_at", seen, words, fits=fits, unit=DOLLARS)


def _reaches(question: Question, series: PriceSeries, inside: slice, level: float, *, is_up: bool) -> Flags:
    """The bars that come as near to the level as the nearest allows; (n,)."""
    values = series.highs[inside] if is_up else -series.lows[inside]
    best = float(np.max(values))
    wanted = level if is_up else -level
    if question.statement.comparator is Comparator.MORE_THAN and best > wanted:
        return values > wanted
    return values >= min(best, wanted)


def _farthest(series: PriceSeries, start_us: int, bars: slice, *, is_up: bool) -> float:
    """The lowest price (of a rise; the highest of a fall) of the last close by `start_us` and the bars after it."""
    values = (series.lows if is_up else series.highs)[bars]
    at = series.last_by(start_us)
    values = np.append(values, series.closes[max(at, 0)])
    return float(np.min(values) if is_up else np.max(values))


def _is_beyond(seen: float, begun: float, *, is_up: bool) -> bool:
    """Whether a move from `seen` passes about `begun`."""
    if is_up:
        return seen <= begun * (1 + _ABOUT_SHARE)
    return seen >= begun * (1 - _ABOUT_SHARE)
