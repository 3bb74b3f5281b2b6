"""Market model with a variance process for its residuals, fitted by maximum likelihood from several starts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np

from analysis.arrays import Floats
from analysis.engine.model_fit import LeastSquares, ModelFit, ModelInput, centred_design, fit_least_squares
from analysis.engine.statistic import NotApplicable
from analysis.portable import powers
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
# First edge of the simplex, and the spread of log likelihood and parameters at which it stops: of the search from each
# start, and of a second one from where it ended, because a simplex that has collapsed stops anywhere.
_SEARCHES = ((0.4, 1e-5), (0.1, 1e-8))
_N_THREADS = 2  # both cores of the smallest machine we run on
_ITERATIONS = 1_200  # of one search at most
_LEVEL_DECAY, _LEVEL_BARS = 0.94, 75  # weights of the squares that stand for the variance before the first bar
_LARGEST_LOG = 40.0  # |log variance| over that of least squares: beyond it lies no variance of returns
_NOWHERE = 1e10  # minus the log likelihood of parameters that no process has


@dataclass(frozen=True, slots=True)
class VarianceProcess:
    """A variance process of residuals scaled to variance 1: from where it is searched, and what it forecasts."""

    name: str
    is_log: bool  # of log variances (EGARCH), else of variances (GARCH)
    starts: Sequence[tuple[float, ...]]  # as `trace_variances` takes them
    persistence: Callable[[Floats], float]
    forecast: Callable[[Floats, float, int], Floats]  # parameters, variance of the next bar, bars -> their variances


@dataclass(frozen=True, slots=True)
class VarianceMaximum:
    """Where one search ended."""

    minus_log_likelihood: float
    fit: ModelFit
    problem: str | None  # why it cannot stand


def fit_with_variance(data: ModelInput, process: VarianceProcess) -> ModelFit | NotApplicable:
    """α and β with residuals whose variance follows `process`, by the normal likelihood.

    Each bar of the window has its own forecast variance. The best maximum that a variance can have stands, if another
    start finds it too. Too few bars, a constant series or benchmark, maxima that no variance can have, and starts that
    do not agree are NotApplicable with the reason. The likelihood is compiled and calls neither BLAS nor numpy's
    logarithm, and the search only compares its values: every processor ends at the same bits.
    """
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    if y.size < _MINIMUM_BARS:
        return NotApplicable(f"{y.size} estimation bars; {process.name} needs at least {_MINIMUM_BARS}")
    simple = fit_least_squares(y, x[:, None])
    if isinstance(simple, NotApplicable):
        return simple
    with ThreadPoolExecutor(_N_THREADS) as pool:  # the searches are compiled and hold no lock
        searches = pool.map(lambda start: search_maximum(data, process, simple, start), process.starts)
        found = sorted(searches, key=_by_likelihood)
    standing = [item for item in found if item.problem is None]
    if not standing:
        return NotApplicable(f"{process.name} is implausible on the estimation window: {found[0].problem}")
    best, *others = standing
    near = [item for item in others if item.minus_log_likelihood - best.minus_log_likelihood < _SAME_LIKELIHOOD]
    if not near or not all(_is_same(best.fit, item.fit, simple, y.size) for item in near):
        return NotApplicable(
            f"{process.name} is not identified on the estimation window: {count(len(found))} starts of the search do "
            "not agree on one maximum"
        )
    return best.fit


def _by_likelihood(item: VarianceMaximum) -> float:
    return item.minus_log_likelihood


def _is_same(one: ModelFit, other: ModelFit, simple: LeastSquares, n: int) -> bool:
    error = float(np.sqrt(simple[3] / (n - 2) * simple[4][0, 0]))
    ratio = float(np.sqrt(other.bar_variance.sum() / one.bar_variance.sum()))
    return abs(one.beta[0] - other.beta[0]) < _SAME_BETA * error and abs(ratio - 1.0) < _SAME_FORECAST


def search_maximum(
    data: ModelInput, process: VarianceProcess, simple: LeastSquares, start: tuple[float, ...]
) -> VarianceMaximum:
    """The maximum that a search from `start` and the line of least squares ends at."""
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    intercept, slope, mean = simple[0], float(simple[1][0]), float(simple[2][0])
    rest, centred = y - intercept - slope * x, x - mean
    scale, spread = float(np.sqrt(np.mean(rest**2))), float(np.sqrt(np.mean(centred**2)))
    weights = powers(_LEVEL_DECAY, np.arange(min(_LEVEL_BARS, y.size), dtype=np.float64))
    before = float(np.sum(weights * rest[: weights.size] ** 2) / np.sum(weights)) / scale**2
    residuals, variances = np.zeros(y.size), np.zeros(y.size + 1)
    fixed = (rest / scale, centred / spread, process.is_log, before, residuals, variances)
    point = np.array([0.0, 0.0, *start])
    for edge, precision in _SEARCHES:
        point = search_simplex(point, edge, precision, *fixed)
    least = minus_log_likelihood(point, *fixed)  # leaves residuals and variances of this very point behind
    beta = slope + float(point[1]) * scale / spread
    alpha = intercept + float(point[0]) * scale - (beta - slope) * mean
    horizon = max(int(data.window[-1] - data.estimation[-1]), 1)
    forecast = process.forecast(point[2:], float(variances[-1]), horizon) * scale**2
    variance, residuals = float(np.mean(variances[:-1])) * scale**2, residuals * scale
    ahead = np.clip(data.window - data.estimation[-1] - 1, 0, forecast.size - 1)
    design, gram = centred_design(x, data.factors[data.window, 0])
    fit = ModelFit(
        alpha=alpha,
        beta=(beta,),
        sigma=float(np.sqrt(variance)),
        degrees_of_freedom=y.size - 2,
        residuals=residuals,
        ar=data.returns[data.window] - alpha - beta * data.factors[data.window, 0],
        bar_variance=forecast[ahead],
        design=design,
        gram=gram,
    )
    persistence = process.persistence(point[2:])
    return VarianceMaximum(least, fit, find_implausibility(simple, beta, persistence, variance, forecast, residuals))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def trace_variances(residuals: Floats, searched: Floats, is_log: bool, before: float, out: Floats) -> bool:
    """Variances of the bars of `residuals` (n,) and of the bar after them into `out` (n + 1,); False out of bounds.

    `searched` are (log ω, logit of the persistence, logit of the shock's share in it) of GARCH(1,1), or (ω, a, g,
    artanh b) of EGARCH(1,1); `before` is the variance before the first bar. Source: Bollerslev (1986); Nelson (1991).
    """
    n = residuals.size
    if not is_log:
        omega, persistence = math.exp(searched[0]), 1.0 / (1.0 + math.exp(-searched[1]))
        shock = persistence / (1.0 + math.exp(-searched[2]))
        out[0] = omega + persistence * before
        for t in range(n):
            out[t + 1] = omega + shock * residuals[t] * residuals[t] + (persistence - shock) * out[t]
        return True
    omega, size, sign, memory = searched[0], searched[1], searched[2], math.tanh(searched[3])
    usual = math.sqrt(2.0 / math.pi)  # size of a standard normal shock
    level = omega + memory * math.log(before)
    for t in range(n + 1):
        if abs(level) > _LARGEST_LOG:
            return False
        out[t] = math.exp(level)
        if t < n:
            shock = residuals[t] / math.sqrt(out[t])
            level = omega + size * (abs(shock) - usual) + sign * shock + memory * level
    return True


@numba.njit(cache=True, nogil=True, error_model="numpy")
def minus_log_likelihood(
    point: Floats, y: Floats, x: Floats, is_log: bool, before: float, residuals: Floats, out: Floats
) -> float:
    """Minus the normal log likelihood, without its constant, of `y` (n,) at the point (α, β, searched parameters).

    Residuals (n,) and their variances (n + 1,) are left in `residuals` and `out`.
    """
    for t in range(y.size):
        residuals[t] = y[t] - point[0] - point[1] * x[t]
    if not trace_variances(residuals, point[2:], is_log, before, out):
        return _NOWHERE
    total = 0.0
    for t in range(y.size):
        total += math.log(out[t]) + residuals[t] * residuals[t] / out[t]
    return 0.5 * total if np.isfinite(total) else _NOWHERE


@numba.njit(cache=True, nogil=True, error_model="numpy")
def search_simplex(
    start: Floats,
    edge: float,
    precision: float,
    y: Floats,
    x: Floats,
    is_log: bool,
    before: float,
    residuals: Floats,
    out: Floats,
) -> Floats:
    """The point of least `minus_log_likelihood` that a simplex from `start` (k,) finds. Source: Nelder & Mead (1965).

    Coefficients for many dimensions as in Gao & Han (2012).
    """
    k = start.size
    corners, values = np.empty((k + 1, k)), np.empty(k + 1)
    for i in range(k + 1):
        corners[i] = start
        if i:
            corners[i, i - 1] += edge
        values[i] = minus_log_likelihood(corners[i], y, x, is_log, before, residuals, out)
    further, nearer, smaller = 1.0 + 2.0 / k, 0.75 - 0.5 / k, 1.0 - 1.0 / k
    for _ in range(_ITERATIONS):
        order = np.argsort(values)
        corners, values = corners[order], values[order]
        if values[k] - values[0] <= precision and np.abs(corners[1:] - corners[0]).max() <= precision:
            break
        middle = np.zeros(k)
        for i in range(k):
            middle += corners[i] / k
        away = middle - corners[k]
        reach, tried = 1.0, middle + away
        value = minus_log_likelihood(tried, y, x, is_log, before, residuals, out)
        if value < values[0]:
            reach = further
        elif value >= values[k]:
            reach = -nearer
        elif value >= values[k - 1]:
            reach = nearer
        if reach != 1.0:
            second = middle + reach * away
            found = minus_log_likelihood(second, y, x, is_log, before, residuals, out)
            if found < value and (reach > 0.0 or found < values[k]):
                tried, value = second, found
        if value < values[k - 1] or (reach in (nearer, -nearer) and value < values[k]):
            corners[k], values[k] = tried, value
            continue
        for i in range(1, k + 1):
            corners[i] = corners[0] + smaller * (corners[i] - corners[0])
            values[i] = minus_log_likelihood(corners[i], y, x, is_log, before, residuals, out)
    return np.asarray(corners[np.argmin(values)])


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
    median = float(np.median(sizes))
    if deviations.min() < SMALLEST_FORECAST * median:
        return f"forecast deviation {plain(deviations.min(), 3)} far below the median residual {plain(median, 3)}"
    return None
