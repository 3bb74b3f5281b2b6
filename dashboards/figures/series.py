"""Time series prepared for drawing: gaps become breaks, never bridges."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from warehouse.tables.bars import HOUR


def break_gaps(frame: pl.DataFrame, time_column: str) -> pl.DataFrame:
    """`frame` sorted by time with one row of nulls inside every stretch longer than 1.5 usual steps."""
    ordered = frame.sort(time_column)
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
    usual = np.median(np.diff(np.sort(frame[time_column].to_numpy())))
    return float(usual / np.timedelta64(HOUR))
