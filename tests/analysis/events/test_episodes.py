"""An event is new, or a step of an episode that is told in its words; announced and done within hours are one event."""

from datetime import timedelta

import polars as pl
import pytest

from analysis.events.episodes import NEXT_STEP, link_episodes
from tests.analysis.events.headline_frames import FRAMES, VOCABULARY, instant
from tests.builders import make_rows
from warehouse.tables.news import EVENT, EVENT_SOURCE

BANNED = {"title": "US suspends foreign access to Anthropic's Fable 5 model", "at": "2026-06-12T23:56:41Z"}
LIFTED = {"title": "Commerce lifts foreign access suspension of Fable 5 model", "at": "2026-06-30T23:55:12Z"}
ENABLES = {"direction": "enables"}


def make_event(event_id: str, title: str, at: str, **more: object) -> dict[str, object]:
    times = dict.fromkeys(("earliest_at_utc", "best_at_utc", "latest_at_utc"), instant(at))
    kind = {"category": "export_control_access", "entities": "anthropic,us-commerce", "direction": "restricts"}
    return {"event_id": event_id, "title": title, "status": "detected", **kind, **times, **more}


def link(*events: dict[str, object], told: tuple[dict[str, object], ...] = ()) -> dict[str, dict[str, object]]:
    rows = link_episodes(make_rows(EVENT, *events), make_rows(EVENT_SOURCE, *told), VOCABULARY, FRAMES)
    return {row["event_id"]: row for row in rows.iter_rows(named=True)}


def make_source(number: int, title: str, at: str, **more: object) -> dict[str, object]:
    when = {"published_at_utc": instant(at), "time_basis": "publisher", "role": "confirmation"}
    return {"event_id": "a", "source_number": number, "title": title, "outlet": f"o{number}", **when, **more}


def test_the_same_kind_and_party_told_in_its_words_is_the_next_step():
    steps = link(make_event("a", **BANNED), make_event("b", **LIFTED, **ENABLES))
    assert [(steps[name]["episode_id"], steps[name]["step_number"], steps[name]["step"]) for name in "ab"] == [
        ("a", 1, "done"),
        ("a", 2, "lifted"),
    ]
    assert steps["b"]["previous_event_id"] == "a"
    assert round(steps["b"]["hours_after_previous"], 2) == 431.98
    assert steps["a"]["previous_event_id"] is None


def test_only_what_frees_of_what_was_laid_on_before_is_lifted():
    first, back = make_event("a", **BANNED), make_event("b", **LIFTED, **ENABLES)
    assert link(back)["b"]["step"] == "done", "nothing was taken before it"
    assert link(first | {"direction": "neutral"}, back)["b"]["step"] == "done"
    assert link(first, back | {"direction": "neutral"})["b"]["step"] == "done"


def test_another_party_or_kind_or_a_pause_begins_an_episode_of_its_own():
    first = make_event("a", **BANNED)
    again = {**BANNED, "at": "2026-06-20T00:00:00Z"}
    assert link(first, make_event("b", **again))["b"]["episode_id"] == "a"
    assert link(first, make_event("b", **again, entities="openai"))["b"]["episode_id"] == "b"
    other = {"title": "Anthropic's Fable 5 model faces a patent suit", "at": again["at"]}
    assert link(first, make_event("b", **other, category="enforcement_lawsuit"))["b"]["episode_id"] == "b"
    late = {**BANNED, "at": (instant(BANNED["at"]) + NEXT_STEP + timedelta(hours=1)).isoformat()}
    assert link(first, make_event("b", **late))["b"]["episode_id"] == "b"


def test_a_suit_over_a_measure_goes_on_from_it():
    label = {"category": "government_action", "entities": "anthropic,pentagon"}
    suit = {"category": "enforcement_lawsuit", "entities": "anthropic,us-government", "direction": "neutral"}
    one = make_event("a", "Pentagon labels Anthropic a supply-chain risk", "2026-03-05T19:24:00Z", **label)
    other = make_event("b", "Anthropic sues over supply-chain risk label", "2026-03-09T16:22:00Z", **suit)
    found = link(one, other)["b"]
    assert (found["episode_id"], found["hours_after_previous"]) == ("a", pytest.approx(92.97, abs=0.01))
    assert found["reason"].startswith("goes on from that one: 3 telling words in common, Anthropic, another kind")


def test_the_longer_the_pause_the_more_must_speak_for_one_episode():
    said = {"category": "network_token_news", "entities": "fetch-ai,ocean-protocol"}
    one = make_event("a", "Fetch accuses Ocean of dumping", "2025-10-21T16:30:00Z", **said)
    soon = make_event("b", "Ocean and Fetch settle over dumping", "2025-10-24T08:29:00Z", **said)
    late = make_event("b", "Ocean and Fetch settle", "2025-12-01T08:29:00Z", **said)
    assert link(one, soon)["b"]["episode_id"] == "a"
    assert link(one, late)["b"]["episode_id"] == "b"


def test_orders_of_two_numbers_are_two_happenings():
    order = {"category": "executive_order", "entities": "donald-trump"}
    one = make_event("a", "Executive Order 14178 sets up a group on assets", "2025-01-23T12:00:00Z", **order)
    other = make_event("b", "Executive Order 14179 sets up a course on AI", "2025-01-23T12:00:00Z", **order)
    same = make_event("b", "Executive Order 14178 sets up a course on AI", "2025-01-23T12:00:00Z", **order)
    assert link(one, other)["b"]["episode_id"] == "b"
    assert link(one, same)["b"]["episode_id"] == "a"


def test_two_parties_alone_are_no_episode():
    said = {"entities": "nvidia,amd"}
    one = make_event("a", "Exports decided case by case", "2026-01-13T20:00:00Z", **said)
    other = make_event("b", "Proclamation sets duty", "2026-01-14T20:00:00Z", **said)
    assert link(one, other)["b"]["episode_id"] == "b"


def test_names_alone_are_no_episode():
    suit = {"category": "enforcement_lawsuit", "entities": "openai"}
    one = make_event("a", "Newspaper sues OpenAI", "2026-06-01T10:00:00Z", **suit)
    other = make_event("b", "Mother sues OpenAI", "2026-06-05T10:00:00Z", **suit)
    assert link(one, other)["b"]["episode_id"] == "b"


def test_what_is_given_back_follows_what_was_taken_from_the_same_party_whatever_the_words():
    back = make_event("b", "Anthropic brings Claude home as curbs are eased", LIFTED["at"], **ENABLES)
    steps = link(make_event("a", **BANNED), back)
    assert (steps["b"]["episode_id"], steps["b"]["step"]) == ("a", "lifted")
    assert steps["b"]["reason"] == "takes back what was imposed on the same party"
    other = make_event("b", "OpenAI brings GPT home as curbs are eased", LIFTED["at"], entities="openai", **ENABLES)
    assert link(make_event("a", **BANNED), other)["b"]["episode_id"] == "b"


def test_announced_and_done_within_hours_are_one_event_with_two_times():
    event = make_event("a", "Governor signs order on AI and jobs", "2026-05-21T14:05:00Z", category="executive_order")
    plan = make_source(1, "Governor to sign order on AI and jobs", "2026-05-21T14:05:00Z", role="first_report")
    done = make_source(2, "Governor signs order on AI and jobs", "2026-05-21T19:00:00Z")
    row = link(event, told=(plan, done))["a"]
    assert (row["announced_at_utc"], row["done_at_utc"]) == (plan["published_at_utc"], done["published_at_utc"])
    late = done | {"published_at_utc": instant("2026-05-23T19:00:00Z")}
    alone = link(event, told=(plan, late))["a"]
    assert (alone["announced_at_utc"], alone["done_at_utc"]) == (None, event["best_at_utc"])


def test_a_plan_alone_is_announced_and_not_done():
    plan = make_event("a", "White House weighs order on AI models", "2026-05-04T19:18:00Z", category="executive_order")
    row = link(plan)["a"]
    assert (row["step"], row["announced_at_utc"], row["done_at_utc"]) == ("announced", plan["best_at_utc"], None)


def test_outages_and_rejected_events_are_in_no_episode():
    events = (make_event("a", **BANNED, status="rejected"), make_event("b", **BANNED, category="outage"))
    assert link(*events) == {}


def test_one_event_alone_is_new():
    assert pl.Series([link(make_event("a", **BANNED))["a"]["reason"]]).str.starts_with("new: ").all()
