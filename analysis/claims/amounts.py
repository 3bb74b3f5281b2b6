"""Sizes, prices and times as people write them in claim files."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import BeforeValidator, Field

from analysis.claims.sentences.numbers import decimal_point

# A bare number from here on may be a percentage written without its sign.
_ASKED_FROM = 2.0
_PERCENT = re.compile(r"^([+-]?\d+(?:\.\d+)?)\s*%$")
_PRICE = re.compile(r"^\$?\s*(\d[\d,]*(?:\.\d+)?)\s*([kKmMbB])?$")
_SCALES = {"k": 1e3, "m": 1e6, "b": 1e9}
_END_OF_DAY = time(23, 59)


def _parse_fraction(value: object) -> object:
    """A fraction from `"30%"` or 0.30; ValueError for a bare number that may mean a percentage, such as 30."""
    if isinstance(value, str):
        match = _PERCENT.match(decimal_point(value.strip()))
        if match is None:
            raise ValueError(f'{value!r} is no size; write it as "30%" or 0.30')
        return float(match[1]) / 100
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value != 0
    if is_whole or (isinstance(value, float) and abs(value) >= _ASKED_FROM):
        raise ValueError(f'{value} may mean {value} percent or {value} times as much: write "{value}%" or a fraction')
    return value


def _parse_price(value: object) -> object:
    """US dollars from `"$283"`, `"$2.5k"` or a number."""
    if not isinstance(value, str):
        return value
    match = _PRICE.match(decimal_point(value.strip()))
    if match is None:
        raise ValueError(f'{value!r} is no price; write it as "$283" or 283.0')
    return float(match[1].replace(",", "")) * _SCALES.get((match[2] or "").lower(), 1.0)


def _parse_claim_time(value: object) -> object:
    """A time with any offset as UTC; a date alone is the end of that day, 23:59 UTC. ValueError without an offset."""
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError("a time needs its zone: end it with Z for UTC or an offset such as -04:00")
        return value.astimezone(UTC)
    return datetime.combine(value, _END_OF_DAY, UTC) if isinstance(value, date) else value


Size = Annotated[float, BeforeValidator(_parse_fraction), Field(gt=-1, le=100)]
Dollars = Annotated[float, BeforeValidator(_parse_price), Field(gt=0)]
ClaimTime = Annotated[datetime, BeforeValidator(_parse_claim_time)]
