"""The kernel's numbers rest on a study's own bars, bit by bit, and each call on bounded memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.engine.compiled import BARS_PER_BLOCK
from analysis.engine.kernel import (
    RESULT_BYTES,
    Reason,
    WindowResults,
    fit_around,
    fit_line,
    market_model_windows,
    sum_blocks,
    total_returns,
)

NUMBERS = ("alpha", "beta", "sigma", "n_estimation", "benchmark_mean", "benchmark_sxx", "car", "car_variance")


def make_market(seed: int, n: int, level: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = level + rng.normal(0, 0.005, n)
    y = level + 0.8 * x + rng.normal(0, 0.01, n)
    y[rng.random(n) < 0.02] = np.nan
    return y, x, rng.random(n) < 0.05


def study(y: np.ndarray, x: np.ndarray, events: np.ndarray, **options: object) -> WindowResults:
    given_options: dict[str, object] = {"estimation": (-240, 0), "window": (0, 12), **options}
    series = np.zeros(events.size, dtype=np.int64)
    return market_model_windows(y, x, series, events, **given_options)  # type: ignore[arg-type]


def assert_equal_bits(one: WindowResults, other: WindowResults) -> None:
    for name in (*NUMBERS, "ar", "ar_variance", "reason"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 3 * BARS_PER_BLOCK), st.integers(60, 4 * BARS_PER_BLOCK), st.integers(0, 900)
)
def test_a_slice_gives_the_bits_of_the_whole(seed: int, cut: int, length: int, first_bar: int) -> None:
    y, x, mask = make_market(seed, 3_000)
    bars = {"estimation": (-length, 0), "window": (0, 12)}
    events = np.array([cut + length, cut + length + 40, 2_900 if cut + length < 2_900 else cut + length + 1])
    whole = study(y, x, events, mask=mask[np.newaxis], first_bar=first_bar, **bars)
    last = int(events.max()) + 12
    part = study(
        y[cut:last], x[cut:last], events - cut, mask=mask[np.newaxis, cut:last], first_bar=first_bar + cut, **bars
    )
    assert (whole.n_estimation > 40).all()
    assert_equal_bits(part, whole)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(300, 2_000))
def test_later_bars_leave_the_bits_as_they_were(seed: int, today: int) -> None:
    y, x, _ = make_market(seed, 3_000)
    events = np.arange(250, today - 12, 7)
    assert_equal_bits(study(y[:today], x[:today], events), study(y, x, events))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 700), st.integers(0, 60))
def test_a_two_sided_model_has_the_bits_of_its_own_bars(seed: int, start: int, window: int) -> None:
    y, x, mask = make_market(seed, 2_000)
    options = {"limit": 900, "length": 300, "minimum": 50}
    whole = fit_around(sum_blocks(y, x, mask, 77), np.array([start]), window, **options)
    part = fit_around(sum_blocks(y[:900], x[:900], mask[:900], 77), np.array([start]), window, **options)
    assert np.isfinite(whole.beta).all()
    for name in ("alpha", "beta", "residual_variance", "n", "benchmark_mean", "benchmark_squares"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(part, name))


def test_a_level_far_from_zero_costs_no_digits() -> None:
    y, x, _ = make_market(3, 2_000)
    at = np.array([700])
    near, far = study(y, x, at, estimation=(-600, 0)), study(y + 1_000.0, x + 1_000.0, at, estimation=(-600, 0))
    assert far.beta[0] == pytest.approx(near.beta[0], rel=1e-9)
    assert far.car[0] == pytest.approx(near.car[0], abs=1e-9)


@pytest.mark.parametrize("memory_bytes", [1, 100_000, 400_000])
def test_a_small_budget_gives_the_same_bits(memory_bytes: int) -> None:
    y, x, mask = make_market(4, 20_000)
    rng = np.random.default_rng(4)
    events = rng.integers(-5, 20_010, 3_000)
    whole = study(y, x, events, mask=mask[np.newaxis])
    assert_equal_bits(study(y, x, events, mask=mask[np.newaxis], memory_bytes=memory_bytes), whole)
    assert {Reason.NONE, Reason.EVENT_OUTSIDE_DATA, Reason.WINDOW_MISSING_BAR} <= set(whole.reason.tolist())


@pytest.mark.parametrize("at", [0, 1, 7, 300])
def test_a_study_alone_has_the_bits_it_has_among_many(at: int) -> None:
    y, x, mask = (np.stack(parts) for parts in zip(*(make_market(seed, 9_000) for seed in (7, 8, 9)), strict=True))
    rng = np.random.default_rng(7)
    series, events = rng.integers(0, 3, 20_000), rng.integers(-5, 9_010, 20_000)
    bars = {"estimation": (-600, -3), "window": (-3, 9), "mask": mask, "first_bar": 1_001}
    many = market_model_windows(y, x, series, events, **bars)  # type: ignore[arg-type]
    alone = market_model_windows(y, x, series[at : at + 2], events[at : at + 2], **bars)  # type: ignore[arg-type]
    for name in (*NUMBERS, "ar", "ar_variance", "reason"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(many, name)[at : at + 2], err_msg=name)
    assert (many.reason == Reason.NONE).mean() > 0.4


def test_a_call_holds_its_budget_and_no_single_bars() -> None:
    n_bars, n_window, budget = 100_000, 1_000, 2 * 2**20
    y, x, _ = make_market(5, n_bars)
    events = np.arange(n_bars - n_window)
    study(y[:2_000], x[:2_000], events[:500], keep_bars=False)  # what importing and compiling allocates is not counted
    tracemalloc.start()
    held = tracemalloc.get_traced_memory()[0]
    result = study(y, x, events, window=(0, n_window), keep_bars=False, memory_bytes=budget)
    peak = tracemalloc.get_traced_memory()[1] - held
    tracemalloc.stop()
    assert result.ar.size == 0
    assert peak < budget + 200 * events.size + 2**20  # 73 bytes of results a study, and where studies are sorted
    assert peak < 16 * events.size * n_window / 50


def test_sums_without_bars_are_those_with_bars() -> None:
    y, x, _ = make_market(6, 3_000)
    events = np.arange(200, 2_990)
    with_bars, without = study(y, x, events), study(y, x, events, keep_bars=False)
    for name in (*NUMBERS, "reason"):
        np.testing.assert_array_equal(getattr(with_bars, name), getattr(without, name))
    squares = (with_bars.ar**2 / with_bars.ar_variance).mean(axis=1)
    is_done = with_bars.is_complete
    np.testing.assert_allclose(without.mean_square[is_done], squares[is_done], rtol=1e-13)
    assert np.isnan(without.mean_square[~is_done]).all()


def test_single_bars_beyond_the_limit_are_refused_with_the_remedy() -> None:
    y, x, _ = make_market(7, 2_000)
    n = RESULT_BYTES // (16 * 1_000) + 1
    with pytest.raises(ValueError, match="keep_bars=False"):
        study(y, x, np.zeros(n, dtype=np.int64), window=(0, 1_000))


def test_a_line_is_the_market_model_over_the_bars_that_are_used() -> None:
    y, x, mask = make_market(8, 500)
    used = ~mask & np.isfinite(y)
    design = np.column_stack([np.ones(used.sum()), x[used]])
    (alpha, beta), rss, *_ = np.linalg.lstsq(design, y[used], rcond=None)
    line = fit_line(y, x, ~mask)
    assert line.n[0] == used.sum()
    assert (line.alpha[0], line.beta[0]) == (pytest.approx(alpha, abs=1e-14), pytest.approx(beta, rel=1e-12))
    assert line.residual_variance[0] == pytest.approx(rss[0] / (used.sum() - 2), rel=1e-12)
    assert fit_line(y, np.full(500, 0.01)).reason[0] == Reason.CONSTANT_BENCHMARK
    assert fit_line(y[:2], x[:2]).reason[0] == Reason.ESTIMATION_SHORTFALL
    assert fit_line(2.0 * x, x).reason[0] == Reason.CONSTANT_SERIES


def test_window_totals_count_masked_bars_and_refuse_missing_ones() -> None:
    y, x = np.arange(10.0), np.arange(10.0) * 10
    y[7] = np.nan
    sums = sum_blocks(y, x, np.arange(10) == 2, 0)
    asset, benchmark = total_returns(sums, np.array([0, 1, 5, 8, 9]), 2)
    np.testing.assert_array_equal(asset, [1.0, 3.0, 11.0, 17.0, np.nan])
    np.testing.assert_array_equal(benchmark, [10.0, 30.0, 110.0, 170.0, np.nan])
    assert np.isnan(total_returns(sums, np.array([6, -1]), 2)[0]).all()


def test_exactly_the_minimum_of_bars_is_enough() -> None:
    y, x = np.random.default_rng(9).normal(0, 0.01, (2, 200))
    events = np.array([60])
    assert study(y, x, events, estimation=(-50, 0), minimum_estimation=50).is_complete[0]
    assert study(y, x, events, estimation=(-50, 0), minimum_estimation=51).reason[0] == Reason.ESTIMATION_SHORTFALL
    fitted = fit_around(sum_blocks(y, x, np.zeros(200, dtype=bool), 0), events, 0, limit=0, length=50, minimum=50)
    assert fitted.reason[0] == Reason.NONE
