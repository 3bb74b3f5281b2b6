"""What one market did over each window after one event: raw, expected, abnormal, and its rank among placebos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.engine.kernel import fit_around
from analysis.engine.tails import student_interval
from analysis.results.row import Numbers, ResultRow, as_fraction, error_as_fraction
from analysis.single.rows import absent_row, pair_row
from analysis.single.window.block_model import WindowMeasures, measure_windows
from analysis.single.window.pair import Pair
from analysis.single.window.placebo import PlaceboRank, PlaceboStarts, choose_starts, rank_among_placebos
from warehouse.tables.units import count, hours_plain, iso_minute, plain

Floats = NDArray[np.float64]

_STATISTICS = ("raw_return", "expected_return", "car", "placebo_rank")


@dataclass(frozen=True, slots=True)
class Placebos:
    """The placebo windows of one pair and length."""

    starts: PlaceboStarts
    measures: WindowMeasures
    beta: Floats  # of each placebo's own model
    scale: Floats  # volatility at the event over volatility at each start


@dataclass(frozen=True, slots=True)
class WindowStudy:
    """One window of one pair; `car` and its error are log points."""

    window_hours: float
    n_bars: int
    car: float
    standard_error: float
    placebos: Placebos
    rank: PlaceboRank | None
    rows: tuple[ResultRow, ...]


def study_window(pair: Pair, window_hours: float) -> WindowStudy | tuple[ResultRow, ...]:
    """The window's numbers, or rows that say for each statistic why there is none."""
    n_bars = pair.bars(window_hours)
    reason = _find_obstacle(pair, window_hours, n_bars)
    if reason:
        return tuple(absent_row(pair, window_hours, statistic, reason) for statistic in _STATISTICS)
    starts = np.array([pair.index], dtype=np.int64)
    measured = measure_windows(pair.sums, starts, n_bars, pair.coefficients)
    car, error = float(measured.car[0]), float(measured.standard_error[0])
    if not np.isfinite(car):
        reason = "a bar of the token or of the benchmark is missing inside the window"
        return tuple(absent_row(pair, window_hours, statistic, reason) for statistic in _STATISTICS)
    placebos = place_placebos(pair, n_bars)
    rank = rank_among_placebos(
        car, placebos.measures.car, placebos.scale, starts=placebos.starts.indices, window=n_bars
    )
    rows = _number_rows(pair, window_hours, n_bars, measured, placebos, rank)
    return WindowStudy(window_hours, n_bars, car, error, placebos, rank, rows)


def place_placebos(pair: Pair, n_bars: int) -> Placebos:
    """The same measure over `n_bars` at ordinary times before the event, each under its own model."""
    starts = choose_starts(
        pair.series,
        pair.index,
        n_bars,
        history=pair.bars(pair.specification.placebo_history_hours),
        is_masked=pair.is_masked,
    )
    coefficients = fit_around(
        pair.sums,
        starts.indices,
        n_bars,
        limit=pair.index,
        length=pair.bars(pair.specification.estimation_hours),
        minimum=pair.bars(pair.specification.minimum_estimation_hours),
    )
    measures = measure_windows(pair.sums, starts.indices, n_bars, coefficients)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = pair.volatility[pair.index] / pair.volatility[starts.indices]
    return Placebos(starts, measures, coefficients.beta, np.where(np.isfinite(scale), scale, np.nan))


def _find_obstacle(pair: Pair, window_hours: float, n_bars: int) -> str | None:
    if n_bars < 1 or abs(n_bars * pair.series.bar_hours - window_hours) > 1e-9:
        return f"{hours_plain(window_hours)} is not a whole number of {pair.series.bar_words} bars"
    if pair.index + n_bars > pair.series.close_us.size:
        last = pair.close_at(pair.series.close_us.size)
        return f"the record ends at {iso_minute(last)} UTC, before the window does: fetch or import later bars"
    return None


def _number_rows(
    pair: Pair, hours: float, n_bars: int, measured: WindowMeasures, placebos: Placebos, rank: PlaceboRank | None
) -> tuple[ResultRow, ...]:
    as_of, n_estimation = pair.close_at(n_bars - 1), int(pair.coefficients.n[0])
    car, error, expected = (float(values[0]) for values in (measured.car, measured.standard_error, measured.expected))
    interval = student_interval(car, error, n_estimation - 2)
    return (
        pair_row(pair, hours, "raw_return", as_of, Numbers(estimate=as_fraction(car + expected), n=n_bars)),
        pair_row(pair, hours, "expected_return", as_of, Numbers(as_fraction(expected), n_estimation=n_estimation)),
        pair_row(
            pair,
            hours,
            "car",
            as_of,
            Numbers(
                as_fraction(car),
                error_as_fraction(car, error),
                as_fraction(interval.lower),
                as_fraction(interval.upper),
                interval.t,
                interval.p_value,
                n=n_bars,
                n_estimation=n_estimation,
            ),
        ),
        _rank_row(pair, hours, n_bars, placebos, rank),
    )


def _rank_row(pair: Pair, hours: float, n_bars: int, placebos: Placebos, rank: PlaceboRank | None) -> ResultRow:
    if rank is None:
        reason = (
            f"no placebo window of {hours_plain(hours)} fits before the event between other events: import earlier bars"
        )
        return absent_row(pair, hours, "placebo_rank", reason)
    indices = placebos.starts.indices
    days = (pair.index - int(indices[0])) * pair.series.bar_hours / 24.0
    words = (
        f"{pair.conventions}; placebos: {rank.n} windows in the {count(days)} days before, {placebos.starts.matching}, "
        f"other events avoided, scaled by EWMA volatility; {rank.n_independent} of them independent: "
        f"p cannot be below {plain(1.0 / (1 + rank.n_independent), 3)}; the interval holds 95 % of the placebos"
    )
    numbers = Numbers(
        lower_95=as_fraction(rank.lower),
        upper_95=as_fraction(rank.upper),
        value=float(rank.n_as_large),
        p_value=rank.p_value,
        n=rank.n,
        n_effective=float(rank.n_independent),
        n_estimation=int(pair.coefficients.n[0]),
    )
    return pair_row(pair, hours, "placebo_rank", pair.close_at(n_bars - 1), numbers, conventions=words)
