"""Regressions recover what was planted and say why they cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.formula.api as smf

from analysis.engine.regressions.characteristics import regress_cars
from analysis.engine.regressions.leads_lags import panel_event_study
from analysis.engine.regressions.local_projections import project_locally
from analysis.engine.regressions.quantiles import regress_quantiles
from analysis.engine.regressions.stacks import stack_events
from analysis.engine.standardise import EventInput
from tests.analysis.engine.study_builders import make_event


def make_cars(n_events: int = 40, n_assets: int = 6) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    severity = rng.integers(1, 6, n_events).astype(float)
    rows = [
        (f"e{e}", f"a{a}", severity[e], 0.01 * severity[e] + shock + rng.normal(0, 0.01))
        for e in range(n_events)
        for shock in [rng.normal(0, 0.02)]
        for a in range(n_assets)
    ]
    return pl.DataFrame(rows, schema=["event_id", "asset_id", "severity", "car"], orient="row")


def make_panel(*, n_units: int = 60, n_treated: int = 40, drift: float = 0.0) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    frames = []
    common = rng.normal(0, 0.02, 60)
    for unit in range(n_units):
        event = int(rng.integers(20, 40)) if unit < n_treated else None
        time = np.arange(60)
        relative = time - event if event is not None else np.full(60, 999)
        outcome = 0.01 * unit + common + rng.normal(0, 0.01, 60) + 0.05 * (relative == 0) + 0.03 * (relative == 1)
        outcome = outcome + drift * ((relative >= -3) & (relative <= -2))
        bars = pl.Series("relative_bar", relative if event is not None else [None] * 60, dtype=pl.Int64)
        frames.append(pl.DataFrame({"unit": f"u{unit:03}", "time": time, "outcome": outcome}).with_columns(bars))
    return pl.concat(frames)


def test_clusters_widen_what_hc3_believes() -> None:
    terms = regress_cars(make_cars(), "car", ["severity"], clusters=("event_id", "asset_id"))
    found = {(term.covariance, term.name): term for term in terms}
    naive, honest = found["hc3", "severity"], found["two_way_clustered", "severity"]
    assert naive.estimate == honest.estimate == pytest.approx(0.01, abs=0.004)
    assert honest.standard_error is not None
    assert naive.standard_error is not None
    assert honest.standard_error > 1.5 * naive.standard_error


def test_hc3_equals_statsmodels() -> None:
    frame = make_cars()
    expected = smf.ols("car ~ severity", pd.DataFrame(frame.to_dict(as_series=False))).fit(cov_type="HC3", use_t=True)
    term = next(
        t for t in regress_cars(frame, "car", ["severity"], clusters=("event_id", "asset_id")) if t.name == "severity"
    )
    assert term.standard_error == pytest.approx(expected.bse["severity"])
    assert term.p_value == pytest.approx(expected.pvalues["severity"])


def test_a_characteristic_that_does_not_vary_has_its_reason() -> None:
    frame = make_cars().with_columns(direction=pl.lit(1.0))
    terms = regress_cars(frame, "car", ["severity", "direction"], clusters=("event_id", "asset_id"))
    absent = [term for term in terms if term.name == "direction"]
    assert [term.reason for term in absent] == ["direction does not vary over 240 rows"] * 2
    few = regress_cars(frame.head(3), "car", ["severity"], clusters=("event_id", "asset_id"))
    assert all(term.estimate is None for term in few)
    assert all(term.reason for term in few)


def test_leads_and_lags_recover_the_path_and_equal_dummies() -> None:
    frame = make_panel()
    terms = {term.name: term for term in panel_event_study(frame, leads=3, lags=2)}
    assert terms["bar 0"].estimate == pytest.approx(0.05, abs=0.006)
    assert terms["bar 1"].estimate == pytest.approx(0.03, abs=0.006)
    assert terms["all leads"].p_value is not None
    assert terms["all leads"].p_value > 0.05
    data = frame.with_columns(
        **{
            f"d{k}": (pl.col("relative_bar") == bar).fill_null(value=False).cast(pl.Float64)
            for k, bar in enumerate((-3, -2, 0, 1, 2))
        }
    )
    formula = "outcome ~ d0 + d1 + d2 + d3 + d4 + C(unit) + C(time)"
    expected = smf.ols(formula, pd.DataFrame(data.drop("relative_bar").to_dict(as_series=False))).fit()
    for place, bar in enumerate((-3, -2, 0, 1, 2)):
        assert terms[f"bar {bar}"].estimate == pytest.approx(expected.params[f"d{place}"], abs=1e-9)


def test_a_drift_before_the_event_is_seen_by_the_joint_test() -> None:
    terms = {term.name: term for term in panel_event_study(make_panel(drift=0.01), leads=3, lags=2)}
    assert terms["all leads"].p_value is not None
    assert terms["all leads"].p_value < 0.001


def test_too_few_units_have_a_reason() -> None:
    terms = panel_event_study(make_panel(n_units=4, n_treated=3), leads=2, lags=1)
    assert {term.reason for term in terms} == {"4 clusters; clustered errors need at least 5"}


def test_a_joint_test_of_more_leads_than_clusters_carry_has_its_reason() -> None:
    terms = panel_event_study(make_panel(n_units=8, n_treated=6), leads=9, lags=2)
    assert "too few events for a joint test" in str(terms[-1].reason)
    assert all(term.estimate is not None for term in terms[:-1])


@pytest.mark.parametrize(("n_events", "leads"), [(12, 3), (15, 8), (25, 8)])
def test_the_joint_test_keeps_its_size_with_few_events(n_events: int, leads: int) -> None:
    rng = np.random.default_rng(9)
    p_values = []
    for _ in range(100):
        inputs = []
        for number in range(n_events):
            returns = rng.standard_t(4, (4, 120)) + 0.5 * rng.standard_t(4, 120)
            made = [make_event(f"e{number}", f"a{a}", returns[a], returns[3], 100) for a in range(2)]
            inputs += [replace(item, donors=returns[2:].T) for item in made]
        frame = stack_events(inputs, leads=leads, lags=1, base_bars=20)
        p_values.append(panel_event_study(frame, leads=leads, lags=1)[-1].p_value)
    assert np.mean([p is not None and p < 0.05 for p in p_values]) <= 0.11


def test_events_of_one_stretch_of_bars_are_one_cluster() -> None:
    frame = stack_events(make_stacked(effect=0.05), leads=2, lags=1, base_bars=30, cluster_bars=300)
    assert frame["cluster"].n_unique() == 7
    assert frame["time"].n_unique() == 12 * 34


def make_stacked(*, effect: float, shared_move: float = 0.0) -> list[EventInput]:
    """Twelve events on three assets at once, each bar 0 `effect` up; a common move in the same bar hits all assets."""
    rng = np.random.default_rng(7)
    returns = rng.normal(0, 0.01, (5, 2_000))
    inputs = []
    for number, zero in enumerate(range(150, 1_950, 150)):
        returns[:, zero] += shared_move
        returns[:3, zero] += effect
        for asset in range(3):
            made = make_event(f"e{number}", f"a{asset}", returns[asset], returns[4], zero)
            inputs.append(replace(made, donors=returns[3:].T))
    return inputs


def test_stacked_events_are_set_against_assets_they_do_not_concern() -> None:
    frame = stack_events(make_stacked(effect=0.05, shared_move=0.2), leads=4, lags=3, base_bars=60)
    terms = {term.name: term for term in panel_event_study(frame, leads=4, lags=3)}
    found = terms["bar 0"]
    assert found.estimate == pytest.approx(0.05, abs=0.01)  # the common move of 0.2 is not in it
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert frame["cluster"].n_unique() == 12
    assert frame.filter(pl.col("relative_bar").is_null())["unit"].n_unique() == 12
    assert frame.height == 12 * 4 * 68


def test_stacked_coefficients_are_differences_of_means() -> None:
    inputs = make_stacked(effect=0.05)
    frame = stack_events(inputs, leads=2, lags=1, base_bars=30)
    terms = {term.name: term for term in panel_event_study(frame, leads=2, lags=1)}
    differences = []
    for item in inputs[::3]:
        own = np.mean([other.returns for other in inputs if other.event_id == item.event_id], axis=0)
        assert item.donors is not None
        gap = own - item.donors.mean(axis=1)
        zero = item.bar_zero
        base = np.append(gap[zero - 32 : zero - 2], gap[zero - 1])
        differences.append(gap[zero] - base.mean())
    assert terms["bar 0"].estimate == pytest.approx(np.mean(differences), abs=1e-12)


def test_masked_and_missing_bars_of_the_base_are_left_out() -> None:
    first = make_stacked(effect=0.0)[0]
    mask = np.zeros(first.returns.size, dtype=np.bool_)
    mask[first.bar_zero - 20 : first.bar_zero - 10] = True
    frame = stack_events([replace(first, mask=mask)], leads=4, lags=3, base_bars=60)
    assert frame.height == 2 * (68 - 10)
    alone = stack_events([replace(first, donors=None)], leads=4, lags=3, base_bars=60)
    comparison = alone.filter(pl.col("relative_bar").is_null())["outcome"].to_numpy()
    np.testing.assert_array_equal(comparison, first.benchmark[first.bar_zero - 64 : first.bar_zero + 4])
    assert stack_events([replace(first, reason="out")], leads=1, lags=1, base_bars=9).height == 0


def test_local_projections_recover_a_delayed_response() -> None:
    rng = np.random.default_rng(3)
    shock = rng.normal(0, 1, 4_000)
    returns = rng.normal(0, 0.5, 4_000) + 0.3 * shock
    returns[2:] += 0.2 * shock[:-2]
    returns[100] = np.nan
    terms = project_locally(returns, shock, horizons=range(5), n_lags=3)
    for term, expected in zip(terms, (0.3, 0.3, 0.5, 0.5, 0.5), strict=True):
        assert term.lower_95 is not None
        assert term.upper_95 is not None
        assert term.lower_95 < expected < term.upper_95
        assert term.upper_95 - term.lower_95 < 0.15
    still = project_locally(returns, np.zeros(4_000), horizons=[1], n_lags=1)
    assert still[0].reason == "0 bars with a shock; needs at least 60"


def test_projections_of_event_dummies_keep_their_size() -> None:
    rng = np.random.default_rng(8)
    n_rejected = 0
    for _ in range(200):
        shock = np.zeros(1_500)
        shock[rng.choice(1_490, 70, replace=False)] = 1.0
        [term] = project_locally(rng.standard_t(5, 1_500), shock, horizons=[5], n_lags=2)
        assert term.p_value is not None
        n_rejected += term.p_value < 0.05
    assert 2 <= n_rejected <= 22  # of 200 at 5 %: the band of a binomial up to the known 8 %


def test_quantiles_see_a_spread_that_the_mean_does_not() -> None:
    rng = np.random.default_rng(4)
    severity = rng.uniform(1, 5, 3_000)
    frame = pl.DataFrame({"severity": severity, "car": severity * rng.normal(0, 0.01, 3_000)})
    terms = {term.name: term.estimate for term in regress_quantiles(frame, "car", ["severity"], (0.1, 0.5, 0.9))}
    assert terms["q0.9:severity"] == pytest.approx(0.0128, abs=0.002)
    assert terms["q0.1:severity"] == pytest.approx(-0.0128, abs=0.002)
    assert terms["q0.5:severity"] == pytest.approx(0.0, abs=0.001)
    few = regress_quantiles(frame.head(50), "car", ["severity"], (0.1,))
    assert few[0].reason == "50 rows; 2 coefficients at this quantile need 100"
