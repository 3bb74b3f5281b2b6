"""Time series prepared for drawing: gaps become breaks, never bridges."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from warehouse.tables.bars import HOUR


def break_gaps(frame: pl.DataFrame, time_column: str) -> pl.DataFrame:
    """`frame` sorted by time with one row of nulls inside every stretch longer than 1.5 usual steps."""
    ordered = frame if frame[time_column].is_sorted() else frame.sort(time_column)
    if ordered.height < 3:
        return ordered
    steps = ordered[time_column].diff()
    usual = steps.drop_nulls().median()
    if not isinstance(usual, timedelta):
        return ordered
    is_late = steps > usual * 1.5
    if not is_late.fill_null(False).any():
        return ordered
    holes = ordered.filter(is_late.fill_null(False)).select(pl.col(time_column) - usual / 2)
    return pl.concat([ordered, holes], how="diagonal").sort(time_column)


def bar_hours(frame: pl.DataFrame, time_column: str) -> float | None:
    """The usual distance between rows in hours; None for fewer than two rows."""
    if frame.height < 2:
        return None
    times = frame[time_column]
    steps = np.diff((times if times.is_sorted() else times.sort()).to_numpy())
    # Most series are regular, and a median takes longer than a look.
    usual = steps[0] if (steps == steps[0]).all() else np.median(steps)
    return float(usual / np.timedelta64(HOUR))
