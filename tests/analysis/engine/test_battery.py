"""Properties that hold for every statistic."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace

import numpy as np
import pytest

from analysis.engine.battery import load_models, load_statistics
from analysis.engine.statistic import DEPENDENCE_WORDS
from analysis.engine.study import EstimationSpecification, TestRow, run_study
from tests.analysis.engine.study_builders import WINDOW, make_event, make_events, run_tests

PROMISED = frozenset(
    {
        *("cross_sectional_t", "cdat", "j1", "j2", "patell", "bmp", "kp_patell", "kp_bmp", "corrado", "corrado_zivney"),
        *("corrado_tuckey", "grank_t", "grank_z", "sign", "generalized_sign", "wilcoxon", "hall_skewness", "jackknife"),
        *("sign_flip", "calendar_time", "ibragimov_mueller"),
    }
)


def numbers(rows: list[TestRow]) -> dict[str, tuple[float | None, float | None]]:
    return {row.statistic: (row.value, row.p_value) for row in rows}


def assert_same(first: list[TestRow], second: list[TestRow]) -> None:
    left, right = numbers(first), numbers(second)
    assert left.keys() == right.keys()
    for statistic in left:
        assert left[statistic] == pytest.approx(right[statistic], abs=1e-9), statistic


def test_every_promised_statistic_is_there() -> None:
    assert load_statistics().keys() >= PROMISED


@pytest.mark.parametrize("statistic_id", load_statistics())
def test_a_statistic_declares_what_a_referee_asks(statistic_id: str) -> None:
    statistic = load_statistics()[statistic_id]
    assert all((statistic.null, statistic.equation, statistic.title))
    assert any(character.isdigit() for character in statistic.reference), "a reference has a year"
    assert len(statistic.assumptions) > 20
    assert statistic.dependence in DEPENDENCE_WORDS
    module = inspect.getmodule(statistic.compute)
    assert module is not None
    assert len(ast.get_docstring(ast.parse(inspect.getsource(module))) or "") > 60


@pytest.mark.parametrize("is_spread", [True, False], ids=["spread", "one date"])
@pytest.mark.parametrize("window", [WINDOW, (0, 1)])
def test_the_order_of_events_changes_nothing(is_spread: bool, window: tuple[int, int]) -> None:
    events = make_events(14, 14 if not is_spread else 3, is_spread=is_spread)
    order = np.random.default_rng(5).permutation(len(events))
    assert_same(run_tests(events, window), run_tests([events[k] for k in order], window))


def test_an_asset_in_many_events_counts_like_copies_under_other_names() -> None:
    events = make_events(12, 3)
    copies = [replace(event, market_id=f"copy {k}", returns=event.returns.copy()) for k, event in enumerate(events)]
    assert_same(run_tests(events), run_tests(copies))


def test_events_far_apart_on_one_asset_are_as_independent_as_on_many() -> None:
    rng = np.random.default_rng(11)
    benchmark = rng.normal(0, 0.01, 3_000)
    asset = benchmark + rng.normal(0, 0.02, 3_000)
    rows = run_tests([make_event(f"e{k}", "a", asset, benchmark, 100 + 200 * k) for k in range(12)])
    adjusted = next(row for row in rows if row.statistic == "kp_bmp")
    plain = next(row for row in rows if row.statistic == "bmp")
    assert adjusted.value == pytest.approx(plain.value)
    assert adjusted.n_eff == pytest.approx(12)


def test_the_same_asset_at_overlapping_windows_is_one_observation() -> None:
    rng = np.random.default_rng(12)
    benchmark = rng.normal(0, 0.01, 600)
    asset = benchmark + rng.normal(0, 0.02, 600)
    rows = run_tests([make_event(f"e{k}", "a", asset, benchmark, 300) for k in range(4)])
    adjusted = next(row for row in rows if row.statistic == "kp_patell")
    assert adjusted.rbar == pytest.approx(1.0)
    assert adjusted.n_eff == pytest.approx(1.0)


def test_equal_cars_are_not_infinitely_significant() -> None:
    rng = np.random.default_rng(12)
    benchmark = rng.normal(0, 0.01, 600)
    asset = benchmark + rng.normal(0, 0.02, 600)
    rows = run_tests([make_event(f"e{k}", "a", asset, benchmark, 300) for k in range(6)])
    for statistic in ("cross_sectional_t", "bmp", "kp_bmp", "grank_t", "hall_skewness", "jackknife"):
        row = next(row for row in rows if row.statistic == statistic)
        assert row.value is None
        assert row.reason


def test_the_unit_of_returns_changes_no_test() -> None:
    events = make_events(9)
    scaled = [replace(e, returns=100 * e.returns, factors=100 * e.factors, benchmark=100 * e.benchmark) for e in events]
    first, second = numbers(run_tests(events)), numbers(run_tests(scaled))
    for statistic in first.keys() - {"sign_flip"}:  # its value is the mean CAR, in return units
        assert first[statistic] == pytest.approx(second[statistic], abs=1e-7), statistic


def test_one_event_has_a_value_or_a_reason_everywhere() -> None:
    for row in run_tests(make_events(1)):
        assert (row.value is None) == (row.reason is not None), row.statistic
        if row.statistic in ("bmp", "cross_sectional_t", "kp_bmp", "grank_t"):
            assert row.reason == f"1 event; {row.statistic} needs at least 2"


def test_a_planted_effect_is_found_by_every_test_that_can() -> None:
    events = [
        replace(event, returns=event.returns + np.where(np.arange(event.returns.size) == event.bar_zero, 0.10, 0.0))
        for event in make_events(16, 16)
    ]
    for row in run_tests(events, (0, 1)):
        assert row.reason is not None or (row.p_value is not None and row.p_value < 0.05), row.statistic


@pytest.mark.parametrize("model_id", sorted(load_models()))
def test_every_model_gives_a_study_or_its_reason(model_id: str) -> None:
    rng = np.random.default_rng(2)
    events = [
        replace(
            event, donors=event.returns[:, None] + rng.normal(0, 0.01, (event.returns.size, 3)), estimation=(-200, -3)
        )
        for event in make_events(3)
        if event.bar_zero > 210
    ]
    study = run_study(events, EstimationSpecification(model_id=model_id))
    for event in study.events:
        assert event.fit is not None or event.reason
        if event.fit is not None:
            assert event.fit.residuals.size == event.n_estimation
            assert np.all(event.ar_sd > 0)
            assert event.fit.car_variance(0, 5) > 0


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="constant_mean"):
        run_study(make_events(2), EstimationSpecification(model_id="capm"))
