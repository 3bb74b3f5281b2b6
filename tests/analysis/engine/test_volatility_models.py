"""GARCH and EGARCH fits: what stands is plausible, what does not is a reason."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.engine.battery import choose_model
from analysis.engine.model_fit import LeastSquares, ModelFit, ModelInput
from analysis.engine.statistic import NotApplicable
from analysis.engine.volatility_fit import find_implausibility

N, LENGTH = 240, 5
RESIDUALS = np.tile([0.02, -0.02, 0.01, -0.01], 30)
# α, β, mean of the factor, residual sum of squares, inverse cross-product: s = 0.0159, standard error of β 0.16
SIMPLE: LeastSquares = (0.0, np.array([1.0]), np.array([0.0]), float(RESIDUALS @ RESIDUALS), np.array([[100.0]]))
VARIANCE = float(np.mean(RESIDUALS**2))


def fit(seed: int, process: str, *, outlier: float = 0.0) -> tuple[ModelFit | NotApplicable, float]:
    """The model on independent residuals of deviation 2 %, one of them an outlier; and the largest residual."""
    rng = np.random.default_rng(seed)
    market, own = rng.normal(0, 0.01, N + LENGTH), rng.normal(0, 0.02, N + LENGTH)
    own[N // 2] += outlier
    data = ModelInput(market + own, market[:, None], np.arange(N), np.arange(N, N + LENGTH))
    return choose_model(process).fit(data), float(np.abs(own[:N]).max())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, None),
        ({"forecast": np.array([np.nan])}, "variance without bound"),
        ({"variance": np.inf}, "variance without bound"),
        ({"persistence": 1.01}, "explosive variance, persistence 1.0100"),
        ({"persistence": 1.0}, None),
        ({"variance": 25 * VARIANCE}, "deviation 4.96 times that of least squares"),
        ({"variance": VARIANCE / 25}, "deviation 0.198 times that of least squares"),
        ({"beta": 4.0}, "beta 19 standard errors from least squares"),
        ({"forecast": np.array([VARIANCE, 9.0])}, "forecast deviation 3 above the largest residual 0.02"),
        ({"forecast": np.array([VARIANCE, 1e-12])}, "forecast deviation 1e-06 far below the median residual 0.015"),
    ],
)
def test_what_no_variance_can_be_is_named(change: dict[str, object], words: str | None) -> None:
    given: dict[str, object] = {
        "simple": SIMPLE,
        "beta": 1.1,
        "persistence": 0.9,
        "variance": VARIANCE,
        "forecast": np.full(3, VARIANCE),
        "residuals": RESIDUALS,
    }
    assert find_implausibility(**(given | change)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize("outlier", [0.0, 1.5])
def test_garch_of_independent_residuals_is_near_least_squares(outlier: float) -> None:
    found, _ = fit(1, "garch", outlier=outlier)
    assert isinstance(found, ModelFit)
    assert found.sigma == pytest.approx(np.std(found.residuals), rel=0.1)


def test_every_egarch_fit_that_stands_is_plausible_and_the_rest_say_why() -> None:
    reasons = []
    for seed in range(12):
        found, largest = fit(seed, "egarch", outlier=0.5 * (seed % 2))
        if isinstance(found, NotApplicable):
            reasons.append(found.reason)
        else:
            assert np.all(found.bar_variance <= largest**2)
            assert found.sigma < 2 * np.std(found.residuals)
    assert any("egarch is implausible on the estimation window: " in reason for reason in reasons)
    assert all("implausible" in reason or "did not converge" in reason for reason in reasons)


def test_a_short_window_and_a_flat_series_are_named() -> None:
    market = np.random.default_rng(1).normal(0, 0.01, (N, 1))
    flat = ModelInput(np.full(N, 0.01), market, np.arange(200), np.arange(200, 205))
    short = ModelInput(flat.returns, market, np.arange(99), np.arange(200, 205))
    for process in ("garch", "egarch"):
        model = choose_model(process)
        assert model.fit(flat) == NotApplicable("constant series in the estimation window: no residual variance")
        assert model.fit(short) == NotApplicable(f"99 estimation bars; {process} needs at least 100")
