"""Conformal inference against a slow program that does exactly what the paper says."""

import numpy as np
import pytest

from analysis.single.beside.conformal import infer_effect


def p_by_refitting(asset: np.ndarray, regressors: np.ndarray, n_after: int, theta: float) -> float:
    adjusted = asset.copy()
    adjusted[-n_after:] -= theta / n_after
    coefficients, *_ = np.linalg.lstsq(regressors, adjusted, rcond=None)
    residuals = adjusted - regressors @ coefficients
    observed = abs(residuals[-n_after:].sum())
    shifts = [abs(np.roll(residuals, shift)[-n_after:].sum()) for shift in range(asset.size)]
    return float(np.mean(np.array(shifts) >= observed - 1e-12))


def make_case(seed: int, effect: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    benchmark = rng.normal(0, 0.005, 120)
    asset = 1.4 * benchmark + rng.normal(0, 0.008, 120)
    asset[-12:] += effect / 12
    return asset, np.column_stack([np.ones(120), benchmark])


@pytest.mark.parametrize("seed", range(5))
def test_p_is_the_share_of_cyclic_shifts_of_the_refitted_residuals(seed: int) -> None:
    asset, regressors = make_case(seed, 0.03)
    assert infer_effect(asset, regressors, 12).p_value == pytest.approx(p_by_refitting(asset, regressors, 12, 0.0))


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_holds_exactly_the_effects_that_are_not_rejected(seed: int) -> None:
    asset, regressors = make_case(seed, 0.05)
    found = infer_effect(asset, regressors, 12)
    step = 1e-6
    assert p_by_refitting(asset, regressors, 12, found.lower + step) > 0.05
    assert p_by_refitting(asset, regressors, 12, found.lower - step) <= 0.05
    assert p_by_refitting(asset, regressors, 12, found.upper - step) > 0.05
    assert p_by_refitting(asset, regressors, 12, found.upper + step) <= 0.05
    assert found.lower < found.effect < found.upper


def test_too_few_shifts_exclude_nothing() -> None:
    asset, regressors = make_case(1, 0.5)
    found = infer_effect(asset[-19:], regressors[-19:], 12)
    assert (found.lower, found.upper) == (-np.inf, np.inf)


def test_a_calm_past_does_not_make_a_restless_event_significant() -> None:
    rng = np.random.default_rng(5)
    rejected = scaled = 0
    for _ in range(200):
        asset = rng.normal(0, 0.01, 240)
        asset[120:] *= 3.0
        ones = np.zeros((240, 0))
        volatility = np.where(np.arange(240) < 120, 0.01, 0.03)
        rejected += infer_effect(asset, ones, 24).p_value <= 0.05
        scaled += infer_effect(asset, ones, 24, volatility=volatility).p_value <= 0.05
    assert rejected > 2 * scaled
    assert scaled <= 20  # nominal 10 of 200


def test_both_ends_are_found_where_other_blocks_move_more_with_the_effect_than_the_event_s_own() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        asset = rng.normal(0, 0.01, 120)
        volatility = np.exp(rng.normal(0, 1.0, 120))
        regressors = rng.normal(0, 1.0, (120, 30))
        found = infer_effect(asset, regressors, 12, volatility=volatility)
        for end, inwards in ((found.lower, 1.0), (found.upper, -1.0)):
            if np.isfinite(end):
                inside, outside = (
                    infer_effect(shifted(asset, end + step * inwards), regressors, 12, volatility=volatility).p_value
                    for step in (1e-7, -1e-7)
                )
                assert outside <= 0.05 < inside


def shifted(asset: np.ndarray, effect: float) -> np.ndarray:
    """The asset without an effect: p of none is p of `effect` before."""
    moved = asset.copy()
    moved[-12:] -= effect / 12
    return moved
