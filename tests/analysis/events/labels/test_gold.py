"""The scorer of stories and events agrees with counts made by hand."""

import polars as pl

from analysis.events.carriers import publishing_house
from analysis.events.labels.gold import score_gold_events, score_gold_stories
from tests.analysis.events.headline_frames import instant
from tests.builders import make_rows
from warehouse.tables.news import EVENT, EVENT_SOURCE


def make_happening(**more: str) -> dict[str, str]:
    times = {"best_utc": "2026-06-13T01:00:00Z", "earliest_utc": "2026-06-13T00:00:00Z"}
    return {
        "title": "US halts Fable",
        "latest_utc": "2026-06-13T02:00:00Z",
        "category": "export_control_access",
        "entities": "anthropic",
        "importance": "high",
        "in_scope": "1",
        "n_outlets": "3",
        "evidence_title": "US halts Fable",
        **times,
        **more,
    }


def make_event(event_id: str, title: str, at: str) -> dict[str, object]:
    times = dict.fromkeys(("best_at_utc", "earliest_at_utc", "latest_at_utc"), instant(at))
    return {"event_id": event_id, "title": title, "entities": "anthropic", "status": "detected", **times}


def value(scores: pl.DataFrame, measure: str) -> float:
    return scores.filter((pl.col("part") == "time and party") & (pl.col("measure") == measure))["recall"].item()


def test_recall_copies_and_nonevents_are_counted_one_to_one():
    gold = pl.DataFrame(
        [
            make_happening(),
            make_happening(
                title="Court rules",
                best_utc="2026-06-20T01:00:00Z",
                earliest_utc="2026-06-20T00:00:00Z",
                latest_utc="2026-06-20T02:00:00Z",
                evidence_title="Court rules",
            ),
        ]
    )
    events = make_rows(
        EVENT,
        make_event("a", "US halts Fable model", "2026-06-13T01:30:00Z"),
        make_event("b", "US halts Fable again", "2026-06-13T05:00:00Z"),
        make_event("c", "Odds of a halt", "2026-06-17T05:00:00Z"),
    )
    scores = score_gold_events(gold, events, EVENT_SOURCE.empty(), pl.DataFrame({"title": ["Odds of a halt"]}))
    assert value(scores, "recall, in scope") == 0.5
    assert value(scores, "best time inside the interval") == 1.0
    assert value(scores, "further copies of a matched happening") == 1 / 3
    assert value(scores, "listed non-events that make an event") == 1.0


def test_an_interval_whose_end_is_written_to_the_minute_holds_that_minute_and_no_other():
    def share_inside(latest: str, at: str, measure: str = "best time inside the interval") -> float:
        gold = pl.DataFrame([make_happening(latest_utc=latest)])
        events = make_rows(EVENT, make_event("a", "US halts Fable model", at))
        none = pl.DataFrame({"title": ["Odds of a halt"]})
        return value(score_gold_events(gold, events, EVENT_SOURCE.empty(), none), measure)

    assert share_inside("2026-06-13T02:00:00Z", "2026-06-13T02:00:59Z") == 1.0
    assert share_inside("2026-06-13T02:00:00Z", "2026-06-13T02:01:00Z") == 0.0
    assert share_inside("2026-06-13T02:00:04Z", "2026-06-13T02:00:04Z") == 1.0
    assert share_inside("2026-06-13T02:00:04Z", "2026-06-13T02:00:05Z") == 0.0
    exact = "best time inside, to the second"
    assert share_inside("2026-06-13T02:00:00Z", "2026-06-13T02:00:00Z", exact) == 1.0
    assert share_inside("2026-06-13T02:00:00Z", "2026-06-13T02:00:01Z", exact) == 0.0


def test_a_wrong_merge_costs_precision_of_shared_stories():
    columns = ("title", "outlet", "published_utc", "story_id", "category", "relevant")
    rows = [("a", "x", "s", "1"), ("b", "y", "s", "1"), ("c", "x", "t", "0")]
    gold = pl.DataFrame([(t, o, "2026-06-13", s, "outage", r) for t, o, s, r in rows], schema=columns, orient="row")
    found = pl.DataFrame({"relevant": [1, 1, 1], "category": ["outage"] * 3, "story_id": ["q", "q", "q"]})
    scores = score_gold_stories(gold, found, publishing_house).filter(pl.col("part") == "all")
    shared = scores.filter(pl.col("measure").str.contains("shared")).row(0, named=True)
    assert (shared["precision"], shared["recall"], shared["n"]) == (2 / 3, 1.0, 2)
    assert scores.filter(pl.col("measure") == "irrelevant rows taken")["recall"].item() == 1.0
