"""Judge statements that set an asset beside others, or beside what it usually does."""

from __future__ import annotations

import math

import numpy as np

from analysis.claims.judging.market import SideBySide
from analysis.claims.judging.question import Question, cannot_be_told, moved_words, window_words
from analysis.claims.judging.quoted import allowed_sizes
from analysis.claims.judging.rarity import LEAST_STRETCHES, count_as_large
from analysis.claims.judging.sizes import is_near, size_verdict
from analysis.claims.statement import Direction, Judgement, StatementVerdict, TriedReading
from warehouse.tables.bars import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR, bar_words
from warehouse.tables.units import listing, percent, percentage_points, plural

# A move of the market is broad from here on; from twice and a half as much the denial is wrong.
BROAD_MOVE, CLEARLY_BROAD_MOVE = 0.02, 0.05
# Two assets move together when both leave the flat band: 1 % times the root of the days.
_FLAT_PER_DAY = 0.01
# Two moves that differ by less are equal: venues differ by that.
LEAST_GAP = 0.002
# Where no window is said: hours of other plain ones that end with it.
_OTHER_HOURS = (168,)
# A reaction is unusual when fewer than this share of earlier stretches moved as far.
UNUSUAL_SHARE = 0.05


def judge_relative(question: Question) -> Judgement:
    """Whether the asset's move exceeds (down: falls short of) that of every other side over the window.

    Of a group on the other side the median counts. A difference of less than 0.2 points is overstated. With a size, the
    difference is judged as a size.
    """
    statement = question.statement
    if not statement.versus:
        return cannot_be_told("the other side of the comparison is not said")
    literal = _difference(question, question.start_us)
    if isinstance(literal, str):
        return cannot_be_told(literal)
    gap, measured = literal
    if statement.size is not None:
        allowed = allowed_sizes(statement)
        verdict = size_verdict(gap, allowed, another=False)
        reading = question.reading("literal", gap, measured, fits=allowed.holds(gap))
        return Judgement(verdict, f"{measured}.", f"{measured}.", (reading,), is_near_miss=is_near(gap, allowed))
    if gap == 0 and any(question.asset in question.market.groups.get(name, ()) for name in statement.versus):
        return cannot_be_told(f"{question.asset} is itself the median of {listing(statement.versus)}")
    readings = [question.reading("literal", gap, measured, fits=gap > LEAST_GAP)]
    readings += _other_differences(question) if question.is_open else []
    if gap > LEAST_GAP:
        verdict = StatementVerdict.SUPPORTED
    elif any(reading.fits for reading in readings):
        verdict = StatementVerdict.ANOTHER_READING
    else:
        verdict = StatementVerdict.OVERSTATED if gap > 0 else StatementVerdict.NOT_SUPPORTED
    chosen = next((r for r in readings if r.fits), readings[0])
    closest = f"{chosen.detail}."
    return Judgement(verdict, f"{measured}.", closest, tuple(readings), is_near_miss=abs(gap) <= BROAD_MOVE / 4)


def judge_not_broad(question: Question) -> Judgement:
    """Whether the rest of the market stood: the median of the others moved under 2 %; 2 to 5 % is overstated."""
    names = question.statement.versus or ("MARKET",)
    moves = question.market.moves(names, question.start_us, question.end_us)
    known = {name: value for name, value in moves.values.items() if value is not None}
    if not known:
        return cannot_be_told(f"no prices of {listing(names)} over the window")
    median = float(np.median(list(known.values())))
    limit = question.statement.size or BROAD_MOVE
    along = question.sign * median
    words = listing([f"{name} {moved_words(value)}" for name, value in known.items()])
    measured = f"{words} {question.span_words}{_on_bars(moves)}"
    if along < limit:
        verdict = StatementVerdict.SUPPORTED
    else:
        is_clear = along >= max(CLEARLY_BROAD_MOVE, limit)
        verdict = StatementVerdict.NOT_SUPPORTED if is_clear else StatementVerdict.OVERSTATED
    reading = question.reading("literal", median, measured, fits=along < limit)
    is_close = abs(along - limit) <= BROAD_MOVE / 4
    return Judgement(verdict, f"{measured}.", f"{measured}.", (reading,), is_near_miss=is_close)


def judge_moved_with(question: Question) -> Judgement:
    """Whether the asset and every other side moved the stated way, each beyond 1 % times the root of the days.

    One of them within that band is overstated; one the other way is not supported. No history enters.
    """
    names = (question.asset, *question.statement.versus)
    if len(names) == 1:
        return cannot_be_told("what it moved along with is not said")
    moves = question.market.moves(names, question.start_us, question.end_us, question.statement.market_id)
    missing = [name for name, value in moves.values.items() if value is None]
    if missing:
        return cannot_be_told(question.market.why_nothing(missing[0], question.start_us, question.end_us))
    known = {name: value for name, value in moves.values.items() if value is not None}
    sign = question.sign
    if question.statement.direction is Direction.NONE:
        sign = 1 if known[question.asset] >= 0 else -1
    least = min(sign * value for value in known.values())
    measured = f"{listing([f'{name} {moved_words(value)}' for name, value in known.items()])} {question.span_words}"
    measured += _on_bars(moves)
    limit = _FLAT_PER_DAY * math.sqrt(question.days)
    if least > limit:
        verdict = StatementVerdict.SUPPORTED
    else:
        verdict = StatementVerdict.OVERSTATED if least > 0 else StatementVerdict.NOT_SUPPORTED
    reading = question.reading("literal", sign * least, measured, fits=least > limit)
    return Judgement(verdict, f"{measured}.", f"{measured}.", (reading,), is_near_miss=abs(least - limit) <= limit / 2)


def judge_reaction(question: Question) -> Judgement:
    """Whether the move over the window went the stated way and was unusual among the year before.

    Unusual: fewer than 5 % of the earlier stretches of that length moved as far either way. This says that two things
    happened together, never that one made the other.
    """
    value = question.market.move(question.asset, question.start_us, question.end_us, question.statement.market_id)
    if value is None:
        return cannot_be_told(question.why_nothing())
    counted = count_as_large(question, value)
    moved = f"{question.asset} {moved_words(value)} {question.span_words}"
    if counted is None:
        return cannot_be_told(f"{moved}; fewer than {LEAST_STRETCHES} earlier stretches to compare it with are stored")
    n_as_large, n_stretches = counted
    level = question.statement.tolerance or UNUSUAL_SHARE
    share = n_as_large / n_stretches
    rarity = f"{n_as_large} of {plural(n_stretches, 'earlier stretch', 'earlier stretches')} moved as far"
    together = "Two things happened together; one event does not show that one made the other"
    measured = f"{moved}; {rarity}. {together}."
    is_right_way = question.statement.direction is Direction.NONE or question.sign * value > 0
    is_unusual = share < level
    readings = (
        question.reading("literal", value, moved, fits=is_right_way),
        question.reading("earlier_stretches", share, rarity, fits=is_unusual, unit="fraction of earlier stretches"),
    )
    if is_right_way and is_unusual:
        verdict = StatementVerdict.SUPPORTED
    else:
        verdict = (
            StatementVerdict.OVERSTATED if is_right_way and share < 2 * level else (StatementVerdict.NOT_SUPPORTED)
        )
    return Judgement(verdict, measured, measured, readings, is_near_miss=abs(share - level) <= level / 2)


def _difference(question: Question, start_us: int) -> tuple[float, str] | str:
    """The asset's move less that of the nearest other side along the direction, in words; or why it is not known."""
    names = (question.asset, *question.statement.versus)
    moves = question.market.moves(names, start_us, question.end_us, question.statement.market_id)
    own = moves.values[question.asset]
    if own is None:
        return question.market.why_nothing(question.asset, start_us, question.end_us)
    others = {name: moves.values[name] for name in question.statement.versus}
    missing = [name for name, value in others.items() if value is None]
    if missing:
        return question.market.why_nothing(missing[0], start_us, question.end_us)
    known = {name: value for name, value in others.items() if value is not None}
    gap = min(question.sign * (own - value) for value in known.values())
    against = listing([f"{name} {percent(value)}" for name, value in known.items()])
    words = f"{question.asset} {moved_words(own)} against {against} {window_words(start_us, question.end_us)}"
    return gap, f"{words}: {percentage_points(question.sign * gap)}{_on_bars(moves)}"


def _on_bars(moves: SideBySide) -> str:
    """The bars of a comparison, in brackets."""
    return f" ({bar_words(moves.bar_name)} bars)" if moves.bar_name is not None else ""


def _other_differences(question: Question) -> list[TriedReading]:
    starts = [
        ("since_midnight_utc", question.end_us // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY),
        *((f"{hours}_hours", question.end_us - hours * MICROSECONDS_PER_HOUR) for hours in _OTHER_HOURS),
    ]
    readings = []
    for name, start_us in starts:
        found = _difference(question, start_us)
        if not isinstance(found, str):
            readings.append(question.reading(name, found[0], found[1], fits=found[0] > LEAST_GAP, start_us=start_us))
    return readings
