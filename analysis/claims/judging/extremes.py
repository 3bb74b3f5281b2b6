"""Judge statements about extremes: n-day highs and lows, records, drawdowns from a peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.claims.judging.levels import CLOSE_SHARE, VENUE_SHARE
from analysis.claims.judging.market import PriceSeries, micros
from analysis.claims.judging.question import DAYS, DOLLARS, FRACTION, Question, cannot_be_told, tape_words
from analysis.claims.judging.quoted import allowed_sizes
from analysis.claims.judging.sizes import is_near, size_verdict
from analysis.claims.judging.windows import period_of
from analysis.claims.statement import Comparator, Direction, Judgement, StatementVerdict, TriedReading
from warehouse.tables.bars import MICROSECONDS_PER_DAY, utc_instant
from warehouse.tables.units import day, plain_percent, plural, price

# An extreme of n days that holds for a quarter longer is said too small.
UNDERSTATED_TIMES = 1.25
# One that holds for less than this share of the period is wrong.
OVERSTATED_SHARE = 0.6
# How far a period may fall short: days are counted by bars.
_DAY_SLACK = 0.5
# Records need a history of so many days.
LEAST_RECORD_DAYS = 365
# A window so long that a daily close is fresh for it.
_ANY_LENGTH_US = 365 * MICROSECONDS_PER_DAY
# The stretch in which an extreme is set, where no other is said.
_SETTING_US = MICROSECONDS_PER_DAY
# News of an extreme goes on for so long after it was set.
_NEWS_US = 3 * MICROSECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class _Extreme:
    """The highest (lowest) price of a stretch, and when it was last as high (low) before; times in microseconds."""

    value: float
    last_us: int | None  # None: never as far as the history goes
    set_us: int  # when it was first reached
    history_from_us: int
    previous: float  # the most extreme price of the history before


def judge_period_extreme(question: Question) -> Judgement:
    """Whether the price was the highest (lowest) for as long as is said: days since it was last as high.

    A week-high that has stood for a quarter longer is understated, one of at least 60 % of the period overstated. With
    a price, the price must have been reached too. "Near" asks for a last price within 2 % of the period's extreme.
    """
    if question.statement.versus:
        return cannot_be_told("a ratio of two assets has no bars")
    if question.asset in question.market.groups:
        return cannot_be_told("a group has no price")
    set_until = micros(question.statement.as_of) if question.statement.as_of else question.said_us
    set_from = None
    if question.statement.within is not None and question.statement.within.to_utc is not None:
        set_until = micros(question.statement.within.to_utc)
        set_from = micros(question.statement.within.from_utc) if question.statement.within.from_utc else None
    set_until = min(set_until, question.said_us)
    extreme = _extreme(question, set_until, set_from)
    if isinstance(extreme, str):
        return cannot_be_told(extreme)
    wanted, longest = _wanted_days(question, extreme.set_us)
    if question.statement.comparator in (Comparator.NEARLY, Comparator.ABOUT):
        return _judge_near_extreme(question, extreme, set_until, wanted)
    since_us = extreme.last_us if extreme.last_us is not None else extreme.history_from_us
    days = (extreme.set_us - since_us) / MICROSECONDS_PER_DAY
    is_lower_bound = extreme.last_us is None
    fits = wanted - _DAY_SLACK <= days and (is_lower_bound or days <= longest)
    words = _age_words(question, extreme, days)
    reading = question.reading("literal", days, words, fits=fits, unit=DAYS, start_us=since_us, end_us=set_until)
    measured = f"{words[:1].upper()}{words[1:]}."
    price_gap = _price_gap(question, extreme.value)
    if is_lower_bound and days < wanted - _DAY_SLACK:
        reason = f"the prices of {question.asset} begin only on {day(utc_instant(extreme.history_from_us))}"
        return Judgement(StatementVerdict.CANNOT_BE_TOLD, measured, measured, (reading,), reason=reason)
    if fits:
        verdict = StatementVerdict.SUPPORTED
    elif days > longest:
        verdict = StatementVerdict.UNDERSTATED
    elif _running_bar_is_further(question, extreme, wanted):
        reason = "only the bar still running when it was said would make it so"
        return Judgement(StatementVerdict.CANNOT_BE_TOLD, measured, measured, (reading,), reason=reason)
    elif set_from is None and (earlier := _set_before(question, set_until, wanted)) is not None:
        closest = f"{measured} {earlier.detail}."
        return Judgement(StatementVerdict.ANOTHER_READING, measured, closest, (reading, earlier))
    else:
        is_most = days >= OVERSTATED_SHARE * wanted
        verdict = StatementVerdict.OVERSTATED if is_most else StatementVerdict.NOT_SUPPORTED
    is_close = abs(days - wanted) <= max(1.0, 0.1 * wanted)
    return _with_price(question, Judgement(verdict, measured, measured, (reading,), is_near_miss=is_close), price_gap)


def judge_record(question: Question) -> Judgement:
    """Whether the highest (lowest) price of the window exceeds all prices of the history before it."""
    if question.asset in question.market.groups:
        return cannot_be_told("a group has no price")
    end_us, start_us = question.end_us, question.start_us
    extreme = _extreme(question, end_us, start_us)
    if isinstance(extreme, str):
        return cannot_be_told(extreme)
    # Positive: beyond the previous record, a share of it.
    beyond = question.sign * (extreme.value / extreme.previous - 1.0)
    is_loose = question.statement.comparator in (Comparator.NEARLY, Comparator.ABOUT)
    fits = beyond >= -CLOSE_SHARE if is_loose else beyond > 0
    side = "highest" if question.sign > 0 else "lowest"
    held = f"the {side} before it, since {day(utc_instant(extreme.history_from_us))}, was {price(extreme.previous)}"
    measured = f"{question.asset}'s {side} price {question.span_words} was {price(extreme.value)}; {held}."
    reading = question.reading("literal", beyond, measured, fits=fits, unit=FRACTION)
    days = (start_us - extreme.history_from_us) / MICROSECONDS_PER_DAY
    reason = None
    if fits and days < LEAST_RECORD_DAYS:
        verdict = StatementVerdict.CANNOT_BE_TOLD
        reason = f"prices before {day(utc_instant(extreme.history_from_us))} are not stored"
    elif fits:
        verdict = StatementVerdict.SUPPORTED
    elif _running_bar_is_further(question, extreme, None):
        verdict, reason = (
            StatementVerdict.CANNOT_BE_TOLD,
            "only the bar still running when it was said would make it so",
        )
    elif -beyond <= VENUE_SHARE:
        verdict, reason = StatementVerdict.CANNOT_BE_TOLD, "the record was missed by less than venues differ"
    else:
        verdict = StatementVerdict.OVERSTATED if -beyond <= CLOSE_SHARE else StatementVerdict.NOT_SUPPORTED
    judgement = Judgement(
        verdict, measured, measured, (reading,), reason=reason, is_near_miss=abs(beyond) <= CLOSE_SHARE
    )
    return _with_price(question, judgement, _price_gap(question, extreme.value))


def _set_before(question: Question, set_until: int, wanted: float) -> TriedReading | None:
    """The reading in which the extreme was set in the days before, not in the last one; None where it does not fit."""
    start_us = set_until - _NEWS_US
    extreme = _extreme(question, set_until, start_us)
    if isinstance(extreme, str) or ((gap := _price_gap(question, extreme.value)) is not None and gap > VENUE_SHARE):
        return None
    since_us = extreme.last_us if extreme.last_us is not None else extreme.history_from_us
    days = (extreme.set_us - since_us) / MICROSECONDS_PER_DAY
    if days < wanted - _DAY_SLACK:
        return None
    words = f"It was set by {day(utc_instant(extreme.set_us))}: {_age_words(question, extreme, days)}"
    return question.reading("set_before", days, words, fits=True, unit=DAYS, start_us=since_us, end_us=set_until)


def judge_drawdown(question: Question) -> Judgement:
    """How far the price lies below a peak (up: above a low) when it is said: the named one, the window's, the record's.

    A window that ended within the day before, or that the fall is said to lie in (`as_of`), is read at its end. The
    day's extreme is another reading.
    """
    statement = question.statement
    if statement.size is None:
        return cannot_be_told("no size is given")
    if question.asset in question.market.groups:
        return cannot_be_told("a group has no price")
    # A distance from a peak is no move over a window: a daily close is fresh enough.
    own = question.market.of_asset(question.asset, statement.market_id)
    is_at_its_end = statement.as_of is not None or question.said_us - question.end_us <= _SETTING_US
    at_us = question.end_us if is_at_its_end else question.said_us
    closes = next((item for item in own if item.fresh_by(at_us, _ANY_LENGTH_US) >= 0), None)
    if closes is None:
        return cannot_be_told(question.why_nothing())
    is_from_peak = statement.direction is not Direction.UP
    peak = statement.peak or _peak(question, is_from_peak)
    if peak is None:
        return cannot_be_told(question.why_nothing())
    close = float(closes.closes[closes.last_by(at_us)])
    allowed = allowed_sizes(statement)
    value = 1.0 - close / peak if is_from_peak else close / peak - 1.0
    side, way = ("peak", "below") if is_from_peak else ("low", "above")
    words = f"{question.asset} at {price(close)} stood {plain_percent(value, 1)} {way} the {side} of {price(peak)}"
    literal = question.reading("literal", -value if is_from_peak else value, words, fits=allowed.holds(value))
    best = _day_extreme(question, not is_from_peak)
    readings = [literal]
    if best is not None:
        other = 1.0 - best / peak if is_from_peak else best / peak - 1.0
        detail = f"at its most, {price(best)}, {plain_percent(other, 1)} {way} it"
        readings.append(
            question.reading("extreme_of_the_day", -other if is_from_peak else other, detail, fits=allowed.holds(other))
        )
    another = any(reading.fits for reading in readings[1:])
    verdict = size_verdict(value, allowed, another=another)
    measured = f"{words} ({tape_words(closes)})."
    return Judgement(verdict, measured, measured, tuple(readings), is_near_miss=is_near(value, allowed))


def _extreme(question: Question, end_us: int, start_us: int | None = None) -> _Extreme | str:
    """The extreme of [start, end), of the day before `end_us` by default, against all prices before."""
    start_us = end_us - _SETTING_US if start_us is None else start_us
    market, statement = question.market, question.statement
    series = market.with_ranges(question.asset, start_us, end_us, statement.market_id)
    inside = series.within(start_us, end_us) if series is not None else slice(0, 0)
    if series is None or inside.stop <= inside.start:
        return market.why_nothing(question.asset, start_us, end_us)
    value = _outermost(series, inside, question.sign)
    level = statement.price
    if statement.within is not None and level is not None and question.sign * (value - level) >= 0:
        # The price that is said, when it was first reached, is what the period is about.
        value = level
    last, previous, first = None, None, start_us
    for item in _histories(question, series):
        prices = item.highs if question.sign > 0 else item.lows
        # Only bars that had closed before the stretch began.
        before = slice(0, item.last_by(start_us) + 1)
        if not before.stop:
            continue
        first = min(first, int(item.close_us[0]) - item.bar_us)
        hits = np.flatnonzero(question.sign * (prices[before] - value) >= 0)
        if hits.size:
            at = int(item.close_us[hits[-1]]) - item.bar_us
            last = at if last is None else max(last, at)
        most = _outermost(item, before, question.sign)
        previous = most if previous is None else max(previous, most) if question.sign > 0 else min(previous, most)
    if previous is None:
        return f"no prices of {question.asset} are stored before the window"
    prices = (series.highs if question.sign > 0 else series.lows)[inside]
    reached = int(np.argmax(question.sign * (prices - value) >= 0))
    return _Extreme(value, last, int(series.close_us[inside.start + reached]), first, previous)


def _histories(question: Question, series: PriceSeries) -> list[PriceSeries]:
    """The series that says what was before: the fine one, and daily bars, which reach back further."""
    own = question.market.of_asset(question.asset, question.statement.market_id)
    finer = next((item for item in own if item.bar_us and not item.is_daily), series)
    return list({id(item): item for item in (series, finer, *(item for item in own if item.is_daily))}.values())


def _outermost(series: PriceSeries, inside: slice, sign: int) -> float:
    return float(np.max(series.highs[inside]) if sign > 0 else np.min(series.lows[inside]))


def _wanted_days(question: Question, set_until: int) -> tuple[float, float]:
    """Least and most days since the price was last as high for the statement to hold."""
    token = question.window.token
    if token.startswith("since:"):
        # "Since December": last as high in December; counted to the end of the named period.
        start, end = period_of(token.removeprefix("since:").partition("@")[0])
        least = (set_until - micros(end)) / MICROSECONDS_PER_DAY
        most = (set_until - micros(start)) / MICROSECONDS_PER_DAY
        return least, UNDERSTATED_TIMES * most + 1.0
    wanted = question.days
    return wanted, max(UNDERSTATED_TIMES * wanted, wanted + _unit_days(token))


def _unit_days(token: str) -> float:
    """Days of the unit that counts the period: a three-week high holds until it is a four-week high."""
    return {"W": 7.0, "M": 31.0, "Y": 366.0}.get(token[-1:], 1.0)


def _judge_near_extreme(question: Question, extreme: _Extreme, set_until: int, wanted: float) -> Judgement:
    start_us = set_until - round(wanted * MICROSECONDS_PER_DAY)
    series = question.market.with_ranges(question.asset, start_us, set_until, question.statement.market_id)
    if series is None:
        return cannot_be_told(question.market.why_nothing(question.asset, start_us, set_until))
    most = _outermost(series, series.within(start_us, set_until), question.sign)
    off = question.sign * (most - extreme.value) / most
    fits = off <= CLOSE_SHARE
    side = "highest" if question.sign > 0 else "lowest"
    measured = (
        f"{question.asset} came to {price(extreme.value)} within a day; the {side} price of the period was "
        f"{price(most)} ({tape_words(series)})."
    )
    reading = question.reading("literal", extreme.value, measured, fits=fits, unit=DOLLARS, start_us=start_us)
    verdict = StatementVerdict.SUPPORTED if fits else StatementVerdict.NOT_SUPPORTED
    if not fits and off <= 2 * CLOSE_SHARE:
        verdict = StatementVerdict.OVERSTATED
    return Judgement(verdict, measured, measured, (reading,), is_near_miss=abs(off - CLOSE_SHARE) <= CLOSE_SHARE)


def _age_words(question: Question, extreme: _Extreme, days: float) -> str:
    side = "high" if question.sign > 0 else "low"
    if extreme.last_us is None:
        since = day(utc_instant(extreme.history_from_us))
        return f"{question.asset}'s {side} of {price(extreme.value)} was not seen before, as far back as {since}"
    return (
        f"{question.asset}'s {side} of {price(extreme.value)} was last seen on {day(utc_instant(extreme.last_us))}, "
        f"{plural(round(days), 'day')} before"
    )


def _running_bar_is_further(question: Question, extreme: _Extreme, wanted_days: float | None) -> bool:
    """Whether the bar that was open when it was said goes beyond the extreme of the period."""
    if question.end_us < question.said_us:
        return False
    own = question.market.of_asset(question.asset, question.statement.market_id)
    for item in own:
        at = item.running_at(question.said_us) if item.bar_us and not item.is_daily else -1
        if at < 0:
            continue
        value = float(item.highs[at] if question.sign > 0 else item.lows[at])
        if wanted_days is None:
            return question.sign * (value - extreme.previous) > 0
        start = question.said_us - round((wanted_days - _DAY_SLACK) * MICROSECONDS_PER_DAY)
        before = slice(max(item.last_by(start), 0), at)
        return before.stop > before.start and question.sign * (value - _outermost(item, before, question.sign)) > 0
    return False


def _price_gap(question: Question, value: float) -> float | None:
    """How far the extreme stays short of the price that is said, a share of it; None without a price."""
    level = question.statement.price
    return None if level is None else question.sign * (level - value) / level


def _with_price(question: Question, judgement: Judgement, gap: float | None) -> Judgement:
    """The judgement, not supported where the price that is said with the extreme was not reached."""
    if gap is None or gap <= VENUE_SHARE or judgement.verdict is StatementVerdict.CANNOT_BE_TOLD:
        return judgement
    verdict = StatementVerdict.OVERSTATED if gap <= CLOSE_SHARE else StatementVerdict.NOT_SUPPORTED
    words = f"{judgement.measured} {price(question.statement.price or 0.0)} was not reached."
    return Judgement(verdict, words, words, judgement.readings, judgement.venues, None, gap <= CLOSE_SHARE)


def _peak(question: Question, is_from_peak: bool) -> float | None:
    """The window's peak where a window is said, else the highest price of the whole history (a low when upward)."""
    own = question.market.of_asset(question.asset, question.statement.market_id)
    start_us = 0 if question.is_open else question.start_us
    sign = 1 if is_from_peak else -1
    found = []
    for item in own:
        inside = item.within(start_us, question.end_us)
        if inside.stop > inside.start and item.bar_us:
            found.append(_outermost(item, inside, sign))
    if not found:
        return None
    return max(found) if is_from_peak else min(found)


def _day_extreme(question: Question, is_high: bool) -> float | None:
    start_us = question.said_us - _SETTING_US
    series = question.market.with_ranges(question.asset, start_us, question.said_us, question.statement.market_id)
    inside = series.within(start_us, question.said_us) if series is not None else slice(0, 0)
    if series is None or inside.stop <= inside.start:
        return None
    return _outermost(series, inside, 1 if is_high else -1)
