"""The events step: from stored headlines and incidents to events, once and for all."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from analysis.events.stories.frames import load_frames
from analysis.events.tagging import tag_titles
from analysis.results import source
from flows.context import RunContext
from flows.jobs.labelled_files import load_user_vocabulary
from flows.steps import stories
from flows.steps.bundle import update_bundle
from flows.steps.events import update_events
from flows.steps.stories import prepare, read_grouped, recall_facts
from ingest.news.parse.entries import parse_feed
from ingest.source import Source
from tests.builders import make_rows
from tests.ingest.news.news_builders import make_context, make_feed, make_settings
from tests.paths import shared
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.contract import UTC as UTC_INSTANT
from warehouse.tables.news import (
    CONFOUNDER,
    ENTRY,
    EVENT,
    EVENT_SOURCE,
    INCIDENT,
    REGISTER_DOCUMENT,
    STORY,
    STORY_ENTRY,
    STORY_FACT,
    TAG,
)
from warehouse.tables.ops import STEP_INPUT

FIRST_REPORT = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)
NOW = datetime(2026, 6, 14, tzinfo=UTC)
LEDGER_ID = "2026-06-12-fable-mythos-access-restriction"
DETECTED_ID = "2026-06-12-anthropic-takes-fable-5-offline-after-us"

HEADLINES = (
    ("Source: Lutnick told Anthropic that Fable 5 falls under export controls", FIRST_REPORT),
    ("Anthropic takes Fable 5 offline after US directive", FIRST_REPORT + timedelta(hours=1)),
    ("US government orders Anthropic to shut down Fable 5", FIRST_REPORT + timedelta(hours=7)),
    ("Recipe of the week: lentil soup", FIRST_REPORT + timedelta(hours=2)),
)


def make_entries(*headlines: tuple[str, datetime], prefix: str = "entry") -> pl.DataFrame:
    rows = [
        {
            "entry_id": f"{prefix}-{number}-of-a-test-run",
            "outlet": f"outlet{number}",
            "outlet_kind": "press",
            "url": f"https://{prefix}{number}.example/story",
            "title": title,
            "published_at_utc": at,
            "first_seen_at_utc": at + timedelta(minutes=20),
            "time_basis": "publisher",
            "title_version": 1,
        }
        for number, (title, at) in enumerate(headlines)
    ]
    return make_rows(ENTRY, *rows)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[RunContext]:
    with open_writer(tmp_path / "warehouse.duckdb", 5) as warehouse:
        warehouse.merge(ENTRY, make_entries(*HEADLINES))
        yield make_context(make_settings(tmp_path), warehouse, NOW, "test")


def event(warehouse: Warehouse, event_id: str) -> dict[str, object]:
    return warehouse.frame(EVENT, where="event_id = $event_id", event_id=event_id).row(0, named=True)


def test_headlines_become_stories_tags_and_an_event(context):
    report = update_events(context)
    warehouse = context.warehouse
    assert warehouse.frame(STORY_ENTRY).height == len(HEADLINES)
    assert warehouse.frame(STORY).sort("n_entries")["n_entries"].to_list() == [1, 3]
    tags = warehouse.frame(TAG, where="tag_id = 'export_control_access'").sort("entry_id")
    assert tags["entry_id"].to_list() == [f"entry-{number}-of-a-test-run" for number in range(3)]
    assert tags["evidence"].str.contains("Fable|export controls").all()
    found = event(warehouse, DETECTED_ID)
    assert found["best_at_utc"] == FIRST_REPORT
    assert warehouse.frame(EVENT_SOURCE).height == 3
    assert report.n_changed > 0


def test_a_second_run_changes_nothing(context):
    update_events(context)
    assert update_events(context).n_changed == 0


def test_a_later_headline_joins_the_event_without_renaming_it(context):
    update_events(context)
    late = ("Anthropic disables Fable 5 worldwide after US order", FIRST_REPORT + timedelta(hours=12))
    context.warehouse.merge(ENTRY, make_entries(late, prefix="late"))
    update_events(context)
    assert context.warehouse.frame(EVENT)["event_id"].to_list() == [DETECTED_ID]
    assert event(context.warehouse, DETECTED_ID)["n_outlets"] == 4


def test_a_detected_story_attaches_to_the_ledgers_event(context):
    update_bundle(context)
    update_events(context)
    found = event(context.warehouse, LEDGER_ID)
    assert found["best_at_utc"] == FIRST_REPORT
    assert context.warehouse.frame(EVENT, where="origin = 'detected'").is_empty()
    sources = context.warehouse.frame(EVENT_SOURCE, where="event_id = $e and entry_id is not null", e=LEDGER_ID)
    assert sources.height == 3
    assert update_bundle(context).n_changed == update_events(context).n_changed == 0


def test_the_users_word_wins_every_time_and_taking_it_back_restores_the_ledger(context):
    update_bundle(context)
    ledger = context.settings.config_path / "events.toml"
    ledger.parent.mkdir()
    ledger.write_text(f'[[event]]\nid = "{LEDGER_ID}"\ntitle = "Mine"\nbest_at = 2026-06-12T22:00:00Z\n')
    update_events(context)
    assert event(context.warehouse, LEDGER_ID)["title"] == "Mine"
    assert update_bundle(context).n_changed == update_events(context).n_changed == 0
    ledger.unlink()
    update_events(context)
    restored = event(context.warehouse, LEDGER_ID)
    assert (restored["best_at_utc"], restored["origin"]) == (FIRST_REPORT, "ledger")


def test_a_decision_about_an_unknown_event_is_a_named_problem(context):
    (context.settings.config_path).mkdir()
    (context.settings.config_path / "events.toml").write_text('[[event]]\nid = "gone"\nstatus = "rejected"\n')
    assert update_events(context).problems == ("gone: no such event now; a new one needs title, category, best_at",)


def test_an_incident_is_an_outage_event_with_its_end(context):
    start = FIRST_REPORT - timedelta(days=3)
    row = {
        "incident_id": "openai:x",
        "provider": "openai",
        "title": "Errors",
        "impact": "major",
        "started_at_utc": start,
        "resolved_at_utc": start + timedelta(hours=2),
        "time_basis": "incident",
    }
    context.warehouse.merge(INCIDENT, make_rows(INCIDENT, row))
    update_events(context)
    outage = context.warehouse.frame(EVENT, where="category = 'outage'").row(0, named=True)
    assert (outage["origin"], outage["ended_at_utc"]) == ("incident", start + timedelta(hours=2))


def test_events_know_what_else_happened(context):
    update_bundle(context)
    update_events(context)
    around = context.warehouse.frame(CONFOUNDER, where="event_id = $e", e=LEDGER_ID)
    assert "2026-06-13-sacks-responds" in around["other_event_id"].to_list()


def test_the_lab_feed_of_13_june_cannot_move_the_event_before_the_public_could_read_it(context):
    feed = make_feed(feed_id="lab_mirror", clock="publisher")
    bodies = {
        datetime(2026, 6, 13, 0, 30, tzinfo=UTC): "olshansk_anthropic_news_asof_2026-06-13T0030_ce3f85dad.xml",
        datetime(2026, 6, 13, 2, 35, tzinfo=UTC): "olshansk_anthropic_news_asof_2026-06-13T0235_22fabe0c9.xml",
    }
    known: set[str] = set()
    statements = []
    for fetched_at, name in bodies.items():
        parsed = parse_feed(read_feed(name), feed, Source(feed.feed_id, "test", fetched_at)).entries
        new = parsed.filter(~pl.col("entry_id").is_in(list(known)))
        known |= set(new["entry_id"].to_list())
        context.warehouse.merge(ENTRY, new)
        statements.append(new.filter(pl.col("title").str.contains("directive to suspend access")))
    assert [frame.height for frame in statements] == [0, 1], "the statement appears between the two fetches"
    assert statements[1]["published_at_utc"][0] == datetime(2026, 6, 12, tzinfo=UTC), "dated 24 h 50 min too early"
    update_events(context)
    found = event(context.warehouse, DETECTED_ID)
    assert found["best_at_utc"] == FIRST_REPORT
    sources = context.warehouse.frame(EVENT_SOURCE, where="event_id = $e", e=DETECTED_ID)
    assert "directive to suspend access" in " ".join(sources["title"].to_list()), (
        "the statement is evidence all the same"
    )


def read_feed(name: str) -> bytes:
    with tarfile.open(shared("data", "news", "feeds.tar.gz")) as archive:
        member = next(m for m in archive.getmembers() if m.name.endswith(name))
        file = archive.extractfile(member)
        assert file is not None
        return file.read()


SOUP_RULE = """
[[category]]
id = "soup"
name = "Soup"
definition = "News of soups."
is_relevant = true
direction = "restricts"

[[category.rule]]
id = "lentils"
score = 0.99
all = ["lentil soup"]
"""


def stored_tags(warehouse: Warehouse) -> pl.DataFrame:
    return warehouse.frame(TAG).drop("rule_version").sort("entry_id", "tag_id")


def test_a_users_rule_retags_old_headlines_and_its_removal_undoes_it(context):
    update_events(context)
    before, stories = stored_tags(context.warehouse), context.warehouse.frame(STORY).sort("story_id")
    rules = context.settings.config_path / "tags.toml"
    rules.parent.mkdir()
    rules.write_text(SOUP_RULE)
    assert update_events(context).n_changed > 0
    soup = context.warehouse.frame(TAG, where="tag_id = 'soup'").row(0, named=True)
    assert (soup["evidence"], soup["is_main"]) == ("lentil soup", True)
    assert context.warehouse.frame(STORY, where="category = 'soup'")["is_relevant"].to_list() == [True]
    assert update_events(context).n_changed == 0
    rules.write_text(SOUP_RULE.replace("lentil soup", "onion soup"))
    update_events(context)
    assert context.warehouse.frame(TAG, where="tag_id = 'soup'").is_empty()
    rules.unlink()
    update_events(context)
    assert stored_tags(context.warehouse).equals(before)
    assert context.warehouse.frame(STORY).sort("story_id").equals(stories)


def test_a_home_whose_stories_rest_on_other_rules_of_grouping_is_grouped_again_under_its_old_ids(context):
    update_events(context)
    warehouse = context.warehouse
    linked = warehouse.frame(STORY_ENTRY).sort(STORY_ENTRY.key)
    alone = pl.col("entry_id").str.slice(0, 7)
    warehouse.replace(
        STORY_ENTRY, linked.with_columns(alone.alias("story_id"), pl.lit("stories-5").alias("algorithm_version"))
    )
    assert update_events(context).n_changed > 0, "no headline is new, and events follow the stories as they are"
    assert warehouse.frame(EVENT).is_empty(), "each headline alone is told by one house"
    older = warehouse.frame(STEP_INPUT).with_columns(
        pl.when(pl.col("step") == "stories").then(pl.lit("older")).otherwise("digest").alias("digest")
    )
    warehouse.replace(STEP_INPUT, older)
    assert "follow other rules" in update_events(context).detail
    again = warehouse.frame(STORY_ENTRY).sort(STORY_ENTRY.key)
    assert again["story_id"].to_list() == ["entry-0", "entry-0", "entry-0", "entry-3"]
    kept = ("entry_id", "matched_entry_id", "similarity", "algorithm_version")
    assert again.select(kept).equals(linked.select(kept))
    assert warehouse.frame(STORY).sort("story_id")["n_entries"].to_list() == [3, 1]
    assert warehouse.frame(EVENT)["event_id"].to_list() == [DETECTED_ID]
    assert update_events(context).n_changed == 0


OWN_PLACE = """
[[place]]
id = "GE"
name = "Georgia"
names = ["Georgia"]
"""


def test_a_users_place_parts_old_stories_as_it_parts_new_ones_and_its_removal_joins_them(context):
    title = "{} passes bill to regulate crypto exchanges"
    told = [(title.format(place), FIRST_REPORT) for place in ("Georgia", "Georgia", "Australia")]
    context.warehouse.merge(ENTRY, make_entries(*told, prefix="bill"))
    update_events(context)

    def n_stories() -> int:
        links = context.warehouse.frame(STORY_ENTRY)
        return links.filter(pl.col("entry_id").str.starts_with("bill"))["story_id"].n_unique()

    assert n_stories() == 1
    places = context.settings.config_path / "entities.toml"
    places.parent.mkdir()
    places.write_text(OWN_PLACE)
    update_events(context)
    assert n_stories() == 2
    assert update_events(context).n_changed == 0
    places.unlink()
    update_events(context)
    assert n_stories() == 1


def test_a_rule_that_makes_old_headlines_relevant_makes_their_event(context):
    carried = [(f"{place} tastes the lentil soup of the year", FIRST_REPORT) for place in ("Rome", "Rome")]
    context.warehouse.merge(ENTRY, make_entries(*carried, prefix="soup"))
    update_events(context)
    assert context.warehouse.frame(EVENT, where="category = 'soup'").is_empty()
    context.settings.config_path.mkdir()
    (context.settings.config_path / "tags.toml").write_text(SOUP_RULE)
    update_events(context)
    soup = context.warehouse.frame(EVENT, where="category = 'soup'")
    assert soup["direction"].to_list() == ["restricts"], "no headline says a verb, so its kind tells where it leads"
    (context.settings.config_path / "tags.toml").unlink()
    update_events(context)
    assert context.warehouse.frame(EVENT, where="category = 'soup'").is_empty()


def test_a_new_headline_lets_no_other_story_be_read_again(context):
    """What is stored of the other stories is taken at its word: told to tell no act, they make no event."""
    update_events(context)
    assert context.warehouse.frame(EVENT).height == 1
    facts = context.warehouse.frame(STORY_FACT)
    context.warehouse.replace(STORY_FACT, facts.with_columns(pl.lit(None, dtype=pl.String).alias("facts")))
    context.warehouse.merge(ENTRY, make_entries(("Recipe of the week: pea soup", NOW), prefix="far"))
    update_events(context)
    assert context.warehouse.frame(EVENT).is_empty()


def modules_called(*entered: Callable[..., object]) -> set[str]:
    """Modules of what these functions of `flows.steps.stories` name, directly or through others of it."""
    found, waiting = set[str](), [*entered]
    while waiting:
        for name in waiting.pop().__code__.co_names:
            named = getattr(stories, name, None)
            module = getattr(named, "__module__", "")
            if module == stories.__name__:
                waiting.append(named)
            else:
                found.add(module)
    return found


def test_facts_rest_on_all_code_that_tells_which_headlines_are_read_and_what_they_say():
    called = {name for name in modules_called(prepare, recall_facts) if name.startswith("analysis.events.")}
    assert {"analysis.events.summaries", "analysis.events.recalling", "analysis.events.timing"} <= called
    assert called <= source._reach(stories._FACTS_READ_BY, source._loads)


def test_a_headline_whose_time_is_another_has_its_story_read_again(context):
    update_events(context)
    entry = context.warehouse.frame(ENTRY, where="published_at_utc = $at", at=FIRST_REPORT)
    earlier = FIRST_REPORT - timedelta(minutes=20)
    context.warehouse.merge(ENTRY, entry.with_columns(published_at_utc=pl.lit(earlier, dtype=UTC_INSTANT)))
    update_events(context)
    assert context.warehouse.frame(EVENT)["best_at_utc"].to_list() == [earlier]


def test_stored_tags_are_what_tagging_again_would_say(context):
    update_events(context)
    vocabulary, frames = load_user_vocabulary(context.settings.config_path), load_frames()
    stored = prepare(read_grouped(context.warehouse, is_relevant=True), vocabulary, frames)
    again = tag_titles(stored["title"], vocabulary)
    assert stored.height == 3
    for name in ("category", "is_relevant", "score"):
        assert stored[name].equals(again[name], null_equal=True), name
    assert [set(ids) for ids in stored["entity_ids"]] == [set(ids) for ids in again["entity_ids"]]


def test_a_correction_of_the_register_is_shown_with_the_order_it_mends(context):
    order = "2025-01-23-executive-order-14179-ai-leadership"
    row = {"document_number": "C1-2025-02172", "corrects_document_number": "2025-02172", "title": "Order; correction"}
    mended = {
        "published_on": datetime(2025, 2, 10, tzinfo=UTC).date(),
        "url": "https://www.federalregister.gov/d/C1-2025-02172",
    }
    context.warehouse.merge(REGISTER_DOCUMENT, make_rows(REGISTER_DOCUMENT, row | mended))
    update_bundle(context)
    update_events(context)
    told = context.warehouse.frame(EVENT_SOURCE, where="event_id = $e", e=order).sort("source_number")
    assert told["role"].to_list()[-1] == "correction"
    assert told["title"].to_list()[-1] == "Order; correction"
    assert update_bundle(context).n_changed == update_events(context).n_changed == 0
