"""The kept bytes give the stored news again, to the bit: feeds, status pages, the register, archives and files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from analysis.events.outages import merge_incidents
from analysis.events.recorded.merging import outage_events, outage_sources
from analysis.events.vocabulary import load_vocabulary
from flows.jobs.news_files import import_news
from flows.jobs.news_history import backfill_news
from flows.jobs.rereading import read_news_again
from flows.steps.news import read_feeds, update_news
from ingest.news.feeds import Feed, load_feeds
from ingest.payload import unpack_body
from tests.ingest.news.news_builders import make_context, make_settings
from tests.replay.feeds import SIMULATED_STATEMENT_AT, FeedWorld, atom_status_source, rss_feed, simulated_sources
from tests.replay.server import ReplayServer
from tests.warehouse.store.rows import make_row
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.news import DOCUMENT, ENTRY, EVENT, EVENT_SOURCE, INCIDENT, REGISTER_DOCUMENT

TABLES = (ENTRY, INCIDENT, REGISTER_DOCUMENT)
STATEMENT = SIMULATED_STATEMENT_AT
HOURS = (-2, 1, 4, 40)


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four passes with a revised title and an outage told by two feeds, an archive, and two files."""
    path = tmp_path_factory.mktemp("received") / "warehouse.duckdb"
    with open_writer(path, 5) as writer:
        receive(path.parent, writer)
    return path


@pytest.fixture
def warehouse(tmp_path: Path, received: Path) -> Iterator[Warehouse]:
    shutil.copy(received, tmp_path)
    with open_writer(tmp_path / received.name, 5) as writer:
        yield writer


@pytest.fixture
def feeds(tmp_path: Path, warehouse: Warehouse) -> tuple[Feed, ...]:
    return read_feeds(make_context(make_settings(tmp_path), warehouse, STATEMENT, "again"))


def receive(home: Path, writer: Warehouse) -> None:
    incident: dict[str, object] = {
        "id": "two-feeds", "name": "Claude is unavailable", "impact": "major",
        "created_at": STATEMENT.isoformat(), "resolved_at": (STATEMENT + timedelta(hours=2)).isoformat(),
    }  # fmt: skip

    def revised(instant: datetime) -> bytes:
        title = "Borealis halts Vega 5" if instant < STATEMENT + timedelta(hours=3) else "Borealis halts Vega 5 abroad"
        return rss_feed("x", [(title, "https://cr_utoday.example/a", STATEMENT)] if instant > STATEMENT else [])

    def register(instant: datetime) -> bytes:
        kind = {} if instant < STATEMENT + timedelta(hours=3) else {"type": "Rule"}
        row = {"document_number": "2026-1", "title": "A rule on models", "publication_date": "2026-06-12"} | kind
        return json.dumps({"count": 1, "results": [row]}).encode()

    sources = simulated_sources() | {
        "cr_utoday": revised,
        "us_fr_ai_json": register,
        "st_claude_atom": atom_status_source([incident], "status.claude.com"),
    }
    table = home / "early.csv"
    table.write_text("title,url,outlet,published_utc\nVega 5 is out,https://a.example/1,A Paper,2026-06-11T08:00:00Z\n")
    lines = home / "outages.jsonl"
    told = {"provider": "anthropic", "title": "Claude is unavailable", "started_utc": STATEMENT.isoformat()}
    lines.write_text(json.dumps(told | {"incident_id": "two-feeds", "components": ["api"]}) + "\n")
    asked = {*sources, "us_fr_presidential"}
    closed = [feed.feed_id for feed in load_feeds() if feed.feed_id not in asked]
    (home / "config").mkdir()
    (home / "config" / "feeds.toml").write_text(
        "\n".join(f'[[feed]]\nid = "{name}"\nis_enabled = false\n' for name in closed)
    )
    world = FeedWorld(STATEMENT, sources)
    with ReplayServer({"/feed": world.handle}) as server:
        settings = make_settings(home, server.url)
        for hours in HOURS:
            world.instant = STATEMENT + timedelta(hours=hours)
            update_news(make_context(settings, writer, world.instant, f"run{hours}"))
            if hours == 1:
                between = world.instant + timedelta(hours=1)
                context = make_context(settings, writer, between, "files")
                import_news(context, [table, lines], None, between, is_dry_run=False)
        context = make_context(settings, writer, datetime(2026, 6, 20, tzinfo=UTC), "archive")
        backfill_news(context, date(2026, 6, 18), sources=("register",), pause=lambda _seconds: None)


def frames(warehouse: Warehouse) -> list[pl.DataFrame]:
    return [warehouse.frame(table, order_by=", ".join(table.key)) for table in TABLES]


def test_the_kept_bytes_give_the_same_news_to_the_bit(warehouse: Warehouse, feeds: tuple[Feed, ...]) -> None:
    before = frames(warehouse)
    assert [frame.height for frame in before] >= [8, 2, 1]
    assert before[0]["title_version"].max() == 2

    assert read_news_again(warehouse, feeds).n_changed == 0
    for table in TABLES:
        warehouse.replace(table, table.empty())
    read = read_news_again(warehouse, feeds)
    assert read.n_documents == warehouse.frame(DOCUMENT, "not starts_with(source_id, 'robots:')").height
    assert read.n_unread == 0
    for found, stored in zip(frames(warehouse), before, strict=True):
        assert found.equals(stored)


def test_a_spoiled_row_is_mended_and_one_that_no_document_gave_stays(
    warehouse: Warehouse, feeds: tuple[Feed, ...]
) -> None:
    before = frames(warehouse)
    own = before[0].head(1).with_columns(entry_id=pl.lit("own"), guid=pl.lit("own"), run_id=pl.lit("bundle"))
    spoiled = before[0].with_columns(title=pl.lit("another title"))
    warehouse.replace(ENTRY, pl.concat([spoiled, own]))
    read_news_again(warehouse, feeds)
    after = warehouse.frame(ENTRY, order_by="entry_id")
    assert after.filter(pl.col("entry_id") != "own").equals(before[0])
    assert after.filter(pl.col("entry_id") == "own").height == 1


def test_what_a_feed_gave_stays_when_it_is_registered_no_more(warehouse: Warehouse, feeds: tuple[Feed, ...]) -> None:
    before = frames(warehouse)
    fewer = [feed for feed in feeds if feed.feed_id != "cr_utoday"]
    read = read_news_again(warehouse, fewer)
    assert (read.n_changed, read.n_unread) == (0, 2)
    assert all(found.equals(stored) for found, stored in zip(frames(warehouse), before, strict=True))


def test_every_headline_and_outage_is_traced_to_bytes_that_say_it(warehouse: Warehouse) -> None:
    vocabulary = load_vocabulary()
    outages = merge_incidents(warehouse.frame(INCIDENT))
    warehouse.replace(EVENT, outage_events(outages, vocabulary))
    warehouse.replace(EVENT_SOURCE, outage_sources(outages, vocabulary))
    entries, events = warehouse.frame(ENTRY)["entry_id"].to_list(), outages["outage_id"].to_list()
    assert len(entries) >= 8
    assert len(events) >= 1
    for key in (*entries, *events):
        steps = warehouse.query("trace_event", key=key)
        said = steps["headline"][0].encode()
        bodies = [_bytes(warehouse, digest) for digest in steps["content_sha256"]]
        assert any(said in body for body in bodies), (key, said)
        assert steps["kept_as"].unique().to_list() == ["incident" if key in events else "headline"]


def _bytes(warehouse: Warehouse, digest: str) -> bytes:
    [document] = warehouse.frame(DOCUMENT, "content_sha256 = $digest", digest=digest).rows(named=True)
    body = unpack_body(document["body_zlib"])
    assert hashlib.sha256(body).hexdigest() == digest
    return body


@pytest.mark.parametrize(("origin", "kept_as"), [("user", "your ledger"), ("ledger", "the ledger that ships")])
def test_an_event_without_a_stored_headline_says_which_ledger_told_it(
    warehouse: Warehouse, origin: str, kept_as: str
) -> None:
    warehouse.merge(EVENT, make_row(EVENT, event_id="e", origin=origin))
    assert warehouse.query("trace_event", key="e").select("kept_as", "run_id").rows() == [(kept_as, None)]
