"""Incidents from every status format, and the same incident told twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from ingest.news.feeds import load_feeds
from ingest.news.imports import import_file
from ingest.news.parse.decode import DecodeReason
from ingest.news.parse.incidents import parse_incidents, reconcile
from ingest.source import Source
from tests.ingest.news.news_builders import NOW
from tests.paths import shared
from warehouse.tables.news import INCIDENT

FEEDS = {feed.feed_id: feed for feed in load_feeds()}
STARTED = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)
ENDED = datetime(2026, 6, 13, 2, 1, tzinfo=UTC)


def incident_of(feed_id: str, document: object) -> dict[str, object]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    [row] = parse_incidents(body, FEEDS[feed_id], Source(FEEDS[feed_id].feed_id, "r", NOW)).incidents.to_dicts()
    return row


def update(month_day: str, clock: str, status: str) -> str:
    month, day = month_day.split()
    return (
        f"&lt;p&gt;&lt;small&gt;{month} &lt;var data-var='date'&gt;{day}&lt;/var&gt;, "
        f"&lt;var data-var='time'&gt;{clock}&lt;/var&gt; UTC&lt;/small&gt;&lt;br&gt;"
        f"&lt;strong&gt;{status}&lt;/strong&gt; - Words.&lt;/p&gt;"
    )


def atom(published: str, *updates: str) -> bytes:
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>tag:status.claude.com,2005:Incident/31</id>"
        f"<published>{published}</published><updated>{published}</updated><title>Suspended</title>"
        f"<link href='https://status.claude.com/incidents/s9w82lp9dcn9'/><content type='html'>{''.join(updates)}"
        "</content></entry></feed>"
    ).encode()


def test_statuspage_json_gives_start_end_impact_and_components() -> None:
    row = incident_of(
        "st_github_json",
        {
            "incidents": [
                {
                    "id": "abc",
                    "name": "Errors",
                    "status": "resolved",
                    "impact": "major",
                    "created_at": "2026-06-13T00:50:00Z",
                    "resolved_at": "2026-06-13T02:01:00Z",
                    "shortlink": "https://stspg.io/x",
                    "components": [{"name": "API"}, {"name": "Web"}],
                }
            ]
        },
    )
    assert (row["incident_id"], row["provider"], row["impact"]) == ("github:abc", "github", "major")
    assert (row["started_at_utc"], row["resolved_at_utc"], row["components"]) == (STARTED, ENDED, "API, Web")


def test_end_comes_from_the_first_update_that_says_so() -> None:
    updates = [{"status": "resolved", "display_at": "2026-06-13T02:01:00Z", "created_at": "2026-06-13T03:00:00Z"}]
    row = incident_of(
        "st_openai_json",
        {"incidents": [{"id": "a", "name": "n", "status": "resolved", "created_at": "2026-06-13T00:50:00Z",
                        "incident_updates": updates}]},
    )  # fmt: skip
    assert row["resolved_at_utc"] == ENDED


def test_atom_prose_gives_start_and_end_and_the_code_of_the_page() -> None:
    row = incident_of(
        "st_claude_atom",
        atom("2026-06-13T02:01:07Z", update("Jun 13", "02:01", "Resolved"), update("Jun 13", "00:50", "Investigating")),
    )
    assert row["incident_id"] == "anthropic:s9w82lp9dcn9"
    assert (row["started_at_utc"], row["resolved_at_utc"]) == (STARTED, ENDED.replace(second=7))


def test_prose_of_december_read_in_january_is_last_year() -> None:
    row = incident_of(
        "st_claude_atom",
        atom("2026-01-01T01:00:00Z", update("Jan 1", "01:00", "Resolved"), update("Dec 31", "23:00", "Investigating")),
    )
    assert row["started_at_utc"] == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_items_that_name_one_component_each_are_one_incident() -> None:
    items = "".join(
        f"<item><title>[{name}] Down</title><guid>{name}</guid><pubDate>Sat, 13 Jun 2026 00:50:00 GMT</pubDate></item>"
        for name in ("API", "Web")
    )
    row = incident_of("st_xai_rss", f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    assert (row["title"], row["components"]) == ("Down", "API, Web")


def test_aws_events_in_utf16_are_kept_only_when_they_carry_models() -> None:
    events = [
        {"service": "BEDROCK", "region": "us-east-1", "startTime": STARTED.timestamp() * 1000, "endTime": None,
         "metadata": {"EVENT_LOG": json.dumps([{"summary": "Model access", "status": 2, "timestamp": 1}])}},
        {"service": "EC2", "region": "us-east-1", "startTime": STARTED.timestamp() * 1000, "endTime": None},
    ]  # fmt: skip
    row = incident_of("st_aws_events", json.dumps(events).encode("utf-16"))
    assert (row["title"], row["impact"], row["started_at_utc"]) == ("Model access", "major", STARTED)


def test_google_cloud_products_without_models_are_left_out() -> None:
    rows = [
        {"id": "1", "external_desc": "Slow", "begin": "2026-06-13T00:50:00Z", "end": "2026-06-13T02:01:00Z",
         "severity": "high", "affected_products": [{"title": "Vertex Gemini API"}]},
        {"id": "2", "external_desc": "x", "begin": "2026-06-13T00:50:00Z", "affected_products": [{"title": "Storage"}]},
    ]  # fmt: skip
    row = incident_of("st_gcp_json", rows)
    assert (row["incident_id"], row["impact"], row["resolved_at_utc"]) == ("google:1", "critical", ENDED)


def test_better_stack_reports_are_incidents() -> None:
    document = {
        "data": {"id": "1"},
        "included": [
            {"type": "status_page_resource", "id": "9", "attributes": {"public_name": "Hub"}},
            {"type": "status_report", "id": "5", "attributes": {
                "title": "Hub is slow", "report_type": "manual", "starts_at": "2026-06-13T00:50:00Z", "ends_at": None,
                "affected_resources": [{"status_page_resource_id": "9", "status": "degraded"}]}},
        ],
    }  # fmt: skip
    row = incident_of("st_huggingface", document)
    assert (row["title"], row["impact"], row["components"]) == ("Hub is slow", "minor", "Hub")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>challenge</html>", DecodeReason.HTML_PAGE),
        (b"", DecodeReason.EMPTY_BODY),
        (b"{", DecodeReason.BROKEN_JSON),
        (b'{"status": "ok"}', DecodeReason.NOT_A_FEED),
    ],
)
def test_page_that_cannot_be_read_is_no_good_news(body: bytes, reason: DecodeReason) -> None:
    parsed = parse_incidents(body, FEEDS["st_openai_json"], Source(FEEDS["st_openai_json"].feed_id, "r", NOW))
    assert (parsed.incidents.height, parsed.reason) == (0, reason)
    assert parsed.quarantined["reason"].to_list() == [reason]


def told(**values: object) -> pl.DataFrame:
    row = {
        "incident_id": "p:1", "provider": "p", "title": "t", "impact": "unknown", "components": None,
        "started_at_utc": STARTED, "resolved_at_utc": None, "first_seen_at_utc": NOW, "time_basis": "incident",
        "url": None, "source_id": "s", "run_id": "r",
    }  # fmt: skip
    return pl.DataFrame([row | values], schema=INCIDENT.schema)


def test_silence_of_one_source_never_erases_what_another_said() -> None:
    known = told(impact="critical", resolved_at_utc=ENDED, components="API")
    [row] = reconcile(told(source_id="other"), known).to_dicts()
    assert (row["impact"], row["resolved_at_utc"], row["components"]) == ("critical", ENDED, "API")
    assert row["source_id"] == "s"


def test_status_page_beats_a_submission_whichever_came_first() -> None:
    submitted = told(time_basis="submission", started_at_utc=ENDED, first_seen_at_utc=ENDED, source_id="hn")
    for fresh, known in ((told(), submitted), (submitted, told())):
        [row] = reconcile(fresh, known).to_dicts()
        assert (row["started_at_utc"], row["time_basis"]) == (STARTED, "incident")
        assert row["first_seen_at_utc"] == ENDED


def test_minutes_of_prose_do_not_move_a_start_known_to_the_second() -> None:
    exact = STARTED.replace(second=43)
    [row] = reconcile(told(), told(started_at_utc=exact)).to_dicts()
    assert row["started_at_utc"] == exact


def test_incident_that_ends_as_it_begins_has_an_unknown_end() -> None:
    [row] = reconcile(told(resolved_at_utc=STARTED), INCIDENT.empty()).to_dicts()
    assert (row["started_at_utc"], row["resolved_at_utc"]) == (STARTED, None)
    [row] = reconcile(told(resolved_at_utc=STARTED), told(resolved_at_utc=ENDED)).to_dicts()
    assert row["resolved_at_utc"] == ENDED


def test_reconciling_again_changes_nothing() -> None:
    once = reconcile(told(impact="minor"), told(time_basis="date_only", resolved_at_utc=ENDED))
    assert reconcile(told(impact="minor"), once).equals(once)


def test_recorded_incidents_are_one_row_each(tmp_path: Path) -> None:
    imported = import_file(shared("data", "news", "incidents.jsonl"), None, FEEDS.values(), NOW, "r")
    incidents = reconcile(imported.harvest.incidents, INCIDENT.empty())
    assert imported.n_rows == 502
    assert imported.harvest.quarantined["reason"].to_list() == ["ends_before_start"] * 2
    assert incidents.height == incidents["incident_id"].n_unique() == 492
    suspended = incidents.filter(incident_id="anthropic:s9w82lp9dcn9").to_dicts()[0]
    assert suspended["started_at_utc"] == datetime(2026, 6, 13, 0, 50, 43, 835000, tzinfo=UTC)
    assert suspended["resolved_at_utc"] == datetime(2026, 7, 1, 19, 26, 26, 285000, tzinfo=UTC)
