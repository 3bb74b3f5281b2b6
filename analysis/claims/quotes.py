"""The quote of a claim, read by the reader of sentences and held against the entry's own numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from analysis.claims.judging.windows import place_token, resolve_window
from analysis.claims.language import Claim
from analysis.claims.reading import FRACTION, ClaimPart
from analysis.claims.sentences.numbers import decimal_point
from analysis.claims.sentences.reader import read_text
from analysis.claims.statement import Comparator, Direction, Kind, Statement
from warehouse.tables.units import listing, plain_percent, price, span

# A number of the quote and one of the entry are the same within this share of it.
_SAME_SHARE = 0.005
# Two windows are the same within this share of the longer one: a month has 28 to 31 days.
_SAME_LENGTH_SHARE = 0.12
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|per ?cent\b)")
_DOLLARS = re.compile(r"\$\s*(\d[\d,]*(?:\.\d+)?)\s*([kKmM]?)\b")
_SCALES = {"k": 1e3, "m": 1e6}
# Comparators that say another thing than the number itself.
_BEYOND = (Comparator.MORE_THAN, Comparator.AT_LEAST, Comparator.UP_TO)
# Kinds of which a quote can name the one and an entry the other.
_FAMILIES = (
    {Kind.PERCENT_MOVE, Kind.SWING, Kind.MULTIPLE, Kind.DRAWDOWN, Kind.DIRECTION_ONLY},
    {Kind.LEVEL_CROSSED, Kind.LEVEL_HELD, Kind.RANGE},
    {Kind.N_PERIOD_EXTREME, Kind.ALL_TIME_EXTREME},
    {Kind.RELATIVE, Kind.MOVED_WITH, Kind.LEAD_SUSTAINED, Kind.NOT_BROAD_MOVE},
)


def quote_warnings(claim: Claim, parts: Sequence[ClaimPart]) -> list[str]:
    """Where what the quote says is not what the entry says: numbers, asset, direction, comparator, window.

    Nothing for what the quote does not say, or says in words that are not read.
    """
    said_at = next((part.statement.said_at for part in parts if part.statement.said_at is not None), None)
    read = [] if said_at is None else [item.statement for item in read_text(claim.quote, said_at).statements]
    found = list(_number_warnings(claim.quote, parts))
    named = list(dict.fromkeys(item.asset for item in read))
    if named and claim.asset not in named:
        return [*found, f"the quote speaks of {listing(named)}, the entry of {claim.asset}"]
    for part in parts:
        own = [item for item in read if item.asset == claim.asset and _is_akin(item, part.statement)]
        if own:
            found += _differences(min(own, key=lambda item: _distance(item, part.statement)), part.statement)
    return list(dict.fromkeys(found))


def _is_akin(read: Statement, entered: Statement) -> bool:
    return any(read.kind in family and entered.kind in family for family in _FAMILIES)


def _distance(read: Statement, entered: Statement) -> tuple[bool, bool]:
    """How far a statement of the quote is from the one that is entered: the same kind, then the same number, first."""
    return read.kind is not entered.kind, (read.size, read.price) != (entered.size, entered.price)


def _differences(read: Statement, entered: Statement) -> Iterator[str]:
    opposite = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP}
    if opposite.get(read.direction) is entered.direction:
        yield f"the quote says {read.direction}, the entry {entered.direction}"
    has_number = read.size is not None or read.price is not None
    plain = entered.comparator or Comparator.EXACT
    if has_number and read.comparator in _BEYOND and plain is not read.comparator and read.kind is entered.kind:
        yield f"the quote says {_words(read.comparator)}, the entry {_words(plain)}"
    said, meant = _length(read, entered.said_at), _length(entered, entered.said_at)
    if said is not None and meant is not None and abs(said - meant) > _SAME_LENGTH_SHARE * max(said, meant):
        yield f"the quote says {span(said)}, the entry {span(meant)}"


def _words(comparator: Comparator | None) -> str:
    return str(comparator).replace("_", " ")


def _length(statement: Statement, said_at: datetime | None) -> timedelta | None:
    """Length of the window or period that is said, of a swing the most between its ends; None for one that is not."""
    if statement.swing_hours:
        return timedelta(hours=statement.swing_hours)
    window = statement.window
    if window is None or said_at is None or not (window.from_utc or window.token.startswith("P")):
        return None
    if statement.kind is Kind.N_PERIOD_EXTREME and window.token.startswith("P"):
        start, end = place_token(window.token, said_at)
    else:
        placed = window if window.from_utc and window.to_utc else resolve_window(statement)
        start, end = placed.from_utc, placed.to_utc
    return None if start is None or end is None else end - start


def _number_warnings(quote: str, parts: Sequence[ClaimPart]) -> Iterator[str]:
    """Numbers of the entry that are not among those of the quote; nothing for a quote without numbers of that kind."""
    quote = decimal_point(quote)
    percents = [float(match) / 100 for match in _PERCENT.findall(quote)]
    for part in parts:
        size = part.claimed if part.unit == FRACTION and part.statement.size else None
        if size and percents and not any(_is_same(abs(size), quoted) for quoted in percents):
            yield f"the entry says {plain_percent(size, 1)}, the quote {plain_percent(percents[0], 1)}"
    dollars = [
        float(number.replace(",", "")) * _SCALES.get(scale.lower(), 1.0) for number, scale in _DOLLARS.findall(quote)
    ]
    for level in (part.statement.price for part in parts):
        if level and dollars and not any(_is_same(level, quoted) for quoted in dollars):
            yield f"the entry says {price(level)}, the quote {price(dollars[0])}"


def _is_same(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME_SHARE * max(one, other)
