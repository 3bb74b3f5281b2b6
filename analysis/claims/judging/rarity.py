"""How often moves as large happen by chance: the one count of comparable windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from analysis.claims.judging.market import PriceSeries, micros
from analysis.claims.judging.question import Question
from analysis.claims.judging.sizes import largest_swing
from analysis.claims.statement import Comparator, Judgement, Kind, StatementVerdict, TriedReading
from warehouse.tables.bars import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR
from warehouse.tables.units import plural

# A count stands on at least so many earlier stretches, of the year before.
LEAST_STRETCHES = 20
HISTORY_DAYS_BEFORE = 365
# Kinds whose move is compared with earlier stretches of the same length.
_MOVES = (Kind.PERCENT_MOVE, Kind.SWING, Kind.MULTIPLE, Kind.DIRECTION_ONLY, Kind.REACTED_TO)
# Readings that took the best price, the worst price or both out of the window: what they found was searched for.
_SEARCHED = ("to_extreme", "from_extreme", "swing")


@dataclass(frozen=True, slots=True)
class Rarity:
    """Of `n_stretches` earlier stretches `n_as_large` moved as far; `words` says how that was counted."""

    n_as_large: int
    n_stretches: int
    words: str


def compare_with_past(question: Question, judgement: Judgement) -> Rarity | None:
    """How rare the move is on which the verdict rests, among earlier stretches as long, side by side, of a year.

    What was taken out of the window by its best or worst price is compared with the most that could be taken out of
    each earlier stretch in the same way. None for kinds that are no move, and below LEAST_STRETCHES.
    """
    reading = _deciding(judgement)
    if question.statement.kind not in _MOVES or reading is None or reading.value is None or reading.from_utc is None:
        return None
    question = replace(question, start_us=micros(reading.from_utc))
    name = _measure_of(question, reading)
    if name in _SEARCHED:
        counted, did = count_searched(question, reading.value, name), _DONE[name]
    else:
        counted, did = count_as_large(question, reading.value), "moved at least as far"
    return _rarity(counted, did)


def _deciding(judgement: Judgement) -> TriedReading | None:
    """The reading that the verdict rests on: the literal one, or the other one that fits."""
    literal = next((tried for tried in judgement.readings if tried.name == "literal"), None)
    if judgement.verdict is not StatementVerdict.ANOTHER_READING:
        return literal
    return next((tried for tried in judgement.readings if tried.fits and tried.name != "literal"), literal)


def _measure_of(question: Question, reading: TriedReading) -> str:
    if reading.name != "literal":
        return reading.name
    if question.statement.kind is Kind.SWING:
        return "swing"
    return "to_extreme" if question.statement.comparator is Comparator.UP_TO else "literal"


_DONE = {
    "to_extreme": "went at least as far to their best price",
    "from_extreme": "went at least as far from their worst price",
    "swing": "held a swing at least as far",
}


def _rarity(counted: tuple[int, int] | None, did: str) -> Rarity | None:
    if counted is None:
        return None
    n_as_large, n_stretches = counted
    words = (
        f"{n_as_large} of {plural(n_stretches, 'earlier stretch', 'earlier stretches')} of that length, side by side "
        f"in the stored bars of the {HISTORY_DAYS_BEFORE} days before, {did}"
    )
    return Rarity(n_as_large, n_stretches, words)


def count_as_large(question: Question, value: float) -> tuple[int, int] | None:
    """How many stretches of the window's length in the year before moved at least as far, and of how many.

    Side by side, without overlap, backwards from the start of the window, close to close and either way. None below
    LEAST_STRETCHES, or of a group.
    """
    series = question.closes()
    if series is None or question.length_us <= 0:
        return None
    n = HISTORY_DAYS_BEFORE * MICROSECONDS_PER_DAY // question.length_us
    edges = question.start_us - question.length_us * np.arange(n + 1, dtype=np.int64)
    at = np.searchsorted(series.close_us, edges, side="right") - 1
    age = edges - series.close_us[np.maximum(at, 0)]
    is_known = (at >= 0) & (age <= max(series.bar_us, 2 * MICROSECONDS_PER_HOUR))
    prices = np.where(is_known, series.closes[np.maximum(at, 0)], np.nan)
    moves = prices[:-1] / prices[1:] - 1.0
    moves = moves[np.isfinite(moves)]
    if moves.size < LEAST_STRETCHES:
        return None
    return int(np.count_nonzero(np.abs(moves) >= abs(value))), int(moves.size)


def count_searched(question: Question, value: float, measure: str = "swing") -> tuple[int, int] | None:
    """How many stretches of the window's length in the year before held as much, and of how many.

    Side by side, backwards from the start of the window; the most of each is taken in the direction of the statement,
    as it was looked for in the window: `measure` is swing, to_extreme or from_extreme. None below LEAST_STRETCHES, or
    without bars.
    """
    series = question.ranges()
    if series is None or not series.bar_us or question.length_us <= 0:
        return None
    hours = question.statement.swing_hours
    n_bars = series.bars_in(round(hours * MICROSECONDS_PER_HOUR)) if hours is not None else None
    take = _taken(measure, question.sign, n_bars)
    found = [take(series, inside) for inside in _stretches(question, series)]
    if len(found) < LEAST_STRETCHES:
        return None
    return sum(question.sign * most >= abs(value) for most in found), len(found)


def chance_of_searched(
    series: PriceSeries, start_us: int, end_us: int, longest_us: int, value: float
) -> tuple[int, int] | None:
    """In how many earlier stretches as long as the one searched some window up to `longest_us` moved as far, close to
    close, the way of `value`; and of how many stretches. None below LEAST_STRETCHES, or without bars.
    """
    if not series.bar_us or end_us <= start_us:
        return None
    sign = 1 if value > 0 else -1
    n_closes = longest_us // series.bar_us + 1
    length = end_us - start_us
    found = []
    for number in range(HISTORY_DAYS_BEFORE * MICROSECONDS_PER_DAY // length):
        inside = series.within(start_us - (number + 1) * length, start_us - number * length)
        if inside.stop - inside.start >= max(length // series.bar_us - 1, 2):
            closes = series.closes[inside]
            found.append(largest_swing(closes, closes, sign, n_closes))
    if len(found) < LEAST_STRETCHES:
        return None
    return sum(sign * most >= abs(value) for most in found), len(found)


def _stretches(question: Question, series: PriceSeries) -> Iterator[slice]:
    """The bars of each earlier stretch; one with a gap is left out: it could not have held as much."""
    n_whole = question.length_us // series.bar_us
    for number in range(HISTORY_DAYS_BEFORE * MICROSECONDS_PER_DAY // question.length_us):
        end_us = question.start_us - number * question.length_us
        inside = series.within(end_us - question.length_us, end_us)
        if inside.stop - inside.start >= max(n_whole - 1, 2):
            yield inside


def _taken(measure: str, sign: int, n_bars: int | None) -> Callable[[PriceSeries, slice], float]:
    """The function that takes the most out of a stretch of bars, signed as the price moved."""

    def swing(series: PriceSeries, inside: slice) -> float:
        return largest_swing(series.highs[inside], series.lows[inside], sign, n_bars)

    def to_extreme(series: PriceSeries, inside: slice) -> float:
        before = float(series.closes[max(inside.start - 1, 0)])
        return _outermost(series, inside, sign) / before - 1.0

    def from_extreme(series: PriceSeries, inside: slice) -> float:
        return float(series.closes[inside.stop - 1]) / _outermost(series, inside, -sign) - 1.0

    return {"swing": swing, "to_extreme": to_extreme, "from_extreme": from_extreme}[measure]


def _outermost(series: PriceSeries, inside: slice, sign: int) -> float:
    return float(np.max(series.highs[inside]) if sign > 0 else np.min(series.lows[inside]))
