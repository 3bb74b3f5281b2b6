"""What a number that is quoted allows: its last digit, its comparator."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from analysis.claims.statement import Comparator, Kind, Statement

# "About" allows a tenth of the size to either side, "nearly" falls short by at most a tenth.
ABOUT_SHARE, NEARLY_SHARE = 0.10, 0.10
# "As much as" is met by the best price of the window to within a twentieth.
UP_TO_SHARE = 0.05
# Half a digit counts for at most a quarter of the size: 0.5 % is not 1 %.
MOST_SHARE_OF_SIZE = 0.25
# A level's last digit counts for at most half a percent of it.
LEVEL_SLACK_SHARE = 0.005
# A factor in words ("doubled") is met to within a twentieth of it.
FACTOR_SHARE = 0.05
FRACTION_PER_PERCENT = 0.01
_NUMBER = re.compile(r"(\d[\d,]*)(?:\.(\d+))?\s*(thousand|million|billion|[kKmMbB])?\b")
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9}
# No number that people quote has more decimals.
_MOST_DECIMALS = 12
# Slack of comparisons between floats that stand for the same decimal number.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Allowed:
    """The sizes that a statement allows, signed along its direction; ends count unless `is_open`."""

    size: float  # the number as it was said
    low: float
    high: float
    is_open: bool = False  # the low end does not count

    def holds(self, value: float) -> bool:
        """Whether `value` is one of them."""
        above = value > self.low + ROUNDING if self.is_open else value >= self.low - ROUNDING
        return above and value <= self.high + ROUNDING


def half_digit(quoted: str | None, value: float, unit: float) -> float:
    """Half of the last digit that is quoted, in the measure of `value`.

    `unit` is what one of the written number is worth (0.01 for percent). Without the words the digits of `value` count.
    """
    match = _NUMBER.search(quoted) if quoted else None
    if match is None:
        return 0.5 * unit * 10.0 ** -_decimals(value / unit)
    scale = _SCALES.get((match[3] or "").lower(), 1.0)
    return 0.5 * unit * scale * 10.0 ** -len(match[2] or "")


def allowed_sizes(statement: Statement) -> Allowed:
    """The sizes that the statement's number and comparator allow; ValueError without a size."""
    if statement.size is None:
        raise ValueError("a statement without a size allows none")
    if statement.kind is Kind.MULTIPLE:
        return _allowed_factor(statement, statement.size)
    size, high = abs(statement.size), abs(statement.size_high or statement.size)
    half = min(half_digit(statement.size_quoted, size, FRACTION_PER_PERCENT), MOST_SHARE_OF_SIZE * size)
    allowed = allowed_around(statement.comparator, size, high, max(half, statement.tolerance or 0.0))
    if statement.comparator is Comparator.AT_LEAST and statement.tolerance is not None:
        return replace(allowed, low=size - statement.tolerance)
    return allowed


def _allowed_factor(statement: Statement, factor: float) -> Allowed:
    """As moves along the direction: doubled is +1.0, halved is 0.5 of a fall."""
    top = statement.size_high or factor
    digits = statement.size_quoted is not None and "." in statement.size_quoted and factor >= 1
    half = half_digit(statement.size_quoted, factor, 1.0) if digits else FACTOR_SHARE * factor
    if factor < 1:
        return allowed_around(statement.comparator, 1 - factor, 1 - factor, half)
    factors = allowed_around(statement.comparator, factor, top, half)
    if statement.comparator is Comparator.NEARLY:  # a tenth short at most: no slack for a digit beyond that
        factors = replace(factors, low=(1 - NEARLY_SHARE) * factor)
    return Allowed(factor - 1, factors.low - 1, factors.high - 1, factors.is_open)


def allowed_around(comparator: Comparator | None, size: float, high: float, half: float) -> Allowed:
    """The sizes that a comparator allows of those from `size` to `high`, which are quoted to within `half`."""
    if comparator is Comparator.MORE_THAN:
        return Allowed(size, size, math.inf, is_open=True)
    if comparator is Comparator.AT_LEAST:
        return Allowed(size, size, math.inf)
    if comparator is Comparator.NEARLY:
        return Allowed(size, (1 - NEARLY_SHARE) * size - half, high + half)
    if comparator is Comparator.ABOUT:
        slack = max(half, ABOUT_SHARE * size)
        return Allowed(size, size - slack, high + slack)
    if comparator is Comparator.UP_TO:
        return Allowed(size, (1 - UP_TO_SHARE) * size, (1 + UP_TO_SHARE) * high)
    return Allowed(size, size - half, high + half)


def allowed_hours(hours: float, comparator: Comparator | None) -> Allowed:
    """The lengths of an incident that a number of hours allows, to its last digit."""
    return allowed_around(comparator, hours, hours, half_digit(None, hours, 1.0))


def level_slack(statement: Statement, level: float) -> float:
    """How far a price may stay from the level that is quoted, US dollars."""
    if statement.comparator in (Comparator.MORE_THAN, Comparator.AT_LEAST):
        return 0.0
    if statement.tolerance is not None:
        return statement.tolerance * level
    return min(half_digit(statement.price_quoted, level, 1.0), LEVEL_SLACK_SHARE * level)


def _decimals(value: float) -> int:
    """Decimal places of the shortest way to write a number, rounded where binary fractions blur it."""
    return next(
        (places for places in range(_MOST_DECIMALS) if math.isclose(round(value, places), value)), _MOST_DECIMALS
    )
