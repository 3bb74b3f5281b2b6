"""The news step against a world that answers as feeds did at chosen instants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analysis.events.timing import add_clocks
from flows.context import StepReport
from flows.steps.news import update_news
from ingest.news.feeds import load_feeds
from tests.ingest.news.news_builders import make_context, make_settings
from tests.paths import shared
from tests.replay.feeds import (
    SIMULATED_STATEMENT_AT,
    FeedWorld,
    cut_off,
    gzip_bomb,
    html_page,
    recorded_sources,
    redirect,
    rss_feed,
    simulated_sources,
    status,
)
from tests.replay.server import ReplayServer, Request
from warehouse.config import ConfigError
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.news import ENTRY, FEED, INCIDENT

BEFORE = SIMULATED_STATEMENT_AT - timedelta(hours=2)
AFTER = SIMULATED_STATEMENT_AT + timedelta(hours=3)
MIRROR = "lab_anthropic_mirror_olshansk"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 5) as writer:
        yield writer


FEW = (
    MIRROR, "pr_techmeme", "cr_decrypt", "cr_coindesk", "ag_hnrss", "st_openai_json", "st_claude_atom", "st_gcp_json",
    "us_fr_ai_json", "cr_theblock", "cr_dlnews", "cr_protos", "cr_utoday", "cr_defiant", "cr_unchained",
    "cr_cryptoslate", "cr_beincrypto",
)  # fmt: skip


@pytest.fixture
def few_feeds(tmp_path: Path) -> None:
    """The user's file closes all but a few feeds, so that a pass takes a moment."""
    rows = [
        f'[[feed]]\nid = "{feed.feed_id}"\nis_enabled = false\n' for feed in load_feeds() if feed.feed_id not in FEW
    ]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feeds.toml").write_text("\n".join(rows))


def run_at(
    instant: datetime, world: FeedWorld, warehouse: Warehouse, home: Path, run_id: str
) -> tuple[StepReport, list[Request]]:
    world.instant = instant
    with ReplayServer({"/feed": world.handle}) as server:
        report = update_news(make_context(make_settings(home, server.url), warehouse, instant, run_id))
        return report, server.requests


def test_second_run_at_the_same_instant_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, simulated_sources())
    first, _ = run_at(AFTER, world, warehouse, tmp_path, "a")
    second, requests = run_at(AFTER, world, warehouse, tmp_path, "b")
    assert first.n_changed > 4
    assert first.problems == ()
    assert (second.n_changed, requests) == (0, [])


@pytest.mark.usefixtures("few_feeds")
def test_unchanged_feeds_answer_304_and_change_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, simulated_sources())
    run_at(AFTER, world, warehouse, tmp_path, "a")
    later, requests = run_at(AFTER + timedelta(days=1), world, warehouse, tmp_path, "b")
    assert later.n_changed == 0
    assert any("if-none-match" in request.headers for request in requests)
    outcomes = warehouse.sql("select distinct outcome from ops.fetch where run_id = 'b'")
    assert outcomes["outcome"].to_list() == ["unchanged"]


@pytest.mark.usefixtures("few_feeds")
def test_backdated_entry_is_first_seen_when_it_could_be_read(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(BEFORE, simulated_sources())
    run_at(BEFORE, world, warehouse, tmp_path, "a")
    run_at(AFTER, world, warehouse, tmp_path, "b")
    [row] = warehouse.frame(ENTRY, where="title like 'Statement%'").to_dicts()
    assert row["published_at_utc"] < SIMULATED_STATEMENT_AT
    assert row["time_basis"] == "date_only"
    assert row["first_seen_at_utc"] == AFTER


@pytest.mark.usefixtures("few_feeds")
def test_recorded_lab_statement_is_never_seen_before_it_was_served(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(BEFORE, recorded_sources(shared("data", "news")))
    instants = [datetime(2026, 6, 13, 0, 30, tzinfo=UTC), datetime(2026, 6, 13, 2, 35, tzinfo=UTC)]
    for number, instant in enumerate(instants):
        report, _ = run_at(instant, world, warehouse, tmp_path, str(number))
        assert report.problems == ()
    [row] = warehouse.frame(ENTRY, where="title like 'Statement on the US government directive%'").to_dicts()
    assert row["published_at_utc"] == datetime(2026, 6, 12, tzinfo=UTC)
    assert row["first_seen_at_utc"] == instants[1]
    # The study dates by what is proven, so the feed's midnight cannot pull the event back by a day.
    [clock] = add_clocks(warehouse.frame(ENTRY, where=f"entry_id = '{row['entry_id']}'")).to_dicts()
    assert clock["proven_at_utc"] == instants[1]
    [incident] = warehouse.frame(INCIDENT, where="incident_id = 'anthropic:s9w82lp9dcn9'").to_dicts()
    assert incident["started_at_utc"] == datetime(2026, 6, 13, 0, 50, 43, tzinfo=UTC)
    assert incident["resolved_at_utc"] is None


@pytest.mark.usefixtures("few_feeds")
def test_incident_that_ends_is_updated_and_keeps_its_first_sight(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, simulated_sources())
    run_at(AFTER, world, warehouse, tmp_path, "a")
    run_at(AFTER + timedelta(days=2), world, warehouse, tmp_path, "b")
    [incident] = warehouse.frame(INCIDENT).to_dicts()
    assert incident["first_seen_at_utc"] == AFTER
    assert incident["resolved_at_utc"] == SIMULATED_STATEMENT_AT + timedelta(hours=30)
    assert incident["impact"] == "critical"


@pytest.mark.usefixtures("few_feeds")
def test_each_misbehaving_feed_is_named_and_the_others_arrive(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, simulated_sources())
    world.faults = {
        "cr_theblock": html_page,
        "cr_dlnews": status(429, {"retry-after": "7200"}),
        "cr_protos": status(503),
        "cr_utoday": cut_off,
        "cr_defiant": gzip_bomb(50_000_000),
        "cr_unchained": redirect("/feed/cr_unchained"),
        "cr_cryptoslate": redirect("http://10.0.0.1/feed"),
        "cr_beincrypto": status(404),
    }
    report, _ = run_at(AFTER, world, warehouse, tmp_path, "a")
    rows = warehouse.sql("select source_id, outcome, reason, next_attempt_utc from ops.fetch where n_failures > 0")
    assert {row[0]: (row[1], row[2]) for row in rows.iter_rows()} == {
        "cr_theblock": ("malformed", "html_page"),
        "cr_dlnews": ("transient", "http_429"),
        "cr_protos": ("transient", "http_503"),
        "cr_utoday": ("transient", "cut_off"),
        "cr_defiant": ("malformed", "too_large"),
        "cr_unchained": ("permanent", "redirect_loop"),
        "cr_cryptoslate": ("refused", "private_address"),
        "cr_beincrypto": ("permanent", "http_404"),
    }
    next_of = dict(rows.select("source_id", "next_attempt_utc").iter_rows())
    assert next_of["cr_dlnews"] == AFTER + timedelta(hours=2)
    assert {line.split(":")[0] for line in report.problems} == set(world.faults)
    assert warehouse.frame(ENTRY, where="feed_id = 'cr_decrypt'").height == 1


@pytest.mark.usefixtures("few_feeds")
def test_failing_feed_is_asked_less_and_less(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, simulated_sources())
    world.faults = {"cr_protos": status(500)}
    instant, pauses = AFTER, []
    for number in range(4):
        run_at(instant, world, warehouse, tmp_path, str(number))
        state = warehouse.query("feed_state").filter(source_id="cr_protos").to_dicts()[0]
        assert state["n_failures"] == number + 1
        pauses.append((state["next_attempt_utc"] - instant).total_seconds())
        instant = state["next_attempt_utc"]
    assert pauses == sorted(pauses)
    assert pauses[3] > 5 * pauses[0]


@pytest.mark.usefixtures("few_feeds")
def test_robots_rules_close_a_feed(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, simulated_sources(), robots="User-agent: *\nDisallow: /feed/cr_decrypt\n")
    report, requests = run_at(AFTER, world, warehouse, tmp_path, "a")
    assert [line.split(":")[0] for line in report.problems] == ["cr_decrypt"]
    assert "/feed/cr_decrypt" not in [request.path for request in requests]
    assert [request.path for request in requests].count("/feed/robots.txt") == 1
    world.sources["cr_coindesk"] = simulated_sources()["cr_coindesk"]
    _, again = run_at(AFTER + timedelta(hours=1), world, warehouse, tmp_path, "b")
    assert "/feed/cr_coindesk" in [request.path for request in again]


def test_offline_asks_nobody_and_registers_the_feeds(warehouse: Warehouse, tmp_path: Path) -> None:
    report = update_news(make_context(make_settings(tmp_path, is_offline=True), warehouse, AFTER, "a"))
    assert report.problems == ()
    assert report.n_changed >= 110
    assert warehouse.sql("select count(*) as n from ops.fetch")["n"].item() == 0


@pytest.mark.usefixtures("few_feeds")
def test_revised_title_becomes_the_next_version(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, {"cr_decrypt": lambda _at: rss_feed("d", [("First", "https://d.example/1", BEFORE)])})
    run_at(AFTER, world, warehouse, tmp_path, "a")
    world.sources["cr_decrypt"] = lambda _at: rss_feed("d", [("Second", "https://d.example/1", BEFORE)])
    later = AFTER + timedelta(hours=2)
    run_at(later, world, warehouse, tmp_path, "b")
    rows = warehouse.frame(ENTRY, order_by="title_version").select("title", "title_version", "first_seen_at_utc")
    assert rows.rows() == [("First", 1, AFTER), ("Second", 2, later)]
    assert warehouse.sql("select count(*) as n from raw.document where source_id = 'cr_decrypt'")["n"].item() == 2


def test_an_own_feed_leaves_with_its_entry(warehouse: Warehouse, tmp_path: Path) -> None:
    context = make_context(replace(make_settings(tmp_path), is_offline=True), warehouse, AFTER, "a")
    own = tmp_path / "config" / "feeds.toml"
    own.parent.mkdir()
    own.write_text(
        '[[feed]]\nid = "mine"\ntitle = "Mine"\nkind = "rss"\ncategory = "press"\nurl = "https://mine.example/"\n'
        'clock = "publisher"\nconfidence = "low"\n'
    )
    update_news(context)
    assert warehouse.frame(FEED, where="feed_id = 'mine'").height == 1
    own.unlink()
    update_news(context)
    assert sorted(warehouse.frame(FEED)["feed_id"]) == sorted(feed.feed_id for feed in load_feeds())


def test_user_registry_mistake_names_file_entry_and_key(warehouse: Warehouse, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "feeds.toml").write_text('[[feed]]\nid = "cr_decrypt"\nadress = "https://x.example"\n')
    with pytest.raises(ConfigError, match=r"feeds\.toml line 3: feed 'cr_decrypt': adress: unknown key"):
        update_news(make_context(make_settings(tmp_path), warehouse, AFTER, "a"))


@pytest.mark.usefixtures("few_feeds")
def test_steps_leave_no_threads_behind(warehouse: Warehouse, tmp_path: Path) -> None:
    world = FeedWorld(AFTER, simulated_sources())
    n_before = threading.active_count()
    run_at(AFTER, world, warehouse, tmp_path, "a")
    assert threading.active_count() <= n_before + 1
