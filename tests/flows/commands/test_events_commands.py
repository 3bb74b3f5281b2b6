"""`aftershock events` at the command line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import tomlkit
import typer
from typer.testing import CliRunner

from flows.commands import events
from flows.errors import CommandError
from flows.jobs.labelled_files import read_headlines_file, read_instants
from flows.jobs.ledger import load_decisions, record_decision
from flows.jobs.news_files import import_news
from flows.steps.events import update_events
from tests.ingest.news.news_builders import make_context, make_settings
from warehouse.config import ConfigError
from warehouse.store.connection import open_writer
from warehouse.store.errors import NotPublishedError
from warehouse.store.publish import publish
from warehouse.tables.news import EVENT


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    application = typer.Typer()
    events.register(application)
    return application


def run(app: typer.Typer, *arguments: str):
    return CliRunner().invoke(app, ["events", *arguments])


def test_tagging_needs_titles_only_and_keeps_order(app, tmp_path):
    (tmp_path / "in.csv").write_text("title\nChatGPT is down\nLentil soup\n", encoding="utf-8")
    result = run(app, "tag", "--input", str(tmp_path / "in.csv"), "--format", "csv")
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["relevant"], row["category"], row["entities"]) for row in rows] == [
        ("1", "outage", "OpenAI"),
        ("0", "general", ""),
    ]
    assert rows[0]["story_id"] != rows[1]["story_id"]
    assert not (tmp_path / "warehouse.duckdb").exists()


def test_dates_are_read_however_they_are_written(tmp_path):
    written = (
        "2026-06-12T23:56:41Z",
        "2026-06-13 01:56:41+02:00",
        "2026-06-12 23:56:41",
        "2026-06-12T23:56:41.5Z",
        "x",
        "",
    )
    (tmp_path / "in.csv").write_text("title,published_utc\n" + "".join(f"t,{text}\n" for text in written))
    instants = read_instants(read_headlines_file(tmp_path / "in.csv")).to_list()
    assert [value and value.strftime("%d %H:%M:%S") for value in instants] == ["12 23:56:41"] * 4 + [None, None]


def test_explaining_names_the_row_that_was_met(app, tmp_path):
    (tmp_path / "in.csv").write_text("title\nChatGPT is down\nChatGPT is down\n", encoding="utf-8")
    result = run(app, "tag", "--input", str(tmp_path / "in.csv"), "--format", "csv", "--explain")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert (rows[1]["story_reason"], rows[1]["matched_row"]) == ("exact", "1")


def test_a_file_without_titles_is_refused_by_name(app, tmp_path):
    (tmp_path / "in.csv").write_text("headline\nx\n", encoding="utf-8")
    result = run(app, "tag", "--input", str(tmp_path / "in.csv"))
    assert isinstance(result.exception, CommandError)
    assert "no column `title`; found headline" in str(result.exception)


def test_labels_without_a_story_column_are_refused(app, tmp_path):
    (tmp_path / "in.csv").write_text("title,relevant,category\nx,1,outage\n", encoding="utf-8")
    result = run(app, "score", "--labels", str(tmp_path / "in.csv"))
    assert "missing story_id" in str(result.exception)


def test_decisions_are_plain_toml_that_keeps_a_persons_own_lines(app, tmp_path):
    ledger = tmp_path / "config" / "events.toml"
    ledger.parent.mkdir()
    ledger.write_text('# my notes\n\n[[event]]\nid = "a"\nstatus = "confirmed"  # sure\n')
    assert run(app, "reject", "b", "--note", "an echo").exit_code == 0
    assert run(app, "retime", "a", "--at", "2026-06-12T22:00:00Z").exit_code == 0
    text = ledger.read_text()
    assert text.startswith("# my notes\n")
    assert "# sure" in text
    document = tomlkit.parse(text).unwrap()
    assert [entry["id"] for entry in document["event"]] == ["a", "b"]
    assert "best_at = 2026-06-12T22:00:00Z" in text
    assert [decision.event_id for decision in load_decisions(tmp_path / "config")] == ["a", "b"]


def test_a_dry_run_writes_nothing(app, tmp_path):
    result = run(app, "merge", "a", "b", "--dry-run")
    assert result.exit_code == 0
    assert "would write to" in result.stderr
    assert not (tmp_path / "config").exists()


def test_splitting_names_the_headlines_to_take(app, tmp_path):
    arguments = ("--entry", "e1", "--entry", "e2", "--title", "New", "--at", "2026-06-13T02:00:00Z")
    assert run(app, "split", "a", "2026-06-13-new", *arguments).exit_code == 0
    decision = load_decisions(tmp_path / "config")[0]
    assert (decision.split_from, decision.entry_ids) == ("a", ("e1", "e2"))


def test_a_broken_ledger_is_never_overwritten(tmp_path):
    ledger = tmp_path / "events.toml"
    ledger.write_text('[[event]]\nid = "a"\nstaus = "x"\n')
    with pytest.raises(ConfigError, match="staus"):
        record_decision(tmp_path, "b", {"status": "rejected"})
    assert 'id = "b"' not in ledger.read_text()


def test_list_without_a_published_file_says_what_to_do(app):
    result = run(app, "list")
    assert isinstance(result.exception, NotPublishedError)
    assert "aftershock run" in str(result.exception)


HAPPENED = (
    ("near-fund", "network_token_news", "near", "Fund manager files for a NEAR fund"),
    ("licence", "crypto_token_regulation", "sec", "Agency licenses an exchange"),
)
TOLD = datetime(2026, 6, 12, 8, tzinfo=UTC)
SUED = "Publishers sue OpenAI over training data"


@pytest.fixture
def published(tmp_path: Path) -> None:
    """Two detected events, and one headline of one house that is none."""
    rows = [
        dict.fromkeys(EVENT.column_names)
        | {"event_id": event_id, "category": category, "entities": entities, "title": title, "severity": 3}
        | dict.fromkeys(("earliest_at_utc", "best_at_utc", "latest_at_utc"), TOLD)
        | {"time_precision": "second", "time_basis": "publisher", "direction": "neutral", "jurisdiction": "US"}
        | {"origin": "detected", "status": "detected", "selected_from": "news", "reason": "told", "n_outlets": 4}
        for event_id, category, entities, title in HAPPENED
    ]
    (tmp_path / "news.csv").write_text(
        f"title,url,outlet,published_utc\n{SUED},https://a.example/1,A,{TOLD:%Y-%m-%dT%H:%M:%SZ}\n"
    )
    settings = make_settings(tmp_path)
    with open_writer(settings.warehouse_path, 5) as warehouse:
        context = make_context(settings, warehouse, TOLD + timedelta(hours=1), "test")
        import_news(context, [tmp_path / "news.csv"], None, context.now, is_dry_run=False)
        update_events(context)
        warehouse.replace(EVENT, EVENT.conform(pl.DataFrame(rows, schema=EVENT.schema)))
        publish(warehouse, settings.warehouse_path, settings.published_path)


def test_ai_only_leaves_out_what_does_not_matter_to_the_tokens(app, published):
    def listed(*options: str) -> list[tuple[str, str]]:
        result = run(app, "list", "--format", "csv", *options)
        assert result.exit_code == 0, result.exception
        return [(row["event_id"], row["relevance"]) for row in csv.DictReader(io.StringIO(result.stdout))]

    assert listed() == [("licence", "low"), ("near-fund", "high")]
    assert listed("--ai-only") == [("near-fund", "high")]


def test_an_event_says_why_it_matters_to_the_tokens(app, published):
    shown = {
        row["field"]: row["value"]
        for row in csv.DictReader(io.StringIO(run(app, "show", "near-fund", "--format", "csv").stdout))
    }
    assert (shown["relevance"], shown["relevance_reason"]) == ("high", "a decentralised-AI network is a party")


@pytest.mark.parametrize("asked", ["https://a.example/1", "publishers sue openai"])
def test_why_names_what_a_headline_lacks_to_be_an_event(app, published, asked):
    result = run(app, "why", asked, "--format", "csv")
    [row] = csv.DictReader(io.StringIO(result.stdout))
    assert (row["title"], row["event_id"]) == (SUED, "")
    assert row["why"].startswith(
        "no event: 1 publishing house reported its story as an act; 2 or the one whose act it is"
    )


def test_why_of_words_that_no_headline_has_is_refused(app, published):
    result = run(app, "why", "no such words")
    assert isinstance(result.exception, CommandError)
    assert "no stored headline" in str(result.exception)
