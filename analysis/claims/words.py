"""Sentences and durations of verdicts."""

from __future__ import annotations

from datetime import datetime

from warehouse.tables.bars import HOUR


def hours_between(start: datetime, end: datetime) -> float:
    """Hours from `start` to `end`."""
    return (end - start) / HOUR


def capitalised(sentence: str) -> str:
    """The sentence with its first letter in upper case, the rest untouched."""
    return sentence[:1].upper() + sentence[1:]
