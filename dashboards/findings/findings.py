"""Sentences that the numbers support: every title, lede and summary is a function of values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboards.findings.readings import Reaction
from warehouse.tables.units import (
    close_moment,
    hours_in_words,
    long_month,
    percent,
    plain_percent,
    price,
)

# A move below one percent in either direction is called "hardly moved".
QUIET_MOVE = 0.01


def moved(value: float, decimals: int = 0) -> str:
    """rose 23% / fell 4% / hardly moved (+0.3%)."""
    if abs(value) < QUIET_MOVE:
        return f"hardly moved ({percent(value)})"
    return f"{'rose' if value > 0 else 'fell'} {plain_percent(value, decimals)}"


def path_title(reaction: Reaction) -> str:
    """What the price did in a day, and what was left of it a week later."""
    day, week = reaction.headline, reaction.horizons.get(168.0)
    if day is None or day.raw_return is None:
        return f"{reaction.asset_id}: not measured in the day after the news"
    start = f"{reaction.asset_id} {moved(day.raw_return, 1)} in a day"
    if week is None or week.raw_return is None:
        return f"{start}; the week after is not in the data"
    return f"{start}; {left(day.raw_return, week.raw_return)}"


def left(first: float, later: float) -> str:
    """What a week made of the first day's move."""
    if abs(first) < QUIET_MOVE:
        return f"a week later it stood at {percent(later)}"
    if first * later <= 0:
        return f"a week later it stood at {percent(later)}"
    if abs(later) >= abs(first):
        return f"a week later it was {plain_percent(later, 1)}"
    return f"a week later {plain_percent(later, 1)} was left"


def beyond_title(reaction: Reaction, after: str, benchmark: str) -> str:
    """The event page's heading: the abnormal return of the headline window."""
    day = reaction.headline
    if day is None or day.car is None:
        return f"{reaction.asset_id} is not measured around this {after}"
    if day.is_outside is False:
        return f"24 hours after the {after}, {reaction.asset_id} stood within its ordinary range"
    if abs(day.car) < QUIET_MOVE:
        return f"{reaction.asset_id} moved with {benchmark} in the day after the {after}"
    verb = "gained" if day.car > 0 else "lost"
    return f"{reaction.asset_id} {verb} {plain_percent(day.car)} beyond {benchmark} in the day after the {after}"


def verdict_heading(reaction: Reaction, event: Mapping[str, Any], news: str, claim: tuple[float, float] | None) -> str:
    """The overview's heading: the finding and, where a claim overstates it, the claim; `claim` is (rise, hours)."""
    day = reaction.headline
    when = f"the {long_month(event['best_at_utc'])} {news}"
    if day is None or day.raw_return is None:
        return f"{reaction.asset_id} could not be measured after {when}"
    base = f"{reaction.asset_id} {moved(day.raw_return)} in a day after {when}"
    if claim is None:
        return base
    return f"{base}, not {plain_percent(claim[0])} in {hours_in_words(claim[1])}"


def benchmark_word(benchmark: str | None) -> str:
    """The benchmark's short name inside a sentence."""
    if not benchmark:
        return "the benchmark"
    lowered = benchmark.lower()
    if "btc" in lowered or "bitcoin" in lowered:
        return "Bitcoin" if "eth" not in lowered else "Bitcoin and Ether"
    return benchmark


def prices_in_words(asset_id: str, first: float | None, later: float | None) -> str:
    """TAO, $212 to $262."""
    if first is None or later is None:
        return asset_id
    return f"{asset_id}, {price(first)} to {price(later)}"


def as_of_words(moment: datetime | None) -> str:
    """The end of the data; empty when there is none."""
    return close_moment(moment) if moment is not None else ""
