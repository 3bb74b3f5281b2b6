"""The same measure from every bar in which the event may have become public."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.engine.kernel import fit_around
from analysis.results.row import Numbers, ResultRow, as_fraction
from analysis.single.rows import pair_row
from analysis.single.window.block_model import measure_windows
from analysis.single.window.pair import Pair
from analysis.single.window.score import ScoreInterval, interval_halves
from warehouse.tables.bars import MICROSECONDS_PER_HOUR, utc_instant
from warehouse.tables.single import TIMING_BAND
from warehouse.tables.units import hours_plain, percent

MOST_ANCHORS = 25  # starts per event; longer intervals are walked in even steps, both ends and the best time included


def trace_timing_band(pair: Pair, window_hours: float, interval: ScoreInterval) -> tuple[pl.DataFrame, list[ResultRow]]:
    """Rows of `out.timing_band` for one window, and one result row `timing_band`: the envelope of all intervals.

    `interval` is the headline interval of the window from the best time on.

    Each start has its own model, fitted on the bars before it, and the headline interval's multiple of its own scale:
    the volatility before it and the rhythm of the week. The envelope runs from the lowest lower to the highest
    upper end of the 95 % intervals: whatever the true time within earliest ... latest, its interval lies inside.
    Assumes nothing about where in the interval the news broke.
    """
    n_bars = pair.bars(window_hours)
    anchors = list_anchors(pair)
    fitted = fit_around(
        pair.sums,
        anchors,
        0,
        limit=0,
        length=pair.bars(pair.specification.estimation_hours),
        minimum=pair.bars(pair.specification.minimum_estimation_hours),
    )
    measured = measure_windows(pair.sums, anchors, n_bars, fitted)
    halves = interval_halves(pair.ground, anchors, measured, fitted, n_bars, interval)
    rows = []
    for position, anchor in enumerate(anchors.tolist()):
        car, half = float(measured.car[position]), float(halves[position])
        row: dict[str, Any] = {
            "study_id": pair.specification.study_id,
            "spec_sha256": pair.spec_sha256,
            "event_id": pair.event.event_id,
            "market_id": pair.market_id,
            "window_end_hours": float(window_hours),
            "anchor_utc": utc_instant(pair.series.close_us[anchor - 1]),
            "is_best": anchor == pair.index,
            "data_as_of_utc": pair.close_at(anchor - pair.index + n_bars - 1),
        }
        if np.isfinite(car) and np.isfinite(half):
            row |= {
                "raw_return": as_fraction(car + float(measured.expected[position])),
                "car": as_fraction(car),
                "lower_95": as_fraction(car - half),
                "upper_95": as_fraction(car + half),
            }
        else:
            row["reason"] = "the window, or the bars its model needs, are not in the record"
        rows.append(row)
    frame = pl.DataFrame(rows, schema=TIMING_BAND.schema)
    return frame, _envelope(pair, window_hours, n_bars, [row for row in rows if row.get("car") is not None])


def list_anchors(pair: Pair) -> Integers:
    """Bars in which the event may fall, ascending, the best one included; within the record."""
    first = max(1, pair.series.first_bar_after(pair.event.earliest_us))
    last = min(pair.series.close_us.size - 1, pair.series.first_bar_after(pair.event.latest_us))
    first, last = min(first, pair.index), max(last, pair.index)
    spread = np.linspace(first, last, min(MOST_ANCHORS, last - first + 1)).round().astype(np.int64)
    return np.unique(np.append(spread, pair.index))


def _envelope(pair: Pair, window_hours: float, n_bars: int, known: list[dict[str, Any]]) -> list[ResultRow]:
    best = [row for row in known if row["is_best"]]
    if not best:
        return []
    span = (pair.event.latest_us - pair.event.earliest_us) / MICROSECONDS_PER_HOUR
    cars = [row["car"] for row in known]
    words = (
        f"{pair.conventions}; repeated from {len(known)} starts over the {hours_plain(span, 1)} in which the event "
        f"may have become public; abnormal return between {percent(min(cars))} and {percent(max(cars))}; "
        "the interval is the envelope of all 95 % intervals"
    )
    numbers = Numbers(
        estimate=best[0]["car"],
        lower_95=min(row["lower_95"] for row in known),
        upper_95=max(row["upper_95"] for row in known),
        n=len(known),
    )
    return [pair_row(pair, window_hours, "timing_band", pair.close_at(n_bars - 1), numbers, conventions=words)]
