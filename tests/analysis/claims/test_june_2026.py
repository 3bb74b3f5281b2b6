"""The reported episode, from the shipped record alone."""

from datetime import UTC, datetime

import polars as pl
import pytest

from analysis.claims.finding import Evidence
from analysis.claims.judging.market import gather_market
from analysis.claims.language import packaged_claims
from analysis.claims.verdicts import judge
from ingest.bundle.loader import load_bundle
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.studies import STUDY_RESULT


@pytest.fixture(scope="module")
def answers() -> tuple[dict[str, dict], dict[tuple[str, str], dict]]:
    bundle = load_bundle(datetime(2026, 11, 22, tzinfo=UTC), "run")
    candles = bundle.candles.with_columns(pl.col("market_id").str.extract(":([^/]+)/").alias("asset_id"))
    evidence = Evidence(
        market=gather_market(candles),
        events=bundle.events,
        studies=STUDY_RESULT.empty(),
        responses=DOSE_RESPONSE.empty(),
    )
    verdicts, readings, _ = judge(packaged_claims(), evidence)
    return (
        {row["claim_id"]: row for row in verdicts.iter_rows(named=True)},
        {(row["claim_id"], row["reading_id"]): row for row in readings.iter_rows(named=True)},
    )


def test_thirty_percent_in_twelve_hours_is_overstated(answers):
    verdicts, readings = answers
    claim = "tao-30-percent-in-12-hours"
    assert verdicts[claim]["verdict"] == "overstated"
    assert verdicts[claim]["measured_value"] == pytest.approx(245.31 / 212.36 - 1)
    assert readings[claim, "to_extreme"]["value"] == pytest.approx(248.63 / 212.36 - 1)
    statement = verdicts[claim]["closest_true_statement"]
    assert statement.startswith("TAO rose 15.5% ($212.36 to $245.31) in the 12 h to 13 Jun 2026 11:56 UTC")


def test_from_a_low_to_a_high_within_twelve_hours_it_was_not_thirty_percent(answers):
    verdicts, _ = answers
    claim = verdicts["tao-30-percent-trough-to-peak"]
    assert claim["verdict"] == "overstated"
    assert 0.25 < claim["measured_value"] < 0.295


def test_283_was_reached_on_15_june_and_was_no_three_week_high(answers):
    verdicts, _ = answers
    assert verdicts["tao-reached-283"]["verdict"] == "supported"
    assert verdicts["tao-reached-283"]["measured_value"] == 292.0
    week_high = verdicts["tao-three-week-high-283"]
    assert week_high["verdict"] == "overstated"
    assert week_high["measured_value"] == pytest.approx(19, abs=0.5)


def test_the_whole_sentence_has_one_window_and_fails_in_it(answers):
    """Its second half was once given 72 hours of its own, and was called supported; $283 took 51 hours."""
    verdicts, readings = answers
    claim = "tao-30-percent-and-283-in-12-hours"
    assert verdicts[claim]["verdict"] == "not_supported"
    assert readings[claim, "part_2_literal"]["is_satisfied"] is False
    assert "$283.00 was not reached" in verdicts[claim]["measured"]
    assert "an offer, not support" in verdicts[claim]["offer"]


def test_market_stood_still_on_the_first_day_but_not_until_283(answers):
    verdicts, readings = answers
    claim = "no-broad-rally-june-2026"
    assert verdicts[claim]["verdict"] == "overstated"
    assert readings[claim, "part_1_literal"]["is_satisfied"] is True
    assert readings[claim, "part_2_literal"]["is_satisfied"] is False


def test_week_after_and_lead_over_fet(answers):
    verdicts, readings = answers
    assert verdicts["tao-outperformed-market-week"]["verdict"] == "supported"
    assert verdicts["tao-lead-over-fet"]["verdict"] == "supported"
    assert readings["tao-lead-over-fet", "literal"]["value"] == pytest.approx(0.0397, abs=0.0005)
    assert "4-hour bars" in verdicts["tao-lead-over-fet"]["measured"]


@pytest.mark.parametrize(
    "claim",
    ["tao-lead-over-agix", "tao-lead-over-ocean", "premium-for-ai-that-stays-up-tao"],
)
def test_what_the_record_cannot_answer_says_what_would(answers, claim):
    verdicts, _ = answers
    assert verdicts[claim]["verdict"] == "cannot_be_told"
    assert verdicts[claim]["missing_data"]
