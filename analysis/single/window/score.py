"""One window's abnormal return on the scale of its own hours, among the same score at ordinary times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.kernel import BlockSums, MarketModels, fit_around
from analysis.engine.tails import student_half
from analysis.results.rank import quantiles
from analysis.single.window.block_model import WindowMeasures, measure_windows, sum_returns
from analysis.single.window.placebo import (
    MINIMUM_MATCHED,
    PlaceboRank,
    PlaceboStarts,
    choose_starts,
    count_independent,
    rank_among_placebos,
)
from analysis.single.window.volatility import (
    LATER_HALF_LIFE_HOURS,
    MINIMUM_INSIDE_BARS,
    NEAR_HALF_LIFE_HOURS,
    NEAR_HOURS,
    cells_of_week,
    measure_volatilities,
    median_squares,
    weekly_shape,
)
from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import HOURS_PER_DAY

_LEVEL = 0.05  # of scores that an interval leaves out
# Independent scores that the fallback's Student quantile needs; fewer leave the month's volatility alone.
_MINIMUM_SCORES = 5
BY_SCORES, BY_STUDENT_SCORES, BY_MONTH = "scores", "student_scores", "month"


@dataclass(frozen=True)
class Ground:
    """What scores of one event on one market stand on; lengths in bars, running sums made once for all windows."""

    sums: BlockSums
    is_masked: Flags
    index: int  # bar in which the event falls
    coefficients: MarketModels  # of the event, one element
    residuals: Floats  # per bar, under the event's β, constant left in, log points
    volatility: Floats  # per bar, known before each, freed of the rhythm of the week
    later_volatility: Floats  # the same with a longer memory, for hours after a window's first day
    shape: Floats  # per bar, volatility of its hour of the week over the week's
    of_day: Integers  # place of each bar in its day
    bar_hours: float
    length: int  # of an estimation window
    minimum: int  # usable estimation bars
    history: int  # in which placebo windows are looked for
    gap: int = 0  # between the estimation window and the event's first bar

    @cached_property
    def masked_before(self) -> Integers:
        """Bars in the first hours after other events before each bar, (n + 1,)."""
        return np.concatenate([[0], np.cumsum(self.is_masked)])

    @cached_property
    def shape_totals(self) -> Floats:
        """Running sums of shape², (n + 1,)."""
        return np.concatenate([[0.0], np.cumsum(self.shape**2)])

    @cached_property
    def squares(self) -> Floats:
        """Variance as each bar and the two before it show it, freed of the rhythm of the week."""
        return median_squares(self.residuals / self.shape)

    @cached_property
    def square_totals(self) -> tuple[Floats, Integers]:
        """Running sums of the known `squares`, and how many they are, (n + 1,) each."""
        is_known = np.isfinite(self.squares)
        totals = np.concatenate([[0.0], np.cumsum(np.where(is_known, self.squares, 0.0))])
        return totals, np.concatenate([[0], np.cumsum(is_known)])

    @cached_property
    def month(self) -> float:
        """Median volatility per bar of the estimation window, other events left out; 0 without one."""
        part = slice(max(0, self.index - self.length - self.gap), self.index)
        known = self.squares[part][np.isfinite(self.squares[part]) & ~self.is_masked[part]]
        return float(np.sqrt(known.mean())) if known.size else 0.0

    @cached_property
    def before_ratio(self) -> float | None:
        """Volatility before the event over its mean in the estimation window."""
        known = self.volatility[max(0, self.index - self.length) : self.index + 1]
        known = known[np.isfinite(known)]
        usual = float(np.sqrt(np.mean(known**2))) if known.size else 0.0
        return float(self.volatility[self.index]) / usual if usual > 0 else None


@dataclass(frozen=True, slots=True)
class ScoreInterval:
    """A 95 % interval of an abnormal return, log points, and what made it."""

    lower: float
    upper: float
    method: str
    times: float  # of the ruler, on each side

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.upper - self.lower) / 2.0


@dataclass(frozen=True, slots=True)
class WindowScore:
    """One window, its placebos, and the two rulers: volatility before the window, and inside it."""

    starts: PlaceboStarts
    measures: WindowMeasures  # of the placebos
    beta: Floats  # of each placebo's own model
    car: float  # log points
    scale: float  # what the volatility before the event makes the window spread by, log points
    scales: Floats  # the same of each placebo
    n_independent: int  # of the placebos with a score
    interval: ScoreInterval
    inside: ScoreInterval | None  # None where the window is too short to show its own volatility
    volatility_ratio: float | None  # volatility inside the window over the estimation window's, by the same measure
    inside_over_before: float | None  # volatility inside the window over that before it, different measures
    largest_ordinary_ratio: float | None  # 97.5 % quantile of the same over placebos
    before_ratio: float | None  # volatility before the event over its mean in the estimation window
    benchmark_move: float  # Σm, log points
    largest_benchmark_move: float | None  # 97.5 % quantile of |Σm| over placebos

    @property
    def at_event(self) -> Floats:
        """What puts each placebo's CAR on the event's scale, NaN where its volatility is not known."""
        ratio = self.scale / self.scales
        return np.where(np.isfinite(ratio), ratio, np.nan)

    @property
    def n_placebo(self) -> int:
        """Ordinary windows with a score."""
        return int(np.isfinite(self.measures.car / self.scales).sum())

    @property
    def is_burst(self) -> bool:
        """Whether the window is restless, over the hours before it, as one in forty ordinary windows is."""
        if self.inside_over_before is None or self.largest_ordinary_ratio is None:
            return False
        return self.inside_over_before > self.largest_ordinary_ratio

    @property
    def is_benchmark_far(self) -> bool:
        """Whether the benchmark moved in the window as in one of forty ordinary windows."""
        return self.largest_benchmark_move is not None and abs(self.benchmark_move) > self.largest_benchmark_move


def prepare_ground(
    series: AlignedSeries, sums: BlockSums, is_masked: Flags, index: int, coefficients: MarketModels, lengths: Integers
) -> Ground:
    """The ground of an event in bar `index`; `lengths` are estimation, its minimum and the history of placebos.

    Nothing after the event enters volatility at or before it, nor the rhythm of the week.
    """
    residuals = series.asset - float(coefficients.beta[0]) * series.benchmark
    cells, n_cells = cells_of_week(series.close_us - series.step_us, series.bar_hours)
    shape = weekly_shape(np.where(is_masked, np.nan, residuals)[:index], cells[:index], n_cells, series.bar_hours)[
        cells
    ]
    half_lives = (NEAR_HALF_LIFE_HOURS, LATER_HALF_LIFE_HOURS)
    volatility, later = measure_volatilities(residuals / shape, series.bar_hours, half_lives)
    per_day = max(1, round(HOURS_PER_DAY / series.bar_hours))
    of_day = (series.close_us // series.step_us) % per_day
    length, minimum, history = (int(value) for value in lengths)
    return Ground(
        sums,
        is_masked,
        index,
        coefficients,
        residuals,
        volatility,
        later,
        shape,
        of_day,
        series.bar_hours,
        length,
        minimum,
        history,
    )


def score_window(ground: Ground, measured: WindowMeasures, n_bars: int) -> WindowScore:
    """The score of the window of `n_bars` from the event on; `measured` is the event's, one element, finite.

    A score is CAR over what its hours make it spread by: volatility before the window times the rhythm of the week
    inside it, and the uncertainty of β times the benchmark's move. The interval holds every effect that the scores of
    ordinary windows do not reject: CAR ± q·scale, q the conformal quantile of their sizes. Under 39 independent windows
    it falls back on Student's quantile for the root mean square of the scores, under five on the month's volatility.
    The interval `inside` does the same with the median volatility of the window's own bars as the ruler.
    Null: scores of the event and of ordinary windows are exchangeable. Source: Vovk, Gammerman & Shafer (2005), ch. 2,
    with the count of independent windows in place of n; Andersen, Dobrev & Schaumburg (2012).
    """
    starts = choose_starts(
        ground.of_day,
        ground.index,
        n_bars,
        history=min(ground.history, ground.index - 1 - ground.gap),
        masked_before=ground.masked_before,
        bar_hours=ground.bar_hours,
    )
    at, gap = starts.indices, ground.gap
    fitted = fit_around(
        ground.sums, at - gap, n_bars + gap, limit=ground.index, length=ground.length, minimum=ground.minimum
    )
    placebos = measure_windows(ground.sums, at, n_bars, fitted)
    here = np.array([ground.index], dtype=np.int64)
    car, spread = float(measured.car[0]), _spreads(ground, here, n_bars)
    levers, lever = _levers(placebos, fitted), _levers(measured, ground.coefficients)
    before, befores = ground.volatility[here], ground.volatility[at]
    spreads = _spreads(ground, at, n_bars)
    scale = np.sqrt(_variances(ground, here, n_bars) + lever)
    scales = np.sqrt(_variances(ground, at, n_bars) + levers)
    inside, insides = _inside(ground, here, n_bars), _inside(ground, at, n_bars)
    interval = _interval(car, float(scale[0]), placebos.car / scales, at, n_bars)
    within = None
    if np.isfinite(inside[0]) and inside[0] > 0:
        ruler, rulers = np.sqrt(inside**2 * spread + lever), np.sqrt(insides**2 * spreads + levers)
        within = _interval(car, float(ruler[0]), placebos.car / rulers, at, n_bars)
    with np.errstate(divide="ignore", invalid="ignore"):
        jumps = insides / befores
    return WindowScore(
        starts,
        placebos,
        fitted.beta,
        car,
        float(scale[0]),
        scales,
        count_independent(at[np.isfinite(placebos.car / scales)], n_bars),
        interval or _month_interval(car, measured, ground.coefficients),
        within,
        float(inside[0] / ground.month) if within is not None and ground.month > 0 else None,
        float(inside[0] / before[0]) if within is not None else None,
        _upper_quantile(jumps),
        ground.before_ratio,
        float(np.ravel(measured.benchmark)[0]),
        _upper_quantile(np.abs(placebos.benchmark)),
    )


def interval_halves(
    ground: Ground,
    starts: Integers,
    measured: WindowMeasures,
    fitted: MarketModels,
    n_bars: int,
    interval: ScoreInterval,
) -> Floats:
    """Half the headline interval of each window from `starts` on, log points; NaN where nothing can be said.

    The multiple of the event's own `interval`, on the scale of each start.
    """
    if interval.method == BY_MONTH:
        return measured.standard_error * interval.times
    is_inside = starts + n_bars <= ground.shape.size
    variances = np.full(starts.size, np.nan)
    variances[is_inside] = _variances(ground, starts[is_inside], n_bars)
    return interval.times * np.asarray(np.sqrt(variances + _levers(measured, fitted)))


def rank_score(score: WindowScore, n_bars: int) -> PlaceboRank | None:
    """The rank of the event's score among those of its placebos, which are told at the event's scale."""
    return rank_among_placebos(
        score.car, score.measures.car, score.at_event, starts=score.starts.indices, window=n_bars
    )


def conformal_quantile(sizes: Floats, n_independent: int) -> float:
    """The size that scores of an ordinary window exceed at most one time in twenty, counting `n_independent` of them.

    `sizes` are known and not negative. A value is rejected where (1 + m·k/n)/(1 + m) ≤ 0.05, k being the number of
    sizes at least as large: this is the smallest size with k too large for that.
    """
    n, m = sizes.size, n_independent
    k = int(np.floor(n * (_LEVEL * (1 + m) - 1.0) / m + 1e-9))
    return float(np.sort(sizes)[::-1][min(max(k, 0), n - 1)])


def _interval(car: float, scale: float, scores: Floats, at: Integers, n_bars: int) -> ScoreInterval | None:
    """By the scores, by Student's quantile of few of them, or None without five independent ones."""
    is_known = np.isfinite(scores)
    known = scores[is_known]
    m = count_independent(at[is_known], n_bars)
    if m < _MINIMUM_SCORES or not np.isfinite(scale):
        return None
    if m >= MINIMUM_MATCHED:
        half, method = conformal_quantile(np.abs(known), m), BY_SCORES
    else:
        spread = float(np.sqrt(np.mean(known**2) * (1.0 + 1.0 / m)))
        half, method = student_half(spread, m - 1), BY_STUDENT_SCORES
    return ScoreInterval(car - half * scale, car + half * scale, method, half)


def _month_interval(car: float, measured: WindowMeasures, coefficients: MarketModels) -> ScoreInterval:
    half = student_half(float(measured.standard_error[0]), int(coefficients.n[0]) - 2)
    return ScoreInterval(car - half, car + half, BY_MONTH, half / float(measured.standard_error[0]))


def _spreads(ground: Ground, starts: Integers, n_bars: int) -> Floats:
    """Σ shape² over each window: how many bars of ordinary volatility it is worth."""
    return np.asarray(ground.shape_totals[starts + n_bars] - ground.shape_totals[starts])


def _variances(ground: Ground, starts: Integers, n_bars: int) -> Floats:
    """Variance of each window's CAR by the volatility before it, β taken as known, squared log points."""
    n_near = min(n_bars, max(1, round(NEAR_HOURS / ground.bar_hours)))
    near = ground.volatility[starts] ** 2 * _spreads(ground, starts, n_near)
    later = ground.later_volatility[starts] ** 2 * _spreads(ground, starts + n_near, n_bars - n_near)
    return np.asarray(near + later)


def _levers(measures: WindowMeasures, fitted: MarketModels) -> Floats:
    """Variance of each window's CAR that the uncertainty of β brings, squared log points."""
    squares = np.where(fitted.benchmark_squares > 0, fitted.benchmark_squares, np.inf)
    return np.asarray(fitted.residual_variance * measures.benchmark**2 / squares)


def _inside(ground: Ground, starts: Integers, n_bars: int) -> Floats:
    """Median volatility per bar of each window, freed of the rhythm of the week; NaN in short windows."""
    if n_bars < MINIMUM_INSIDE_BARS:
        return np.full(starts.size, np.nan)
    totals, counts = ground.square_totals
    first, last = starts + 2, starts + n_bars
    n = counts[last] - counts[first]
    return np.where(n == n_bars - 2, np.sqrt((totals[last] - totals[first]) / np.maximum(n, 1)), np.nan)


def _upper_quantile(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return quantiles(known, (0.975,))[0] if known.size else None


def ground_of_series(
    series: AlignedSeries, is_masked: Flags, index: int, lengths: Integers, *, gap: int = 0
) -> Ground | None:
    """The ground of an event from its bars alone, or None where its model cannot be fitted on them."""
    sums = sum_returns(series, is_masked)
    here = np.array([index - gap], dtype=np.int64)
    length, minimum, _ = (int(value) for value in lengths)
    coefficients = fit_around(sums, here, 0, limit=index, length=length, minimum=minimum)
    if coefficients.reason[0]:
        return None
    return replace(prepare_ground(series, sums, is_masked, index, coefficients, lengths), gap=gap)
