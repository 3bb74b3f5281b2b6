"""A person's word wins, and what cannot be applied is said."""

import re

import pytest

from analysis.events.decisions import apply_decisions, read_decisions
from tests.analysis.events.headline_frames import instant
from tests.analysis.events.recorded.test_merging import make_event, make_events, make_sources
from warehouse.config import ConfigError, ConfigText

EVENTS = make_events(make_event("one", "2026-06-12T23:56:41Z"), make_event("two", "2026-06-14T10:00:00Z"))
SOURCES = make_sources(
    ("one", 1, "a.example", "2026-06-12T23:56:41Z", "first_report"),
    ("one", 2, "b.example", "2026-06-13T02:00:00Z", "confirmation"),
    ("two", 1, "c.example", "2026-06-14T10:00:00Z", "first_report"),
)


def decide(text: str):
    events, sources, problems = apply_decisions(EVENTS, SOURCES, read_decisions(ConfigText("events.toml", text)))
    return {row["event_id"]: row for row in events.iter_rows(named=True)}, sources, problems


def test_rejecting_keeps_the_event_on_record():
    events, _, problems = decide('[[event]]\nid = "two"\nstatus = "rejected"\nnote = "an echo"\n')
    assert events["two"]["status"] == "rejected"
    assert events["two"]["reason"].endswith("a person says: an echo")
    assert problems == []


def test_a_new_time_takes_its_bounds_along():
    events, _, _ = decide('[[event]]\nid = "one"\nbest_at = 2026-06-12T22:00:00Z\nlatest_at = 2026-06-12T23:00:00Z\n')
    row = events["one"]
    assert (row["earliest_at_utc"], row["best_at_utc"]) == (instant("2026-06-12T22:00:00Z"),) * 2
    assert row["latest_at_utc"] == instant("2026-06-12T23:00:00Z")


def test_merging_moves_the_evidence():
    events, sources, _ = decide('[[event]]\nid = "two"\nmerged_into = "one"\n')
    assert events["two"]["status"] == "rejected"
    assert events["two"]["reason"] == "merged into one by a person"
    assert sources.select("event_id", "source_number", "outlet").rows() == [
        ("one", 1, "a.example"),
        ("one", 2, "b.example"),
        ("one", 3, "c.example"),
    ]


def test_splitting_takes_headlines_along():
    text = '[[event]]\nid = "new"\nsplit_from = "one"\nentry_ids = ["one-2"]\nbest_at = 2026-06-13T02:00:00Z\n'
    events, sources, _ = decide(text)
    assert (events["new"]["origin"], events["new"]["status"]) == ("user", "confirmed")
    assert events["new"]["category"] == "export_control_access"
    assert sorted(sources.select("event_id", "source_number", "outlet").rows()) == [
        ("new", 1, "b.example"),
        ("one", 1, "a.example"),
        ("two", 1, "c.example"),
    ]


def test_a_person_can_enter_an_event_nobody_detected():
    events, _, _ = decide(
        '[[event]]\nid = "mine"\ntitle = "Mine"\ncategory = "outage"\nbest_at = 2026-01-01T00:00:00Z\n'
    )
    assert events["mine"]["origin"] == "user"
    assert events["mine"]["reason"] == "entered by a person"


def test_a_ledger_event_a_person_spoke_about_is_the_persons():
    ledger = make_events(make_event("one", "2026-06-12T23:56:41Z", origin="ledger"))
    events, _, _ = apply_decisions(
        ledger, SOURCES, read_decisions(ConfigText("f", '[[event]]\nid = "one"\nnote = "seen"\n'))
    )
    assert events["origin"].to_list() == ["user"]


def test_a_decision_about_nothing_is_reported_and_the_rest_applied():
    events, _, problems = decide(
        '[[event]]\nid = "gone"\nstatus = "rejected"\n[[event]]\nid = "two"\nstatus = "confirmed"\n'
    )
    assert events["two"]["status"] == "confirmed"
    assert problems == ["gone: no such event now; a new one needs title, category, best_at"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[event]]\ntitle = 'x'\n", "line 1: event number 1: id: missing"),
        (
            "[[event]]\nid = 'x'\nstaus = 'rejected'\n",
            r"line 3: event 'x': staus: unknown key for event; did you mean 'status'",
        ),
        (
            "[[event]]\nid = 'x'\nstatus = 'maybe'\n",
            "line 3: event 'x': status: 'maybe' should be 'confirmed', 'detected' or 'rejected'",
        ),
        ("[[event]]\nid = 'x'\nbest_at = 2026-01-01T00:00:00\n", "line 3: event 'x': best_at: .*timezone"),
        ("[[event]]\nid = 'x'\nseverity = 9\n", "line 3: event 'x': severity: 9 should be less than or equal to 5"),
        ("[[event]]\nid = 'x'\n[[event]]\nid = 'x'\n", "line 4: event 'x': id: stands on line 2 already"),
        ("[event\n", "line 1: not valid TOML"),
        ("[[events]]\nid = 'x'\n", r"line 1: unknown key 'events'; did you mean \[\[event\]\]"),
    ],
)
def test_a_malformed_ledger_names_entry_and_key(text, message):
    with pytest.raises(ConfigError, match=message):
        read_decisions(ConfigText("events.toml", text))


def test_names_are_kept_as_the_event_has_them_and_a_time_in_any_zone_is_utc():
    text = '[[event]]\nid = "one"\nentities = ["openai", "xai"]\nbest_at = 2026-06-12T18:00:00-04:00\n'
    events, _, _ = decide(text)
    assert events["one"]["entities"] == "openai,xai"
    assert events["one"]["best_at_utc"] == instant("2026-06-12T22:00:00Z")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[event]]\nid = "a"\nmerged_into = "a"', "a → a"),
        ('[[event]]\nid = "a"\nmerged_into = "b"\n[[event]]\nid = "b"\nmerged_into = "a"', "a → b → a"),
        ('[[event]]\nid = "a"\nsplit_from = "a"', "a → a"),
        (
            '[[event]]\nid = "a"\nbest_at = 2026-06-13T01:00:00Z\nlatest_at = 2026-06-13T00:00:00Z',
            "latest_at: 2026-06-13T00:00:00Z lies before best_at",
        ),
        (
            '[[event]]\nid = "a"\nearliest_at = 2026-06-14T00:00:00Z\nbest_at = 2026-06-13T01:00:00Z',
            "best_at: 2026-06-13T01:00:00Z lies before earliest_at",
        ),
    ],
)
def test_a_decision_that_contradicts_itself_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        read_decisions(ConfigText("events.toml", text))


def test_a_chain_of_merges_that_ends_is_no_cycle() -> None:
    text = '[[event]]\nid = "a"\nmerged_into = "b"\n[[event]]\nid = "b"\nmerged_into = "c"'
    assert [decision.merged_into for decision in read_decisions(ConfigText("events.toml", text))] == ["b", "c"]
