"""Rows that compare correlation and beta before an event with those after it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.tape.series import AlignedSeries
from analysis.tape.stretches import hash_bars, sum_bars
from analysis.together.around.contagion import (
    Comparison,
    Difference,
    PlaceboChange,
    compare,
    is_comparable,
    rank_change,
)
from analysis.together.moving.intervals import MIN_BARS, Array
from analysis.together.moving.rolling import MIN_SHARE
from warehouse.tables.correlation import CORRELATION_EPISODE
from warehouse.tables.units import plural

# Lengths of each side in hours: three days, one week, two weeks.
SIDE_HOURS = (72.0, 168.0, 336.0)
# Times known to the hour or better; an upper bound may lie hours after the news.
PRECISE = ("second", "minute", "hour")
_SOURCE = SourceCode("analysis.together.around.episodes")
_CONVENTIONS = (
    "log returns; equal windows on both sides, the bar that contains the event in neither; 95 % intervals: Fisher's z "
    "with effective n (correlation), Newey-West (beta), circular block bootstrap with 999 draws (changes); adjusted: "
    "Forbes and Rigobon 2002, assumes the token's own noise unchanged; placebo: same change at every earlier bar"
)


def digest_episodes(pairs: Sequence[AlignedSeries], events: pl.DataFrame) -> dict[str, str]:
    """By event of `measure_episodes`, the fingerprint of all that its rows rest on: bars after its sides are no part.

    Returns are compared from the first bar of a pair, so that a longer past is another past.
    """
    sums = [sum_bars(hash_bars(pair.asset, pair.benchmark)) for pair in pairs]
    names = [fingerprint(_SOURCE, *pair.labels().items(), pair.first_open) for pair in pairs]
    digests = {}
    for event_id, at in _precise(events):
        seen = [
            (name, sum_of_bars[:, min(max(pair.position_at(at), 0) + _longest_side(pair) + 1, pair.asset.size)])
            for pair, name, sum_of_bars in zip(pairs, names, sums, strict=True)
        ]
        digests[event_id] = fingerprint(event_id, at, seen)
    return digests


def measure_episodes(pairs: Iterable[AlignedSeries], events: pl.DataFrame) -> pl.DataFrame:
    """Rows of out.correlation_episode for events known to the hour or better that fall inside a pair's bars.

    `events` has event_id, best_at_utc and time_precision. A side with too few bars gives a row with a reason. Draws are
    seeded by the row's key, so a row does not depend on which others are computed.
    """
    times = _precise(events)
    rows = [
        row
        for pair in pairs
        for event_id, at in times
        for hours in SIDE_HOURS
        if (row := _measure(pair, event_id, at, hours)) is not None
    ]
    frame = pl.DataFrame(rows, schema=CORRELATION_EPISODE.schema, orient="row")
    return CORRELATION_EPISODE.conform(frame.with_columns(pl.col(pl.Float64).fill_nan(None)))


def _precise(events: pl.DataFrame) -> list[tuple[str, datetime]]:
    chosen = events.filter(pl.col("time_precision").is_in(PRECISE))
    return chosen.select("event_id", "best_at_utc").sort("event_id").rows()


def _longest_side(pair: AlignedSeries) -> int:
    return round(max(SIDE_HOURS) / pair.bar_hours)


def seeded_generator(*key: object) -> np.random.Generator:
    """A generator that depends on `key` alone."""
    digest = hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _measure(pair: AlignedSeries, event_id: str, at: datetime, hours: float) -> dict[str, Any] | None:
    window = round(hours / pair.bar_hours)
    bar = pair.position_at(at)
    if window < MIN_BARS or bar <= 0 or bar >= pair.asset.size - 1:
        return None
    before, after = slice(max(bar - window, 0), bar), slice(bar + 1, bar + 1 + window)
    sides = (pair.asset[before], pair.benchmark[before], pair.asset[after], pair.benchmark[after])
    n_before, n_after = _n_common(*sides[:2]), _n_common(*sides[2:])
    row: dict[str, Any] = {
        "event_id": event_id,
        "event_at_utc": at,
        **pair.labels(),
        "window_hours": hours,
        "n_before": n_before,
        "n_after": n_after,
        "conventions": _CONVENTIONS,
        "data_as_of_utc": min(pair.close_time(bar + window), pair.last_close),
    }
    if not is_comparable(n_before, n_after, window, MIN_SHARE):
        words = f"{plural(n_before, 'bar')} before and {n_after} after; each side needs 80 % of {window}"
        return row | {"reason": words}
    generator = seeded_generator(event_id, *pair.labels().values(), hours)
    found = compare(*sides, generator)
    placebo = rank_change(
        pair.asset[:bar],
        pair.benchmark[:bar],
        window,
        float(found.before.correlation),
        float(found.after.correlation),
    )
    return row | _comparison_columns(found) | _placebo_columns(placebo)


def _comparison_columns(found: Comparison) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "after_correlation_adjusted": found.after_adjusted,
        "change_adjusted_lower_95": found.adjusted.lower,
        "change_adjusted_upper_95": found.adjusted.upper,
        "benchmark_variance_ratio": found.benchmark_variance_ratio,
        "token_variance_ratio": found.token_variance_ratio,
    }
    for side, part in (("before", found.before), ("after", found.after)):
        columns |= {
            f"{side}_correlation": float(part.correlation),
            f"{side}_correlation_lower_95": float(part.correlation_lower),
            f"{side}_correlation_upper_95": float(part.correlation_upper),
            f"{side}_beta": float(part.beta),
            f"{side}_beta_lower_95": float(part.beta_lower),
            f"{side}_beta_upper_95": float(part.beta_upper),
            f"n_effective_{side}": float(part.n_effective),
        }
    return (
        columns | _change_columns("change_correlation", found.correlation) | _change_columns("change_beta", found.beta)
    )


def _change_columns(name: str, change: Difference) -> dict[str, float]:
    return {name: change.estimate, f"{name}_lower_95": change.lower, f"{name}_upper_95": change.upper}


def _placebo_columns(placebo: PlaceboChange) -> dict[str, Any]:
    return {"placebo_rank": placebo.rank, "n_placebo": placebo.n, "n_placebo_independent": placebo.n_independent}


def _n_common(token: Array, benchmark: Array) -> int:
    return int((np.isfinite(token) & np.isfinite(benchmark)).sum())
