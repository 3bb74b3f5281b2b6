"""Market model with a variance process for its residuals, fitted by maximum likelihood from several starts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numba
import numpy as np

from analysis.arrays import Floats
from analysis.engine.model_fit import LeastSquares, ModelFit, ModelInput, centred_design, fit_least_squares
from analysis.engine.statistic import NotApplicable
from analysis.portable import exp, powers
from analysis.results.rank import middle
from warehouse.tables.units import count, number, plain

_MINIMUM_BARS = 100  # below which a variance process cannot be told from noise

# Screens of a maximum. Likelihoods of variance processes, EGARCH's above all, have spurious maxima where deviations
# vanish or explode. The limits are wide on purpose.
LARGEST_PERSISTENCE = 1.0 + 1e-6  # 1 is an integrated process, where fits often end; its next bars have a variance
LARGEST_SIGMA_RATIO = 2.0  # in-sample deviation of the process over that of least squares, either way
LARGEST_BETA_SHIFT = 10.0  # of β from least squares, in its standard errors
SMALLEST_FORECAST = 0.1  # a forecast deviation over the median absolute residual; the largest residual is the top

# Searches whose log likelihoods are this close must give one answer: β in standard errors of least squares, and the
# forecast deviation of the window as a ratio.
_SAME_LIKELIHOOD, _SAME_BETA, _SAME_FORECAST = 1e-3, 0.05, 0.01
_ITERATIONS = 150  # of one search at most
_FIRST_STEP = 0.05  # of the parameter with the steepest slope, while no curvature is known
_LONGEST_STEP = 0.4  # of any parameter: a longer one leaves the hill that the start lies on
_HALVINGS, _ENOUGH = 30, 1e-4  # of a step, and the share of the fall its slope promises that it must bring
_UNSEEN = 1e-15  # of the likelihood: a promised fall that rounding hides, and no shorter step shows
# A search ends after so many steps in a row that gain less likelihood and move every parameter less than this.
_STILL, _STILL_MOVE, _STILL_STEPS = 1e-9, 1e-7, 3
_TINY = 1e-300  # keeps divisors from zero
_LEVEL_DECAY, _LEVEL_BARS = 0.94, 75  # weights of the squares that stand for the variance before the first bar
_LARGEST_LOG = 40.0  # |log variance| over that of least squares: beyond it lies no variance of returns
_NOWHERE = 1e10  # minus the log likelihood of parameters that no process has


@dataclass(frozen=True, slots=True)
class VarianceProcess:
    """A variance process of residuals scaled to variance 1: from where it is searched, and what it forecasts."""

    name: str
    is_log: bool  # of log variances (EGARCH), else of variances (GARCH)
    starts: Sequence[tuple[float, ...]]  # the parameters behind α and β, as `minus_log_likelihood` takes them
    persistence: Callable[[Floats], float]
    forecast: Callable[[Floats, float, int], Floats]  # parameters, variance of the next bar, bars -> their variances


def fit_with_variance(data: ModelInput, process: VarianceProcess) -> ModelFit | NotApplicable:
    """α and β with residuals whose variance follows `process`, by the normal likelihood.

    Each bar of the window has its own forecast variance. The best maximum that a variance can have stands, if another
    start finds it too. Too few bars, a constant series or benchmark, maxima that no variance can have, and starts that
    do not agree are NotApplicable with the reason. The likelihood, its slopes and the search are compiled and call
    neither BLAS nor numpy's logarithm: every processor ends at the same bits.
    """
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    if y.size < _MINIMUM_BARS:
        return NotApplicable(f"{y.size} estimation bars; {process.name} needs at least {_MINIMUM_BARS}")
    simple = fit_least_squares(y, x[:, None])
    if isinstance(simple, NotApplicable):
        return simple
    ground = VarianceSearch.of(data, process, simple)
    ends = sorted((ground.descend(start) for start in process.starts), key=lambda end: end[0])
    standing: list[tuple[float, ModelFit]] = []
    problems: list[str] = []
    for least, point in ends:
        # Those that follow lie lower than the best by more.
        if standing and least - standing[0][0] >= _SAME_LIKELIHOOD:
            break
        fit, problem = ground.fit(point)
        if problem is None:
            standing.append((least, fit))
        else:
            problems.append(problem)
    if not standing:
        return NotApplicable(f"{process.name} is implausible on the estimation window: {problems[0]}")
    (_, best), *near = standing
    if not near or not all(_is_same(best, other, simple, y.size) for _, other in near):
        return NotApplicable(
            f"{process.name} is not identified on the estimation window: {count(len(ends))} starts of the search do "
            "not agree on one maximum"
        )
    return best


def _is_same(one: ModelFit, other: ModelFit, simple: LeastSquares, n: int) -> bool:
    error = float(np.sqrt(simple[3] / (n - 2) * simple[4][0, 0]))
    ratio = float(np.sqrt(other.bar_variance.sum() / one.bar_variance.sum()))
    return abs(one.beta[0] - other.beta[0]) < _SAME_BETA * error and abs(ratio - 1.0) < _SAME_FORECAST


@dataclass(frozen=True, slots=True)
class VarianceSearch:
    """Where all starts of one search begin: residuals and benchmark scaled to variance 1 around least squares."""

    data: ModelInput
    process: VarianceProcess
    simple: LeastSquares
    scale: float  # of residuals, log points
    spread: float  # of the benchmark
    fixed: tuple[Floats, Floats, bool, float, Floats]  # of `minus_log_likelihood`
    design: tuple[Floats, Floats]  # as `centred_design` gives it for the window

    @classmethod
    def of(cls, data: ModelInput, process: VarianceProcess, simple: LeastSquares) -> VarianceSearch:
        """From the line of least squares on the estimation window."""
        y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
        rest, centred = y - simple[0] - float(simple[1][0]) * x, x - float(simple[2][0])
        scale, spread = float(np.sqrt(np.mean(rest**2))), float(np.sqrt(np.mean(centred**2)))
        weights = powers(_LEVEL_DECAY, np.arange(min(_LEVEL_BARS, y.size), dtype=np.float64))
        before = float(np.sum(weights * rest[: weights.size] ** 2) / np.sum(weights)) / scale**2
        fixed = (rest / scale, centred / spread, process.is_log, before, np.zeros((2, y.size + 1)))
        design = centred_design(x, data.factors[data.window, 0])
        return cls(data, process, simple, scale, spread, fixed, design)

    def descend(self, start: tuple[float, ...]) -> tuple[float, Floats]:
        """The least minus log likelihood that a search from `start` ends at, and its point."""
        point = search_descent(np.array([0.0, 0.0, *start]), *self.fixed)
        return minus_log_likelihood(point, *self.fixed, np.zeros(point.size)), point

    def fit(self, point: Floats) -> tuple[ModelFit, str | None]:
        """The model at a point where a search ended, and why it cannot stand."""
        data, process, scale, traces = self.data, self.process, self.scale, self.fixed[4]
        minus_log_likelihood(point, *self.fixed, np.zeros(point.size))  # leaves the traces of this very point behind
        x, slope, mean = data.factors[data.estimation, 0], float(self.simple[1][0]), float(self.simple[2][0])
        residuals, variances = traces[0, :-1] * scale, exp(traces[1]) if process.is_log else traces[1]
        beta = slope + float(point[1]) * scale / self.spread
        alpha = self.simple[0] + float(point[0]) * scale - (beta - slope) * mean
        horizon = max(int(data.window[-1] - data.estimation[-1]), 1)
        forecast = process.forecast(point[2:], float(variances[-1]), horizon) * scale**2
        variance = float(np.mean(variances[:-1])) * scale**2
        ahead = np.clip(data.window - data.estimation[-1] - 1, 0, forecast.size - 1)
        fit = ModelFit(
            alpha=alpha,
            beta=(beta,),
            sigma=float(np.sqrt(variance)),
            degrees_of_freedom=x.size - 2,
            residuals=residuals,
            ar=data.returns[data.window] - alpha - beta * data.factors[data.window, 0],
            bar_variance=forecast[ahead],
            design=self.design[0],
            gram=self.design[1],
        )
        persistence = process.persistence(point[2:])
        return fit, find_implausibility(self.simple, beta, persistence, variance, forecast, residuals)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _trace_garch(point: Floats, y: Floats, x: Floats, before: float, traces: Floats, slopes: Floats) -> float:
    """GARCH(1,1) at (α, β, log ω, logit of the persistence, logit of the shock's share), as `minus_log_likelihood`."""
    omega, persistence = math.exp(point[2]), 1.0 / (1.0 + math.exp(-point[3]))
    share = 1.0 / (1.0 + math.exp(-point[4]))
    shock, memory = persistence * share, persistence * (1.0 - share)
    variance, total = omega + persistence * before, 0.0
    # Slopes of the variance: by α, β, and the three searched parameters.
    by_a, by_b, by_omega, by_persistence, by_share = 0.0, 0.0, omega, persistence * (1.0 - persistence) * before, 0.0
    for t in range(y.size):
        residual = y[t] - point[0] - point[1] * x[t]
        traces[0, t], traces[1, t] = residual, variance
        inverse = 1.0 / variance
        square = residual * residual
        total += math.log(variance) + square * inverse
        pull, push = 0.5 * inverse * (1.0 - square * inverse), residual * inverse
        slopes[0] += pull * by_a - push
        slopes[1] += pull * by_b - push * x[t]
        slopes[2] += pull * by_omega
        slopes[3] += pull * by_persistence
        slopes[4] += pull * by_share
        by_a = memory * by_a - 2.0 * shock * residual
        by_b = memory * by_b - 2.0 * shock * residual * x[t]
        by_omega = memory * by_omega + omega
        driven = shock * square + memory * variance
        by_persistence = memory * by_persistence + (1.0 - persistence) * driven
        by_share = memory * by_share + shock * (1.0 - share) * (square - variance)
        variance = omega + driven
    traces[1, y.size] = variance
    return 0.5 * total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _trace_egarch(point: Floats, y: Floats, x: Floats, before: float, traces: Floats, slopes: Floats) -> float:
    """EGARCH(1,1) at (α, β, ω, a, g, artanh b), as `minus_log_likelihood`."""
    omega, size, sign, memory = point[2], point[3], point[4], math.tanh(point[5])
    usual = math.sqrt(2.0 / math.pi)  # size of a standard normal shock
    bend = 1.0 - memory * memory
    level, total = omega + memory * math.log(before), 0.0
    # Slopes of the log variance: by α, β, and the four searched parameters.
    by_a, by_b, by_omega, by_size, by_sign, by_memory = 0.0, 0.0, 1.0, 0.0, 0.0, bend * math.log(before)
    for t in range(y.size):
        if abs(level) > _LARGEST_LOG:
            return np.inf
        residual, inverse = y[t] - point[0] - point[1] * x[t], math.exp(-0.5 * level)
        shock = residual * inverse
        traces[0, t], traces[1, t] = residual, level
        total += level + shock * shock
        pull, push = 0.5 * (1.0 - shock * shock), shock * inverse
        slopes[0] += pull * by_a - push
        slopes[1] += pull * by_b - push * x[t]
        slopes[2] += pull * by_omega
        slopes[3] += pull * by_size
        slopes[4] += pull * by_sign
        slopes[5] += pull * by_memory
        drive = (size if shock >= 0.0 else -size) + sign  # of the next log variance by this shock
        kept = memory - 0.5 * drive * shock
        by_a = kept * by_a - drive * inverse
        by_b = kept * by_b - drive * inverse * x[t]
        by_omega = kept * by_omega + 1.0
        by_size = kept * by_size + abs(shock) - usual
        by_sign = kept * by_sign + shock
        by_memory = kept * by_memory + bend * level
        level = omega + size * (abs(shock) - usual) + sign * shock + memory * level
    if abs(level) > _LARGEST_LOG:
        return np.inf
    traces[1, y.size] = level
    return 0.5 * total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def minus_log_likelihood(
    point: Floats, y: Floats, x: Floats, is_log: bool, before: float, traces: Floats, slopes: Floats
) -> float:
    """Minus the normal log likelihood, without its constant, of `y` (n,) at `point`; `slopes` (k,) are by the point.

    `before` is the variance before the first bar. `traces` (2, n + 1) gets the residuals, and the variances up to the
    bar after the last: of an EGARCH their logarithms. Source: Bollerslev (1986); Nelson (1991).
    """
    slopes[:] = 0.0
    if is_log:
        value = _trace_egarch(point, y, x, before, traces, slopes)
    else:
        value = _trace_garch(point, y, x, before, traces, slopes)
    return value if np.isfinite(value) and np.isfinite(slopes).all() else _NOWHERE


@numba.njit(cache=True, nogil=True, error_model="numpy")
def search_descent(start: Floats, y: Floats, x: Floats, is_log: bool, before: float, traces: Floats) -> Floats:
    """The point of least `minus_log_likelihood` that steps against the slopes from `start` (k,) end at.

    Steps by the curvature that earlier ones have shown, halved until they go down enough; where no step does, once
    more from what is known of no curvature. Source: Nocedal & Wright (2006), algorithms 3.1 and 6.1.
    """
    k = start.size
    point, slopes, tried = start.copy(), np.zeros(k), np.zeros(k)
    value = minus_log_likelihood(point, y, x, is_log, before, traces, slopes)
    inverse, is_fresh, n_still = np.eye(k), True, 0
    for _ in range(_ITERATIONS):
        step = np.zeros(k)
        for i in range(k):
            for j in range(k):
                step[i] -= inverse[i, j] * slopes[j]
        down = (step * slopes).sum()
        if is_fresh or down >= 0.0:
            inverse[:] = np.eye(k) / max(np.abs(slopes).max() / _FIRST_STEP, _TINY)
            for i in range(k):
                step[i] = -inverse[i, i] * slopes[i]
            down, is_fresh = (step * slopes).sum(), True
        share, found, following = min(1.0, _LONGEST_STEP / max(np.abs(step).max(), _TINY)), _NOWHERE, point
        for _ in range(_HALVINGS):
            following = point + share * step
            found = minus_log_likelihood(following, y, x, is_log, before, traces, tried)
            if found <= value + _ENOUGH * share * down:
                break
            share *= 0.5
            if -share * down < _UNSEEN * abs(value):
                break
        if found >= value:
            if is_fresh:
                break
            is_fresh = True
            continue
        moved, bent = following - point, tried - slopes
        is_still = value - found <= _STILL and np.abs(moved).max() <= _STILL_MOVE
        curved = (moved * bent).sum()
        if curved > _TINY:
            if is_fresh:
                inverse[:] = np.eye(k) * (curved / (bent * bent).sum())
            _bend_inverse(inverse, moved, bent, curved)
            is_fresh = False
        point, value = following, found
        slopes[:] = tried
        n_still = n_still + 1 if is_still else 0
        if n_still >= _STILL_STEPS:
            break
    return point


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _bend_inverse(inverse: Floats, moved: Floats, bent: Floats, curved: float) -> None:
    """Change `inverse` (k, k) of the curvature so that it takes the change of slopes `bent` to the step `moved`."""
    k = moved.size
    across = np.zeros(k)
    for i in range(k):
        for j in range(k):
            across[i] += inverse[i, j] * bent[j]
    width = 1.0 + (bent * across).sum() / curved
    for i in range(k):
        for j in range(k):
            inverse[i, j] += (width * moved[i] * moved[j] - across[i] * moved[j] - moved[i] * across[j]) / curved


def find_implausibility(
    simple: LeastSquares, beta: float, persistence: float, variance: float, forecast: Floats, residuals: Floats
) -> str | None:
    """What no variance process of these residuals can have, in words; None when the fit may stand."""
    _, slopes, _, rss, inverse = simple
    simple_variance = rss / (residuals.size - 2)
    if not (np.isfinite(variance) and np.isfinite(forecast).all()):
        return "variance without bound"
    if persistence > LARGEST_PERSISTENCE:
        return f"explosive variance, persistence {number(persistence, 4)}"
    ratio = float(np.sqrt(variance / simple_variance))
    if not 1.0 / LARGEST_SIGMA_RATIO <= ratio <= LARGEST_SIGMA_RATIO:
        return f"deviation {plain(ratio, 3)} times that of least squares"
    shift = abs(beta - float(slopes[0])) / float(np.sqrt(simple_variance * inverse[0, 0]))
    if shift > LARGEST_BETA_SHIFT:
        return f"beta {count(shift)} standard errors from least squares"
    sizes, deviations = np.abs(residuals), np.sqrt(forecast)
    if deviations.max() > sizes.max():
        return f"forecast deviation {plain(deviations.max(), 3)} above the largest residual {plain(sizes.max(), 3)}"
    median = middle(sizes)
    if deviations.min() < SMALLEST_FORECAST * median:
        return f"forecast deviation {plain(deviations.min(), 3)} far below the median residual {plain(median, 3)}"
    return None
