"""Judge statements of a direction without a size: up, down, flat, range-bound."""

from __future__ import annotations

import math

import numpy as np

from analysis.claims.judging.market import micros
from analysis.claims.judging.question import FRACTION, Question, cannot_be_told, moved_words, window_words
from analysis.claims.judging.windows import SINCE_EVENT, last_new_york_close
from analysis.claims.statement import Direction, Judgement, StatementVerdict, TriedReading
from warehouse.tables.bars import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR, utc_instant
from warehouse.tables.units import plain_percent

# "Flat" allows so much a day, growing with the root of time; twice as much is overstated.
FLAT_PER_DAY = 0.01
# "Range-bound" allows so much between the low and the high; twice as much is overstated.
RANGE_BOUND_WIDTH = 0.10
# How far beyond these a statement is still only overstated.
OVERSTATED_TIMES = 2.0
RANGE_BOUND_DAYS = 7  # where no window is said
# Where no window is said, other plain ones that may be meant.
_OTHER_HOURS = (12, 168)


def judge_direction(question: Question) -> Judgement:
    """Up and down: the sign of the net move, of 12 hours, of the day or of a week where no window was said.

    Flat: within 1 % times the root of the days. Range-bound: high over low of the window, of a week when unsaid.
    """
    statement = question.statement
    if statement.direction is Direction.NONE and statement.is_range_bound:
        return _judge_range_bound(question)
    value = question.market.move(question.asset, question.start_us, question.end_us, statement.market_id)
    if value is None:
        return cannot_be_told(question.why_nothing())
    is_flat = statement.direction is Direction.NONE
    literal = _reading(question, "literal", question.start_us, value)
    others = _others(question) if question.is_open else _first_day(question)
    chosen = next((reading for reading in others if reading.fits), None)
    measured = f"{literal.detail}."
    if literal.fits:
        verdict = StatementVerdict.SUPPORTED
    elif chosen is not None:
        verdict = StatementVerdict.ANOTHER_READING
        measured += f" {chosen.detail}."
    elif is_flat and abs(value) <= OVERSTATED_TIMES * _flat(question.days):
        verdict = StatementVerdict.OVERSTATED
    else:
        verdict = StatementVerdict.NOT_SUPPORTED
    limit = _flat(question.days) if is_flat else 0.0
    is_near = abs(abs(value) - limit) <= FLAT_PER_DAY / OVERSTATED_TIMES
    return Judgement(verdict, measured, measured, (literal, *others), is_near_miss=is_near)


def _flat(days: float) -> float:
    return FLAT_PER_DAY * math.sqrt(max(days, 0.0))


def _reading(question: Question, name: str, start_us: int, value: float, end_us: int | None = None) -> TriedReading:
    end_us = question.end_us if end_us is None else end_us
    days = (end_us - start_us) / MICROSECONDS_PER_DAY
    is_flat = question.statement.direction is Direction.NONE
    fits = abs(value) <= _flat(days) if is_flat else question.sign * value > 0
    subject = f"The median of {question.asset}" if question.asset in question.market.groups else question.asset
    words = f"{subject} {moved_words(value)} {window_words(start_us, end_us)}"
    return question.reading(name, value, words, fits=fits, start_us=start_us, end_us=end_us)


def _first_day(question: Question) -> list[TriedReading]:
    """The day after an event that a move is counted from: "rose after the restriction" may be said of it alone."""
    end_us = question.start_us + MICROSECONDS_PER_DAY
    if question.window.token != SINCE_EVENT or end_us >= question.end_us:
        return []
    value = question.market.move(question.asset, question.start_us, end_us, question.statement.market_id)
    return [] if value is None else [_reading(question, "first_24_hours", question.start_us, value, end_us)]


def _others(question: Question) -> list[TriedReading]:
    starts = [
        ("since_midnight_utc", question.end_us // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY),
        ("since_new_york_close", micros(last_new_york_close(utc_instant(question.end_us)))),
        *((f"{hours}_hours", question.end_us - hours * MICROSECONDS_PER_HOUR) for hours in _OTHER_HOURS),
    ]
    moves = [
        (name, start, question.market.move(question.asset, start, question.end_us, question.statement.market_id))
        for name, start in starts
        if start < question.end_us
    ]
    return [_reading(question, name, start, value) for name, start, value in moves if value is not None]


def _judge_range_bound(question: Question) -> Judgement:
    start_us = question.end_us - RANGE_BOUND_DAYS * MICROSECONDS_PER_DAY if question.is_open else question.start_us
    if question.asset in question.market.groups:
        return cannot_be_told("a group has no price that could keep to a range")
    series = question.market.with_ranges(question.asset, start_us, question.end_us, question.statement.market_id)
    inside = series.within(start_us, question.end_us) if series is not None else slice(0, 0)
    if series is None or inside.stop <= inside.start:
        return cannot_be_told(question.market.why_nothing(question.asset, start_us, question.end_us))
    width = float(np.max(series.highs[inside]) / np.min(series.lows[inside])) - 1.0
    words = window_words(start_us, question.end_us)
    measured = f"Between its lowest and its highest price {question.asset} spanned {plain_percent(width, 1)} {words}."
    fits = width <= RANGE_BOUND_WIDTH
    is_near = abs(width - RANGE_BOUND_WIDTH) <= RANGE_BOUND_WIDTH / OVERSTATED_TIMES / OVERSTATED_TIMES
    reading = question.reading(
        "literal", width, measured, fits=fits, unit=FRACTION, start_us=start_us, market_id=series.market_id
    )
    if fits:
        verdict = StatementVerdict.SUPPORTED
    elif width <= OVERSTATED_TIMES * RANGE_BOUND_WIDTH:
        verdict = StatementVerdict.OVERSTATED
    else:
        verdict = StatementVerdict.NOT_SUPPORTED
    return Judgement(verdict, measured, measured, (reading,), is_near_miss=is_near)
