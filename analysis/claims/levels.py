"""Measure claims about a price that was reached, and how long ago it had last been seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from analysis.claims.language import HighestSince, Level, NWeekHigh
from analysis.claims.reading import Anchor, Evidence, Finding, Reading, Weight, nothing_known, tape_of
from analysis.claims.tape import Absence, Floats, Tape
from analysis.claims.words import hours_between
from warehouse.tables.units import count, hours_plain, long_day, moment, price

QUOTE = "quote currency"
WEEK_DAYS = 7.0
# How many times the claimed weeks are searched, to say when a price was last seen.
LOOK_BACK_TIMES = 3


@dataclass(frozen=True, slots=True)
class _Seen:
    """When a price first stood at a level after the news, and how long before that it had last done so."""

    first_bar: datetime
    last_before: datetime | None
    days_ago: float  # a lower bound when `last_before` is None: nothing as high on the whole tape


def measure_level(claim: Level, anchor: Anchor, evidence: Evidence) -> Finding:
    """Whether the asset traded at the price (decisive) and closed there (context) within the claim's hours."""
    end = anchor.best + timedelta(hours=claim.hours)
    tape = tape_of(evidence, claim.asset, anchor.best, end, claim.market)
    if isinstance(tape, Absence):
        return nothing_known(tape.reason, claim.price, QUOTE, claim.if_missing)
    target = claim.price * (1.0 - claim.tolerance)
    inside = tape.within(anchor.best, end)
    traded = _highest(tape, tape.highs, inside, "traded", Weight.DECISIVE, target)
    closed = _highest(tape, tape.closes, inside, "closed", Weight.CONTEXT, target)
    passed = _first_pass(tape, inside, claim.price, anchor.best)
    statement = f"{claim.asset} {traded.detail}; {closed.detail}; {passed.detail}."
    return Finding((traded, closed, passed), traded.detail, statement, claim.price, QUOTE, tapes=(tape,))


def measure_week_high(claim: NWeekHigh, anchor: Anchor, evidence: Evidence) -> Finding:
    """Whether the price, when first passed, had not been seen for so many weeks.

    Decisive: the traded price. Alternatives: the highest price of the window, and the level by closes.
    """
    end = anchor.best + timedelta(hours=claim.hours)
    fine = tape_of(evidence, claim.asset, anchor.best, end, claim.market)
    long = _longest_tape(claim, anchor, evidence, end)
    if isinstance(fine, Absence) or isinstance(long, Absence):
        reason = fine.reason if isinstance(fine, Absence) else long.reason if isinstance(long, Absence) else ""
        return nothing_known(reason, claim.weeks, "weeks", claim.if_missing)
    inside = fine.within(anchor.best, end)
    passed = _first_pass(fine, inside, claim.price, anchor.best)
    peak = float(fine.highs[inside].max())
    least_days = WEEK_DAYS * claim.weeks - claim.tolerance_days
    traded_words = f"{price(claim.price)} traded"
    readings = (
        _age_reading("level_traded", traded_words, fine, fine.highs, long, long.highs, claim.price, anchor, least_days),
        _age_reading(
            "level_closed", f"{price(claim.price)} closed", fine, fine.closes, long, long.closes, claim.price, anchor,
            least_days, Weight.ALTERNATIVE,
        ),
        _age_reading(
            "window_peak", f"the window's peak of {price(peak)}", fine, fine.highs, long, long.highs, peak, anchor,
            least_days, Weight.ALTERNATIVE,
        ),
        passed,
    )  # fmt: skip
    statement = f"{claim.asset}: {passed.detail}; {readings[0].detail}; {readings[2].detail}."
    return Finding(readings, readings[0].detail, statement, claim.weeks, "weeks", tapes=(fine, long))


def measure_highest_since(claim: HighestSince, anchor: Anchor, evidence: Evidence) -> Finding:
    """Whether the highest price after the news exceeds every price since a date (decisive), and every close."""
    end = anchor.best + timedelta(hours=claim.hours)
    tape = tape_of(evidence, claim.asset, claim.since, end, claim.market)
    if isinstance(tape, Absence):
        return nothing_known(tape.reason, None, QUOTE, claim.if_missing)
    before, after = tape.within(claim.since, anchor.best), tape.within(anchor.best, end)
    readings = tuple(
        _exceeds(tape, prices, before, after, word, weight, claim.since)
        for prices, word, weight in (
            (tape.highs, "traded", Weight.DECISIVE),
            (tape.closes, "closed", Weight.ALTERNATIVE),
        )
    )
    old = float(tape.highs[before].max())
    statement = f"{claim.asset} {readings[0].detail}; {readings[1].detail}."
    return Finding(readings, readings[0].detail, statement, old, QUOTE, tapes=(tape,))


def _longest_tape(claim: NWeekHigh, anchor: Anchor, evidence: Evidence, end: datetime) -> Tape | Absence:
    """The tape that reaches back furthest, by days, from three times the claimed weeks to the claimed weeks."""
    least = timedelta(weeks=claim.weeks)
    reach = LOOK_BACK_TIMES * least
    while reach > least:
        tape = tape_of(evidence, claim.asset, anchor.best - reach, end, claim.market)
        if isinstance(tape, Tape):
            return tape
        reach -= timedelta(days=1)
    return tape_of(evidence, claim.asset, anchor.best - least, end, claim.market)


def _highest(tape: Tape, prices: Floats, inside: slice, word: str, weight: Weight, target: float) -> Reading:
    at = inside.start + int(np.argmax(prices[inside]))
    top = float(prices[at])
    return Reading(
        reading_id=f"highest_{word}",
        description=f"highest price at which it {word} inside the claim's hours",
        weight=weight,
        unit=QUOTE,
        value=top,
        detail=f"{word} at {price(top)} at most, in the bar of {moment(tape.opens_at[at])}",
        is_satisfied=top >= target,
        from_utc=tape.opens_at[inside.start],
        to_utc=tape.close_time(at),
        market_id=tape.market_id,
    )


def _first_pass(tape: Tape, inside: slice, level: float, start: datetime) -> Reading:
    hits = np.flatnonzero(tape.highs[inside] >= level)
    description = f"hours from the first public report until {price(level)} was first passed"
    if not hits.size:
        detail = f"{price(level)} was not reached inside the window"
        return Reading("first_passed", description, Weight.CONTEXT, "hours", None, detail, market_id=tape.market_id)
    at = inside.start + int(hits[0])
    hours = hours_between(start, tape.close_time(at))
    return Reading(
        reading_id="first_passed",
        description=description,
        weight=Weight.CONTEXT,
        unit="hours",
        value=hours,
        detail=f"{price(level)} was first passed in the bar of {moment(tape.opens_at[at])}, {hours_plain(hours, 0)} on",
        from_utc=start,
        to_utc=tape.close_time(at),
        market_id=tape.market_id,
    )


def _age_reading(
    reading_id: str,
    subject: str,
    fine: Tape,
    fine_prices: Floats,
    long: Tape,
    long_prices: Floats,
    level: float,
    anchor: Anchor,
    least_days: float,
    weight: Weight = Weight.DECISIVE,
) -> Reading:
    description = f"weeks since {subject} was last seen before the news"
    hits = np.flatnonzero(fine_prices[fine.within(anchor.best, fine.close_time(len(fine.opens_at) - 1))] >= level)
    if not hits.size:
        detail = f"{subject}: not reached inside the window"
        return Reading(reading_id, description, weight, "weeks", None, detail, False, market_id=fine.market_id)
    first = fine.opens_at[fine.index_closed_by(anchor.best) + 1 + int(hits[0])]
    seen = _last_seen(long, long_prices, level, first, anchor.best)
    ago = (
        f"{count(seen.days_ago)} days before" if seen.last_before else f"not in the {count(seen.days_ago)} days before"
    )
    when = f"last seen on {long_day(seen.last_before)}, {ago}" if seen.last_before else f"{ago}, as far as the data go"
    return Reading(
        reading_id=reading_id,
        description=description,
        weight=weight,
        unit="weeks",
        value=seen.days_ago / WEEK_DAYS,
        detail=f"{subject}: {when}",
        is_satisfied=seen.days_ago >= least_days,
        from_utc=seen.last_before or long.opens_at[0],
        to_utc=first,
        market_id=fine.market_id,
    )


def _last_seen(tape: Tape, prices: Floats, level: float, first: datetime, news: datetime) -> _Seen:
    before = prices[: tape.index_closed_by(news) + 1]
    hits = np.flatnonzero(before >= level)
    if not hits.size:
        return _Seen(first, None, hours_between(tape.opens_at[0], first) / 24)
    last = tape.opens_at[int(hits[-1])]
    return _Seen(first, last, hours_between(last, first) / 24)


def _exceeds(
    tape: Tape, prices: Floats, before: slice, after: slice, word: str, weight: Weight, since: datetime
) -> Reading:
    old, new = float(prices[before].max()), float(prices[after].max())
    at = after.start + int(np.argmax(prices[after]))
    return Reading(
        reading_id=f"highest_{word}",
        description=f"highest price at which it {word} after the news, against the highest since {long_day(since)}",
        weight=weight,
        unit=QUOTE,
        value=new,
        detail=f"{word} at {price(new)} at most on {long_day(tape.opens_at[at])}, against {price(old)} since "
        f"{long_day(since)}",
        is_satisfied=new > old,
        from_utc=tape.opens_at[before.start],
        to_utc=tape.close_time(at),
        market_id=tape.market_id,
    )
