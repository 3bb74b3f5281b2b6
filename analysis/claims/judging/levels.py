"""Judge statements about a price: reached, passed, held, kept to a range."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.claims.judging.beginnings import Beginning, judge_approach, judge_beginning
from analysis.claims.judging.market import PriceSeries
from analysis.claims.judging.question import DOLLARS, NO_PRICE_OF_A_GROUP, Question, cannot_be_told, tape_words
from analysis.claims.judging.quoted import level_slack
from analysis.claims.judging.windows import WHOLE_RECORD
from analysis.claims.statement import (
    Comparator,
    Direction,
    Held,
    Judgement,
    Statement,
    StatementVerdict,
    TriedReading,
)
from warehouse.tables.bars import MICROSECONDS_PER_DAY, utc_instant
from warehouse.tables.units import day, moment, plain_percent, price

# Venues differ by so much: a level missed by less cannot be told.
VENUE_SHARE = 0.003
# A level missed by less than this is overstated, and "near" means closer than this.
CLOSE_SHARE = 0.02
# A level that was reached in the week before, where no window is said, is another reading of a range.
_WEEK_US = 7 * MICROSECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class _Prices:
    """Highest, lowest and last price of a window, and the series they come from."""

    high: float
    low: float
    close: float
    ranges: PriceSeries
    closes: PriceSeries
    inside: slice


def judge_level_crossed(question: Question) -> Judgement:
    """Whether the price reached the level (`more_than`: passed it) inside the window, from the side it is said to,
    and from the price (`peak`) that it is said to come from; one that it `held` at some time may be come to from
    either side, and is passed.

    Missed by less than 0.3 % cannot be told (venues differ), by less than 2 % is overstated; when only the bar still
    running at the time of saying reaches the level it cannot be told.
    """
    level = question.statement.price
    if level is None:
        return cannot_be_told("no level is given")
    prices = _prices(question)
    if isinstance(prices, str):
        return cannot_be_told(prices)
    is_up = _is_upward(question, prices, level)
    reached = prices.high if is_up else prices.low
    # How far the best price stays short of the level, a share of it; negative: beyond.
    short = (level - reached) / level * (1 if is_up else -1)
    slack = _slack_share(question.statement, level)
    is_beyond = question.statement.comparator is Comparator.MORE_THAN or question.statement.held is not None
    fits = short < 0 if is_beyond else short <= slack
    reading = _reached_reading(question, prices, is_up=is_up, level=level, fits=fits)
    measured = f"{reading.detail}."
    others = tuple(_touches_elsewhere(question, prices.ranges, is_up=is_up, level=level))
    if fits and question.statement.held is not None:
        return Judgement(StatementVerdict.SUPPORTED, measured, measured, (reading,), others)
    if fits:
        slack = max(slack, VENUE_SHARE)
        approach = judge_approach(question, prices.ranges, prices.inside, level=level, slack=slack, is_up=is_up)
        if not approach.is_from_other_side:
            measured = f"{reading.detail}; {approach.words}."
            verdict = StatementVerdict.ANOTHER_READING if approach.readings else StatementVerdict.NOT_SUPPORTED
            return Judgement(verdict, measured, measured, (replace(reading, fits=False), *approach.readings), others)
        beginning = _beginning(question, prices, is_up=is_up, level=level)
        measured = f"{reading.detail}; {beginning.words}." if beginning.words else measured
        readings = (reading, *beginning.readings)
        return Judgement(beginning.verdict, measured, measured, readings, others, beginning.reason)
    if short <= VENUE_SHARE:
        verdict = StatementVerdict.CANNOT_BE_TOLD
        reason = _venues_differ(level)
    elif _running_bar_reaches(question, prices.ranges, is_up=is_up, level=level):
        verdict = StatementVerdict.CANNOT_BE_TOLD
        reason = f"only the bar still running at {moment(utc_instant(question.said_us))} reaches {price(level)}"
    else:
        verdict = StatementVerdict.OVERSTATED if short <= CLOSE_SHARE else StatementVerdict.NOT_SUPPORTED
        reason = None
    return Judgement(verdict, measured, measured, (reading,), others, reason, short <= CLOSE_SHARE)


def _beginning(question: Question, prices: _Prices, *, is_up: bool, level: float) -> Beginning:
    """What is said of where the move to the level began; supported when nothing is."""
    begun = question.statement.peak
    if begun is None:
        return Beginning(StatementVerdict.SUPPORTED, (), "")
    return judge_beginning(question, prices.ranges, prices.inside, begun=begun, level=level, is_up=is_up)


def judge_level_held(question: Question) -> Judgement:
    """Whether the price stood at the level, or kept above (up) or below it (down) through the window.

    "Near" and "about" are met by a last price within 2 %, an exact level by its last digit or
    by what venues differ; a level that was only
    traded, or that stood only at the end, is another reading. `held` says whether the last price decides, or any.
    """
    level = question.statement.price
    if level is None:
        return cannot_be_told("no level is given")
    prices = _prices(question)
    if isinstance(prices, str):
        return cannot_be_told(prices)
    if question.statement.direction is Direction.NONE:
        return _judge_standing(question, prices, level)
    if question.statement.held is Held.AT_SOME_TIME:
        return judge_level_crossed(question)
    return _judge_kept_side(question, prices, level)


def judge_range(question: Question) -> Judgement:
    """Whether the price kept between two levels through the window; at its end, or both ends within a week, else."""
    statement = question.statement
    if statement.price is None or statement.price_high is None:
        return cannot_be_told("a range needs two levels")
    prices = _prices(question)
    if isinstance(prices, str):
        return cannot_be_told(prices)
    bottom, top = statement.price, statement.price_high
    short = max(bottom - prices.low, 0.0) / bottom, max(prices.high - top, 0.0) / top
    fits = max(short) <= VENUE_SHARE
    extent = f"{question.asset} traded between {price(prices.low)} and {price(prices.high)} {question.span_words}"
    tape = prices.ranges.market_id
    readings = [question.reading("literal", max(short), extent, fits=fits, market_id=tape)]
    words = f"its last price was {price(prices.close)}"
    is_inside = bottom <= prices.close <= top
    if question.is_open:
        readings.append(question.reading("at_the_end", prices.close, words, fits=is_inside, unit=DOLLARS))
        readings += _week_range(question, prices.ranges, bottom, top)
    measured = f"{extent}; {words} ({tape_words(prices.ranges)})."
    another = any(reading.fits for reading in readings[1:])
    if fits:
        verdict = StatementVerdict.SUPPORTED
    elif another:
        verdict = StatementVerdict.ANOTHER_READING
    else:
        verdict = StatementVerdict.OVERSTATED if max(short) <= CLOSE_SHARE else StatementVerdict.NOT_SUPPORTED
    return Judgement(verdict, measured, measured, tuple(readings), is_near_miss=VENUE_SHARE < max(short) <= CLOSE_SHARE)


def _prices(question: Question) -> _Prices | str:
    """The prices of the window, or why there are none."""
    if question.asset in question.market.groups:
        return NO_PRICE_OF_A_GROUP
    if question.window.token == WHOLE_RECORD:
        return _record_prices(question)
    closes, ranges = question.closes(), question.ranges()
    if closes is None or ranges is None:
        return question.why_nothing()
    inside = ranges.within(question.start_us, question.end_us)
    at = closes.fresh_by(question.end_us, question.length_us)
    close = float(closes.closes[at])
    if inside.stop <= inside.start:
        if question.length_us:
            return f"no bar of {question.asset} lies wholly inside the window"
        return _Prices(close, close, close, closes, closes, slice(at, at + 1))
    high, low = float(np.max(ranges.highs[inside])), float(np.min(ranges.lows[inside]))
    return _Prices(max(high, close), min(low, close), close, ranges, closes, inside)


def _record_prices(question: Question) -> _Prices | str:
    """The prices of all stored bars up to the end; `ranges` is the series that went furthest against the statement."""
    own = question.market.of_asset(question.asset, question.statement.market_id)
    bars = {id(item): slice(0, item.last_by(question.end_us) + 1) for item in own if item.bar_us}
    stored = [item for item in own if id(item) in bars and bars[id(item)].stop]
    closes = next((item for item in stored if item.fresh_by(question.end_us, 0) >= 0), None)
    if closes is None:
        return question.why_nothing()
    highs = {id(item): float(np.max(item.highs[bars[id(item)]])) for item in stored}
    lows = {id(item): float(np.min(item.lows[bars[id(item)]])) for item in stored}
    close = float(closes.closes[closes.last_by(question.end_us)])
    ranges = min(stored, key=lambda item: lows[id(item)] if question.sign > 0 else -highs[id(item)])
    return _Prices(max(highs.values()), min(lows.values()), close, ranges, closes, bars[id(ranges)])


def _is_upward(question: Question, prices: _Prices, level: float) -> bool:
    if question.statement.direction is Direction.NONE:
        at = prices.closes.fresh_by(question.start_us, question.length_us)
        return at < 0 or float(prices.closes.closes[at]) <= level
    return question.sign > 0


def _slack_share(statement: Statement, level: float) -> float:
    if statement.is_negated:
        return 0.0  # "never below": what passing the level denies
    if statement.comparator in (Comparator.ABOUT, Comparator.NEARLY):
        return CLOSE_SHARE
    return level_slack(statement, level) / level


def _reached_reading(question: Question, prices: _Prices, *, is_up: bool, level: float, fits: bool) -> TriedReading:
    reached = prices.high if is_up else prices.low
    values = prices.ranges.highs[prices.inside] if is_up else prices.ranges.lows[prices.inside]
    at = prices.inside.start + int(np.argmax(values) if is_up else np.argmin(values))
    side = "highest" if is_up else "lowest"
    opened = utc_instant(prices.ranges.close_us[at] - prices.ranges.bar_us)
    short = (level - reached) / level * (1 if is_up else -1)
    beyond = f", {plain_percent(short, 1)} short of {price(level)}" if short > 0 and not fits else ""
    words = (
        f"{question.asset}'s {side} price {question.span_words} was {price(reached)}{beyond}, in the bar of "
        f"{moment(opened)} ({tape_words(prices.ranges)})"
    )
    return question.reading("literal", reached, words, fits=fits, unit=DOLLARS, market_id=prices.ranges.market_id)


def _touches_elsewhere(question: Question, own: PriceSeries, *, is_up: bool, level: float) -> list[TriedReading]:
    """What the other series of the asset reached inside the window."""
    found = []
    for series in question.market.of_asset(question.asset):
        inside = series.within(question.start_us, question.end_us)
        is_same = series.market_id == own.market_id and series.bar_us >= own.bar_us  # says nothing of its own
        if is_same or series.is_daily or inside.stop <= inside.start:
            continue
        reached = float(np.max(series.highs[inside]) if is_up else np.min(series.lows[inside]))
        short = (level - reached) / level * (1 if is_up else -1)
        fits = short < 0 if question.statement.comparator is Comparator.MORE_THAN else short <= 0
        words = f"{price(reached)} ({tape_words(series)})"
        found.append(question.reading("elsewhere", reached, words, fits=fits, unit=DOLLARS, market_id=series.market_id))
    return found


def _running_bar_reaches(question: Question, series: PriceSeries, *, is_up: bool, level: float) -> bool:
    """Whether the bar that was still open at the time of saying reaches the level; it supports nothing."""
    if question.end_us < question.said_us:
        return False
    for candidate in {id(item): item for item in (series, *_fine_series(question))}.values():
        at = candidate.running_at(question.said_us)
        if at >= 0 and (candidate.highs[at] >= level if is_up else candidate.lows[at] <= level):
            return True
    return False


def _fine_series(question: Question) -> list[PriceSeries]:
    own = question.market.of_asset(question.asset, question.statement.market_id)
    return [item for item in own if item.bar_us and not item.is_daily][:1]


def _judge_standing(question: Question, prices: _Prices, level: float) -> Judgement:
    """`level_held` without a direction: the last price stands at the level."""
    off = abs(prices.close - level) / level
    fits = off <= max(_slack_share(question.statement, level), VENUE_SHARE)
    words = f"{question.asset}'s last price {question.span_words} was {price(prices.close)}"
    literal = question.reading(
        "literal", prices.close, words, fits=fits, unit=DOLLARS, market_id=prices.closes.market_id
    )
    is_traded = prices.low * (1 - VENUE_SHARE) <= level <= prices.high * (1 + VENUE_SHARE) and question.length_us > 0
    extent = f"it traded between {price(prices.low)} and {price(prices.high)}"
    traded = question.reading("traded_there", None, extent, fits=is_traded, market_id=prices.ranges.market_id)
    measured = f"{words}; {extent} ({tape_words(prices.ranges)})."
    if not question.length_us:
        measured = f"{words} ({tape_words(prices.closes)})."
    if fits:
        verdict = StatementVerdict.SUPPORTED
    elif is_traded:
        verdict = StatementVerdict.ANOTHER_READING
    else:
        verdict = StatementVerdict.OVERSTATED if off <= CLOSE_SHARE else StatementVerdict.NOT_SUPPORTED
    return Judgement(verdict, measured, measured, (literal, traded), is_near_miss=not fits and off <= 2 * CLOSE_SHARE)


def _judge_kept_side(question: Question, prices: _Prices, level: float) -> Judgement:
    """`level_held` up (above) or down (below): through the window, or at its end where that is said or nothing else is.

    Unless negated the end is another reading, and any time where it is not said how long. "Never" can be
    contradicted by the stored prices; it cannot be supported, because a token was traded before them.
    """
    statement, is_up = question.statement, question.sign > 0
    worst, best = (prices.low, prices.high) if is_up else (prices.high, prices.low)
    broken, short, away = ((level - at) / level * question.sign for at in (worst, prices.close, best))
    is_last = statement.held is Held.AT_THE_END or (statement.held is Held.UNSAID and question.is_open)
    missed = short if is_last else broken
    fits = missed <= _slack_share(statement, level)
    side = "lowest" if is_up else "highest"
    words = f"{question.asset}'s {side} price {question.span_words} was {price(worst)}"
    last = f"its last price was {price(prices.close)}"
    farthest = f"it traded as {'high' if is_up else 'low'} as {price(best)}"
    tape, last_tape = prices.ranges.market_id, prices.closes.market_id
    through = question.reading("literal", worst, words, fits=fits, unit=DOLLARS, market_id=tape)
    stood = not is_last and statement.held is not Held.THROUGHOUT and short <= VENUE_SHARE and not statement.is_negated
    at_end = question.reading("at_the_end", prices.close, last, fits=stood, unit=DOLLARS)
    passed = statement.held is Held.UNSAID and away < 0
    readings: tuple[TriedReading, ...] = (through, at_end)
    if is_last:
        words, last = (
            f"{question.asset}'s last price was {price(prices.close)}",
            f"its {side} {question.span_words} was {price(worst)}",
        )
        readings = (question.reading("literal", prices.close, words, fits=fits, unit=DOLLARS, market_id=last_tape),)
    if statement.held is Held.UNSAID:
        readings += (question.reading("at_some_time", best, farthest, fits=passed, unit=DOLLARS, market_id=tape),)
    measured = f"{words}; {last}{f'; {farthest}' if passed else ''} ({tape_words(prices.ranges)})."
    reason = None
    if fits and question.window.token == WHOLE_RECORD:
        verdict = StatementVerdict.CANNOT_BE_TOLD
        reason = (
            f"no stored price contradicts it, and prices before {day(utc_instant(question.start_us))} are not stored"
        )
    elif fits:
        verdict = StatementVerdict.SUPPORTED
    elif is_last and missed <= VENUE_SHARE:
        verdict, reason = StatementVerdict.CANNOT_BE_TOLD, _venues_differ(level)
    elif stood or passed:
        verdict = StatementVerdict.ANOTHER_READING
    else:
        verdict = StatementVerdict.OVERSTATED if missed <= CLOSE_SHARE else StatementVerdict.NOT_SUPPORTED
    return Judgement(verdict, measured, measured, readings, (), reason, not fits and 0 < missed <= CLOSE_SHARE)


def _venues_differ(level: float) -> str:
    return f"the price stayed within {plain_percent(VENUE_SHARE, 1)} of {price(level)}, and venues differ by that"


def _week_range(question: Question, series: PriceSeries, bottom: float, top: float) -> list[TriedReading]:
    inside = series.within(question.end_us - _WEEK_US, question.end_us)
    if inside.stop <= inside.start:
        return []
    low, high = float(np.min(series.lows[inside])), float(np.max(series.highs[inside]))
    fits = low <= bottom * (1 + CLOSE_SHARE) and high >= top * (1 - CLOSE_SHARE)
    words = f"within 7 days it traded between {price(low)} and {price(high)}"
    start_us = question.end_us - _WEEK_US
    return [question.reading("both_ends_in_7_days", None, words, fits=fits, start_us=start_us)]
