"""The reported episode, from the shipped record alone."""

from datetime import UTC, datetime

import polars as pl
import pytest

from analysis.claims.language import packaged_claims
from analysis.claims.reading import Evidence
from analysis.claims.tape import candles_by_asset
from analysis.claims.verdicts import judge
from ingest.bundle.loader import load_bundle
from warehouse.tables.prices import ASSET
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.studies import STUDY_RESULT


@pytest.fixture(scope="module")
def answers() -> tuple[dict[str, dict], dict[tuple[str, str], dict]]:
    bundle = load_bundle(datetime(2026, 11, 22, tzinfo=UTC), "run")
    candles = bundle.candles.with_columns(pl.col("market_id").str.extract(":([^/]+)/").alias("asset_id"))
    evidence = Evidence(
        candles=candles_by_asset(candles),
        assets=ASSET.empty(),
        events=bundle.events,
        studies=STUDY_RESULT.empty(),
        responses=DOSE_RESPONSE.empty(),
    )
    verdicts, readings = judge(packaged_claims(), evidence)
    return (
        {row["claim_id"]: row for row in verdicts.iter_rows(named=True)},
        {(row["claim_id"], row["reading_id"]): row for row in readings.iter_rows(named=True)},
    )


def test_thirty_percent_in_twelve_hours_is_partly_right(answers):
    verdicts, readings = answers
    claim = "tao-30-percent-in-12-hours"
    assert verdicts[claim]["verdict"] == "partly"
    assert verdicts[claim]["measured_value"] == pytest.approx(245.31 / 212.36 - 1)
    assert readings[claim, "extreme_after_first_report"]["value"] == pytest.approx(248.63 / 212.36 - 1)
    assert readings[claim, "trough_to_peak"]["value"] == pytest.approx(277.21 / 213.37 - 1)
    assert readings[claim, "best_close_to_close"]["is_satisfied"] is False
    statement = verdicts[claim]["closest_true_statement"]
    assert "+15.5% in the 12 h after the first public report" in statement
    assert "+29.9% from trough to peak within 13 h of 13 June ($213.37 to $277.21)" in statement


def test_283_was_reached_on_15_june_and_was_no_three_week_high(answers):
    verdicts, readings = answers
    assert verdicts["tao-reached-283"]["verdict"] == "supported"
    passed = readings["tao-reached-283", "first_passed"]
    assert "15 Jun 2026 02:00 UTC" in passed["detail"]
    week_high = verdicts["tao-three-week-high-283"]
    assert week_high["verdict"] == "partly"
    assert week_high["measured_value"] == pytest.approx(19 / 7, abs=0.05)
    assert readings["tao-three-week-high-283", "window_peak"]["is_satisfied"] is True


def test_market_stood_still_on_the_first_day_but_not_until_283(answers):
    verdicts, readings = answers
    claim = "no-broad-rally-june-2026"
    assert verdicts[claim]["verdict"] == "partly"
    assert readings[claim, "median_of_named_24_h"]["is_satisfied"] is True
    assert readings[claim, "median_of_named_72_h"]["is_satisfied"] is False


def test_week_after_and_lead_over_fet(answers):
    verdicts, readings = answers
    assert verdicts["tao-outperformed-market-week"]["verdict"] == "supported"
    assert readings["tao-lead-over-fet", "lead_after_168_h"]["value"] > 0
    assert verdicts["tao-lead-over-fet"]["verdict"] == "partly"


@pytest.mark.parametrize(
    "claim",
    ["tao-lead-over-agix", "tao-lead-over-ocean", "premium-for-ai-that-stays-up-tao"],
)
def test_what_the_record_cannot_answer_says_what_would(answers, claim):
    verdicts, _ = answers
    assert verdicts[claim]["verdict"] == "cannot_be_told"
    assert verdicts[claim]["missing_data"]


def test_premium_claim_says_that_the_outage_is_not_named(answers):
    verdicts, _ = answers
    assert (
        "Which outage was meant is not known" in verdicts["premium-for-ai-that-stays-up-tao"]["closest_true_statement"]
    )


def test_same_evidence_gives_the_same_hash(answers):
    verdicts, _ = answers
    assert len({row["spec_sha256"] for row in verdicts.values()}) == len(verdicts)
