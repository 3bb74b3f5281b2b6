"""Measure claims that a price rose by so much within so many hours."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from analysis.claims.language import PeakFromTrough, RiseWithin
from analysis.claims.reading import Anchor, Evidence, Finding, Reading, Weight, nothing_known, tape_of
from analysis.claims.studies import study_readings
from analysis.claims.tape import Absence, Swing, Tape, earlier_returns, steepest_close_rise, steepest_rise
from analysis.claims.words import capitalised, hours_between
from warehouse.tables.bars import DAY, parse_bar
from warehouse.tables.units import count, hours_short, listing, long_day, moment, percent, price

_FRACTION = "fraction"


def measure_rise(claim: RiseWithin, anchor: Anchor, evidence: Evidence) -> Finding:
    """Every way to read "rose x within h hours of the news"; a negative x is a fall.

    Decisive: last close before the first public report to the last close h hours after it. Alternatives: the best
    price inside these hours; from the company's or latest statement; trough to peak and close to close anywhere in the
    search window.
    """
    end = anchor.latest + timedelta(hours=claim.hours)
    search_end = anchor.best + timedelta(hours=claim.search_hours)
    tape = _tape_until(claim, anchor.earliest, end, max(end, search_end), evidence)
    if isinstance(tape, Absence):
        return nothing_known(tape.reason, claim.rise, _FRACTION, claim.if_missing)
    readings = [
        _close_reading(claim, tape, "from_first_report", "after the first public report", anchor.best, Weight.DECISIVE),
        _extreme_reading(claim, tape, anchor.best),
    ]
    if anchor.latest > anchor.best:
        alternative = Weight.ALTERNATIVE
        readings.append(
            _close_reading(
                claim, tape, "from_statement", "after the last public confirmation", anchor.latest, alternative
            )
        )
    if anchor.earliest < anchor.best:
        context = Weight.CONTEXT
        readings.append(
            _close_reading(claim, tape, "from_earliest", "after the earliest possible time", anchor.earliest, context)
        )
    if claim.rise > 0:
        low_high = steepest_rise(tape, anchor.best, search_end, claim.hours)
        closes = steepest_close_rise(tape, anchor.best, search_end, claim.hours)
        readings += _swing_readings(claim, tape, low_high, closes)
    readings += _first_reached(claim, tape, anchor.best)
    readings += study_readings(evidence.studies, anchor.event_id, tape.market_id, claim.hours)
    placebo, n_placebo = _placebo_reading(
        evidence.candles_of(claim.asset), tape, anchor.best, claim.hours, readings[0].value
    )
    readings.append(placebo)
    said = tuple(readings)
    return Finding(said, readings[0].detail, _closest(claim, said), claim.rise, _FRACTION, n_placebo, tapes=(tape,))


def measure_swing(claim: PeakFromTrough, anchor: Anchor, evidence: Evidence) -> Finding:
    """How far the price rose from a trough to a later peak, low to high and close to close."""
    end = anchor.best + timedelta(hours=claim.search_hours)
    tape = tape_of(evidence, claim.asset, anchor.best, end, claim.market)
    if isinstance(tape, Absence):
        return nothing_known(tape.reason, claim.rise, _FRACTION, claim.if_missing)
    low_high = steepest_rise(tape, anchor.best, end, claim.hours)
    closes = steepest_close_rise(tape, anchor.best, end, claim.hours)
    readings = _swing_readings(claim, tape, low_high, closes)
    if low_high is None or not readings:
        return nothing_known("the window holds fewer than two bars", claim.rise, _FRACTION, claim.if_missing)
    best = readings[-1] if closes is not None else readings[0]
    statement = f"{claim.asset} rose {_swing_words(low_high)}; between closes the most was {percent(best.value or 0.0)}"
    return Finding(tuple(readings), readings[0].detail, f"{statement}.", claim.rise, _FRACTION, tapes=(tape,))


def _tape_until(
    claim: RiseWithin, start: datetime, least_end: datetime, end: datetime, evidence: Evidence
) -> Tape | Absence:
    """The finest tape of the claim's own hours, drawn out towards `end` as far as its bars go."""
    least = tape_of(evidence, claim.asset, start, least_end, claim.market)
    if isinstance(least, Absence):
        return least
    while end > least_end:
        tape = tape_of(evidence, claim.asset, start, end, least.market_id, parse_bar(least.timeframe).hours)
        if isinstance(tape, Tape) and tape.timeframe == least.timeframe:
            return tape
        end -= timedelta(hours=1)
    return least


def _is_reached(value: float, rise: float, tolerance: float) -> bool:
    return value >= rise - tolerance if rise > 0 else value <= rise + tolerance


def _close_reading(
    claim: RiseWithin, tape: Tape, reading_id: str, when: str, start: datetime, weight: Weight
) -> Reading:
    i, j = tape.index_closed_by(start), tape.index_closed_by(start + timedelta(hours=claim.hours))
    value = float(tape.closes[j] / tape.closes[i] - 1.0)
    return Reading(
        reading_id=reading_id,
        description=f"last close before to last close {hours_short(claim.hours)} {when}",
        weight=weight,
        unit=_FRACTION,
        value=value,
        detail=(
            f"{claim.asset} moved {percent(value)} in the {hours_short(claim.hours)} {when} ({moment(start)}):"
            f" {price(tape.closes[i])} to {price(tape.closes[j])}, {tape.timeframe} closes"
        ),
        is_satisfied=_is_reached(value, claim.rise, claim.tolerance),
        from_utc=tape.close_time(i),
        to_utc=tape.close_time(j),
        market_id=tape.market_id,
    )


def _extreme_reading(claim: RiseWithin, tape: Tape, start: datetime) -> Reading:
    i = tape.index_closed_by(start)
    inside = tape.within(start, start + timedelta(hours=claim.hours))
    prices = tape.highs[inside] if claim.rise > 0 else tape.lows[inside]
    at = inside.start + int(np.argmax(prices) if claim.rise > 0 else np.argmin(prices))
    reached = float(tape.highs[at] if claim.rise > 0 else tape.lows[at])
    value = reached / float(tape.closes[i]) - 1.0
    kind = "highest" if claim.rise > 0 else "lowest"
    return Reading(
        reading_id="extreme_after_first_report",
        description=f"last close before to the {kind} price inside {hours_short(claim.hours)} after the first public "
        "report",
        weight=Weight.ALTERNATIVE,
        unit=_FRACTION,
        value=value,
        detail=f"the {kind} price inside these hours was {price(reached)}, {percent(value)}",
        is_satisfied=_is_reached(value, claim.rise, claim.tolerance),
        from_utc=tape.close_time(i),
        to_utc=tape.close_time(at),
        market_id=tape.market_id,
    )


def _swing_readings(
    claim: RiseWithin | PeakFromTrough, tape: Tape, low_high: Swing | None, closes: Swing | None
) -> list[Reading]:
    is_the_claim = isinstance(claim, PeakFromTrough)
    where = f"anywhere in the {hours_short(claim.search_hours)} after the first public report"
    apart = f"at most {hours_short(claim.hours)} apart, {where}"
    found = (
        (
            "trough_to_peak",
            f"lowest to a later highest price {apart}",
            low_high,
        ),
        ("best_close_to_close", f"best close to close {apart}", closes),
    )
    readings = []
    for reading_id, description, swing in found:
        if swing is None:
            continue
        is_low_high = reading_id == "trough_to_peak"
        readings.append(
            Reading(
                reading_id=reading_id,
                description=description,
                weight=Weight.DECISIVE if is_the_claim and is_low_high else Weight.ALTERNATIVE,
                unit=_FRACTION,
                value=swing.rise,
                detail=_swing_words(swing),
                is_satisfied=_is_reached(swing.rise, claim.rise, claim.tolerance),
                from_utc=swing.from_bar,
                to_utc=swing.to_bar + tape.bar,
                market_id=tape.market_id,
            )
        )
    return readings


def _swing_words(swing: Swing) -> str:
    prices = f"{price(swing.from_price)} to {price(swing.to_price)}"
    if swing.least_hours == swing.most_hours:
        return f"{percent(swing.rise)} between closes {hours_short(swing.most_hours)} apart ({prices})"
    within = f"within {hours_short(swing.most_hours)} of {long_day(swing.from_bar)}"
    return f"{percent(swing.rise)} from trough to peak {within} ({prices})"


def _first_reached(claim: RiseWithin, tape: Tape, start: datetime) -> list[Reading]:
    """Context: when, if ever on this tape, the price first stood where the claim puts it."""
    i = tape.index_closed_by(start)
    target = float(tape.closes[i]) * (1.0 + claim.rise)
    later = slice(i + 1, len(tape.opens_at))
    touched = tape.highs[later] >= target if claim.rise > 0 else tape.lows[later] <= target
    hits = np.flatnonzero(touched)
    last = tape.close_time(len(tape.opens_at) - 1)
    description = f"hours from the first public report until {percent(claim.rise)} was first touched"
    if not hits.size:
        detail = f"{percent(claim.rise)} ({price(target)}) was not touched by {moment(last)}"
        return [Reading("first_touched", description, Weight.CONTEXT, "hours", None, detail, market_id=tape.market_id)]
    at = i + 1 + int(hits[0])
    hours = hours_between(start, tape.close_time(at))
    detail = f"{percent(claim.rise)} ({price(target)}) was first touched in the bar of {moment(tape.opens_at[at])}"
    return [
        Reading(
            "first_touched", description, Weight.CONTEXT, "hours", hours, detail,
            from_utc=start, to_utc=tape.close_time(at), market_id=tape.market_id,
        )
    ]  # fmt: skip


def _placebo_reading(
    candles: pl.DataFrame, tape: Tape, before: datetime, hours: float, value: float | None
) -> tuple[Reading, int | None]:
    returns = earlier_returns(candles, tape, before, hours)
    description = f"share of earlier {hours_short(hours)} stretches that moved at least as far, unscaled, overlapping"
    if value is None or not returns.size:
        detail = f"no earlier {hours_short(hours)} stretch is stored"
        return Reading("earlier_stretches", description, Weight.CONTEXT, _FRACTION, None, detail), None
    n_as_large = int(np.count_nonzero(np.abs(returns) >= abs(value)))
    days = returns.size * tape.bar / DAY
    detail = (
        f"{n_as_large} of {returns.size} earlier {hours_short(hours)} stretches ({count(days)} days) moved at least as "
        f"far; about {max(int(days * 24 / hours), 1)} of them do not overlap"
    )
    share = n_as_large / returns.size
    return (
        Reading("earlier_stretches", description, Weight.CONTEXT, _FRACTION, share, detail, market_id=tape.market_id),
        int(returns.size),
    )


def _closest(claim: RiseWithin, readings: tuple[Reading, ...]) -> str:
    by_id = {reading.reading_id: reading for reading in readings}
    first = by_id["from_first_report"]
    parts = [f"{percent(first.value or 0.0)} in the {hours_short(claim.hours)} after the first public report"]
    if (swing := by_id.get("trough_to_peak")) is not None:
        parts.append(swing.detail)
    if (closes := by_id.get("best_close_to_close")) is not None:
        parts.append(closes.detail)
    parts.append(by_id["first_touched"].detail)
    earlier = by_id["earlier_stretches"]
    tail = f"; {earlier.detail}" if earlier.value is not None else ""
    return f"{claim.asset}: {capitalised(listing([parts[0]]))}; {'; '.join(parts[1:])}{tail}."
