"""Seven tickers of which two start late: every statistic with missing data."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.paths import shared
from tests.reference.own_tables import Study, run_study_csv, value

TOLERANCE = 1e-9
BARS = range(5)

VALUES = {
    "aar": ("sign_flip", "value"),
    "t_test": ("cross_sectional_t", "value"),
    "patell_textbook_n-2": ("patell", "value"),
    "bmp_textbook": ("bmp", "value"),
    "bw1980": ("brown_warner_1980", "value"),
    "bw1985": ("cdat", "value"),
    "sign": ("sign", "value"),
    "gsign_cowan_mean_of_firm_p": ("generalized_sign", "value"),
    "wilcoxon_W": ("wilcoxon", "value"),
    "wilcoxon_exact_two_sided_p": ("wilcoxon", "p_value"),
    "corrado_zivney_textbook": ("corrado_zivney", "value"),
}


@pytest.fixture(scope="module", params=["returns", "prices", "long"])
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    source = shared("oracles/estudy2_covid")
    stem = "rates" if request.param != "prices" else "prices"
    assets = pl.read_csv(source / f"{stem}.csv", infer_schema=False)
    market = pl.read_csv(source / f"{stem}_indx.csv", infer_schema=False)
    tickers = assets.columns[1:]
    if request.param == "long":
        long = assets.unpivot(index="date", variable_name="asset", value_name="value")
        assets = long.filter(pl.col("value") != "NA")
    events = pl.DataFrame({"event_id": tickers, "asset": tickers, "date": "2020-03-16"})
    values = f"--values={'prices' if request.param == 'prices' else 'returns'}"
    return run_study_csv(
        tmp_path_factory.mktemp("covid"), assets, market, events, "--estimation=-240:-1", "--window=0:4", values
    )


@pytest.fixture(scope="module")
def recomputed() -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads((shared("oracles/estudy2_covid") / "recomputed_numpy.json").read_text())
    return numbers


def test_each_ticker_uses_the_bars_it_has(study: Study, recomputed: dict[str, Any]) -> None:
    assert {event["asset"]: event["n_estimation"] for event in study["events"]} == recomputed["n"]
    assert study["excluded"] == []


@pytest.mark.parametrize("name", VALUES)
def test_a_statistic_with_missing_history_has_the_textbook_value(
    study: Study, recomputed: dict[str, Any], name: str
) -> None:
    statistic, field = VALUES[name]
    ours = [value(study, statistic, bar, bar, field) for bar in BARS]
    np.testing.assert_allclose(ours, recomputed[name], atol=TOLERANCE)


def test_the_whole_week_equals_the_peers_car_test(study: Study) -> None:
    peer = json.loads((shared("oracles/estudy2_covid") / "expected.json").read_text())
    brown_warner = next(row for row in peer["car_parametric"] if row["name"] == "car_brown_warner_1985")
    assert value(study, "cdat", 0, 4) == pytest.approx(brown_warner["statistic"], abs=TOLERANCE)


def test_abnormal_returns_equal_the_peers(study: Study) -> None:
    peer = pl.read_csv(shared("oracles/estudy2_covid") / "abnormal.csv", null_values="NA", infer_schema_length=None)
    week = peer.filter(pl.col("date") >= "2020-03-16").head(5)
    for event in study["events"]:
        np.testing.assert_allclose(event["ar"], week[event["asset"]].to_numpy(), atol=TOLERANCE)
