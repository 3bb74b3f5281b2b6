"""Statistics on four events, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.engine.battery import load_statistics
from analysis.engine.resampling import share_at_least, sign_patterns
from analysis.engine.statistic import NotApplicable, Sample, TestResult

CARS = np.array([0.01, 0.03, -0.01, 0.05])  # mean 0.02, deviation 0.0258199


def make_sample(**changes: object) -> Sample:
    rng = np.random.default_rng(1)
    residuals = rng.normal(0, 0.02, (4, 40))
    given: dict[str, object] = {
        "ar": CARS[:, None],
        "sar": CARS[:, None] / 0.02,
        "car": CARS,
        "car_sd": np.full(4, 0.02),
        "sigma": np.full(4, 0.02),
        "residuals": residuals,
        "ranks": np.argsort(np.argsort(np.hstack([residuals, CARS[:, None]]), axis=1), axis=1) + 1.0,
        "columns": (40, 41),
        "degrees_of_freedom": np.full(4, 38),
        "bars": np.array([[10], [20], [30], [40]]),
        "clusters": np.array([0, 1, 2, 3]),
        "rbar": 0.0,
        "score_rbar": 0.0,
        "seed": 1,
    }
    return Sample(**(given | changes))  # type: ignore[arg-type]


def result(statistic: str, **changes: object) -> TestResult:
    found = load_statistics()[statistic].run(make_sample(**changes))
    assert isinstance(found, TestResult), found
    return found


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("cross_sectional_t", 0.02 / (np.sqrt(0.002 / 3) / 2)),
        ("j1", 0.08 / np.sqrt(4 * 0.0004)),
        ("patell", 4.0 / np.sqrt(4 * 38 / 36)),
        ("j2", 2 * 1.0 * np.sqrt(36 / 38)),
        ("sign", (3 - 2) / 1.0),
        ("wilcoxon", 1.5 + 3 + 4),
        ("sign_flip", 0.02),
        ("ibragimov_mueller", 0.02 / (np.sqrt(0.002 / 3) / 2)),
        ("calendar_time", 0.02 / (np.sqrt(0.002 / 3) / 2)),
    ],
)
def test_a_value_by_hand(statistic: str, value: float) -> None:
    assert result(statistic).value == pytest.approx(value)


def test_correlation_deflates_by_the_published_factor() -> None:
    plain, adjusted = result("bmp").value, result("kp_bmp", rbar=0.2)
    assert adjusted.value == pytest.approx(plain * np.sqrt(0.8 / 1.6))
    assert adjusted.n_eff == pytest.approx(4 / 1.6)


def test_a_mean_that_is_almost_zero_is_the_smallest_of_all_patterns() -> None:
    cars = np.array([0.02645547, 0.03153826, -0.01614585, 0.02919848, -0.07105868 + 1.2e-5])
    drawn = sign_patterns(5, 1) @ np.sort(cars) / 5
    assert share_at_least(drawn, float(cars.mean()), is_exact=True) == 1.0
    assert share_at_least(drawn, -float(cars.mean()), is_exact=True) == 1.0


def test_sign_flip_is_exact_for_few_events() -> None:
    # of 16 sign patterns only all-plus, the one without −0.01 flipped and their mirrors reach |mean| ≥ 0.02
    assert result("sign_flip").p_value == pytest.approx(6 / 16)


def test_jackknife_is_the_t_of_the_pseudo_values() -> None:
    # SCARs 0.5, 1.5, −0.5, 2.5: θ = 1/√(5/3); without each in turn 7/6 and 5/6 over √(7/3), then 3/2 and 1/2 over 1
    left_out = np.array([7 / 6 / np.sqrt(7 / 3), 5 / 6 / np.sqrt(7 / 3), 1.5, 0.5])
    pseudo = 4 / np.sqrt(5 / 3) - 3 * left_out
    found = result("jackknife")
    assert found.value == pytest.approx(2 * pseudo.mean() / pseudo.std(ddof=1))
    assert found.df == 3


@pytest.mark.parametrize(("score_rbar", "deflation"), [(0.0, 1.0), (1 / 3, 2.0)])
def test_normal_scores_are_tukeys(score_rbar: float, deflation: float) -> None:
    # ranks 3, 3, 1, 2 of 3: p = 3/4, 3/4, 1/4, 1/2; scores c, c, −c, 0 with c = 0.67235 (Φ⁻¹ gives 0.67449)
    ranks = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [2.0, 3.0, 1.0], [1.0, 3.0, 2.0]])
    found = result("corrado_tuckey", ranks=ranks, columns=(2, 3), score_rbar=score_rbar)
    assert found.value == pytest.approx(0.67235 / np.sqrt(4 * deflation), abs=1e-5)


def test_wilcoxon_stays_exact_with_ties_and_without_zeros() -> None:
    # ranks 1.5, 1.5, 3, all positive: one of 8 sign patterns is as high and one as low
    found = result("wilcoxon", car=np.array([0.01, 0.01, 0.0, 0.02]))
    assert (found.value, found.p_value) == (6.0, pytest.approx(2 / 8))
    z = result("wilcoxon_z", car=np.array([0.01, 0.01, 0.0, 0.02]))
    assert z.value == pytest.approx(3 / np.sqrt((1.5**2 + 1.5**2 + 3**2) / 4))


def test_two_calendar_bars_are_enough_for_a_portfolio() -> None:
    found = result("calendar_time", bars=np.array([[10], [20], [20], [10]]))  # bar means 0.03 and 0.01
    assert (found.value, found.df) == (pytest.approx(2.0), 1)


def test_events_in_one_cluster_are_one_observation() -> None:
    paired = result("ibragimov_mueller", clusters=np.array([0, 1, 1, 0]))  # cluster means 0.03 and 0.01
    assert paired.value == pytest.approx(2.0)
    assert (paired.df, paired.n_eff) == (1, 2)


def test_an_unknown_correlation_is_a_reason() -> None:
    found = load_statistics()["kp_bmp"].run(make_sample(rbar=None))
    assert isinstance(found, NotApplicable)
    assert "unknown" in found.reason


def test_copies_of_one_series_are_no_evidence() -> None:
    found = load_statistics()["kp_bmp"].run(make_sample(rbar=1.0))
    assert isinstance(found, NotApplicable)
    assert "copies of one series" in found.reason


def test_jackknife_needs_variation_without_any_one_event() -> None:
    found = load_statistics()["jackknife"].run(make_sample(car=np.array([0.01, 0.01, 0.01, 0.05])))
    assert isinstance(found, NotApplicable)
