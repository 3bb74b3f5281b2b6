"""The doctor names what is wrong and what mends it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.jobs.doctor import examine
from flows.serve.last_run import forget_last_run, note_run
from flows.serve.logs import turn_over
from flows.serve.look import ADDRESS_FILE
from flows.settings import Settings
from flows.steps.news import ATTEMPTS_KEPT, forget_attempts
from tests.flows.serve.prefect_answers import prefect_answering
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.news import FETCH
from warehouse.tables.ops import STEP

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def make_fetch(source_id: str, at: datetime, n_failures: int) -> dict[str, object]:
    outcome = "transient" if n_failures else "unchanged"
    return {
        "source_id": source_id,
        "attempted_at_utc": at,
        "outcome": outcome,
        "detail": "timed out" if n_failures else None,
        "n_new": 0,
        "n_failures": n_failures,
        "seconds": 1.0,
        "run_id": "x",
    }


def fetch_frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    schema = {name: kind for name, kind in FETCH.schema.items() if name in rows[0]}
    return FETCH.conform(
        pl.DataFrame(rows, schema=schema).with_columns(
            pl.lit(None, dtype=kind).alias(name) for name, kind in FETCH.schema.items() if name not in schema
        )
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(tmp_path, None, True, 0.1, None, None)
    rows = [
        make_fetch("steady", NOW, 0),
        make_fetch("silent", NOW - timedelta(days=3), 0),
        make_fetch("silent", NOW, 4),
        make_fetch("robots:x", NOW, 9),
    ]
    with open_writer(found.warehouse_path, 1) as writer:
        writer.merge(FETCH, fetch_frame(rows))
        publish(writer, found.warehouse_path, found.published_path)
    return found


def told(settings: Settings) -> dict[str, tuple[bool, bool, str]]:
    return {f.subject: (f.is_good, f.is_optional, f.detail) for f in examine(settings, NOW)}


def test_a_sound_home_has_nothing_to_mend(settings: Settings) -> None:
    found = told(settings)
    assert [subject for subject, (is_good, is_optional, _) in found.items() if not (is_good or is_optional)] == []
    assert found["warehouse"][0]
    assert found["lock"][2] == "nobody is writing"


def test_a_newest_run_of_a_clock_that_was_ahead_is_no_good_one(settings: Settings) -> None:
    for at, (is_good, words) in {
        NOW - timedelta(days=2): (True, "2 days ago: done"),
        NOW + timedelta(days=2): (False, "2 days ahead of this clock: done"),
    }.items():
        note_run(settings.home, "newest", "done", at, 0)
        found = told(settings)["newest run"]
        assert (found[0], words in found[2]) == (is_good, True)


def test_a_newest_run_that_went_wrong_is_told_with_the_last_good_one(settings: Settings) -> None:
    forget_last_run(settings.home)
    note_run(settings.home, "first", "bug", NOW - timedelta(days=3), 0)
    assert told(settings)["newest run"][2] == "first, 3 days ago: bug; no good one before it"
    at = NOW.replace(hour=9, minute=5) - timedelta(days=2)
    for run_id, outcome in (("good", "source_failed"), ("bad", "bug")):
        note_run(settings.home, run_id, outcome, at, 0)
    assert told(settings)["newest run"][2].endswith(": bug; last good one 29 Jun 2026 09:05 UTC")
    note_run(settings.home, "good", "done", at, 0)
    assert told(settings)["newest run"][2].endswith(": done")


@pytest.mark.parametrize(
    ("file", "subject", "remedy"),
    [
        ("warehouse.duckdb", "warehouse", "aftershock restore"),
        ("aftershock.duckdb", "published file", "move it away, and the next aftershock run"),
    ],
)
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_file_is_named_with_what_brings_it_back(
    settings: Settings, file: str, subject: str, remedy: str, damage: str
) -> None:
    path = settings.home / file
    body = bytearray(path.read_bytes())
    for place in range(12_288, len(body), 3_000):
        body[place] ^= 0xFF
    path.write_bytes(bytes(body) if damage == "flipped" else bytes(body[: len(body) // 2]))
    is_good, is_optional, detail = told(settings)[subject]
    assert (is_good, is_optional) == (False, False)
    assert str(path) in detail
    assert remedy in detail
    assert "both files" not in told(settings)


def test_two_damaged_files_are_not_each_the_others_remedy(settings: Settings) -> None:
    for path in (settings.warehouse_path, settings.published_path):
        path.write_bytes(path.read_bytes()[:20_000])
    is_good, is_optional, detail = told(settings)["both files"]
    assert (is_good, is_optional) == (False, False)
    assert "neither can be made from the other" in detail
    assert "a backup or a file of history/" in detail


def test_a_writer_is_named_and_not_disturbed(settings: Settings) -> None:
    import os

    with open_writer(settings.warehouse_path, 1):
        found = told(settings)
    assert found["lock"] == (
        True,
        True,
        f"process {os.getpid()} is writing; look at the warehouse again when it has ended",
    )
    assert "warehouse" not in found


def test_a_silent_source_is_named_with_how_long(settings: Settings) -> None:
    is_good, is_optional, detail = told(settings)["sources"]
    assert (is_good, is_optional) == (False, True)
    assert detail.splitlines() == ["1 of 2 failed when last asked", "silent: silent for 3 days; timed out"]


def test_sources_that_were_never_asked_are_not_said_to_answer(settings: Settings) -> None:
    with open_writer(settings.warehouse_path, 1) as writer:
        writer.replace(FETCH, FETCH.empty())
        publish(writer, settings.warehouse_path, settings.published_path)
    assert told(settings)["sources"][2] == "none of 0 sources was asked yet: aftershock run, with a network"
    with open_writer(settings.warehouse_path, 1) as writer:
        writer.replace(FETCH, fetch_frame([make_fetch("steady", NOW, 0)]))
        publish(writer, settings.warehouse_path, settings.published_path)
    assert told(settings)["sources"][2] == "all of 1 source answered when last asked"


def test_a_file_that_is_damaged_is_not_said_to_be_missing(settings: Settings) -> None:
    settings.published_path.write_bytes(settings.published_path.read_bytes()[:20_000])
    (settings.home / "last-run.json").write_text('{"run_id"')
    found = told(settings)
    assert found["sources"][2] == "the published file cannot be read, so nothing is known of them"
    assert found["newest run"][2].startswith("last-run.json cannot be read")


def test_a_folder_that_is_not_ours_to_write_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.site_path.mkdir()
    monkeypatch.setattr("os.access", lambda path, _mode: path != settings.site_path)
    is_good, is_optional, detail = told(settings)["disk"]
    assert (is_good, is_optional) == (False, False)
    assert detail == f"not writable: {settings.site_path}; give them to the user who runs this"


def test_without_serve_nothing_is_scheduled(settings: Settings) -> None:
    assert told(settings)["prefect"][2] == "aftershock serve has not run here: nothing is scheduled"
    (settings.home / ADDRESS_FILE).write_text("http://127.0.0.1:1/api\n")
    assert "start it with aftershock serve" in told(settings)["prefect"][2]


@pytest.fixture
def prefect_api(settings: Settings) -> Iterator[list[str]]:
    """A server that answers as Prefect's does; what it was sent as authorisation."""
    answers = {
        "/api/deployments/filter": [
            {"name": "news", "paused": False, "status": "READY"},
            {"name": "daily", "paused": True, "status": "READY"},
        ],
        "/api/automations/filter": [{"name": "missing run", "enabled": True}],
    }
    with prefect_answering(settings.home, lambda path, _body: answers[path]) as sent:
        yield sent


def test_schedules_and_automations_are_told(settings: Settings, prefect_api: list[str]) -> None:
    found = told(settings)
    assert found["prefect"][0]
    assert found["schedules"] == (False, True, "2 schedules: daily and news; paused: daily")
    assert found["automations"] == (True, True, "missing run")
    assert set(prefect_api) == {"Basic YWZ0ZXJzaG9jazp3b3Jk"}


def test_a_log_is_turned_over_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "schedules.log"
    with log.open("ab", buffering=0) as writer:
        for letter in (b"a", b"b", b"c", b"d", b"e"):
            writer.write(letter * 100)
            assert turn_over(tmp_path, 50) == [log]
        writer.write(b"f")
        assert turn_over(tmp_path, 50) == []
    assert log.read_bytes() == b"f"
    kept = [(tmp_path / f"schedules.log.{number}").read_bytes()[:1] for number in (1, 2, 3)]
    assert kept == [b"e", b"d", b"c"]
    assert not (tmp_path / "schedules.log.4").exists()


def test_how_long_steps_took_is_forgotten_with_the_attempts(tmp_path: Path) -> None:
    rows = [
        {"run_id": run, "step": "news", "started_at_utc": at, "seconds": 1.0, "n_changed": 0, "detail": "x"}
        for run, at in (("old", NOW - ATTEMPTS_KEPT - timedelta(minutes=1)), ("new", NOW - ATTEMPTS_KEPT))
    ]
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        writer.merge(STEP, pl.DataFrame(rows, schema=STEP.schema))
        forget_attempts(writer, NOW)
        assert writer.frame(STEP)["run_id"].to_list() == ["new"]


def test_old_attempts_are_forgotten_but_the_last_and_the_last_good_of_each_source(tmp_path: Path) -> None:
    old = NOW - ATTEMPTS_KEPT - timedelta(days=9)
    rows = [
        make_fetch("gone", old, 0),
        make_fetch("gone", old + timedelta(hours=1), 0),
        make_fetch("gone", old + timedelta(hours=2), 1),
        make_fetch("gone", old + timedelta(hours=3), 2),
        make_fetch("alive", old, 0),
        make_fetch("alive", NOW, 0),
    ]
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        writer.merge(FETCH, fetch_frame(rows))
        assert forget_attempts(writer, NOW) == 3
        kept = writer.frame(FETCH, order_by="source_id, attempted_at_utc")
        assert kept.select("source_id", "n_failures").rows() == [("alive", 0), ("gone", 0), ("gone", 2)]
        assert forget_attempts(writer, NOW) == 0
