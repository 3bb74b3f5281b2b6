"""Price, expected and abnormal path of one market around one event, with the bands that ordinary times fill."""

from __future__ import annotations

import numpy as np

from analysis.apart import are_apart
from analysis.arrays import Floats, Integers
from analysis.engine.loops.forecasts import sum_paths
from analysis.portable import expm1, log
from analysis.results.shared import SharedRows
from analysis.single.window.pair import Pair
from analysis.single.window.score import WindowScore
from warehouse.tables.bars import MICROSECONDS_PER_HOUR

BAND_QUANTILES = {
    "band_50_lower": 0.25,
    "band_50_upper": 0.75,
    "band_80_lower": 0.10,
    "band_80_upper": 0.90,
    "band_95_lower": 0.025,
    "band_95_upper": 0.975,
}
MINIMUM_INDEPENDENT = 5  # placebos without overlap below which a band would draw two or three episodes as "ordinary"


def trace_path(pair: Pair, placebos: WindowScore | None) -> SharedRows:
    """Rows of `out.study_path` from the declared hours before the event to those after it, or to the record's end.

    CAR is zero at the last close before the event and runs backwards before it. Bands are quantiles of scaled placebo
    paths at each hour on its own (not for the whole path); they are null before the event and where fewer than five
    placebos of that length stand side by side.
    """
    base = pair.index - 1
    first = max(0, base - pair.bars(pair.specification.path_before_hours))
    last = min(pair.series.close_us.size - 1, base + pair.bars(pair.specification.path_after_hours))
    at = np.arange(first, last + 1)
    abnormal = pair.abnormal
    price = pair.series.close_quote[at]
    expected = float(pair.coefficients.beta[0]) * _benchmark_path(pair, first, base, last)
    car = log(price / pair.series.close_quote[base]) - expected
    return SharedRows(
        _name_pair(pair),
        {
            "close_time_utc": pair.series.close_us[at],
            "hours_after_event": (pair.series.close_us[at] - pair.event.best_us) / MICROSECONDS_PER_HOUR,
            "close_quote": price,
            "raw_return": price / pair.series.close_quote[base] - 1.0,
            "expected_return": expm1(expected),
            "abnormal_return": abnormal[at],
            "car": car,
            **_bands(pair, placebos, at.size, base - first, last - base),
        },
    )


def _name_pair(pair: Pair) -> dict[str, object]:
    return {
        "study_id": pair.specification.study_id,
        "spec_sha256": pair.spec_sha256,
        "event_id": pair.event.event_id,
        "market_id": pair.market_id,
    }


def _benchmark_path(pair: Pair, first: int, base: int, last: int) -> Floats:
    """Summed benchmark return from the close of bar `base` to that of each bar first … last, NaN beyond a gap."""
    known = np.where(np.isfinite(pair.series.asset), pair.series.benchmark, np.nan)
    after, before = np.cumsum(known[base + 1 : last + 1]), np.cumsum(known[first + 1 : base + 1][::-1])
    return np.concatenate([-before[::-1], [0.0], after])


def list_placebos(pair: Pair, window_hours: float, placebos: WindowScore) -> SharedRows:
    """Rows of `out.placebo`: each placebo window with its CAR, as it was and at the event's volatility."""
    scaled = placebos.measures.car * placebos.at_event
    is_known = np.isfinite(scaled)
    starts = pair.series.close_us[placebos.starts.indices[is_known]] - pair.series.step_us
    return SharedRows(
        {**_name_pair(pair), "window_end_hours": float(window_hours)},
        {"placebo_start_utc": starts, "car": placebos.measures.car[is_known], "car_scaled": scaled[is_known]},
    )


def _bands(pair: Pair, placebos: WindowScore | None, n: int, n_before: int, n_after: int) -> dict[str, Floats]:
    """The six band columns, NaN where there is no band."""
    columns = {name: np.full(n, np.nan) for name in BAND_QUANTILES}
    if placebos is None or n_after < 1:
        return columns
    starts, at_event = placebos.starts.indices, placebos.at_event
    times = np.where(np.isfinite(at_event * placebos.measures.car), at_event, np.nan)
    paths = sum_paths(pair.series.asset, pair.series.benchmark, starts, placebos.beta, times, pair.index, n_after)
    is_whole = np.isfinite(paths)
    ordered, counts = np.sort(paths, axis=1), is_whole.sum(axis=1)
    has_band = are_apart(starts, np.ascontiguousarray(is_whole.T), MINIMUM_INDEPENDENT)
    for name, quantile in BAND_QUANTILES.items():
        columns[name][n_before] = 0.0
        columns[name][n_before + 1 :] = np.where(has_band, _row_quantile(ordered, counts, quantile), np.nan)
    return columns


def _row_quantile(ordered: Floats, counts: Integers, quantile: float) -> Floats:
    """Quantile of each row of ascending values, NaN last, by linear interpolation."""
    position = quantile * np.maximum(counts - 1, 0)
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0))
    rows = np.arange(ordered.shape[0])
    below, above = ordered[rows, low], ordered[rows, high]
    values: Floats = below + (above - below) * (position - low)
    return values
