"""What an expected-return model takes and returns, and the least squares most of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.engine.statistic import NotApplicable

_TINY = float(np.finfo(float).tiny)  # so that the share of nothing is not asked for

# A residual sum of squares below this share of the total is rounding, not variation.
CONSTANT_SHARE = 1e-24

# Scaled factors with a larger condition number than this cannot be told apart.
LARGEST_CONDITION = 1e8


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One event: returns [T] and factors [T, K] of its asset, and which bars estimate and which are predicted.

    `estimation` holds the positions of usable bars (present in asset and factors, not masked); `window` every bar of
    the event window. `donors` [T, D] are other assets for models that need them.
    """

    returns: Floats
    factors: Floats
    estimation: Integers
    window: Integers
    donors: Floats | None = None


@dataclass(frozen=True, slots=True)
class ModelFit:
    """Abnormal returns of one event with all that their variance needs.

    var(Σ AR over bars W) = Σ_W bar_variance + s² · (Σ_W design)ᵀ gram (Σ_W design).
    """

    alpha: float
    beta: tuple[float, ...]
    sigma: float  # residual standard deviation
    degrees_of_freedom: int  # of s², bars it rests on minus parameters
    residuals: Floats  # [n] at the estimation bars
    ar: Floats  # [L2], NaN at a missing bar
    bar_variance: Floats  # [L2] variance of the innovation of each bar
    design: Floats  # [L2, P] how each bar loads on the parameter errors
    gram: Floats  # [P, P] covariance of the parameter errors over s²

    def car_variance(self, first: int, last: int) -> float:
        """Exact variance of the CAR over the bars [first, last) of the window."""
        loading = self.design[first:last].sum(axis=0)
        return float(self.bar_variance[first:last].sum() + self.sigma**2 * loading @ self.gram @ loading)


@dataclass(frozen=True, slots=True)
class ExpectedReturnModel:
    """One expected-return model and what a referee needs to know about it."""

    model_id: str
    title: str
    equation: str
    reference: str
    minimum_factors: int
    maximum_factors: int | None
    needs_donors: bool
    fit: Callable[[ModelInput], ModelFit | NotApplicable]


# α, β [K], factor means [K], residual sum of squares, inverse centred cross-product [K, K].
LeastSquares = tuple[float, Floats, Floats, float, Floats]


def fit_least_squares(y: Floats, factors: Floats) -> LeastSquares | NotApplicable:
    """α, β [K], factor means [K], residual sum of squares and inverse centred cross-product [K, K] of y on factors.

    `y` [n] and `factors` [n, K] must be finite. NotApplicable for a constant series or collinear factors.
    """
    n, k = factors.shape
    if n < k + 2:
        return NotApplicable(f"shortfall of estimation bars: {n} for {k + 1} parameters")
    means, level = factors.mean(axis=0), y.mean()
    x, v = factors - means, y - level
    scale = np.sqrt((x * x).sum(axis=0))
    if not (scale > 0).all():
        return NotApplicable("constant benchmark in the estimation window: beta is not identified")
    if k > 1 and np.linalg.cond(x / scale) > LARGEST_CONDITION:
        return NotApplicable("collinear factors in the estimation window: betas are not identified")
    cross = x / scale
    square = cross.T @ cross
    inverse = (np.linalg.inv(square) if k > 1 else 1.0 / square) / (scale[:, np.newaxis] * scale)
    beta = inverse @ (x.T @ v)
    residuals = v - x @ beta
    rss = float(residuals @ residuals)
    if is_constant(residuals, y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    return float(level - means @ beta), beta, means, rss, inverse


def is_constant(deviations: Floats, values: Floats) -> bool:
    """True when `deviations` from a model are rounding errors of `values`."""
    scale = max(float(values @ values), _TINY)
    return float(deviations @ deviations) <= CONSTANT_SHARE * scale


def linear_fit(data: ModelInput, y: Floats, factors: Floats, window_factors: Floats) -> ModelFit | NotApplicable:
    """The fit of a linear model by least squares with s² = RSS / (n − K − 1) and exact prediction variance."""
    solved = fit_least_squares(y, factors)
    if isinstance(solved, NotApplicable):
        return solved
    alpha, beta, means, rss, inverse = solved
    n, k = factors.shape
    variance = rss / (n - k - 1)
    design, gram = np.ones((data.window.size, k + 1)), np.zeros((k + 1, k + 1))
    design[:, 1:] = window_factors - means
    gram[0, 0], gram[1:, 1:] = 1.0 / n, inverse
    return ModelFit(
        alpha=alpha,
        beta=tuple(float(b) for b in beta),
        sigma=float(np.sqrt(variance)),
        degrees_of_freedom=n - k - 1,
        residuals=y - alpha - factors @ beta,
        ar=data.returns[data.window] - alpha - window_factors @ beta,
        bar_variance=np.full(data.window.size, variance),
        design=design,
        gram=gram,
    )


def fit_with_beta(
    data: ModelInput, alpha: float, beta: float, design: Floats, gram: Floats
) -> ModelFit | NotApplicable:
    """The fit of a one-factor model whose α and β come from elsewhere; s² = RSS / (n − 2) over all estimation bars."""
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    residuals = y - alpha - beta * x
    if is_constant(residuals, y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    variance = float(residuals @ residuals) / (y.size - 2)
    return ModelFit(
        alpha=alpha,
        beta=(beta,),
        sigma=float(np.sqrt(variance)),
        degrees_of_freedom=y.size - 2,
        residuals=residuals,
        ar=data.returns[data.window] - alpha - beta * data.factors[data.window, 0],
        bar_variance=np.full(data.window.size, variance),
        design=design,
        gram=gram,
    )


def centred_design(x: Floats, window_x: Floats) -> tuple[Floats, Floats]:
    """Design of the window bars and covariance of (mean, slope) errors over s², as if by least squares on `x`."""
    deviation = x - x.mean()
    gram = np.diag([1.0 / x.size, 1.0 / float(deviation @ deviation)])
    return np.column_stack([np.ones(window_x.size), window_x - x.mean()]), gram
