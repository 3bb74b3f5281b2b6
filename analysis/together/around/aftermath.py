"""Rows that set the correlation in the hours after events against that in calm hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from analysis.arrays import Flags
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.tape.series import AlignedSeries
from analysis.together.around.contagion import compare
from analysis.together.around.episodes import seeded_generator
from analysis.together.leads.leadlag import control_false_discoveries
from analysis.together.moving.intervals import MIN_BARS, Array
from warehouse.tables.correlation import CORRELATION_CONTAGION

_SOURCE = SourceCode("analysis.together.around.aftermath")
_NAME_SEPARATOR = "\x1f"
# Hours after an event that count as its aftermath.
AFTER_HOURS = 24.0
# Fewer events of a kind than this are told one by one: a bootstrap of so few aftermaths is far too sure of itself.
MIN_EVENTS = 5
# Share of MIN_EVENTS whole aftermaths that must be left where aftermaths overlap or bars are absent.
MIN_SHARE_AFTER = 0.8
# Times that bound the news from above at worst.
USABLE = ("second", "minute", "hour", "upper_bound")
_CONVENTIONS = (
    "log returns; aftermath: the bar of the first public evidence and the 24 h from it; calm: bars in no aftermath of "
    "any event; intervals: block bootstrap, whole aftermaths as blocks; adjusted: Forbes and Rigobon 2002 (assumes the "
    "token's own noise unchanged); p: difference of Fisher's z over its bootstrap deviation; p_adjusted: "
    "Benjamini-Yekutieli over all rows"
)


@dataclass(frozen=True, slots=True)
class _Aftermath:
    """What one row is measured on: a pair, a category of events, and their bars beside calm ones."""

    pair: AlignedSeries
    category: str
    n_events: int
    n_bars: int  # of the aftermath of one event
    calm: tuple[Array, Array]  # returns of both in bars of no event
    after: tuple[Array, Array]

    @property
    def name(self) -> str:
        """What tells the row from others."""
        return _NAME_SEPARATOR.join((self.category, *self.pair.labels().values()))

    @property
    def sides(self) -> tuple[Array, Array, Array, Array]:
        """Both series of both sides, calm first."""
        return (*self.calm, *self.after)


def digest_aftermath(pairs: Iterable[AlignedSeries], events: pl.DataFrame) -> dict[str, str]:
    """By row of `measure_aftermath`, named as `name_rows` names it, the fingerprint of all that its numbers rest on."""
    return {
        item.name: fingerprint(_SOURCE, item.name, item.n_events, item.n_bars, item.pair.last_close, item.sides)
        for item in _list_aftermaths(pairs, events)
    }


def name_rows() -> pl.Expr:
    """The name of each row of out.correlation_contagion among the digests."""
    columns = ("category", "market_id", "other_market_id", "asset_id", "other_asset_id", "timeframe")
    return pl.concat_str(columns, separator=_NAME_SEPARATOR)


def measure_aftermath(
    pairs: Iterable[AlignedSeries], events: pl.DataFrame, kept: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Rows of out.correlation_contagion per pair and category with at least MIN_EVENTS events, and for all events.

    `events` has event_id, category, best_at_utc, time_precision; only those with a time count, but no event's day is
    calm. Rows `kept` stand as they are, but for the adjustment over all rows.
    """
    standing = CORRELATION_CONTAGION.empty() if kept is None else kept
    names = frozenset(standing.select(name_rows()).to_series())
    rows = [_measure(item) for item in _list_aftermaths(pairs, events) if item.name not in names]
    if not rows and standing.is_empty():
        return CORRELATION_CONTAGION.empty()
    frame = pl.DataFrame(rows, schema=CORRELATION_CONTAGION.schema, orient="row")
    frame = pl.concat([frame.with_columns(pl.col(pl.Float64).fill_nan(None)), standing.select(frame.columns)])
    return CORRELATION_CONTAGION.conform(control_false_discoveries(frame))


def mark_aftermath(pair: AlignedSeries, times: Iterable[datetime], n_bars: int) -> tuple[Flags, int]:
    """True for bars in the aftermath of one of `times`, and how many of them fall inside the series."""
    is_after = np.zeros(pair.asset.size, dtype=bool)
    n_events = 0
    for at in times:
        position = pair.position_at(at)
        if 0 <= position < is_after.size:
            is_after[position : position + n_bars] = True
            n_events += 1
    return is_after, n_events


def _list_aftermaths(pairs: Iterable[AlignedSeries], events: pl.DataFrame) -> Iterator[_Aftermath]:
    timed = events.filter(pl.col("time_precision").is_in(USABLE)).sort("event_id")
    for pair in pairs:
        yield from _list_of_pair(pair, timed, events)


def _list_of_pair(pair: AlignedSeries, timed: pl.DataFrame, events: pl.DataFrame) -> Iterator[_Aftermath]:
    n_bars = max(1, round(AFTER_HOURS / pair.bar_hours))
    if n_bars < 2:
        return
    is_any, _ = mark_aftermath(pair, events["best_at_utc"].to_list(), n_bars)
    calm = _common(pair, ~is_any)
    for category in ["all", *sorted(timed["category"].unique().to_list())]:
        chosen = timed if category == "all" else timed.filter(pl.col("category") == category)
        is_after, n_events = mark_aftermath(pair, chosen["best_at_utc"].to_list(), n_bars)
        if n_events >= MIN_EVENTS:
            yield _Aftermath(pair, category, n_events, n_bars, calm, _common(pair, is_after))


def _measure(item: _Aftermath) -> dict[str, Any]:
    pair, category, n_bars, sides = item.pair, item.category, item.n_bars, item.sides
    row: dict[str, Any] = {
        **pair.labels(),
        "category": category,
        "after_hours": AFTER_HOURS,
        "n_events": item.n_events,
        "n_calm": sides[0].size,
        "n_after": sides[2].size,
        "conventions": _CONVENTIONS,
        "data_as_of_utc": pair.last_close,
    }
    needed = max(MIN_BARS, round(MIN_SHARE_AFTER * MIN_EVENTS * n_bars))
    if min(sides[0].size, sides[2].size) < needed:
        return row | {"reason": f"{sides[0].size} calm and {sides[2].size} aftermath bars; each side needs {needed}"}
    generator = seeded_generator("aftermath", category, *pair.labels().values())
    found = compare(*sides, generator, length_after=n_bars)
    return row | {
        "calm_correlation": float(found.before.correlation),
        "after_correlation": float(found.after.correlation),
        "after_correlation_adjusted": found.after_adjusted,
        "change": found.correlation.estimate,
        "change_lower_95": found.correlation.lower,
        "change_upper_95": found.correlation.upper,
        "change_adjusted": found.adjusted.estimate,
        "change_adjusted_lower_95": found.adjusted.lower,
        "change_adjusted_upper_95": found.adjusted.upper,
        "p_value": found.p_adjusted_change,
        "variance_ratio": found.benchmark_variance_ratio,
    }


def _common(pair: AlignedSeries, is_chosen: Flags) -> tuple[Array, Array]:
    is_kept = is_chosen & np.isfinite(pair.asset) & np.isfinite(pair.benchmark)
    return pair.asset[is_kept], pair.benchmark[is_kept]
