"""A provider's page shows its outages with durations and reactions, and when its status page was last read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboards.findings.readings import read_reactions
from dashboards.marks import bare
from dashboards.pages.providers import (
    compose_provider,
    compose_providers,
    feed_words,
    outages_by_provider,
    provider_ids,
    provider_names,
    provider_path,
    provider_title,
)
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page
from tests.dashboards.material import frame_of, make_frames
from tests.dashboards.rows import event_row
from warehouse.tables.contract import Table
from warehouse.tables.news import EVENT, FEED, FETCH, INCIDENT
from warehouse.tables.resilience import DOSE_RESPONSE

AT = datetime(2026, 6, 3, 9, 12, tzinfo=UTC)


def make_provider(**changes: list[dict[str, Any]]) -> Frames:
    """OpenAI with three incidents that are one outage of 5 h 30 min, and Anthropic with a feed alone."""
    rows: dict[Table, list[dict[str, Any]]] = {
        INCIDENT: [{"incident_id": f"openai:{n}", "provider": "openai", "started_at_utc": AT} for n in range(3)],
        FEED: [
            {"feed_id": "st_openai", "provider": "openai", "category": "status"},
            {"feed_id": "st_claude", "provider": "anthropic", "category": "status"},
        ],
        FETCH: [
            {"source_id": "st_openai", "outcome": "unchanged", "attempted_at_utc": AT + timedelta(days=1)},
            {"source_id": "st_openai", "outcome": "transient", "attempted_at_utc": AT + timedelta(days=2)},
        ],
        EVENT: [
            event_row(
                "outage",
                title="OpenAI: errors for everybody",
                category="outage",
                entities="openai",
                best_at_utc=AT,
                ended_at_utc=AT + timedelta(hours=5, minutes=30),
                severity=4,
            ),
            event_row("other", title="Anthropic: errors", category="outage", entities="anthropic", best_at_utc=AT),
        ],
        DOSE_RESPONSE: [
            {"category": "outage", "provider": "openai", "asset_id": "TAO", "window_end_hours": 24.0, "dose": "none"}
            | {"estimate": -0.1, "lower_95": -0.2, "upper_95": 0.05, "p_value": 0.3, "n_events": 20}
        ],
    }
    frames = {table: changes.get(table.name.split(".")[1], part) for table, part in rows.items()}
    return make_frames({table: frame_of(table, part) for table, part in frames.items()})


def compose_openai(frames: Frames) -> Page:
    return compose_provider(frames, "openai", outages_by_provider(frames.get(EVENT))["openai"], {})


def test_an_outage_of_two_providers_is_on_both_pages_and_one_refused_on_none() -> None:
    shared = event_row("both", title="Errors", category="outage", entities="openai,anthropic", best_at_utc=AT)
    refused = event_row("no", title="OpenAI: none", category="outage", entities="openai", status="rejected")
    other = event_row("law", title="A law", category="rule", entities="openai")
    events = make_provider(event=[shared, refused, other]).get(EVENT)
    assert outages_by_provider(events) == {"openai": ["both"], "anthropic": ["both"]}


def test_an_outage_has_its_length_and_a_reason_where_it_is_not_measured() -> None:
    body = bare(str(compose_openai(make_provider()).body))
    assert "5 h 30 min" in body
    assert "Not measured – no prices around it" in body
    assert "Anthropic: errors" not in body
    assert "OpenAI: 3 known incidents; no outage is measured for TAO" in body


def test_an_incident_of_a_status_page_is_not_said_to_lack_prices() -> None:
    event = event_row("i", title="OpenAI: errors", category="outage", entities="openai", origin="incident")
    body = bare(str(compose_openai(make_provider(event=[event])).body))
    assert "Not measured – outages of status pages are measured together, not one by one" in body
    assert "no prices" not in body


def test_mean_reactions_are_simple_returns() -> None:
    body = bare(str(compose_openai(make_provider()).body))
    assert "−9.5%" in body  # exp(-0.1) - 1
    assert "−18.1% to +5.1%" in body


def test_the_status_page_was_last_read_when_asking_brought_an_answer() -> None:
    assert bare(feed_words(make_provider(), "openai")) == "4 Jun 2026 09:12 UTC"
    assert feed_words(make_provider(), "anthropic") == "never read in a live run"
    assert feed_words(make_provider(), "nobody") == "none watched: incidents come from files"
    failed = make_provider(fetch=[{"source_id": "st_openai", "outcome": "transient", "attempted_at_utc": AT}])
    assert feed_words(failed, "openai") == "asked, but never with success"


def test_the_list_puts_those_with_most_incidents_first_and_links_their_pages() -> None:
    frames = make_provider()
    assert provider_ids(frames) == ["openai", "anthropic"]
    body = bare(str(compose_providers(frames).body))
    assert f'href="{provider_path("openai")}">OpenAI</a>' in body
    assert "3 incidents of 1 provider of AI" in body


@pytest.mark.parametrize("name", ["providers.html", "resilience.html"])
def test_providers_and_resilience_are_in_the_top_navigation(site, name: str) -> None:
    head = (site / "index.html").read_text(encoding="utf-8").split("<main", 1)[0]
    assert f'href="{name}"' in head


def test_a_provider_without_incidents_is_not_said_to_have_none_beside_its_outages() -> None:
    body = bare(str(compose_openai(make_provider(incident=[])).body))
    assert "OpenAI: no incident from its status page; no outage is measured for TAO" in body
    assert "0 known incidents" not in body


def test_a_provider_without_a_titled_outage_has_its_name_in_the_registry() -> None:
    body = bare(str(compose_providers(make_provider(event=[])).body))
    assert "OpenAI</a>" in body
    assert "Openai" not in body


def test_one_measured_outage_is_told_as_one() -> None:
    outage = frame_of(EVENT, [event_row(category="outage", entities="openai")])
    title = bare(provider_title("OpenAI", INCIDENT.empty(), "openai", outage, read_reactions(make_frames())))
    assert title.endswith("TAO left its ordinary range after the one measured outage")


def test_a_provider_has_the_name_that_most_of_its_outages_have_whatever_their_order() -> None:
    titles = ["Claude: a", "Anthropic: b", "Claude: c", "Other: d", "Other: e", "Other: f", "No name"]
    rows = [
        event_row(
            event_id=str(number),
            title=title,
            category="outage",
            entities="anthropic",
            status="rejected" if title.startswith("Other") else "detected",
        )
        for number, title in enumerate(titles)
    ]
    for ordered in (rows, rows[::-1]):
        assert provider_names(frame_of(EVENT, ordered)) == {"anthropic": "Claude"}
