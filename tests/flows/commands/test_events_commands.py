"""`aftershock events` at the command line."""

from __future__ import annotations

import csv
import errno
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
from flows.jobs.ledger import load_decisions, record_decisions
from flows.jobs.news_files import import_news
from flows.steps.events import update_events
from tests.builders import make_rows
from tests.ingest.news.news_builders import make_context, make_settings
from warehouse.config import ConfigError
from warehouse.store.connection import open_writer
from warehouse.store.errors import NotPublishedError
from warehouse.store.publish import publish
from warehouse.tables.news import EVENT, NEWS_EPISODE


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
        record_decisions(tmp_path, {"b": {"status": "rejected"}})
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
STEPS = [
    {"event_id": "licence", "episode_id": "licence", "step_number": 1, "step": "announced", "reason": "new"},
    {"event_id": "near-fund", "episode_id": "licence", "step_number": 2, "step": "done", "reason": "shares words"},
]
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
        warehouse.replace(NEWS_EPISODE, make_rows(NEWS_EPISODE, *STEPS))
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


def test_an_event_is_shown_with_the_steps_before_and_after_it(app, published):
    lines = run(app, "show", "near-fund").stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if "episode" in line)
    steps = [line for line in lines[start:] if "announced" in line or "done" in line]
    assert any("licence" in line for line in steps)
    assert any("near-fund" in line for line in steps)


@pytest.mark.parametrize("asked", ["https://a.example/1", "publishers sue openai", "openai publishers"])
def test_why_names_what_a_headline_lacks_to_be_an_event(app, published, asked):
    result = run(app, "why", asked, "--format", "csv")
    [row] = csv.DictReader(io.StringIO(result.stdout))
    assert (row["title"], row["event_id"]) == (SUED, "")
    assert row["why"].startswith(
        "no event: 1 publishing house reported that it happened; 2 make one event, or the one whose own act it is"
    )


@pytest.mark.parametrize(("asked", "said"), [("no such words", "no stored headline"), (" ", "name a headline")])
def test_why_of_words_that_no_headline_has_is_refused(app, published, asked, said):
    result = run(app, "why", asked)
    assert isinstance(result.exception, CommandError)
    assert said in str(result.exception)


ADDED = ("--title", "A law passes", "--category", "outage", "--at", "2026-06-14T15:00:00Z")


def test_an_added_event_is_in_the_record_after_a_run_and_gone_after_undo(app, tmp_path):
    def event_ids() -> set[str]:
        with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
            update_events(make_context(make_settings(tmp_path), warehouse, datetime(2026, 7, 1, tzinfo=UTC), "a"))
            found = warehouse.frame(EVENT)
        return set(found.filter(origin="user", selected_from="price")["event_id"])

    assert run(app, "add", "2026-06-14-law", *ADDED, "--selected-from", "price").exit_code == 0
    assert event_ids() == {"2026-06-14-law"}
    again = run(app, "add", "2026-06-14-law", *ADDED)
    assert "there is an event 2026-06-14-law" in str(again.exception)
    assert run(app, "undo").exit_code == 0
    assert event_ids() == set()
    assert not (tmp_path / "config/events.toml").exists()


def test_undo_goes_back_one_command_at_a_time(app, tmp_path):
    path = tmp_path / "config/events.toml"
    texts = []
    for words in (("confirm", "a"), ("merge", "b", "a"), ("retime", "a", "--at", "2026-06-13T01:00:00Z")):
        texts.append(path.read_text() if path.exists() else None)
        assert run(app, *words).exit_code == 0
    for text in reversed(texts):
        assert run(app, "undo").exit_code == 0
        assert (path.read_text() if path.exists() else None) == text
    assert "left to undo" in str(run(app, "undo").exception)


def test_undo_never_loses_what_a_person_wrote_since(app, tmp_path):
    path = tmp_path / "config/events.toml"
    run(app, "confirm", "a")
    path.write_text(path.read_text() + "# my remark\n")
    assert "was edited since" in str(run(app, "undo").exception)
    assert run(app, "undo", "a").exit_code == 0
    assert "# my remark" in path.read_text()
    assert load_decisions(tmp_path / "config") == []


def test_an_event_that_others_rest_on_is_not_undone(app, tmp_path):
    run(app, "add", "new", *ADDED)
    run(app, "merge", "b", "new")
    assert "b rests on new" in str(run(app, "undo", "new").exception)
    assert run(app, "undo", "b").exit_code == 0
    assert run(app, "undo", "new").exit_code == 0


@pytest.mark.parametrize("words", [("merge", "a", "a"), ("merge", "b", "a", "--dry-run")])
def test_a_decision_that_leads_back_to_itself_is_refused_before_it_is_written(app, tmp_path, words):
    run(app, "merge", "a", "b") if words[1] == "b" else None
    before = [path.read_bytes() for path in sorted(tmp_path.rglob("events*"))]
    assert "leads back to itself" in str(run(app, *words).exception)
    assert [path.read_bytes() for path in sorted(tmp_path.rglob("events*"))] == before


TABLE = "event_id,title,category,date,severity,note\n"


def test_importing_events_adds_them_once(app, tmp_path):
    file = tmp_path / "events.csv"
    file.write_text(TABLE + "x1,One,outage,2026-06-14 15:00,3,seen\nx2,Two,Outage,2026-06-15T01:00:00Z,,\n")
    assert run(app, "import", str(file)).exit_code == 0
    text = (tmp_path / "config/events.toml").read_text()
    one, two = load_decisions(tmp_path / "config")
    assert one.values["best_at_utc"] == datetime(2026, 6, 14, 15, tzinfo=UTC)
    assert (one.values["severity"], one.note, two.values["category"]) == (3, "seen", "outage")
    again = run(app, "import", str(file))
    assert (again.exit_code, "nothing to write" in again.output) == (0, True)
    assert (tmp_path / "config/events.toml").read_text() == text
    assert run(app, "undo").exit_code == 0
    assert not (tmp_path / "config/events.toml").exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("x1,One,outage,2026-06-14 15:00,,\nx2,Two,outages,2026-06-15 01:00,,\n", ("row 3", "outages", "outage")),
        ("x1,One,outage,2026-06-14 15:00,9,\n", ("row 2", "severity", "5")),
        ("x1,,outage,2026-06-14 15:00,,\n", ("row 2", "no title")),
        ("x1,One,outage,2026-06-14,,\nx1,Two,outage,2026-06-15,,\n", ("row 3", "stands twice")),
        ("x1,One,outage,2026-06-14 15:00,,\nx2,Two,outage,soon,,\n", ("row 3", "soon", "2026-06-12T23:56:41Z")),
        ("", ("no rows",)),
    ],
)
def test_a_wrong_row_stops_the_whole_import(app, tmp_path, rows, words):
    file = tmp_path / "events.csv"
    file.write_text(TABLE + rows)
    fault = run(app, "import", str(file)).exception
    assert isinstance(fault, CommandError)
    assert all(word in str(fault) for word in ("events.csv", *words)), str(fault)
    assert not (tmp_path / "config").exists()


def test_an_imported_date_without_a_time_of_day_is_a_day_and_no_midnight(app, tmp_path):
    file = tmp_path / "events.csv"
    file.write_text(TABLE + "x1,One,outage,2026-06-14,,\nx2,Two,outage,2026-06-15T00:00:00Z,,\n")
    assert run(app, "import", str(file)).exit_code == 0
    day, midnight = (decision.values for decision in load_decisions(tmp_path / "config"))
    assert (day["time_precision"], day["latest_at_utc"]) == ("day", datetime(2026, 6, 14, 23, 59, 59, tzinfo=UTC))
    assert not {"time_precision", "latest_at_utc"} & midnight.keys()


def test_an_import_never_takes_the_place_of_an_event_of_the_record(app, tmp_path):
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        warehouse.merge(EVENT, make_rows(EVENT, {"event_id": "x2"}))
        publish(warehouse, tmp_path / "warehouse.duckdb", tmp_path / "aftershock.duckdb")
    file = tmp_path / "events.csv"
    file.write_text(TABLE + "x1,One,outage,2026-06-14 15:00,,\nx2,Two,outage,2026-06-14 15:00,,\n")
    assert "events.csv row 3: there is an event x2" in str(run(app, "import", str(file)).exception)
    assert not (tmp_path / "config").exists()


def test_a_ledger_that_cannot_be_written_whole_stays_as_it_was(app, tmp_path, monkeypatch):
    assert run(app, "add", "2026-06-14-law", *ADDED).exit_code == 0
    path = tmp_path / "config/events.toml"
    before = path.read_text()

    def stop_halfway(draft: Path, text: str, **_: object) -> None:
        draft.write_bytes(text.encode()[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", stop_halfway)
    assert isinstance(run(app, "add", "2026-06-15-law", *ADDED).exception, OSError)
    assert path.read_text() == before


def test_an_event_that_an_empty_record_lacks_is_usage_and_no_bug(app, tmp_path):
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        publish(warehouse, tmp_path / "warehouse.duckdb", tmp_path / "aftershock.duckdb")
    fault = run(app, "show", "nope").exception
    assert isinstance(fault, CommandError)
    assert "no event 'nope'" in str(fault)


def test_undoing_an_undo_says_restored(app):
    assert run(app, "confirm", "a").exit_code == 0
    assert "taken back: all that your ledger said of a" in run(app, "undo", "a").output
    assert "restored: what your ledger said of a" in run(app, "undo").output
    assert "taken back: what the last command said of a" in run(app, "undo").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--title", ""), "--title: '' should have"),
        (("--source", "nowhere"), "--source: 'nowhere' should match"),
        (("--latest", "2026-06-13"), "--latest: 2026-06-13T23:59:59Z lies before --at (2026-06-14T15:00:00Z)"),
    ],
)
def test_a_fault_of_an_option_names_the_option_and_no_line_that_nobody_wrote(app, tmp_path, words, said):
    assert run(app, "add", "one", *ADDED).exit_code == 0
    fault = run(app, "add", "two", *ADDED, *words).exception
    assert str(fault).startswith(said)
    assert [decision.event_id for decision in load_decisions(tmp_path / "config")] == ["one"]


@pytest.mark.parametrize("event_id", ["../x", "a b c", "Ä", "X1", "-x", ""])
def test_an_id_that_is_no_word_of_an_address_is_refused(app, tmp_path, event_id):
    added, file = run(app, "add", *ADDED, "--", event_id), tmp_path / "events.csv"
    assert added.exit_code == 2
    assert "cannot be an id" in added.output
    file.write_text(TABLE + f"{event_id or ' a'},One,outage,2026-06-14 15:00,,\n")
    if event_id:
        assert f"row 2: {event_id!r} cannot be an id" in str(run(app, "import", str(file)).exception)
    assert not (tmp_path / "config").exists()


def test_every_wrong_row_is_named_and_the_form_of_the_first_date_holds(app, tmp_path):
    file = tmp_path / "events.csv"
    rows = "x1,One,nonsense,2026-06-15T15:00:00Z,,\nx2,,outage,15/06/2026,,\nx3,Three,outage,soon,9,\n"
    file.write_text(TABLE + rows)
    said = str(run(app, "import", str(file), "--dry-run").exception).splitlines()
    places = ("row 3: date '15/06/2026' has another form than '2026-06-15T15:00:00Z' in row 2", "row 4: date 'soon'")
    expected = (*places, "row 2: no category 'nonsense'", "row 3: no title", "row 4: severity: 9")
    assert [line for line in expected if not any(line in told for told in said)] == [], said
    assert len(said) == len(expected)
