"""Sentences that the numbers support: every title, lede and summary is a function of values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboards.findings.readings import Horizon, Reaction
from dashboards.numbers import counted
from warehouse.tables.units import (
    close_moment,
    count,
    hours_adjective,
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
    start = f"{reaction.asset_id} {moved(day.raw_return)} in a day"
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
        return f"{reaction.asset_id} stayed within its ordinary range in the day after the {after}"
    if abs(day.car) < QUIET_MOVE:
        return f"{reaction.asset_id} moved with {benchmark} in the day after the {after}"
    verb = "gained" if day.car > 0 else "lost"
    return f"{reaction.asset_id} {verb} {plain_percent(day.car)} beyond {benchmark} in the day after the {after}"


def rank_title(horizon: Horizon) -> str:
    """How many ordinary windows moved at least as far."""
    if horizon.n_placebo is None or horizon.n_as_large is None or horizon.car is None:
        return "No ordinary windows to compare with"
    windows = f"{count(horizon.n_placebo)} ordinary {hours_adjective(horizon.hours)} windows"
    if horizon.n_as_large == 0:
        return (
            f"None of {windows} came close to {percent(horizon.car, 0)}"
            if _is_far(horizon)
            else (f"None of {windows} moved as far as {percent(horizon.car)}")
        )
    return f"{count(horizon.n_as_large)} of {windows} moved at least as far"


def _is_far(horizon: Horizon) -> bool:
    # "Came close" needs a clear distance: one and a half times the edge of the ordinary range.
    edges = [abs(edge) for edge in (horizon.ordinary_lower, horizon.ordinary_upper) if edge is not None]
    return bool(edges) and horizon.car is not None and abs(horizon.car) > 1.5 * max(edges)


def fan_title(
    asset_id: str,
    hours: list[float],
    car: list[float | None],
    lower: list[float | None],
    upper: list[float | None],
    key: Mapping[str, str] | None = None,
) -> str:
    """From which hour on the path left the 95 % band, or that it never did; `key` are the values of bars_outside."""
    known = [
        (hour, value, low, high)
        for hour, value, low, high in zip(hours, car, lower, upper, strict=True)
        if hour > 0 and value is not None and low is not None and high is not None
    ]
    if not known:
        return f"{asset_id}: no ordinary range to compare the path with"
    outside = [not low <= value <= high for _, value, low, high in known]
    if not any(outside):
        return f"{asset_id} never left the range of ordinary days"
    if outside[-1]:
        start = len(outside) - outside[::-1].index(False) if False in outside else 0
        return f"From hour {count(known[start][0])} {asset_id} stayed outside 95% of ordinary windows"
    n_outside, n_bars = (
        counted(value, "query:bars_outside", name, **key) if key else value
        for name, value in (("n_outside", sum(outside)), ("n_bars", len(outside)))
    )
    return f"{asset_id} left its ordinary range for {count(n_outside)} of {count(n_bars)} bars, then came back"


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


def outside_sentence(reaction: Reaction, placebo_days: float | None) -> str:
    """Whether the move lay outside what was ordinary before, in one clause."""
    day = reaction.headline
    if day is None or day.car is None:
        return "The move beyond the benchmark could not be measured"
    if day.n_placebo is None or day.n_as_large is None:
        return "There are no ordinary windows to compare the move with"
    before = f"in the {count(placebo_days)} days before" if placebo_days else "before"
    if day.n_as_large == 0:
        direction = "rise" if day.car > 0 else "fall"
        return f"The {direction} beyond {benchmark_word(day.benchmark)} was larger than any ordinary day {before}"
    if day.is_outside:
        return (
            f"The move was unusual: {count(day.n_as_large)} of {count(day.n_placebo)} ordinary days {before} "
            "moved as far"
        )
    return (
        f"The move was ordinary: {count(day.n_as_large)} of {count(day.n_placebo)} days {before} moved at least as far"
    )


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
