"""The harness sees tests that over-reject, and the ones we put in the headline do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.engine.battery import choose_model
from analysis.engine.panel import build_panel
from analysis.engine.simulate import SCENARIOS, draw_residuals, real_events, simulate_events
from analysis.engine.size import SizeRequest, measure_size, simulated_draws, wilson_band
from analysis.engine.standardise import standardise_event
from analysis.engine.study import group_effect, run_battery
from analysis.tape.returns import build_return_grid
from ingest.bundle.loader import load_false_alarms
from tests.paths import PROJECT

HEADLINE = ("kp_bmp", "grank_t", "cdat")
NAIVE = ("cross_sectional_t", "patell", "bmp", "sign", "wilcoxon")


def silent(_: str) -> None:
    """Say nothing."""


def rejections(request: SizeRequest, *names: str) -> dict[tuple[str, str], float]:
    frame = measure_size(simulated_draws(request, names), request, silent).filter(pl.col("level") == 0.05)
    return {(row["scenario"], row["statistic"]): row["rejection"] for row in frame.iter_rows(named=True)}


@pytest.mark.slow
def test_headline_tests_keep_their_size_under_clustering_and_naive_ones_do_not() -> None:
    request = SizeRequest(replications=500, statistic_ids=HEADLINE + NAIVE)
    found = rejections(request, "clustered 0.1", "normal")
    for statistic in HEADLINE:
        assert 0.02 <= found["clustered 0.1", statistic] <= 0.09, statistic
    for statistic in NAIVE:
        assert found["clustered 0.1", statistic] > 0.12, statistic
        assert 0.02 <= found["normal", statistic] <= 0.09, statistic


@pytest.mark.slow
def test_several_dates_of_the_same_firms_keep_size_and_coverage() -> None:
    # 10 dates x 4 firms whose residuals correlate 0.25 within a date: averaging over sharing pairs alone rejects 0.000.
    request = SizeRequest(n_events=40, replications=300)
    draw = simulated_draws(request, ("several dates, clustered 0.25",))["several dates, clustered 0.25"]
    rng = np.random.default_rng(7)
    rejected, covered = [], []
    for _ in range(request.replications):
        results = [standardise_event(event, choose_model("market"), 60, "log") for event in draw(rng)]
        sample = build_panel(results, 1).sample(0, 1)
        [row] = run_battery(sample, (0, 1), ("kp_bmp",))
        effect = group_effect(sample, (0, 1))
        assert row.p_value is not None
        assert effect.lower_95 is not None
        assert effect.upper_95 is not None
        rejected.append(row.p_value <= 0.05)
        covered.append(effect.lower_95 <= 0.0 <= effect.upper_95)
    assert 0.03 <= np.mean(rejected) <= 0.085
    assert 0.92 <= np.mean(covered) <= 0.975


@pytest.mark.slow
def test_event_induced_variance_breaks_patell_and_not_kp_bmp() -> None:
    request = SizeRequest(replications=400, statistic_ids=("patell", "kp_bmp", "bmp"))
    found = rejections(request, "event variance x4")
    assert found["event variance x4", "patell"] > 0.12
    assert 0.02 <= found["event variance x4", "kp_bmp"] <= 0.09


@pytest.mark.slow
def test_power_grows_with_the_effect() -> None:
    shares = [
        rejections(SizeRequest(replications=150, effect_sd=effect, statistic_ids=("kp_bmp",)), "normal")[
            "normal", "kp_bmp"
        ]
        for effect in (0.0, 0.4, 1.0)
    ]
    assert shares[0] < 0.12 < shares[1] < shares[2]
    assert shares[2] > 0.95


def test_the_same_seed_gives_the_same_numbers_whatever_runs_beside_it() -> None:
    request = SizeRequest(replications=10, n_events=6, estimation=40)
    assert rejections(request, "normal") == {
        key: value for key, value in rejections(request, "garch", "normal").items() if key[0] == "normal"
    }


@pytest.mark.parametrize("shape", ["normal", "t3", "garch", "skewed"])
def test_residuals_have_mean_zero_and_variance_one(shape: str) -> None:
    residuals = draw_residuals(np.random.default_rng(1), 200, 500, shape)  # type: ignore[arg-type]
    assert residuals.shape == (200, 500)
    assert residuals.mean() == pytest.approx(0.0, abs=0.02)
    assert residuals.var() == pytest.approx(1.0, abs=0.15)


def test_planted_correlation_is_there() -> None:
    clustered = next(scenario for scenario in SCENARIOS if scenario.name == "clustered 0.3")
    events = simulate_events(np.random.default_rng(1), clustered, n=20, estimation=2_000, window=1)
    residuals = [np.polynomial.polynomial.polyfit(e.benchmark, e.returns, 1) for e in events]
    left = [e.returns - a - b * e.benchmark for e, (a, b) in zip(events, residuals, strict=True)]
    correlations = np.corrcoef(left)[np.triu_indices(20, 1)]
    assert correlations.mean() == pytest.approx(0.3, abs=0.04)


def test_real_dates_are_drawn_where_all_bars_exist() -> None:
    rng = np.random.default_rng(1)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start + timedelta(hours=k) for k in range(200) if k != 120]
    frames = [
        pl.DataFrame(
            {
                "market_id": name,
                "open_time_utc": times,
                "close_quote": 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 199))),
            }
        )
        for name in ("btc", "tao", "fet")
    ]
    grid = build_return_grid(pl.concat(frames), timedelta(hours=1))
    for is_clustered in (False, True):
        draw = real_events(grid, "btc", n=6, estimation=40, window=4, is_clustered=is_clustered)
        for _ in range(20):
            for event in draw(rng):
                assert event.market_id != "btc"
                assert np.isfinite(event.returns).all()
    with pytest.raises(ValueError, match="no market has 150 bars in a row"):
        real_events(grid, "btc", n=6, estimation=146, window=4, is_clustered=False)


def test_wilson_band_by_hand() -> None:
    share, lower, upper = wilson_band(5, 100)
    assert share == 0.05
    assert lower == pytest.approx(0.02154, abs=1e-5)
    assert upper == pytest.approx(0.11175, abs=1e-5)
    assert wilson_band(0, 0) == (None, None, None)


def test_what_the_readme_says_of_group_tests_are_cells_of_the_shipped_table() -> None:
    """`aftershock study size` prints the same table; the sentence takes its extremes."""
    rows = load_false_alarms().filter(
        pl.col("level") == 0.05, pl.col("effect_sd") == 0.0, pl.col("rejection").is_not_null()
    )
    clustered = rows.filter(pl.col("scenario") == "clustered 0.1")
    assert set(clustered["n_replications"]) == {1000}
    named = clustered.filter(pl.col("statistic").is_in(["kp_bmp", "grank_t", "cdat"]))["rejection"].sort()
    assumed = clustered.filter(pl.col("dependence") == "independent")["rejection"].sort()
    several = rows.filter(pl.col("scenario") == "several dates, clustered 0.25", pl.col("statistic") == "kp_bmp")
    said = " ".join((PROJECT / "README.md").read_text().split())
    assert (
        "Of 1,000 simulated studies with residual correlation 0.1 the adjusted BMP, GRANK-T and CDAT tests reject "
        f"{100 * named[0]:.1f} to {100 * named[-1]:.1f} % at nominal 5 %, tests that assume independence "
        f"{100 * assumed[0]:.0f} to {100 * assumed[-1]:.0f} %; with several dates of four tokens each (0.25) adjusted "
        f"BMP rejects {100 * several['rejection'][0]:.1f} %."
    ) in said
