"""Numbers, times and lists as people read them in verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from warehouse.tables.bars import HOUR


def percent(fraction: float) -> str:
    """A signed percentage with one decimal and a real minus sign, e.g. +15.5%."""
    return _signed(f"{fraction:+.1%}")


def points(fraction: float) -> str:
    """A difference of two percentages, e.g. +4.4 points."""
    return _signed(f"{fraction * 100:+.1f} points")


def price(quote: float) -> str:
    """A dollar price: two decimals from 10 up, four below."""
    return f"${quote:,.2f}" if abs(quote) >= 10 else f"${quote:,.4f}"


def moment(at: datetime) -> str:
    """A UTC time to the minute, e.g. 13 Jun 2026 17:00 UTC."""
    return f"{at.day} {at:%b %Y %H:%M} UTC"


def day(at: datetime) -> str:
    """A date without its year, e.g. 13 June."""
    return f"{at.day} {at:%B}"


def span(hours: float) -> str:
    """A duration: hours up to two days, days beyond."""
    return f"{hours:g} h" if hours <= 48 else f"{hours / 24:g} days"


def hours_between(start: datetime, end: datetime) -> float:
    """Hours from `start` to `end`."""
    return (end - start) / HOUR


def listing(items: Sequence[str]) -> str:
    """Items as a sentence part: a; a and b; a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def capitalised(sentence: str) -> str:
    """The sentence with its first letter in upper case, the rest untouched."""
    return sentence[:1].upper() + sentence[1:]


def _signed(number: str) -> str:
    """The number with a real minus sign, and none before a rounded zero."""
    rest = number[1:]
    return rest if rest.startswith("0.0") else number.replace("-", "−")
