"""Claims read as statements: the window placed after the news, each part with what is claimed of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from analysis.claims.language import (
    Claim,
    Conjunction,
    HighestSince,
    IncidentClaim,
    LeadSustained,
    Level,
    NotDuringBroadRally,
    NWeekHigh,
    OutperformedOver,
    PeakFromTrough,
    Premium,
    ReactedTo,
    RiseWithin,
    SentencePart,
    Stated,
    claimed_direction,
)
from analysis.claims.statement import Comparator, Direction, Kind, StatedWindow, Statement
from warehouse.tables.bars import HOUR
from warehouse.tables.units import ascii_number, iso_instant

FRACTION, DOLLARS, WEEKS, FACTOR = "fraction", "quote currency", "weeks", "times"


class AnchorError(LookupError):
    """The event that a claim counts from is not known."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """When the news could be read: not before `earliest`, first in public at `best`, by everybody at `latest`."""

    event_id: str | None
    earliest: datetime
    best: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class ClaimPart:
    """One thing that a claim says: its statement, what is claimed, and later starts that its words may mean."""

    statement: Statement
    claimed: float | None
    unit: str
    later_starts: tuple[StatedWindow, ...] = ()
    is_decisive: bool = True  # without it the claim can hold; it then is overstated


def find_anchor(claim: Claim, events: pl.DataFrame) -> Anchor | None:
    """The times of the claim's event, or its stated time; None for a claim of a window that is said.

    AnchorError when the event is not in the table.
    """
    if claim.at is not None:
        return Anchor(None, claim.at, claim.at, claim.at)
    if claim.event is None:
        return None
    rows = events.filter(pl.col("event_id") == claim.event)
    if not rows.height:
        raise AnchorError(f"the event {claim.event} is not in the event table: `aftershock events list` shows what is")
    row = rows.row(0, named=True)
    return Anchor(row["event_id"], row["earliest_at_utc"], row["best_at_utc"], row["latest_at_utc"])


def read_parts(claim: Claim, anchor: Anchor | None) -> list[ClaimPart]:
    """What the claim says, as statements; its first part is the headline.

    Without `said_at` each window ends when it was said to end. A premium and an
    incident are no statements about one window of prices: no parts.
    """
    if isinstance(claim, Premium | IncidentClaim):
        return []
    if isinstance(claim, Conjunction):
        return [_stated(claim, part, anchor) for part in claim.parts]
    if isinstance(claim, Stated):
        return [_stated(claim, claim, anchor)]
    if anchor is None:
        raise AnchorError("the claim names neither an event nor a time")
    return list(_old_parts(claim, anchor))


def _old_parts(claim: Claim, anchor: Anchor) -> Iterator[ClaimPart]:
    """The kinds that count hours from the news."""
    if isinstance(claim, RiseWithin):
        yield _rise(claim, anchor)
    elif isinstance(claim, PeakFromTrough):
        statement = _forward(claim, Kind.SWING, anchor, claim.search_hours)
        yield ClaimPart(
            replace(statement, size=abs(claim.rise), swing_hours=claim.hours, tolerance=claim.tolerance),
            claim.rise, FRACTION,
        )  # fmt: skip
    elif isinstance(claim, Level):
        statement = _forward(claim, Kind.LEVEL_CROSSED, anchor, claim.hours)
        yield ClaimPart(replace(statement, price=claim.price, tolerance=claim.tolerance), claim.price, DOLLARS)
    elif isinstance(claim, NWeekHigh):
        window = StatedWindow(f"P{ascii_number(round(7 * claim.weeks))}D")
        yield _extreme(claim, anchor, claim.hours, window, claim.price, claim.weeks, WEEKS)
    elif isinstance(claim, HighestSince):
        window = StatedWindow(f"since:{iso_instant(claim.since).removesuffix('Z')}")
        yield _extreme(claim, anchor, claim.hours, window, None, None, DOLLARS)
    elif isinstance(claim, OutperformedOver):
        statement = _forward(claim, Kind.RELATIVE, anchor, claim.hours)
        comparator = claim.comparator or Comparator.MORE_THAN
        size = claim.margin or None
        yield ClaimPart(
            replace(statement, versus=claim.versus, size=size, comparator=comparator), claim.margin, FRACTION
        )
    elif isinstance(claim, NotDuringBroadRally):
        for hours in (claim.hours, *claim.also_hours):
            statement = _forward(claim, Kind.NOT_BROAD_MOVE, anchor, hours)
            stated = replace(statement, versus=claim.versus, size=claim.threshold)
            yield ClaimPart(stated, claim.threshold, FRACTION, is_decisive=hours == claim.hours)
    elif isinstance(claim, LeadSustained):
        statement = _forward(claim, Kind.LEAD_SUSTAINED, anchor, claim.hours)
        yield ClaimPart(replace(statement, versus=(claim.peer,)), 0.0, FRACTION)
    elif isinstance(claim, ReactedTo):
        statement = _forward(claim, Kind.REACTED_TO, anchor, claim.hours)
        yield ClaimPart(replace(statement, tolerance=claim.level), None, FRACTION)


def _rise(claim: RiseWithin, anchor: Anchor) -> ClaimPart:
    """A rise of nothing says only a direction: up, unless it names another."""
    kind = Kind.PERCENT_MOVE if claim.rise else Kind.DIRECTION_ONLY
    statement = _forward(claim, kind, anchor, claim.hours)
    direction = Direction.DOWN if claim.rise < 0 else statement.direction
    size = abs(claim.rise) or None
    later = () if anchor.latest <= anchor.best else (_window(anchor.latest, claim.hours),)
    return ClaimPart(
        replace(statement, direction=direction, size=size, tolerance=claim.tolerance), claim.rise, FRACTION, later
    )


def _extreme(
    claim: Claim, anchor: Anchor, hours: float, window: StatedWindow, level: float | None, claimed: float | None,
    unit: str,
) -> ClaimPart:  # fmt: skip
    """The highest price of a period, set within the hours after the news."""
    within = _window(anchor.best, hours)
    statement = replace(
        _forward(claim, Kind.N_PERIOD_EXTREME, anchor, hours), window=window, within=within, price=level
    )
    return ClaimPart(statement, claimed, unit)


def _forward(claim: Claim, kind: Kind, anchor: Anchor, hours: float) -> Statement:
    return Statement(
        asset=claim.asset,
        kind=kind,
        direction=claimed_direction(claim.direction),
        said_at=claim.said_at or anchor.best + hours * HOUR,
        comparator=claim.comparator,
        window=_window(anchor.best, hours),
        event_id=anchor.event_id,
        event_utc=anchor.best,
        market_id=claim.market,
    )


def _window(start: datetime, hours: float) -> StatedWindow:
    return StatedWindow("forward", start, start + timedelta(hours=hours))


def _stated(claim: Stated | Conjunction, part: SentencePart, anchor: Anchor | None) -> ClaimPart:
    """A part in the words of statements, in the claim's window."""
    kind = Kind(part.kind)
    window = StatedWindow(claim.window) if claim.window else None
    said_at = claim.said_at
    if claim.hours is not None and anchor is not None:
        window = _window(anchor.best, claim.hours)
        said_at = said_at or window.to_utc
    size = part.factor if kind is Kind.MULTIPLE else None if part.size is None else abs(part.size)
    is_fall = part.size is not None and part.size < 0
    statement = Statement(
        asset=claim.asset,
        kind=kind,
        direction=Direction.DOWN if is_fall else claimed_direction(part.direction),
        said_at=said_at,
        size=size,
        size_high=part.size_high,
        size_quoted=None if part.price is not None else part.written,
        price=part.price,
        price_high=part.price_high,
        price_quoted=part.written if part.price is not None else None,
        comparator=part.comparator or claim.comparator,
        window=window,
        versus=part.versus,
        peak=part.peak,
        amount=part.amount,
        as_amount=part.as_amount,
        held=part.held,
        as_of=part.as_of,
        is_negated=bool(part.negated),
        is_range_bound=bool(part.range_bound),
        tolerance=part.tolerance,
        event_id=anchor.event_id if anchor else None,
        event_utc=anchor.best if anchor else None,
        market_id=claim.market,
    )
    if kind is Kind.N_PERIOD_EXTREME and part.period is not None:
        statement = replace(statement, window=StatedWindow(part.period), within=window)
    given = (part.size, part.factor, part.price, part.amount)
    claimed = next((number for number in given if number is not None), None)
    unit = FRACTION if part.size is not None else FACTOR if part.factor is not None else DOLLARS
    return ClaimPart(statement, claimed, unit)
