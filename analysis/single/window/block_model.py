"""What markets did over many windows beyond the market model of each, the model's constant left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.kernel import BlockSums, MarketModels, sum_blocks, total_returns
from analysis.tape.series import AlignedSeries


@dataclass(frozen=True, slots=True)
class WindowMeasures:
    """Cumulative abnormal log returns of many windows with their prediction-error standard deviation."""

    car: Floats
    standard_error: Floats
    expected: Floats  # β·Σm, log points
    benchmark: Floats  # Σm, log points


def sum_returns(series: AlignedSeries, is_masked: Flags) -> BlockSums:
    """The sums of `series`; bars in `is_masked` (n,) (other events) count in windows but not in estimation."""
    return sum_blocks(series.asset, series.benchmark, is_masked, series.first_bar)


def measure_windows(sums: BlockSums, starts: Integers, window: int, models: MarketModels) -> WindowMeasures:
    """CAR of the bars [start, start + window) with its prediction error; NaN where a bar of the window is missing.

    Expected return is β·Σm without the constant: a drift fitted on a few weeks piles up over a long window. Variance is
    s²·(window + (Σm)²/Σ(m − m̄)²): new noise plus the uncertainty of β.
    Source: Campbell, Lo & MacKinlay (1997), eq. 4.4.9, with the constant left out.
    """
    asset, moved = total_returns(sums, starts, window)
    expected = models.beta * moved
    with np.errstate(invalid="ignore"):
        lever = moved**2 / np.where(models.benchmark_squares > 0, models.benchmark_squares, np.inf)
        error = np.sqrt(models.residual_variance * (window + lever))
    return WindowMeasures(asset - expected, error, expected, moved)
