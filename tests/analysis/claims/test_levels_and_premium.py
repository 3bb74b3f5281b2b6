"""Levels and their age, merged assets, premiums, and how readings add up."""

from datetime import UTC, datetime

import pytest

from analysis.claims.reading import Reading, Verdict, Weight, judge_readings
from tests.analysis.claims.tape_builders import judged, make_candles, make_claim, make_evidence
from tests.builders import make_rows
from warehouse.tables.prices import ASSET
from warehouse.tables.resilience import DOSE_RESPONSE

HOURS_OF_4_WEEKS = 24 * 28


def path_with_old_high(days_ago: int) -> list[float]:
    closes = [100.0] * (HOURS_OF_4_WEEKS + 200)
    closes[HOURS_OF_4_WEEKS - 24 * days_ago] = 150.0
    return [*closes[:HOURS_OF_4_WEEKS], *[120.0] * 200]


@pytest.mark.parametrize(("days_ago", "expected"), [(25, "supported"), (10, "not_supported")])
def test_week_high_depends_on_when_the_price_was_last_seen(days_ago, expected):
    tao = make_candles("TAO", path_with_old_high(days_ago), last_before=HOURS_OF_4_WEEKS - 1)
    claim = make_claim(kind="n_week_high", price=115.0, weeks=3, hours=48)
    verdict, readings = judged(claim, make_evidence(tao))
    # The bar of the spike and the bar after it, whose open is the spike's close, both trade there.
    assert readings["level_traded"]["value"] * 7 == pytest.approx(days_ago, abs=0.1)
    assert verdict["verdict"] == expected


def test_level_that_was_not_reached_is_not_supported():
    tao = make_candles("TAO", [*[100.0] * 300, *[110.0] * 100], last_before=299)
    verdict, readings = judged(make_claim(kind="level", price=111.0, hours=48), make_evidence(tao))
    assert verdict["verdict"] == "not_supported"
    assert readings["highest_traded"]["value"] == 110.0
    assert "$111.00 was not reached" in verdict["closest_true_statement"]


def test_highest_since_a_date_compares_with_all_prices_since():
    tao = make_candles("TAO", [*[100.0] * 300, *[110.0] * 100], last_before=299)
    since = datetime(2026, 3, 5, tzinfo=UTC)
    verdict, _ = judged(make_claim(kind="highest_since", since=since, hours=24), make_evidence(tao))
    assert verdict["verdict"] == "supported"
    assert verdict["claimed_value"] == 100.0


def test_merged_peer_is_named_with_what_it_became():
    tao = make_candles("TAO", [*[100.0] * 300, *[110.0] * 200], last_before=299)
    agix = {
        "asset_id": "AGIX",
        "role": "ai_token",
        "valid_to_utc": datetime(2024, 7, 1, tzinfo=UTC),
        "successor_asset_id": "FET",
    }
    claim = make_claim(kind="lead_sustained", peer="AGIX", hours=168, if_missing="Nothing could.")
    verdict, readings = judged(claim, make_evidence(tao, assets=make_rows(ASSET, agix)))
    assert verdict["verdict"] == "cannot_be_told"
    assert verdict["missing_data"] == "Nothing could."
    assert "AGIX ended on 2024-07-01 and became FET" in readings["none"]["detail"]


def response(dose: str, estimate: float | None, lower: float | None, n: int = 40, **keys) -> dict[str, object]:
    return {
        "category": "outage",
        "provider": "all",
        "asset_id": "TAO",
        "market_id": "binanceusdm:TAO/USDT:USDT",
        "window_end_hours": 24.0,
        "dose": dose,
        "dose_unit": None if dose == "none" else "step",
        "estimate": estimate,
        "lower_95": lower,
        "upper_95": None if lower is None else 2 * estimate - lower,
        "n_events": n,
        "first_event_utc": datetime(2024, 1, 1, tzinfo=UTC),
        "last_event_utc": datetime(2026, 1, 1, tzinfo=UTC),
        **keys,
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([response("none", 0.02, 0.01), response("duration", 0.01, 0.005)], "supported"),
        ([response("none", 0.02, 0.01), response("duration", -0.01, -0.02)], "partly"),
        ([response("none", 0.002, -0.01), response("duration", 0.001, -0.02)], "not_supported"),
        ([response("none", 0.02, 0.01, n=3)], "cannot_be_told"),
        ([response("none", None, None, n=2, reason="2 events with prices")], "cannot_be_told"),
        ([], "cannot_be_told"),
    ],
)
def test_premium_needs_an_interval_above_zero_and_enough_events(rows, expected):
    responses = make_rows(DOSE_RESPONSE, *rows) if rows else DOSE_RESPONSE.empty()
    claim = make_claim(kind="premium", category="outage", hours=24)
    verdict, _ = judged(claim, make_evidence(responses=responses))
    assert verdict["verdict"] == expected


def reading(weight: Weight, is_satisfied: bool | None) -> Reading:
    return Reading("r", "d", weight, "fraction", None if is_satisfied is None else 1.0, "d", is_satisfied)


D, A, C = Weight.DECISIVE, Weight.ALTERNATIVE, Weight.CONTEXT


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(D, True)], Verdict.SUPPORTED),
        ([(D, True), (A, False), (A, True)], Verdict.SUPPORTED),
        ([(D, True), (A, False)], Verdict.PARTLY),
        ([(D, False), (A, True)], Verdict.PARTLY),
        ([(D, True), (D, False)], Verdict.PARTLY),
        ([(D, False), (A, False), (C, True)], Verdict.NOT_SUPPORTED),
        ([(D, None), (A, True)], Verdict.CANNOT_BE_TOLD),
    ],
)
def test_readings_add_up_to_a_verdict(readings, expected):
    assert judge_readings(tuple(reading(*pair) for pair in readings)) is expected
