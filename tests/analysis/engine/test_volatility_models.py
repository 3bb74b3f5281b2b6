"""GARCH and EGARCH fits: what stands is plausible, what does not is a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from arch import arch_model

from analysis.engine.battery import choose_model
from analysis.engine.model_fit import LeastSquares, ModelFit, ModelInput, fit_least_squares
from analysis.engine.models import egarch, garch
from analysis.engine.statistic import NotApplicable
from analysis.engine.volatility_fit import (
    VarianceSearch,
    find_implausibility,
    fit_with_variance,
    minus_log_likelihood,
)

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
    assert any("egarch is not identified on the estimation window: 6 starts" in reason for reason in reasons)
    assert all("implausible" in reason or "not identified" in reason for reason in reasons)


def make_garch(seed: int) -> ModelInput:
    """A market beside a benchmark, β 1.5, residuals GARCH(1,1) with persistence 0.97, 720 bars and a day."""
    rng = np.random.default_rng(seed)
    market, shocks = rng.normal(0, 0.006, 744), rng.standard_normal(744)
    variance = 1.0
    for t in range(744):
        shocks[t] *= np.sqrt(variance)
        variance = 0.03 + 0.07 * shocks[t] ** 2 + 0.90 * variance
    return ModelInput(1.5 * market + 0.01 * shocks, market[:, None], np.arange(720), np.arange(720, 744))


@pytest.mark.parametrize(("process", "n_asymmetric"), [("garch", 0), ("egarch", 1)])
def test_the_fit_is_at_least_as_likely_as_that_of_the_library_arch(process: str, n_asymmetric: int) -> None:
    """arch stops where its likelihood changes by 1e-6; where both stop at one maximum the numbers are the same."""
    n_same = 0
    for seed in range(6):
        data = make_garch(seed)
        found = choose_model(process).fit(data)
        assert isinstance(found, ModelFit)
        y, x = data.returns[:720] * 100.0, data.factors[:720] * 100.0
        model = arch_model(y, x=x, mean="LS", vol=process.upper(), p=1, o=n_asymmetric, q=1)
        other = model.fit(disp="off", show_warning=False)
        own = fitted_log_likelihood(data, process)
        assert own > other.loglikelihood - 0.01
        if abs(own - other.loglikelihood) < 0.01:
            n_same += 1
            assert found.beta[0] == pytest.approx(other.params.iloc[1], abs=0.003)
            assert found.sigma * 100 == pytest.approx(np.sqrt(np.mean(other.conditional_volatility**2)), rel=0.01)
            first = other.forecast(horizon=1, x=np.zeros((1, 1, 1))).residual_variance.to_numpy()[-1, 0]
            assert found.bar_variance[0] * 1e4 == pytest.approx(first, rel=0.02)
    assert n_same >= 4


def fitted_log_likelihood(data: ModelInput, process: str) -> float:
    """The largest log likelihood that the starts reach, of returns in percent."""
    simple = fit_least_squares(data.returns[:720], data.factors[:720])
    assert not isinstance(simple, NotApplicable)
    own = {"garch": garch.GARCH_PROCESS, "egarch": egarch.EGARCH_PROCESS}[process]
    search = VarianceSearch.of(data, own, simple)
    least = min(search.descend(start)[0] for start in own.starts)
    scale = 100.0 * np.sqrt(simple[3] / 720)
    return float(-least - 720 * (0.5 * np.log(2 * np.pi) + np.log(scale)))


def test_a_fit_that_one_start_alone_finds_is_not_identified() -> None:
    data = make_garch(1)
    assert isinstance(fit_with_variance(data, garch.GARCH_PROCESS), ModelFit)
    alone = replace(garch.GARCH_PROCESS, starts=garch.GARCH_PROCESS.starts[:1])
    assert fit_with_variance(data, alone) == NotApplicable(
        "garch is not identified on the estimation window: 1 starts of the search do not agree on one maximum"
    )


def test_an_ulp_of_the_returns_does_not_move_a_fit() -> None:
    data = make_garch(2)
    moved = replace(data, returns=np.nextafter(data.returns, np.inf))
    for process in ("garch", "egarch"):
        one, other = choose_model(process).fit(data), choose_model(process).fit(moved)
        assert isinstance(one, ModelFit)
        assert isinstance(other, ModelFit)
        assert one.beta[0] == pytest.approx(other.beta[0], rel=1e-6)
        assert one.bar_variance == pytest.approx(other.bar_variance, rel=1e-5)


def test_a_short_window_and_a_flat_series_are_named() -> None:
    market = np.random.default_rng(1).normal(0, 0.01, (N, 1))
    flat = ModelInput(np.full(N, 0.01), market, np.arange(200), np.arange(200, 205))
    short = ModelInput(flat.returns, market, np.arange(99), np.arange(200, 205))
    for process in ("garch", "egarch"):
        model = choose_model(process)
        assert model.fit(flat) == NotApplicable("constant series in the estimation window: no residual variance")
        assert model.fit(short) == NotApplicable(f"99 estimation bars; {process} needs at least 100")


@pytest.mark.parametrize(
    ("is_log", "point"), [(False, [0.1, -0.2, -2.0, 2.0, -1.5]), (True, [0.1, -0.2, 0.05, 0.2, -0.1, 1.2])]
)
def test_the_slopes_are_those_of_the_likelihood(is_log: bool, point: list[float]) -> None:
    rng = np.random.default_rng(3)
    at, step = np.array(point), 1e-6
    fixed = (rng.standard_normal(150), rng.standard_normal(150), is_log, 1.3, np.zeros((2, 151)))
    slopes, nothing = np.zeros(at.size), np.zeros(at.size)
    minus_log_likelihood(at, *fixed, slopes)
    for place, direction in enumerate(np.eye(at.size)):
        above, below = (minus_log_likelihood(at + side * step * direction, *fixed, nothing) for side in (1, -1))
        assert slopes[place] == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-5)
