"""Volume, range and volatility around an event."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.engine.battery import choose_model
from analysis.engine.measures import group_variance_ratio, log_range, log_volume, variance_ratio
from analysis.engine.standardise import buy_and_hold, standardise_event
from analysis.engine.statistic import Sample
from tests.analysis.engine.study_builders import make_event, make_events


def test_no_volume_and_no_range_are_missing_not_zero() -> None:
    np.testing.assert_allclose(log_volume(np.array([np.e, 0.0, np.nan])), [1.0, np.nan, np.nan])
    found = log_range(np.array([np.e, 1.0, 2.0]), np.array([1.0, 1.0, -1.0]))
    np.testing.assert_allclose(found, [0.0, np.nan, np.nan])


def test_doubled_volume_is_an_abnormal_log_volume_of_ln_2() -> None:
    rng = np.random.default_rng(1)
    volume = np.exp(rng.normal(10, 0.1, 300))
    volume[200:205] *= 2
    event = make_event("e", "a", log_volume(volume), np.zeros(300), 202)
    result = standardise_event(event, choose_model("constant_mean"), 20, "log")
    assert result.require_fit().ar.mean() == pytest.approx(np.log(2), abs=0.1)


def test_variance_ratio_is_one_at_rest_and_four_when_moves_double() -> None:
    ratios: dict[bool, list[float]] = {False: [], True: []}
    for is_loud, found in ratios.items():
        for event in make_events(60, 60):
            returns = event.returns.copy()
            if is_loud:
                returns[event.bar_zero - 2 : event.bar_zero + 3] *= 2
            measured = variance_ratio(
                standardise_event(replace(event, returns=returns), choose_model("market"), 20, "log")
            )
            assert measured is not None
            found.append(measured.ratio)
    assert np.mean(ratios[False]) == pytest.approx(1.0, abs=0.2)
    assert np.mean(ratios[True]) == pytest.approx(4.0, abs=1.0)


def test_buy_and_hold_compounds_by_kind() -> None:
    simple = buy_and_hold(np.array([0.1, 0.1]), np.array([0.0, 0.05]), "simple")
    log = buy_and_hold(np.log1p([0.1, 0.1]), np.log1p([0.0, 0.05]), "log")
    assert simple == pytest.approx(1.21 - 1.05)
    assert log == pytest.approx(1.21 - 1.05)
    assert buy_and_hold(np.array([0.1, np.nan]), np.zeros(2), "log") is None


def _sample(noise: np.ndarray, cars: np.ndarray, clusters: list[int] | None = None) -> Sample:
    n, length = cars.shape
    return Sample(
        ar=cars,
        sar=cars,
        car=cars.sum(axis=1),
        car_sd=np.full(n, np.sqrt(length)),
        sigma=np.ones(n),
        residuals=noise,
        ranks=np.zeros((n, 1)),
        columns=(0, 1),
        degrees_of_freedom=np.full(n, noise.shape[1]),
        bars=np.zeros((n, length), dtype=np.int64),
        clusters=np.array(clusters or range(n)),
        rbar=0.0,
        score_rbar=0.0,
        seed=1,
    )


def test_variance_ratio_of_a_group_by_hand() -> None:
    noise = np.tile([1.0, -1.0, 1.0, 1.0], (2, 10))  # windows of two bars: sums 0 and 2, mean square over √2 is 1
    found = group_variance_ratio(_sample(noise, np.array([[2.0, 0.0], [1.0, 1.0]])))
    assert found is not None
    assert found.ratio == pytest.approx(2.0)
    assert found.n == 40
    # Both events draw the large window (0.5²) at least as often as the ratio asks for.
    assert found.p_value == pytest.approx(0.25, abs=0.03)
    together = group_variance_ratio(_sample(noise, np.array([[2.0, 0.0], [1.0, 1.0]]), [0, 0]))
    assert together is not None
    assert together.p_value == pytest.approx(0.5, abs=0.04)


def test_variance_ratio_of_a_group_leaves_out_broken_windows_and_needs_twenty() -> None:
    noise = np.ones((1, 40))
    assert group_variance_ratio(_sample(noise[:, :38], np.ones((1, 2)))) is None
    noise[0, 0] = np.nan
    found = group_variance_ratio(_sample(noise, np.ones((1, 1))))
    assert found is not None
    assert found.n == 39


def test_variance_ratio_of_a_group_keeps_its_size() -> None:
    rng = np.random.default_rng(3)
    p_values = []
    for _ in range(200):
        found = group_variance_ratio(_sample(rng.normal(0, 1, (8, 240)), rng.normal(0, 1, (8, 3))))
        assert found is not None
        p_values.append(found.p_value)
    assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.09
