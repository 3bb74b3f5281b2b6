"""Events stacked for a panel event study, each beside the assets it does not concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.engine.standardise import EventInput

# Later than any calendar bar: minutes since 1970 reach it in the year 20,000.
_FARTHEST_BAR = 10**10

STACK_SCHEMA = {
    "unit": pl.Int64,
    "time": pl.Int64,
    "cluster": pl.Int64,
    "relative_bar": pl.Int64,
    "outcome": pl.Float64,
}


def stack_events(
    inputs: Sequence[EventInput], *, leads: int, lags: int, base_bars: int, cluster_bars: int | None = None
) -> pl.DataFrame:
    """The frame of `panel_event_study`: unit, time, cluster, relative_bar, outcome, a row per series and bar.

    Every event is a stack with times of its own, so that one event is never the comparison of another; its units are
    its assets and one comparison: the mean of `donors` over the bars where all of those used have one, else the
    `benchmark`. The bars are −leads … lags and the `base_bars` before them; bars before the event that are masked, and
    bars that are bad or missing, have no row. Clusters are events, or with `cluster_bars` the stretches of so many
    calendar bars in which their bar 0 lies: events close in time are not independent. Outcomes keep the unit of the
    returns. Source of the design: Cengiz, Dube, Lindner & Zipperer (2019).
    """
    units: list[_Unit] = []
    numbers: dict[str, int] = {}
    for item in inputs:
        positions, relative = _bars_around(item, leads, lags, base_bars)
        if not positions.size:
            continue
        is_new = item.event_id not in numbers
        stack = numbers.setdefault(item.event_id, len(numbers))
        cluster = stack if cluster_bars is None else int(item.calendar[item.bar_zero]) // cluster_bars
        # Calendar bars become times of one event.
        times = item.calendar[positions] + stack * _FARTHEST_BAR
        units.append(_Unit(cluster, times, relative, item.returns[positions]))
        if is_new:
            units.append(_Unit(cluster, times, None, _comparison(item, positions)))
    return _rows(units) if units else pl.DataFrame(schema=STACK_SCHEMA)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One series of a stack; `relative` is None for a comparison."""

    cluster: int
    times: Integers
    relative: Integers | None
    outcome: Floats


def _rows(units: Sequence[_Unit]) -> pl.DataFrame:
    sizes = [unit.times.size for unit in units]
    nothing = [np.zeros(unit.times.size, dtype=np.int64) for unit in units]
    relative = [unit.relative if unit.relative is not None else none for unit, none in zip(units, nothing, strict=True)]
    is_treated = np.repeat([unit.relative is not None for unit in units], sizes)
    return pl.DataFrame(
        {
            "unit": np.repeat(np.arange(len(units)), sizes),
            "time": np.concatenate([unit.times for unit in units]),
            "cluster": np.repeat([unit.cluster for unit in units], sizes),
            "relative_bar": np.concatenate(relative),
            "outcome": np.concatenate([unit.outcome for unit in units]),
        },
        schema=STACK_SCHEMA,
    ).with_columns(pl.when(pl.Series(is_treated)).then("relative_bar").alias("relative_bar"))


def _bars_around(item: EventInput, leads: int, lags: int, base_bars: int) -> tuple[Integers, Integers]:
    """Positions in the series and bars relative to bar 0; none for an event that is out or outside the data."""
    if item.reason or not 0 <= item.bar_zero < item.returns.size:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    relative = np.arange(-leads - base_bars, lags + 1)
    positions = relative + item.bar_zero
    is_kept = (positions >= 0) & (positions < item.returns.size)
    relative, positions = relative[is_kept], positions[is_kept]
    if item.mask is not None:
        is_other = (relative < 0) & item.mask[positions]
        relative, positions = relative[~is_other], positions[~is_other]
    if item.bad_bars:
        is_bad = np.isin(positions, list(item.bad_bars)) | np.isin(positions - 1, list(item.bad_bars))
        relative, positions = relative[~is_bad], positions[~is_bad]
    return positions.astype(np.int64), relative.astype(np.int64)


def _comparison(item: EventInput, positions: Integers) -> Floats:
    """Mean return of the other assets that have every bar, else the benchmark's, at `positions`."""
    if item.donors is not None and item.donors.shape[1]:
        others = item.donors[positions]
        whole = np.isfinite(others).all(axis=0)
        if whole.any():
            return np.asarray(others[:, whole].mean(axis=1))
    return np.asarray(item.benchmark[positions], dtype=np.float64)
