"""Rows of the rolling and exponentially weighted correlation and beta of pairs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.tape.series import AlignedSeries
from analysis.together.moving.dcc import fit_dcc
from analysis.together.moving.intervals import Association
from analysis.together.moving.rolling import ewma_association, rolling_association
from warehouse.tables.correlation import CORRELATION_ROLLING

# Window lengths in hours, by bar length: a week and a month; daily bars need a month and a quarter.
_WINDOW_HOURS: dict[str, tuple[float, ...]] = {"1h": (168.0, 720.0), "4h": (168.0, 720.0), "1d": (720.0, 2160.0)}
# Half-life in hours of the exponentially weighted estimate, by bar length.
HALF_LIFE_HOURS: dict[str, float] = {"1h": 72.0, "4h": 168.0, "1d": 720.0}
# A window is published this many times in its length: neighbours share nearly all their bars. A week against
# Bitcoin every four hours, against anything else every day.
STEPS_PER_WINDOW = 42
COARSE_STEPS_PER_WINDOW = 7
# The model's path is published this often.
DYNAMIC_STEP_HOURS = 4.0


def measure_moving(pairs: Iterable[AlignedSeries], steps_per_window: int = STEPS_PER_WINDOW) -> pl.DataFrame:
    """Rows of out.correlation_rolling: correlation and beta with 95 % intervals at each published close.

    Points fall on whole multiples of the step in UTC, so later data never move earlier points. Pairs whose bar length
    has no window are left out; a window with under 80 % of its bars has nulls and its n.
    """
    frames = [
        frame for pair in pairs if pair.bar_words in _WINDOW_HOURS for frame in _measure_pair(pair, steps_per_window)
    ]
    return CORRELATION_ROLLING.conform(pl.concat(frames)) if frames else CORRELATION_ROLLING.empty()


def published_positions(pair: AlignedSeries, window_hours: float, steps_per_window: int = STEPS_PER_WINDOW) -> Integers:
    """Bars that close on a multiple of the window's step, from the first full window on."""
    bars = round(window_hours / pair.bar_hours)
    step = max(1, bars // steps_per_window)
    offset = pair.close_times(np.array([0]))[0].timestamp() // pair.bar.total_seconds()
    positions = np.arange(bars - 1, pair.asset.size, dtype=np.int64)
    return np.asarray(positions[(positions + int(offset)) % step == 0])


def _measure_pair(pair: AlignedSeries, steps_per_window: int) -> list[pl.DataFrame]:
    frames = []
    for window_hours in _WINDOW_HOURS[pair.bar_words]:
        ends = published_positions(pair, window_hours, steps_per_window)
        bars = round(window_hours / pair.bar_hours)
        if ends.size:
            rolled = rolling_association(pair.asset, pair.benchmark, bars, ends)
            frames.append(_rows(pair, "rolling", window_hours, ends, rolled))
    half_life = HALF_LIFE_HOURS[pair.bar_words]
    smooth = ewma_association(pair.asset, pair.benchmark, half_life / pair.bar_hours)
    ends = published_positions(pair, _WINDOW_HOURS[pair.bar_words][0], steps_per_window)
    if ends.size:
        picked = Association(*(getattr(smooth, name)[ends] for name in Association.__dataclass_fields__))
        frames.append(_rows(pair, "ewma", half_life, ends, picked))
    return frames


def measure_dynamic(pairs: Iterable[AlignedSeries]) -> pl.DataFrame:
    """Rows of out.correlation_rolling with estimator `dcc`, for the longest hourly pair of each asset if long enough.

    The path has no interval; `n` is the bars of the fit, `window_hours` is 0.
    """
    longest: dict[tuple[str, str], AlignedSeries] = {}
    for pair in pairs:
        key = (pair.asset_id, pair.benchmark_asset_id)
        if pair.bar_words == "1h" and (key not in longest or pair.n_common > longest[key].n_common):
            longest[key] = pair
    frames = [frame for pair in longest.values() if (frame := _measure_dynamic(pair)) is not None]
    return CORRELATION_ROLLING.conform(pl.concat(frames)) if frames else CORRELATION_ROLLING.empty()


def _measure_dynamic(pair: AlignedSeries) -> pl.DataFrame | None:
    found = fit_dcc(pair.asset, pair.benchmark)
    if found is None:
        return None
    ends = published_positions(pair, DYNAMIC_STEP_HOURS * STEPS_PER_WINDOW)
    nothing = np.full(ends.size, np.nan)
    path = Association(
        n=np.full(ends.size, found.n, dtype=np.int64),
        n_effective=nothing,
        correlation=found.correlation[ends],
        correlation_lower=nothing,
        correlation_upper=nothing,
        beta=found.beta[ends],
        beta_lower=nothing,
        beta_upper=nothing,
    )
    return _rows(pair, "dcc", 0.0, ends, path)


def _rows(pair: AlignedSeries, estimator: str, window_hours: float, ends: Integers, found: Association) -> pl.DataFrame:
    return (
        pl.DataFrame(
            {
                "close_time_utc": pair.close_times(ends),
                "correlation": found.correlation,
                "correlation_lower_95": found.correlation_lower,
                "correlation_upper_95": found.correlation_upper,
                "beta": found.beta,
                "beta_lower_95": found.beta_lower,
                "beta_upper_95": found.beta_upper,
                "n": found.n,
                "n_effective": found.n_effective,
            }
        )
        .select(
            *(pl.lit(value).alias(name) for name, value in pair.labels().items()),
            pl.lit(estimator).alias("estimator"),
            pl.lit(window_hours).alias("window_hours"),
            pl.col(pl.Float64).fill_nan(None),
            "close_time_utc",
            "n",
        )
        .select(CORRELATION_ROLLING.column_names)
    )
