"""What one market does in all its windows: the base rates beside which an event's move is read."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis.engine.kernel import fit_around
from analysis.portable import exp
from analysis.single.window.block_model import measure_windows, sum_returns
from analysis.single.window.placebo import count_independent
from analysis.tape.calendar import count_bars
from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import HOUR, bar_length
from warehouse.tables.contract import UTC

_QUANTILES = {"lowest": 0.0, "q025": 0.025, "median": 0.5, "q975": 0.975, "highest": 1.0}
ORDINARY: dict[str, pl.DataType | type[pl.DataType]] = {
    "market_id": pl.String,
    "bar": pl.String,
    "window_hours": pl.Float64,
    "n_windows": pl.Int64,
    "n_independent": pl.Int64,
    "sd": pl.Float64,
    "lowest": pl.Float64,
    "q025": pl.Float64,
    "median": pl.Float64,
    "q975": pl.Float64,
    "highest": pl.Float64,
    "lowest_from_utc": UTC,
    "highest_from_utc": UTC,
    "benchmark": pl.String,
    "reason": pl.String,
}


def measure_ordinary(
    series: AlignedSeries, window_hours: float, estimation_hours: float, minimum_hours: float
) -> pl.DataFrame:
    """One row (`ORDINARY`): abnormal moves of every window of the series, each beside the market model before it.

    Moves are simple returns (fractions) beyond the benchmark; `sd` is of their logs. A window opens with each bar that
    has a model and all its bars; n_independent of them do not overlap. Events are not left out: this is the record as
    it is. Without such a window `reason` says so and numbers are null. ValueError where a length is no whole number of
    bars.
    """
    bar = bar_length(series.bar_words)
    n_bars, length, minimum = (
        count_bars(hours * HOUR, bar) for hours in (window_hours, estimation_hours, minimum_hours)
    )
    n = series.close_us.size
    starts = np.arange(1, n, dtype=np.int64)
    sums = sum_returns(series, np.zeros(n, dtype=np.bool_))
    models = fit_around(sums, starts, n_bars, limit=0, length=length, minimum=minimum)
    cars = measure_windows(sums, starts, n_bars, models).car
    is_known = np.isfinite(cars)
    if not is_known.any():
        reason = f"no window of {n_bars} bars has them all and {minimum} bars before it"
        return no_windows(series.market_id, series.bar_words, window_hours, reason)
    known, places = cars[is_known], starts[is_known]
    opens = series.close_us - series.step_us
    row: dict[str, object] = {
        "market_id": series.market_id,
        "bar": series.bar_words,
        "window_hours": window_hours,
        "n_windows": known.size,
        "n_independent": count_independent(places, n_bars),
        "sd": float(known.std()),
        "lowest_from_utc": int(opens[places[known.argmin()]]),
        "highest_from_utc": int(opens[places[known.argmax()]]),
        "benchmark": series.benchmark_words(0, n),
    }
    moves = exp(np.quantile(known, list(_QUANTILES.values()))) - 1.0
    row |= dict(zip(_QUANTILES, moves.tolist(), strict=True))
    return pl.DataFrame([row], schema=ORDINARY)


def no_windows(market_id: str, bar: str, window_hours: float, reason: str) -> pl.DataFrame:
    """The row of a market without numbers, and why; every other column is null."""
    row = {"market_id": market_id, "bar": bar, "window_hours": window_hours, "reason": reason}
    return pl.DataFrame([row], schema=ORDINARY)
