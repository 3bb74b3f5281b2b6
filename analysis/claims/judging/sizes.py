"""Judge moves of a stated size: percent moves, swings, multiples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.claims.judging.market import PriceSeries, micros
from analysis.claims.judging.question import (
    FRACTION,
    NO_PRICE_OF_A_GROUP,
    Question,
    cannot_be_told,
    moved_words,
    tape_words,
    window_words,
)
from analysis.claims.judging.quoted import MOST_SHARE_OF_SIZE, ROUNDING, Allowed, allowed_around, allowed_sizes
from analysis.claims.judging.windows import SINCE_EVENT, last_new_york_close
from analysis.claims.statement import (
    Comparator,
    Direction,
    Judgement,
    Kind,
    StatementVerdict,
    TriedReading,
)
from warehouse.tables.bars import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR, utc_instant
from warehouse.tables.units import hours_short, percent

# From half the size up a move in the right direction is overstated, below it the statement is wrong.
LEAST_SHARE_OF_SIZE = 0.5
# A verdict is near another one within a tenth of the size or half a point.
NEAR_SHARE, NEAR_POINTS = 0.10, 0.005
# Where no window is said: other plain ones, hours back from the time of saying.
OPEN_HOURS = (12, 48, 168)
_LEAST_DAYS_BY_DATE = 2


@dataclass(frozen=True, slots=True)
class Moves:
    """How a price moved over a window, signed along a direction; `to_price` and `from_price` are closes."""

    net: float
    to_extreme: float  # from the first close to the best price
    from_extreme: float  # from the worst price to the last close
    ordered: float  # the largest swing in order, low to a later high (down: high to a later low)
    from_price: float
    to_price: float


def judge_size(question: Question) -> Judgement:
    """The verdict on a percent move, a swing or a multiple.

    Literal: last close before the window to its last close (a swing: low to a later high; "as much as": to the best
    price). The other readings of the same window count when the net move has the sign of the statement; where no
    window was said, other plain windows count too.
    """
    statement = question.statement
    if statement.size is None and statement.amount is None:
        return cannot_be_told("no size is given")
    series, ranges = question.closes(), question.ranges()
    if question.asset in question.market.groups:
        return _judge_group_size(question)
    if series is None or ranges is None:
        return cannot_be_told(question.why_nothing())
    apart_us = round(statement.swing_hours * MICROSECONDS_PER_HOUR) if statement.swing_hours else None
    moves = measure_moves(series, ranges, question.start_us, question.end_us, question.sign, apart_us)
    allowed = _allowed(question, moves)
    literal = _literal(question, moves)
    first = _reading(question, "literal", literal, allowed, series)
    others = [*_same_window(question, moves, allowed, ranges), *_other_windows(question, allowed)]
    chosen = next((reading for reading in others if reading.fits), None)
    verdict = size_verdict(literal, allowed, another=chosen is not None)
    measured = _measured(question, moves, series)
    if verdict is StatementVerdict.ANOTHER_READING and chosen is not None:
        closest = f"{measured} {chosen.detail}."
    else:
        closest = measured
    return Judgement(verdict, measured, closest, (first, *others), is_near_miss=is_near(literal, allowed))


def size_verdict(value: float, allowed: Allowed, *, another: bool) -> StatementVerdict:
    """Supported, another reading, overstated from half the size up, understated above it, else not supported."""
    if allowed.holds(value):
        return StatementVerdict.SUPPORTED
    if another:
        return StatementVerdict.ANOTHER_READING
    if value > allowed.high:
        return StatementVerdict.UNDERSTATED
    if value > 0 and value >= LEAST_SHARE_OF_SIZE * allowed.size - ROUNDING:
        return StatementVerdict.OVERSTATED
    return StatementVerdict.NOT_SUPPORTED


def is_near(value: float, allowed: Allowed) -> bool:
    """Whether the value lies close to an end of what is allowed, on either side."""
    slack = max(NEAR_SHARE * abs(allowed.size), NEAR_POINTS)
    return min(abs(value - allowed.low), abs(value - allowed.high)) <= slack


def measure_moves(
    series: PriceSeries, ranges: PriceSeries, start_us: int, end_us: int, sign: int, apart_us: int | None = None
) -> Moves:
    """All moves of a window that both series cover, times `sign`; simple returns.

    The ends of the swing lie at most `apart_us` apart, counted from the open of one bar to the close of the other.
    """
    length = end_us - start_us
    first, last = (float(series.closes[series.fresh_by(at, length)]) for at in (start_us, end_us))
    inside = ranges.within(start_us, end_us)
    highs, lows = ranges.highs[inside], ranges.lows[inside]
    best = float((highs.max() if sign > 0 else lows.min()) if highs.size else last)
    worst = float((lows.min() if sign > 0 else highs.max()) if highs.size else first)
    return Moves(
        sign * (last / first - 1.0),
        sign * (best / first - 1.0),
        sign * (last / worst - 1.0),
        sign * (largest_swing(highs, lows, sign, ranges.bars_in(apart_us)) if highs.size > 1 else last / first - 1.0),
        first,
        last,
    )


def largest_swing(highs: Floats, lows: Floats, sign: int, n_bars: int | None = None) -> float:
    """The largest simple return from a bar's low to the high of a later one (sign −1: high to low).

    The two bars are among `n_bars` in a row, among all by default.
    """
    starts, ends, outermost = (lows, highs, np.max) if sign > 0 else (highs, lows, np.min)
    if n_bars is None or n_bars >= highs.size:
        extreme = (np.minimum if sign > 0 else np.maximum).accumulate(starts)[:-1]
        return float(outermost(ends[1:] / extreme)) - 1.0
    swings = [float(outermost(ends[lag:] / starts[:-lag])) - 1.0 for lag in range(1, n_bars)]
    return sign * max((sign * swing for swing in swings), default=0.0)


def _allowed(question: Question, moves: Moves) -> Allowed:
    statement = question.statement
    if statement.size is not None:
        return allowed_sizes(statement)
    # A move in dollars is a fraction of the first price; "$1K" is said of less precision than "$950".
    amount = abs(statement.amount or 0.0)
    share = amount / moves.from_price
    is_one_digit = amount > 0 and amount % 10.0 ** math.floor(math.log10(amount)) == 0
    near = MOST_SHARE_OF_SIZE if is_one_digit else NEAR_SHARE
    return allowed_around(statement.comparator, share, share, near * share)


def _literal(question: Question, moves: Moves) -> float:
    if question.statement.kind is Kind.SWING:
        return moves.ordered
    return moves.to_extreme if question.statement.comparator is Comparator.UP_TO else moves.net


def _reading(
    question: Question, name: str, value: float, allowed: Allowed, series: PriceSeries, words: str | None = None
) -> TriedReading:
    detail = words or f"{percent(question.sign * value)} {question.span_words} ({tape_words(series)})"
    return question.reading(
        name, question.sign * value, detail, fits=allowed.holds(value), unit=FRACTION, market_id=series.market_id
    )


def _same_window(question: Question, moves: Moves, allowed: Allowed, ranges: PriceSeries) -> list[TriedReading]:
    """The readings of the same window; none fits when the net move goes the other way."""
    best, worst = ("highest", "lowest") if question.sign > 0 else ("lowest", "highest")
    tried = [
        ("to_extreme", moves.to_extreme, f"from the last close before to the {best} price"),
        ("from_extreme", moves.from_extreme, f"from the {worst} price to the last close"),
        ("swing", moves.ordered, f"from the {worst} to a later {best} price"),
        ("net", moves.net, "close to close"),
    ]
    readings = []
    for name, value, how in tried:
        words = f"{how} it {moved_words(question.sign * value)} {question.span_words}"
        reading = _reading(question, name, value, allowed, ranges, words[:1].upper() + words[1:])
        if moves.net <= 0:
            reading = _not_fitting(reading)
        readings.append(reading)
    return readings


def _not_fitting(reading: TriedReading) -> TriedReading:
    return TriedReading(
        reading.name, reading.from_utc, reading.to_utc, reading.value, reading.unit, False, reading.market_id,
        f"{reading.detail} (not counted: over the window it went the other way)",
    )  # fmt: skip


def _other_windows(question: Question, allowed: Allowed) -> list[TriedReading]:
    """Close to close over other plain windows that end when the statement's does, and over the day after an event."""
    readings = []
    for name, start_us, end_us, needs_sign in _plain_windows(question):
        value = question.market.move(question.asset, start_us, end_us, question.statement.market_id)
        if value is None:
            continue
        along = question.sign * value
        words = f"It {moved_words(value)} {window_words(start_us, end_us)}"
        fits = allowed.holds(along) and not needs_sign
        readings.append(question.reading(name, value, words, fits=fits, start_us=start_us, end_us=end_us))
    return readings


def _plain_windows(question: Question) -> list[tuple[str, int, int, bool]]:
    if question.window.token == SINCE_EVENT:
        # "Rose 23% after the ban": its first day, or until now.
        first_day = question.start_us + MICROSECONDS_PER_DAY
        return [("first_24_hours", question.start_us, first_day, False)] if first_day < question.end_us else []
    return [(name, start_us, question.end_us, needs) for name, start_us, needs in _plain_starts(question)]


def _plain_starts(question: Question) -> list[tuple[str, int, bool]]:
    end = utc_instant(question.end_us)
    midnight = micros(end) // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    if question.is_open:
        return [
            ("since_midnight_utc", midnight, False),
            ("since_new_york_close", micros(last_new_york_close(end)), False),
            *(
                (f"{hours}_hours", question.end_us - hours * MICROSECONDS_PER_HOUR, False)
                for hours in OPEN_HOURS
            ),
        ]  # fmt: skip
    value = question.market.move(question.asset, question.start_us, question.end_us, question.statement.market_id)
    is_against = value is None or question.sign * value <= 0
    said = question.window.token
    if said == "weekend":
        # Both starts are what the word means.
        saturday = (question.start_us // MICROSECONDS_PER_DAY + 1) * MICROSECONDS_PER_DAY
        return [("since_saturday_utc", saturday, False)]
    is_until_said = question.statement.window is None or question.statement.window.from_utc is None
    if said.startswith("P") and "/" not in said and is_until_said and question.days >= _LEAST_DAYS_BY_DATE:
        return [("by_utc_days", question.start_us // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY, is_against)]
    return []


def _judge_group_size(question: Question) -> Judgement:
    if question.statement.size is None:
        return cannot_be_told(NO_PRICE_OF_A_GROUP)
    value = question.market.move(question.asset, question.start_us, question.end_us)
    if value is None:
        return cannot_be_told(f"fewer than half of the members of {question.asset} have prices there")
    allowed = allowed_sizes(question.statement)
    along = question.sign * value
    measured = f"The median of {question.asset} {moved_words(value)} {question.span_words}."
    reading = question.reading("literal", value, measured, fits=allowed.holds(along))
    others = _other_windows(question, allowed)
    chosen = next((other for other in others if other.fits), None)
    verdict = size_verdict(along, allowed, another=chosen is not None)
    return Judgement(verdict, measured, measured, (reading, *others), is_near_miss=is_near(along, allowed))


def _measured(question: Question, moves: Moves, series: PriceSeries) -> str:
    value = question.sign * moves.net
    moved = moved_words(value, moves.from_price, moves.to_price)
    words = f"{question.asset} {moved} {question.span_words}"
    best, worst = ("high", "low") if question.sign > 0 else ("low", "high")
    if question.statement.comparator is Comparator.UP_TO:
        side = "highest" if question.statement.direction is not Direction.DOWN else "lowest"
        words += f", {percent(question.sign * moves.to_extreme)} to its {side} price"
    if question.statement.kind is Kind.SWING:
        apart = question.statement.swing_hours
        within = f" at most {hours_short(apart)} apart" if apart is not None else ""
        words += f", {percent(question.sign * moves.ordered)} between a {worst} and a later {best} price{within}"
    return f"{words} ({tape_words(series)})."
