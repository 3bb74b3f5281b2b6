"""How restless a market is at a bar: a robust volatility of short memory, and the rhythm of the week it is freed of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.compiled import robust_variances
from warehouse.tables.bars import DAY, HOURS_PER_DAY, MICROSECONDS_PER_DAY, WEEK

# What won and what lost, with numbers: docs/decisions.
NEAR_HALF_LIFE_HOURS = 6.0  # a day after a change fifteen sixteenths of it are in
NEAR_HOURS = 24.0  # of a window that this volatility speaks for; later hours go back towards those of days
LATER_HALF_LIFE_HOURS = 72.0
_MINIMUM_HALF_LIFE_BARS = 6.0  # long bars need more hours for an estimate that is not mostly noise
_LARGEST_SHOCK = 3.0  # current standard deviations that one bar counts at most: one leap is not a restless market
_BURN_IN_HOURS = 24.0  # of residuals before the first estimate: fewer hours explode the scale
_MINIMUM_BURN_IN = 12  # bars
_FLOOR_HALF_LIFE_HOURS = (
    720.0  # of the slow average, which the estimate may not leave downwards when prices stand still
)
_FLOOR_SHARE = 0.05  # of the slow variance

_SMOOTHING_HOURS = 3.0  # neighbours of an hour of the week on each side that help to know it
_LARGEST_SIZE = 4.0  # of a bar over its week's mean size: one bar says no more about its hour
_NOISE_TIMES = 1.5  # of the variance that chance gives the shape: less than that is no rhythm
_SHAPE_WEEKS = 3  # of bars before a rhythm is looked for
MINIMUM_INSIDE_BARS = 6  # of a window, below which its own volatility is noise

_DAYS_PER_WEEK = WEEK // DAY
# Of the median of three sizes, to the variance: Andersen, Dobrev & Schaumburg (2012), equation 5.
_MEDIAN_FACTOR = float(np.pi / (6.0 - 4.0 * np.sqrt(3.0) + np.pi))


def measure_volatility(residuals: Floats, bar_hours: float) -> Floats:
    """Standard deviation per bar known before each bar, shape (n,), log points; a ruler up to a constant factor.

    An exponential average of squared medians of three distances from the median of five, so that neither one leap nor
    a steady drift of some hours passes for restlessness, and a real burst is in within hours. A missing residual leaves
    the estimate where it was. Before a day (and twelve bars) of residuals it is NaN.
    Source: RiskMetrics (1996) for the average; Andersen, Dobrev & Schaumburg (2012) for the medians.
    """
    return np.asarray(measure_volatilities(residuals, bar_hours, (NEAR_HALF_LIFE_HOURS,))[0])


def measure_volatilities(residuals: Floats, bar_hours: float, half_lives_hours: Sequence[float]) -> Floats:
    """The same with a memory of each half-life, (half-lives, n)."""
    decays = np.array([0.5 ** (1.0 / max(hours / bar_hours, _MINIMUM_HALF_LIFE_BARS)) for hours in half_lives_hours])
    burn_in = max(_MINIMUM_BURN_IN, round(_BURN_IN_HOURS / bar_hours))
    slow = max(_FLOOR_HALF_LIFE_HOURS / bar_hours, _MINIMUM_HALF_LIFE_BARS)
    floor = np.array([0.5 ** (1.0 / slow), _FLOOR_SHARE])
    values = np.ascontiguousarray(residuals, dtype=np.float64)
    return np.asarray(np.sqrt(robust_variances(values, decays, _LARGEST_SHOCK, burn_in, floor)))


def median_squares(residuals: Floats) -> Floats:
    """Variance as each bar and the two before it show it, by the median of their sizes, (n,); the first two are NaN.

    Source: the terms of MedRV, Andersen, Dobrev & Schaumburg (2012).
    """
    sizes = np.abs(residuals)
    squares = np.full(sizes.size, np.nan)
    a, b, c = sizes[:-2], sizes[1:-1], sizes[2:]
    squares[2:] = _MEDIAN_FACTOR * np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c)) ** 2
    return squares


def cells_of_week(times_us: Integers, bar_hours: float) -> tuple[Integers, int]:
    """The place of each bar in its week, and how many places there are: hours, longer bars where bars are longer.

    Bars of a day have seven places, longer ones have one.
    """
    hours = max(bar_hours, 1.0)
    days = times_us // MICROSECONDS_PER_DAY
    if hours > HOURS_PER_DAY:
        return np.zeros(times_us.size, dtype=np.int64), 1
    per_day = round(HOURS_PER_DAY / hours)
    of_day = (times_us % MICROSECONDS_PER_DAY) * per_day // MICROSECONDS_PER_DAY
    return (days % _DAYS_PER_WEEK) * per_day + of_day, _DAYS_PER_WEEK * per_day


def weekly_shape(residuals: Floats, cells: Integers, n_cells: int, bar_hours: float) -> Floats:
    """Volatility of each place of the week over the week's, (n_cells,), mean square 1; ones where no rhythm shows.

    Sizes of `residuals` (n,) are put over the mean size of the week around them, so that a restless month does not
    pass for a rhythm; neighbours within three hours are averaged; the rest is drawn towards 1 by the share of its
    variation that chance explains. Missing residuals do not count.
    """
    flat = np.ones(n_cells)
    per_cell = max(1, round(1.0 / bar_hours)) if bar_hours < 1.0 else 1
    week = n_cells * per_cell
    sizes = np.abs(residuals)
    is_known = np.isfinite(sizes)
    if n_cells == 1 or is_known.sum() < _SHAPE_WEEKS * week:
        return flat
    level = _rolling_mean(np.where(is_known, sizes, 0.0), is_known, week)
    is_known &= level > 0
    relative = np.minimum(sizes[is_known] / level[is_known], _LARGEST_SIZE)
    counts = np.bincount(cells[is_known], minlength=n_cells).astype(np.float64)
    sums = np.bincount(cells[is_known], weights=relative, minlength=n_cells)
    reach = int(_SMOOTHING_HOURS / max(bar_hours, 1.0))
    steps = range(-reach, reach + 1) if reach * 2 < n_cells else range(1)
    weights = np.array([[1.0 - abs(step) / (reach + 1.0)] for step in steps])
    near = (np.arange(n_cells) - np.array(steps)[:, np.newaxis]) % n_cells
    known, total, squares = (
        (weight * of_cell[near]).sum(axis=0)
        for weight, of_cell in ((weights, counts), (weights, sums), (weights**2, counts))
    )
    is_seen = known > 0
    if not is_seen.any():
        return flat
    share = total[is_seen] / known[is_seen]
    noise = float(np.var(relative)) * float(np.mean(squares[is_seen] / known[is_seen] ** 2))
    spread = float(np.var(share))
    pull = max(0.0, 1.0 - _NOISE_TIMES * noise / spread) if spread > 0 else 0.0
    flat[is_seen] = 1.0 + pull * (share / float(np.mean(share)) - 1.0)
    return np.asarray(flat / np.sqrt(np.mean(flat**2)))


def _rolling_mean(values: Floats, is_known: Flags, length: int) -> Floats:
    """Mean of the known values within half a `length` on each side, NaN where there is none."""
    totals = np.concatenate([[0.0], np.cumsum(values)])
    counts = np.concatenate([[0], np.cumsum(is_known)])
    at = np.arange(values.size)
    first, last = np.maximum(at - length // 2, 0), np.minimum(at + length // 2, values.size)
    n = counts[last] - counts[first]
    return np.where(n > 0, (totals[last] - totals[first]) / np.maximum(n, 1), np.nan)
