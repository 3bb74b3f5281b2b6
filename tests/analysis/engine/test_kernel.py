"""The prefix-sum kernel against a direct regression, and its reasons."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.engine.kernel import CHUNK_STUDIES, Reason, WindowResults, market_model_windows

ESTIMATION, WINDOW = (-240, -10), (-10, 11)
TOLERANCE = 1e-10


@pytest.fixture(scope="module")
def market() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    benchmark = rng.normal(0, 0.005, 3_000)
    assets = 0.0002 + rng.normal(1, 0.3, (4, 1)) * benchmark + rng.normal(0, 0.01, (4, 3_000))
    assets[0, 400:420] = np.nan
    assets[1, 1_500] = np.nan
    return assets, benchmark


def run(
    assets: np.ndarray, benchmark: np.ndarray, rows: list[int], events: list[int], **options: object
) -> WindowResults:
    given: dict[str, object] = {"estimation": ESTIMATION, "window": WINDOW, **options}
    return market_model_windows(assets, benchmark, np.array(rows), np.array(events), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(("row", "event"), [(0, 500), (0, 645), (1, 900), (2, 260), (3, 2_900)])
def test_a_study_equals_a_direct_regression(market: tuple[np.ndarray, np.ndarray], row: int, event: int) -> None:
    assets, x = market
    result = run(assets, x, [row], [event])
    past, ahead = slice(event - 240, event - 10), slice(event - 10, event + 11)
    is_present = np.isfinite(assets[row, past])
    design = sm.add_constant(x[past][is_present])
    fit = sm.OLS(assets[row, past][is_present], design).fit()
    window_design = sm.add_constant(x[ahead], has_constant="add")
    prediction = fit.get_prediction(window_design)
    np.testing.assert_allclose(result.ar[0], assets[row, ahead] - prediction.predicted_mean, atol=TOLERANCE)
    np.testing.assert_allclose(np.sqrt(result.ar_variance[0]), prediction.se_obs, atol=TOLERANCE)
    covariance = fit.mse_resid * (np.eye(21) + window_design @ fit.normalized_cov_params @ window_design.T)
    np.testing.assert_allclose(result.car_variance, covariance.sum(), rtol=TOLERANCE)
    np.testing.assert_allclose([result.alpha[0], result.beta[0]], fit.params, atol=TOLERANCE)
    assert result.n_estimation[0] == is_present.sum()


def test_masked_bars_leave_the_estimation_and_not_the_window(market: tuple[np.ndarray, np.ndarray]) -> None:
    assets, x = market
    mask = np.zeros(assets.shape, dtype=bool)
    mask[2, 700:760] = True
    masked = run(assets, x, [2, 2], [900, 740], mask=mask)
    holes = assets.copy()
    holes[2, 700:760] = np.nan
    assert masked.n_estimation[0] == 170
    assert masked.beta[0] == pytest.approx(run(holes, x, [2], [900]).beta[0], abs=TOLERANCE)
    assert np.isfinite(masked.ar[1]).all()


def test_order_and_chunks_do_not_matter(market: tuple[np.ndarray, np.ndarray]) -> None:
    assets, x = market
    rng = np.random.default_rng(1)
    n = CHUNK_STUDIES + 100
    rows, events = rng.integers(0, 4, n), rng.integers(250, 2_900, n)
    together = run(assets, x, list(rows), list(events))
    order = rng.permutation(n)
    shuffled = run(assets, x, list(rows[order]), list(events[order]))
    np.testing.assert_array_equal(together.car[order], shuffled.car)


def test_each_series_may_have_its_own_benchmark(market: tuple[np.ndarray, np.ndarray]) -> None:
    assets, x = market
    own = np.vstack([x, -x, x, x])
    result = run(assets, own, [1, 2], [900, 900])
    assert result.beta[0] == pytest.approx(-run(assets, x, [1], [900]).beta[0], abs=TOLERANCE)
    assert result.beta[1] == pytest.approx(run(assets, x, [2], [900]).beta[0], abs=TOLERANCE)


def test_constant_mean_and_market_adjusted_by_hand() -> None:
    y = np.array([[0.01, 0.03, 0.02, 0.05]])
    x = np.array([0.00, 0.02, 0.01, 0.01])
    bars = {"estimation": (-3, 0), "window": (0, 1), "minimum_estimation": 2}
    mean = run(y, x, [0], [3], **bars, model="constant_mean")
    assert mean.ar[0, 0] == pytest.approx(0.03)
    assert mean.beta[0] == 0.0
    assert mean.car_variance[0] == pytest.approx(0.0001 * (1 + 1 / 3))
    adjusted = run(y, x + np.array([0, 0.005, 0, 0]), [0], [3], **bars, model="market_adjusted")
    assert adjusted.ar[0, 0] == pytest.approx(0.04)
    assert adjusted.sigma[0] == pytest.approx(np.std([0.01, 0.005, 0.01], ddof=1))
    # Nothing is estimated but the variance: no 1/n, neither in one bar nor in the sum of two.
    assert adjusted.ar_variance[0, 0] == pytest.approx(adjusted.sigma[0] ** 2, rel=1e-12)
    two = run(
        np.append(y, [[0.02]], axis=1),
        np.append(x + np.array([0, 0.005, 0, 0]), 0.01),
        [0],
        [3],
        **{**bars, "window": (0, 2)},
        model="market_adjusted",
    )
    assert two.car_variance[0] == pytest.approx(2 * two.sigma[0] ** 2, rel=1e-12)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (5_000, Reason.EVENT_OUTSIDE_DATA),
        (-1, Reason.EVENT_OUTSIDE_DATA),
        (2_995, Reason.WINDOW_OUTSIDE_DATA),
        (20, Reason.ESTIMATION_SHORTFALL),
        (405, Reason.WINDOW_MISSING_BAR),
    ],
)
def test_a_study_that_cannot_be_done_has_its_reason(
    market: tuple[np.ndarray, np.ndarray], event: int, reason: Reason
) -> None:
    result = run(*market, [0], [event])
    assert result.reason[0] == reason
    assert np.isnan(result.car[0])


def test_constant_series_are_refused(market: tuple[np.ndarray, np.ndarray]) -> None:
    assets, x = market
    flat = assets.copy()
    flat[1, 1_000:2_000] = 0.0
    assert run(flat, x, [1], [1_500]).reason[0] == Reason.CONSTANT_SERIES
    still = x.copy()
    still[1_000:2_000] = 0.001
    assert run(assets, still, [2], [1_500]).reason[0] == Reason.CONSTANT_BENCHMARK
    assert run(np.full((1, 500), np.nan), x[:500], [0], [300]).reason[0] == Reason.ESTIMATION_SHORTFALL


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"estimation": (-240, -5)}, "overlapping windows"),
        ({"window": (3, 3)}, "empty range"),
        ({"mask": np.zeros((1, 1), dtype=bool)}, "mask"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    market: tuple[np.ndarray, np.ndarray], options: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        run(*market, [0], [900], **options)


def test_a_series_that_does_not_exist_is_refused(market: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"series_index must lie in 0\.\.3"):
        run(*market, [4], [900])
