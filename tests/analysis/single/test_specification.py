"""The specification curve: every choice computed as it says, placebo dates judged jointly."""

import numpy as np
import polars as pl
import pytest

from analysis.single.choices.curve import SpecificationCurve, trace_specifications
from analysis.single.choices.rows import hash_specifications, rank_estimates
from analysis.tape.series import AlignedSeries
from analysis.tape.stretches import digest_stretches
from tests.analysis.single.simulated_markets import FIRST_OPEN, TOKEN, make_pair, make_series, plant, simulate_returns

N_BARS, EVENT = 24 * 200, 24 * 190
FIRST_US = round(FIRST_OPEN.timestamp() * 1_000_000)


def instant(bar: float) -> int:
    return FIRST_US + round(bar * 3_600_000_000)


def curve_of(seed: int, size: float, **anchors: int) -> tuple[SpecificationCurve, AlignedSeries]:
    token, benchmark = simulate_returns(np.random.default_rng(seed), N_BARS)
    token, _ = plant(token, EVENT, "size" if size else "none", size)
    series = make_series(token, benchmark)
    curve = trace_specifications([{"BTC": series}], anchors or {"best": instant(EVENT + 0.5)}, ())
    assert curve is not None
    return curve, series


def place_of(curve: SpecificationCurve, **wanted: object) -> int:
    found = [
        place
        for place, choice in enumerate(curve.choices)
        if all(getattr(choice, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1, found
    return found[0]


def test_each_specification_is_named_once() -> None:
    curve, _ = curve_of(1, 0.2)
    names = [choice.specification_id for choice in curve.choices]
    # Three models are fitted on four lengths; two need no estimation: each for three windows and two kinds of return.
    assert len(names) == len(set(names)) == (3 * 4 + 2) * 3 * 2


def test_equal_estimates_count_once_under_the_main_estimation() -> None:
    curve, _ = curve_of(1, 0.2)
    assert len({round(value, 12) for value in curve.estimate}) == len(curve.choices)
    assert {choice.estimation_days for choice in curve.choices if choice.model == "raw"} == {30.0}


def test_an_estimation_that_the_record_cannot_fill_is_no_choice() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(6), 24 * 50)
    curve = trace_specifications([{"BTC": make_series(token, benchmark)}], {"best": instant(24 * 38)}, ())
    assert curve is not None
    assert {choice.estimation_days for choice in curve.choices} == {5.0, 10.0, 30.0}


def test_the_market_model_specification_is_the_one_by_hand() -> None:
    curve, series = curve_of(1, 0.2)
    place = place_of(curve, model="market_model_drift", estimation_days=10.0, return_kind="simple", window_hours=12.0)
    asset, benchmark = np.expm1(series.asset), np.expm1(series.benchmark)
    before, after = slice(EVENT - 240, EVENT), slice(EVENT, EVENT + 12)
    design = np.column_stack([np.ones(240), benchmark[before]])
    (alpha, beta), rss, _, _ = np.linalg.lstsq(design, asset[before], rcond=None)
    estimate = float(np.sum(asset[after] - alpha - beta * benchmark[after]))
    distance = benchmark[after].sum() - 12 * benchmark[before].mean()
    spread = 12 + 144 / 240 + distance**2 / np.sum((benchmark[before] - benchmark[before].mean()) ** 2)
    assert curve.estimate[place] == pytest.approx(estimate, rel=1e-9)
    assert curve.standard_error[place] == pytest.approx(float(np.sqrt(rss[0] / 238 * spread)), rel=1e-9)


def test_rounding_does_not_rank_equal_estimates() -> None:
    third = 0.1 + 0.2  # 0.30000000000000004
    assert rank_estimates(pl.Series([third, 0.3, 0.2, 0.31])).to_list() == [2, 3, 1, 4]
    assert rank_estimates(pl.Series([0.3, third, 0.2, 0.31])).to_list() == [2, 3, 1, 4]


def test_the_raw_specification_is_the_plain_return() -> None:
    curve, series = curve_of(2, 0.1)
    place = place_of(curve, model="raw", estimation_days=30.0, return_kind="log", window_hours=24.0)
    assert curve.estimate[place] == pytest.approx(float(np.expm1(series.asset[EVENT : EVENT + 24].sum())), rel=1e-12)


def test_starts_that_fall_into_one_bar_are_one_rule() -> None:
    one, _ = curve_of(1, 0.2, best=instant(EVENT + 0.5), earliest=instant(EVENT + 0.1))
    two, _ = curve_of(1, 0.2, best=instant(EVENT + 0.5), earliest=instant(EVENT - 3.0))
    assert {choice.timing_rule for choice in one.choices} == {"best"}
    assert len(two.choices) == 2 * len(one.choices)


def test_a_planted_effect_is_significant_together_and_a_quiet_date_is_not() -> None:
    planted, _ = curve_of(3, 0.25)
    quiet, _ = curve_of(3, 0.0)
    assert planted.median == pytest.approx(0.28, abs=0.08)
    assert planted.share_significant > 0.9
    assert planted.p_median is not None
    assert quiet.p_median is not None
    assert planted.p_median < 0.05 < quiet.p_median
    assert planted.n_independent >= 40


def test_a_cherry_picked_window_does_not_survive() -> None:
    """With nothing planted some specification is often significant alone; jointly it happens as often as it should."""
    alone = together = 0
    for seed in range(40):
        curve, _ = curve_of(100 + seed, 0.0)
        assert curve.p_share is not None
        alone += bool((curve.p_value < 0.05).any())
        together += curve.p_share < 0.05
    assert alone >= 8
    assert together <= 6


def test_no_history_gives_no_joint_p() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(5), 24 * 12)
    curve = trace_specifications([{"BTC": make_series(token, benchmark)}], {"best": instant(24 * 8)}, ())
    assert curve is not None
    assert curve.p_median is None
    assert curve.n_placebo == 0


def test_the_market_is_named_in_every_choice() -> None:
    curve, _ = curve_of(1, 0.0)
    assert {choice.market_id for choice in curve.choices} == {TOKEN}


def test_another_event_is_an_input_of_the_curve_where_the_curve_looks() -> None:
    n_bars = 24 * 480
    token, benchmark = simulate_returns(np.random.default_rng(8), n_bars)
    pair, series = make_pair(token, benchmark, n_bars - 24 * 8), make_series(token, benchmark)
    reach = 24 * (365 + 60)

    def digest(*bars: int) -> str:
        spans = tuple((instant(bar), instant(bar + 24)) for bar in bars)
        return hash_specifications(pair, [{"BTC": series}], [{"BTC": digest_stretches(series)}], spans)

    nobody = digest()
    first = n_bars - 24 * 8 - reach
    assert digest(first - 24 * 3) == nobody
    assert digest(n_bars - 24 * 2) == nobody
    assert digest(first - 12) != nobody
    assert digest(n_bars - 24 * 8 + 2) != nobody
