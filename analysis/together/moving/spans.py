"""Rows of dependence over whole spans, pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from analysis.tape.series import AlignedSeries
from analysis.together.moving.dependence import DEPENDENCE_MEASURES, measure_with_interval
from analysis.together.moving.intervals import associate
from warehouse.tables.correlation import CORRELATION_PAIR

# The recent span, long enough for every measure and short enough for those that compare all bars with all.
_RECENT = timedelta(days=90)
_CONVENTIONS = {
    "pearson": "log returns; 95 % interval: Fisher's z with the n that heavy tails and autocorrelation leave",
    "beta": "log returns, least squares; 95 % interval: Newey-West",
    "spearman": "ranks of log returns; 95 % interval: delete-group jackknife over time, 20 groups",
    "kendall": "tau-b of log returns; 95 % interval: delete-group jackknife over time, 20 groups",
    "distance": "bias-corrected distance correlation of log returns; 95 % interval: delete-group jackknife over time",
}


def measure_spans(pairs: Iterable[AlignedSeries]) -> pl.DataFrame:
    """Rows of out.correlation_pair: Pearson, Spearman and beta over all bars, every measure over the last 90 days.

    A pair with no more than 90 days of bars has all measures under `all` and no second span.
    """
    rows = [row for pair in pairs for row in _measure_pair(pair)]
    if not rows:
        return CORRELATION_PAIR.empty()
    frame = pl.DataFrame(rows, schema=CORRELATION_PAIR.schema, orient="row")
    return CORRELATION_PAIR.conform(frame.with_columns(pl.col(pl.Float64).fill_nan(None)))


def _measure_pair(pair: AlignedSeries) -> Iterator[dict[str, Any]]:
    recent_bars = _RECENT // pair.bar
    if pair.asset.size <= recent_bars:
        yield from _measure_span(pair, "all", 0, tuple(DEPENDENCE_MEASURES))
        return
    yield from _measure_span(pair, "all", 0, ("spearman",))
    yield from _measure_span(pair, "last_90d", pair.asset.size - recent_bars, tuple(DEPENDENCE_MEASURES))


def _measure_span(pair: AlignedSeries, span_id: str, start: int, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    token, benchmark = pair.asset[start:], pair.benchmark[start:]
    linear = associate(token, benchmark)
    common = np.flatnonzero(np.isfinite(token) & np.isfinite(benchmark))
    row: dict[str, Any] = {
        **pair.labels(),
        "span_id": span_id,
        "n": int(linear.n),
        "from_utc": pair.close_time(start + int(common[0])) - pair.bar if common.size else None,
        "to_utc": pair.close_time(start + int(common[-1])) if common.size else None,
        "data_as_of_utc": pair.last_close,
    }
    reason = None if np.isfinite(linear.correlation) else f"{int(linear.n)} common bars, or a price that never moved"
    numbers = {
        "pearson": (float(linear.correlation), float(linear.correlation_lower), float(linear.correlation_upper)),
        "beta": (float(linear.beta), float(linear.beta_lower), float(linear.beta_upper)),
    }
    for name in names:
        found = measure_with_interval(token, benchmark, DEPENDENCE_MEASURES[name])
        numbers[name] = (found.estimate, found.lower, found.upper)
    for name, (estimate, lower, upper) in numbers.items():
        yield row | {
            "measure": name,
            "estimate": estimate,
            "lower_95": lower,
            "upper_95": upper,
            "n_effective": float(linear.n_effective) if name == "pearson" else None,
            "reason": reason,
            "conventions": _CONVENTIONS[name],
        }
