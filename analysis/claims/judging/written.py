"""Numbers whose writing leaves open what they say: the prices of their time decide it, or each reading is judged."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from analysis.claims.judging.market import MarketEvidence, micros
from analysis.claims.judging.windows import UNSAID, WindowError, resolve_window
from analysis.claims.statement import Kind, StatedWindow, Statement
from warehouse.tables.units import plain_percent, price

# Dollars up to this share of the price are a move, from the second on they are a price; between them it is open.
LARGEST_MOVE, SMALLEST_LEVEL = 0.25, 0.75
# "$70.000" for 70,000 dollars, "23,887%" for 23.887: the mark before three digits is that of another language.
_POINT_FOR_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}\.\d{3}(?![\d.,kKmMbB])")
_COMMA_FOR_POINT = re.compile(r"(?<![\d.,])[1-9]\d{0,2},\d\d[1-9](?![\d.,])")
_THOUSAND = 1000.0
_LOWEST_PEAK = 0.1  # of the price: no peak lies below, "$126.199" is another's 126,199


@dataclass(frozen=True, slots=True)
class OpenNumber:
    """Why a number leaves open what it says, and the statements that it may be."""

    reason: str
    readings: tuple[Statement, ...]


def settle_dollars(statement: Statement, market: MarketEvidence) -> Statement:
    """The statement as a move in dollars or as a price where its number may be either and has the size of one."""
    last = last_price(statement, market)
    if statement.as_amount is None or statement.price is None or last is None or _may_be_thousands(statement):
        return statement
    if statement.price >= SMALLEST_LEVEL * last:
        return replace(statement, as_amount=None)
    return statement if statement.price > LARGEST_MOVE * last else _as_move(statement)


def _as_move(statement: Statement) -> Statement:
    return replace(
        statement, kind=Kind.DIRECTION_ONLY, amount=statement.price, price=None, price_quoted=None, peak=None,
        comparator=statement.as_amount, as_amount=None, window=statement.window or StatedWindow(UNSAID),
    )  # fmt: skip


def left_open(statement: Statement, market: MarketEvidence) -> OpenNumber | None:
    """What the number may be: a price or a move, or its other reading lies nearer to the tape. None for a plain one."""
    last = last_price(statement, market)
    if statement.kind is Kind.DRAWDOWN and statement.peak and last is not None and statement.peak < _LOWEST_PEAK * last:
        reason = f"a peak of {price(statement.peak)} lies far below the price"
        return OpenNumber(reason, (statement, replace(statement, peak=_THOUSAND * statement.peak)))
    if statement.price and last is not None:
        other = _THOUSAND * statement.price
        if _may_be_thousands(statement) and _is_nearer(other, statement.price, last):
            reason = f"{statement.price_quoted} can be read in dollars or in thousands of them"
            thousands = replace(statement, price=other, price_quoted=(statement.price_quoted or "").replace(".", ","))
            return OpenNumber(reason, (statement, thousands))
        if statement.as_amount is not None and LARGEST_MOVE < statement.price / last < SMALLEST_LEVEL:
            reason = f"{price(statement.price)} may be the price or by how much it moved"
            return OpenNumber(reason, (replace(statement, as_amount=None), _as_move(statement)))
    if statement.size and _COMMA_FOR_POINT.search(statement.size_quoted or ""):
        other, window = statement.size / _THOUSAND, _window_of(statement)
        if window.from_utc is None or window.to_utc is None:
            return None
        moved = market.move(statement.asset, micros(window.from_utc), micros(window.to_utc), statement.market_id)
        if moved and _is_nearer(other, statement.size, abs(moved)):
            reason = (
                f"{statement.size_quoted} can be read as {plain_percent(statement.size, 1)}"
                f" or as {plain_percent(other, 1)}"
            )
            pointed = replace(statement, size=other, size_quoted=(statement.size_quoted or "").replace(",", "."))
            return OpenNumber(reason, (statement, pointed))
    return None


def _may_be_thousands(statement: Statement) -> bool:
    return _POINT_FOR_THOUSANDS.search(statement.price_quoted or "") is not None


def last_price(statement: Statement, market: MarketEvidence) -> float | None:
    """The last price by the end of the statement's window, US dollars; None where no series has one."""
    end = _window_of(statement).to_utc
    if end is None:
        return None
    for series in market.of_asset(statement.asset, statement.market_id):
        at = series.last_by(micros(end))
        if at >= 0:
            return float(series.closes[at])
    return None


def _window_of(statement: Statement) -> StatedWindow:
    """The window where it lies; one that has no place has no ends."""
    try:
        return resolve_window(statement)
    except WindowError:
        return StatedWindow("")


def _is_nearer(other: float, value: float, measured: float) -> bool:
    """Whether `other` lies nearer to what was measured than `value`, as a factor."""
    return abs(math.log(other / measured)) < abs(math.log(value / measured))
