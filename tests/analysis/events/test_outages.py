"""Incidents become outages: one per thing that was down, with duration and impact."""

import polars as pl

from analysis.events.outages import merge_incidents
from analysis.events.recorded.merging import outage_events, outage_sources
from tests.analysis.events.headline_frames import VOCABULARY, instant
from warehouse.tables.news import INCIDENT


def make_incidents(*rows: dict) -> pl.DataFrame:
    filled = [
        {
            "incident_id": f"{row.get('provider', 'openai')}:{number}",
            "provider": row.get("provider", "openai"),
            "title": row.get("title", "Elevated errors"),
            "impact": row.get("impact", "major"),
            "components": None,
            "started_at_utc": instant(row["start"]),
            "resolved_at_utc": instant(row["end"]) if "end" in row else None,
            "first_seen_at_utc": None,
            "time_basis": row.get("time_basis", "incident"),
            "url": None,
            "source_id": "test",
            "run_id": "test",
        }
        for number, row in enumerate(rows)
    ]
    return INCIDENT.conform(pl.DataFrame(filled, schema=INCIDENT.schema))


def test_overlapping_reports_of_one_provider_are_one_outage():
    merged = merge_incidents(
        make_incidents(
            {"start": "2026-04-28T17:41:55Z", "end": "2026-04-28T18:30:00Z", "impact": "minor"},
            {"start": "2026-04-28T18:00:00Z", "end": "2026-04-28T19:15:52Z", "impact": "critical"},
        )
    )
    assert merged.height == 1
    row = merged.row(0, named=True)
    assert (row["started_at_utc"], row["resolved_at_utc"]) == (
        instant("2026-04-28T17:41:55Z"),
        instant("2026-04-28T19:15:52Z"),
    )
    assert (row["impact"], row["severity"], row["n_incidents"]) == ("critical", 3, 2)
    assert row["outage_id"] == "2026-04-28-outage-openai-1741"


def test_other_providers_and_later_days_stay_apart():
    merged = merge_incidents(
        make_incidents(
            {"start": "2026-04-28T17:00:00Z", "end": "2026-04-28T18:00:00Z"},
            {"start": "2026-04-28T17:00:00Z", "end": "2026-04-28T18:00:00Z", "provider": "anthropic"},
            {"start": "2026-04-29T17:00:00Z", "end": "2026-04-29T18:00:00Z"},
        )
    )
    assert merged["outage_id"].n_unique() == merged.height == 3


def test_a_dated_report_and_a_readers_post_join_the_timed_one():
    merged = merge_incidents(
        make_incidents(
            {"start": "2026-04-28T17:00:00Z", "end": "2026-04-28T18:00:00Z"},
            {"start": "2026-04-28T00:00:00Z", "time_basis": "date_only"},
            {"start": "2026-04-28T20:10:00Z", "time_basis": "submission", "impact": "unknown"},
        )
    )
    assert merged["n_incidents"].to_list() == [3]
    assert merged["started_at_utc"][0] == instant("2026-04-28T17:00:00Z")


def test_maintenance_is_no_outage():
    assert merge_incidents(make_incidents({"start": "2026-04-28T17:00:00Z", "impact": "maintenance"})).is_empty()


def test_an_outage_without_an_end_has_no_end_time():
    merged = merge_incidents(make_incidents({"start": "2026-04-28T17:00:00Z"}))
    event = outage_events(merged, VOCABULARY).row(0, named=True)
    assert event["ended_at_utc"] is None
    assert "end not on record" in event["reason"]


def test_an_outage_event_says_impact_and_duration():
    merged = merge_incidents(make_incidents({"start": "2026-04-28T17:00:00Z", "end": "2026-04-28T22:30:00Z"}))
    event = outage_events(merged, VOCABULARY).row(0, named=True)
    assert event["category"] == "outage"
    assert event["severity"] == 3, "a major outage of more than four hours"
    assert "impact major, lasted 5 h 30 min" in event["reason"]
    assert outage_sources(merged, VOCABULARY)["outlet"].to_list() == ["OpenAI status"]


def test_a_notice_that_an_order_was_carried_out_is_no_outage():
    merged = merge_incidents(
        make_incidents(
            {"start": "2026-06-13T00:50:43Z", "title": "Access to Fable 5 suspended", "provider": "anthropic"}
        )
    )
    assert outage_events(merged, VOCABULARY)["category"].to_list() == ["export_control_access"]
