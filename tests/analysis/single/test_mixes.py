"""Synthetic difference-in-differences and the augmented control, beside programs that are not ours."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from analysis.engine.regressions.synthetic import mix_augmented, mix_difference
from analysis.single.beside.mixes import MIXES, infer_mix, sum_windows

Values = NDArray[np.float64]


def make_pool(seed: int, *, effect: float = 0.0, periods: int = 21, donors: int = 25) -> tuple[Values, Values]:
    """A treated series and its donors: one factor with other loadings, and noise; the effect in the last period."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(0, 0.03, periods)
    returns = factor[:, None] * rng.uniform(0.5, 2.0, donors + 1) + rng.normal(0, 0.02, (periods, donors + 1))
    returns[-1, 0] += effect
    return returns[:, 0], returns[:, 1:]


def solve_simplex(design: Values, target: Values, ridge: float) -> Values:
    """Weights and intercept of the same problem by a general optimiser (SLSQP), nothing shared with ours."""
    k = design.shape[1]

    def loss(point: Values) -> float:
        return float(np.sum((point[0] + design @ point[1:] - target) ** 2) + ridge**2 * np.sum(point[1:] ** 2)) * 1e4

    def slope(point: Values) -> Values:
        left = point[0] + design @ point[1:] - target
        return 2e4 * np.concatenate([[left.sum()], design.T @ left + ridge**2 * point[1:]])

    found = minimize(
        loss,
        np.concatenate([[0.0], np.full(k, 1.0 / k)]),
        jac=slope,
        method="SLSQP",
        bounds=[(None, None), *[(0.0, None)] * k],
        constraints={
            "type": "eq",
            "fun": lambda point: point[1:].sum() - 1.0,
            "jac": lambda point: np.concatenate([[0.0], np.ones(k)]),
        },
        options={"maxiter": 2000, "ftol": 1e-14},
    )
    return np.asarray(found.x[1:])


def test_difference_in_differences_is_that_of_a_general_optimiser() -> None:
    for seed in range(4):
        treated, donors = make_pool(seed, effect=0.1)
        before = donors[:-1]
        noise = np.diff(before, axis=0).std(ddof=1)
        weights = solve_simplex(before, treated[:-1], noise * np.sqrt(before.shape[0]))
        periods = solve_simplex(before.T, donors[-1], 1e-6 * noise * np.sqrt(before.shape[1]))
        moved = donors[-1] - periods @ before
        wanted = treated[-1] - periods @ treated[:-1] - weights @ moved
        found = mix_difference(treated, donors)
        assert found.weights == pytest.approx(weights, abs=2e-3)
        assert found.effect == pytest.approx(wanted, abs=1e-3)


def test_difference_in_differences_is_that_of_the_library_diff_diff() -> None:
    library = pytest.importorskip("diff_diff", reason="pip install diff-diff: the numbers are held against it")
    pandas = pytest.importorskip("pandas", reason="diff-diff reads frames of pandas")
    treated, donors = make_pool(5, effect=0.1)
    values = np.column_stack([treated, donors])
    rows = [
        (f"unit {unit}", period, values[period, unit], int(unit == 0))
        for unit in range(values.shape[1])
        for period in range(values.shape[0])
    ]
    frame = pandas.DataFrame(rows, columns=["unit", "time", "y", "treated"])
    model = library.SyntheticDiD(n_bootstrap=2, seed=1)
    found = model.fit(frame, "y", "treated", "unit", "time", post_periods=[values.shape[0] - 1])
    assert mix_difference(treated, donors).effect == pytest.approx(found.att, abs=2e-4)


def test_the_augmented_control_solves_its_ridge() -> None:
    """Its weights minimise the gap before plus ridge times the distance from the plain weights: the slope is zero."""
    treated, donors = make_pool(6)
    before = donors[:-1]
    plain = solve_free_control(treated, donors)
    ridge = np.diff(before, axis=0).var(ddof=1) * before.shape[0]
    found = mix_augmented(treated, donors)
    slope = before.T @ (treated[:-1] - before @ found.weights) - ridge * (found.weights - plain)
    assert np.abs(slope).max() < 1e-4 * np.abs(before.T @ treated[:-1]).max()
    assert found.error_before < np.sqrt(np.mean((treated[:-1] - before @ plain) ** 2))


def solve_free_control(treated: Values, donors: Values) -> Values:
    """The plain mix without intercept and ridge, by the general optimiser on centred problems."""
    before, k = donors[:-1], donors.shape[1]

    def loss(weights: Values) -> float:
        return float(np.sum((before @ weights - treated[:-1]) ** 2)) * 1e4

    found = minimize(
        loss,
        np.full(k, 1.0 / k),
        jac=lambda weights: 2e4 * before.T @ (before @ weights - treated[:-1]),
        method="SLSQP",
        bounds=[(0.0, None)] * k,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1.0, "jac": lambda _weights: np.ones(k)},
        options={"maxiter": 2000, "ftol": 1e-15},
    )
    return np.asarray(found.x)


@pytest.mark.parametrize("method", sorted(MIXES))
def test_a_planted_effect_is_found_and_its_interval_holds_it(method: str) -> None:
    treated, donors = make_pool(7, effect=0.3)
    found = infer_mix(method, treated, donors)
    assert (found.n_as_large, found.n) == (0, 25)
    assert found.p_value == pytest.approx(1 / 26)
    assert 0.0 < found.lower < 0.3 < found.upper


@pytest.mark.parametrize("method", sorted(MIXES))
def test_the_interval_holds_zero_where_and_only_where_the_rank_does_not_reject(method: str) -> None:
    for seed in range(30):
        found = infer_mix(method, *make_pool(seed, effect=0.02 * (seed % 5)))
        assert (found.lower <= 0.0 <= found.upper) == (found.p_value > 0.05)


def test_windows_end_with_the_event_and_drop_bars_that_fill_none() -> None:
    returns = np.arange(14.0)
    assert sum_windows(returns, 4).tolist() == [2 + 3 + 4 + 5, 6 + 7 + 8 + 9, 10 + 11 + 12 + 13]
    assert sum_windows(np.column_stack([returns, -returns]), 4)[:, 1].tolist() == [-14.0, -30.0, -46.0]
