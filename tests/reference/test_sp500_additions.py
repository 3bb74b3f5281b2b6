"""Sixteen index additions at different dates: peer numbers where the peer is right, recomputed ones elsewhere."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.paths import shared
from tests.reference.own_tables import Study, run_study_csv, value

TOLERANCE = 1e-9
BARS = (-2, -1, 0, 1, 2)

SINGLE = {
    "csect_t_aar": "cross_sectional_t",
    "patell_z_aar": "patell",
    "bmp_aar": "bmp",
    "corrado_rank_aar": "corrado",
    "sign_aar": "sign",
    "gsign_aar": "generalized_sign",
    "cdat_aar_(BW1985)": "cdat",
    "aar": "sign_flip",
}
CUMULATED = {
    "csect_t_caar": "cross_sectional_t",
    "patell_z_caar_sum_of_SAR": "patell_sum_sar",
    "patell_z_caar_exact_prediction_cov": "patell",
    "bmp_caar": "bmp",
    "corrado_rank_caar": "corrado",
    "gsign_caar": "generalized_sign",
    "grank_t_caar": "grank_t",
    "grank_z_caar": "grank_z",
    "hall_skew_t_caar": "hall_skewness",
    "cdat_caar": "cdat",
    "wilcoxon_W_caar": "wilcoxon",
    "wilcoxon_z_caar": "wilcoxon_z",
    "caar": "sign_flip",
}
PEER = {"CSectT": ("aar_t", "cross_sectional_t"), "PatellZ": ("aar_z", "patell"), "SignT": ("sign_z", "sign")}
PEER |= {"GSignT": ("gsign_z", "generalized_sign")}


def run(folder: Any, kind: str, *more: str) -> Study:
    source = shared("oracles/EventStudy_sp500")
    tables = [pl.read_csv(source / name, infer_schema=False) for name in ("firm.csv", "market.csv", "request.csv")]
    options = ("--estimation=-130:-11", "--window=-2:2", "--cumulative", f"--returns={kind}")
    return run_study_csv(folder, *tables, *options, *more)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return run(tmp_path_factory.mktemp("log"), "log")


@pytest.fixture(scope="module")
def simple_study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return run(tmp_path_factory.mktemp("simple"), "simple")


@pytest.fixture(scope="module")
def recomputed() -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads((shared("oracles/EventStudy_sp500") / "recomputed_numpy.json").read_text())
    return numbers


@pytest.fixture(scope="module")
def peer() -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads((shared("oracles/EventStudy_sp500") / "expected.json").read_text())
    return numbers


def test_a_price_that_is_not_positive_outside_the_used_bars_breaks_nothing(study: Study) -> None:
    assert study["excluded"] == []
    assert len(study["events"]) == 16


@pytest.mark.parametrize("kind", ["log", "simple"])
def test_models_equal_the_peers(study: Study, simple_study: Study, peer: dict[str, Any], kind: str) -> None:
    ours = {event["asset"]: event for event in (study if kind == "log" else simple_study)["events"]}
    for model in peer[kind]["models"]:
        event = ours[model["firm"].strip()]
        found = [event["alpha"], event["beta"][0], event["sigma"], event["n_estimation"] - 2]
        expected = [model["alpha"], model["beta"], model["sigma"], model["df"]]
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_day_has_the_recomputed_value(study: Study, recomputed: dict[str, Any], name: str) -> None:
    ours = [value(study, SINGLE[name], bar, bar) for bar in BARS]
    np.testing.assert_allclose(ours, recomputed[name], atol=TOLERANCE)


@pytest.mark.parametrize("name", CUMULATED)
def test_a_cumulated_window_has_the_recomputed_value(study: Study, recomputed: dict[str, Any], name: str) -> None:
    ours = [value(study, CUMULATED[name], -2, bar) for bar in BARS]
    np.testing.assert_allclose(ours, recomputed[name], atol=TOLERANCE)


@pytest.mark.parametrize("name", PEER)
@pytest.mark.parametrize("kind", ["log", "simple"])
def test_what_the_peer_has_right_is_equal(
    study: Study, simple_study: Study, peer: dict[str, Any], name: str, kind: str
) -> None:
    field, statistic = PEER[name]
    ours = [value(study if kind == "log" else simple_study, statistic, bar, bar) for bar in BARS]
    np.testing.assert_allclose(ours, [row[field] for row in peer[kind][name][0]], atol=1e-8)


def test_pairs_are_aligned_by_calendar_not_by_event_time(
    tmp_path_factory: pytest.TempPathFactory, study: Study, recomputed: dict[str, Any]
) -> None:
    # The recomputed number is over the pairs that share estimation bars; ours, over every pair, is nearer to zero.
    published = run(tmp_path_factory.mktemp("shared"), "log", "--pairs=shared")
    assert "at least 20 common calendar bars" in published["conventions"]
    rbar = value(published, "kp_bmp", 0, 0, "rbar")
    assert abs(value(study, "kp_bmp", 0, 0, "rbar")) < abs(rbar) / 10
    assert rbar == pytest.approx(recomputed["rbar_calendar_aligned_overlapping_pairs"], abs=TOLERANCE)
    assert rbar != pytest.approx(recomputed["rbar_event_time_aligned_(sipemu)"], abs=1e-4)
