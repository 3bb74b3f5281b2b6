"""Six events with one market: every number of the bundled table and of the textbook, through the command."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.paths import PROJECT, SHARED, shared
from tests.reference.own_tables import Study, run_study_csv, value
from tests.reference.six_events.write import P_VALUES, PARTS, VALUES, expect, invent

TOLERANCE = 1e-10
FIRST_DAY = dt.date(2020, 1, 1)

OWN = PROJECT / "tests" / "reference" / "six_events"
TEXTBOOK = SHARED / "oracles" / "textbook_toy"


def test_the_textbook_is_there() -> None:
    shared("oracles/textbook_toy")


def test_the_bundled_numbers_are_what_the_independent_program_says() -> None:
    stored = json.loads((OWN / "expected.json").read_text())
    again = expect(*invent())
    assert stored.keys() == again.keys()
    for name in PARTS:
        assert stored[name].keys() == again[name].keys()
        for number, value_of_it in again[name].items():
            np.testing.assert_allclose(stored[name][number], value_of_it, atol=TOLERANCE)


@pytest.fixture(scope="module", params=[OWN, *([TEXTBOOK] if TEXTBOOK.exists() else [])], ids=lambda path: path.name)
def oracle(request: pytest.FixtureRequest) -> Path:
    """A folder with the returns of six events and the numbers that they must have."""
    folder: Path = request.param
    return folder


@pytest.fixture(scope="module")
def expected(oracle: Path) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads((oracle / "expected.json").read_text())
    return numbers


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, oracle: Path) -> Study:
    rows = pl.read_csv(oracle / "data.csv")
    dated = rows.with_columns(date=pl.lit(FIRST_DAY) + pl.duration(days=pl.col("rel") + 32))
    prices = dated.select("date", asset="event_id", value="ret")
    market = dated.filter(pl.col("event_id") == 0).select("date", "mkt")
    event_day = FIRST_DAY + dt.timedelta(days=32)
    events = pl.DataFrame({"event_id": [f"e{n}" for n in range(6)], "asset": range(6), "date": [event_day] * 6})
    options = ("--estimation=-32:-3", "--window=-2:2", "--parts=-1:1", "--values=returns", "--returns=simple")
    return run_study_csv(tmp_path_factory.mktemp("toy"), prices, market, events, *options)


@pytest.mark.parametrize(("theirs", "ours"), [("alpha", "alpha"), ("sigma", "sigma"), ("AR", "ar"), ("SAR", "sar")])
def test_every_event_has_the_models_numbers(study: Study, expected: dict[str, Any], theirs: str, ours: str) -> None:
    np.testing.assert_allclose([event[ours] for event in study["events"]], expected[theirs], atol=TOLERANCE)


def test_beta_is_the_slope(study: Study, expected: dict[str, Any]) -> None:
    np.testing.assert_allclose([event["beta"][0] for event in study["events"]], expected["beta"], atol=TOLERANCE)


def test_the_whole_window_has_exact_cars_and_buy_and_hold_returns(study: Study, expected: dict[str, Any]) -> None:
    whole = expected["car_m2_p2"]
    for ours, theirs in (("car", "CAR"), ("scar", "SCAR"), ("bhar", "BHAR_vs_mkt")):
        np.testing.assert_allclose([event[ours] for event in study["events"]], whole[theirs], atol=TOLERANCE)


@pytest.mark.parametrize("window", PARTS)
@pytest.mark.parametrize("name", VALUES)
def test_a_statistic_has_the_textbook_value(study: Study, expected: dict[str, Any], name: str, window: str) -> None:
    assert value(study, VALUES[name], *PARTS[window]) == pytest.approx(expected[window][name], abs=TOLERANCE)


@pytest.mark.parametrize("window", PARTS)
@pytest.mark.parametrize("name", P_VALUES)
def test_a_p_value_is_exact(study: Study, expected: dict[str, Any], name: str, window: str) -> None:
    ours = value(study, P_VALUES[name], *PARTS[window], "p_value")
    assert ours == pytest.approx(expected[window][name], abs=TOLERANCE)


def test_mean_residual_correlation_and_effective_events(study: Study, expected: dict[str, Any]) -> None:
    rbar = expected["day0"]["kp_rbar"]
    assert value(study, "kp_bmp", 0, 0, "rbar") == pytest.approx(rbar, abs=TOLERANCE)
    assert value(study, "kp_bmp", 0, 0, "n_eff") == pytest.approx(6 / (1 + 5 * rbar), abs=1e-8)


def test_what_one_cluster_cannot_tell_has_a_reason(study: Study) -> None:
    row = next(t for t in study["tests"] if t["statistic"] == "ibragimov_mueller" and t["window"] == [0, 0])
    assert row["value"] is None
    assert row["reason"].startswith("1 cluster")
