"""Spans in which a correlation held one level, found by change-point search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from analysis.portable import arctanh, log
from analysis.tape.series import AlignedSeries
from analysis.together.moving.change_points import find_change_points
from analysis.together.moving.intervals import Array, associate
from warehouse.tables.correlation import CORRELATION_REGIME

# Bars per block by bar length: one day of hours, three days of 4-hour bars, four weeks of days.
BLOCK_BARS = {"1h": 24, "4h": 18, "1d": 28}
# Fewer blocks than this cannot tell a level from noise.
MIN_BLOCKS = 60
# A level must hold for this many blocks.
MIN_REGIME_BLOCKS = 7
# Cost of a break in units of log(blocks) times the noise variance; simulated false alarms stay under 5 %.
PENALTY = 3.0
_CONVENTIONS = (
    "optimal partition (squared cost) of Fisher's z of non-overlapping blocks, penalty 3 log(blocks) times the noise "
    "variance from successive differences; a break is known to one block"
)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Fisher's z of each complete block, and where in the series the blocks begin."""

    z: Array
    starts: Array


def block_correlations(token: Array, benchmark: Array, size: int, first: int = 0) -> Blocks:
    """Fisher's z of the correlation in non-overlapping blocks of `size` bars from bar `first`; thin blocks left out."""
    n_blocks = (token.size - first) // size
    shape = (n_blocks, size)
    stop = first + n_blocks * size
    found = associate(token[first:stop].reshape(shape), benchmark[first:stop].reshape(shape), n_lags=0)
    is_usable = np.isfinite(found.correlation) & (found.n >= 0.8 * size)
    z = arctanh(np.clip(found.correlation[is_usable], -0.999, 0.999))
    return Blocks(z, (first + np.arange(n_blocks) * size)[is_usable].astype(np.float64))


def find_breaks(levels: Array) -> list[int]:
    """Positions at which a new level begins, none when the series is shorter than MIN_BLOCKS.

    The noise is estimated from successive differences, so a break does not hide itself by inflating it.
    """
    if levels.size < MIN_BLOCKS:
        return []
    noise = float(np.median(np.abs(np.diff(levels)))) / (0.6745 * np.sqrt(2.0))
    return find_change_points(levels, PENALTY * log(levels.size) * noise**2, MIN_REGIME_BLOCKS)


def measure_regimes(pairs: Iterable[AlignedSeries]) -> pl.DataFrame:
    """Rows of out.correlation_regime for pairs with at least MIN_BLOCKS blocks; one row when there is no break.

    Blocks begin at whole multiples of the block length in UTC.
    """
    rows = [row for pair in pairs if pair.bar_words in BLOCK_BARS for row in _measure_pair(pair)]
    if not rows:
        return CORRELATION_REGIME.empty()
    frame = pl.DataFrame(rows, schema=CORRELATION_REGIME.schema, orient="row")
    return CORRELATION_REGIME.conform(frame.with_columns(pl.col(pl.Float64).fill_nan(None)))


def _measure_pair(pair: AlignedSeries) -> list[dict[str, Any]]:
    size = BLOCK_BARS[pair.bar_words]
    offset = int(pair.first_open.timestamp() // pair.bar.total_seconds())
    blocks = block_correlations(pair.asset, pair.benchmark, size, (-offset) % size)
    if blocks.z.size < MIN_BLOCKS:
        return []
    borders = [0, *find_breaks(blocks.z), blocks.z.size]
    rows = []
    for number in range(1, len(borders)):
        first, last = borders[number - 1], borders[number]
        start = int(blocks.starts[first])
        stop = int(blocks.starts[last - 1]) + size
        found = associate(pair.asset[start:stop], pair.benchmark[start:stop])
        rows.append(
            {
                **pair.labels(),
                "regime_number": number,
                "start_utc": pair.close_time(start) - pair.bar,
                "end_utc": pair.close_time(stop - 1),
                "correlation": float(found.correlation),
                "correlation_lower_95": float(found.correlation_lower),
                "correlation_upper_95": float(found.correlation_upper),
                "beta": float(found.beta),
                "n": int(found.n),
                "n_blocks": last - first,
                "block_hours": size * pair.bar_hours,
                "conventions": _CONVENTIONS,
                "data_as_of_utc": pair.last_close,
            }
        )
    return rows
