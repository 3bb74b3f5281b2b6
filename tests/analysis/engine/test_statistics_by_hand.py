"""Statistics on four events, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.battery import load_statistics
from analysis.statistic import NotApplicable, Sample, TestResult

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


def test_sign_flip_is_exact_for_few_events() -> None:
    # of 16 sign patterns only all-plus, the one without −0.01 flipped and their mirrors reach |mean| ≥ 0.02
    assert result("sign_flip").p_value == pytest.approx(6 / 16)


def test_events_in_one_cluster_are_one_observation() -> None:
    paired = result("ibragimov_mueller", clusters=np.array([0, 1, 1, 0]))  # cluster means 0.03 and 0.01
    assert paired.value == pytest.approx(2.0)
    assert (paired.df, paired.n_eff) == (1, 2)


def test_an_unknown_correlation_is_a_reason() -> None:
    found = load_statistics()["kp_bmp"].run(make_sample(rbar=None))
    assert isinstance(found, NotApplicable)
    assert "unknown" in found.reason
