"""Closes of another unit among their neighbours: the one rule for imported bars and for a person's own tables."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

# A close this many times the bar before, the bars around it, or the stored close of the same bar, or as small a part
# of them: another unit, another coin, another kind of price.
JUMP_FACTOR = 5.0
# Bars on either side that a single bar is compared with; a crash that lasts has bars of its size on one side.
_NEAR = 5


def spikes(close: pl.Expr, series: Sequence[str]) -> pl.Expr:
    """Whether a close is JUMP_FACTOR times the medians on both sides, or as small a part; not so near a series' ends."""
    before = close.shift(1).rolling_median(_NEAR, min_samples=2).over(series)
    after = close.reverse().shift(1).rolling_median(_NEAR, min_samples=2).reverse().over(series)
    is_above = close >= JUMP_FACTOR * pl.max_horizontal(before, after)
    is_below = close <= pl.min_horizontal(before, after) / JUMP_FACTOR
    return before.is_not_null() & after.is_not_null() & (is_above | is_below)
