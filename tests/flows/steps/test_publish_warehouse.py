"""A failed check keeps yesterday's file, a first file is never kept back, and a publication says what it changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.context import RunContext
from flows.errors import EXIT_CHECK, CommandError
from flows.freshness import PUBLISH_STEP, differing_tables, remember_inputs
from flows.manual import refuse_unpublished
from flows.settings import Settings
from flows.steps import publish
from flows.steps.publish import ANSWERS, explain_change, publish_warehouse, update_checks
from tests.warehouse.store.rows import make_row
from warehouse.store.connection import open_reader, open_writer
from warehouse.store.published.history import kept_files
from warehouse.tables.changes import CHANGED
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.ops import CHECK_RESULT

NOW = datetime(2026, 7, 2, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunContext]:
    settings = Settings(tmp_path, None, True, 1, None, None)
    with open_writer(settings.warehouse_path, 1) as warehouse:
        yield RunContext(settings, warehouse, "first", NOW, lambda _line: None)


def next_run(run: RunContext, name: str) -> RunContext:
    return RunContext(run.settings, run.warehouse, name, run.now + timedelta(days=1), run.say)


def put_event(run: RunContext, title: str, latest: datetime = NOW) -> None:
    """An event that is sound, unless its latest time lies before its best."""
    times = {"earliest_at_utc": NOW, "best_at_utc": NOW, "latest_at_utc": latest}
    run.warehouse.merge(EVENT, make_row(EVENT, event_id="e", title=title, status="confirmed", **times))
    run.warehouse.merge(EVENT_SOURCE, make_row(EVENT_SOURCE, event_id="e", source_number=1))


def published_title(run: RunContext) -> str:
    with open_reader(run.settings.published_path) as reader:
        return str(reader.frame(EVENT)["title"].item())


def test_a_failed_check_keeps_the_earlier_file(run: RunContext) -> None:
    put_event(run, "right")
    assert publish_warehouse(run).problems == ()
    put_event(run, "wrong", latest=NOW - timedelta(hours=1))
    report = publish_warehouse(next_run(run, "second"))
    assert "not published" in report.problems[0]
    assert published_title(run) == "right"
    assert kept_files(run.settings.published_path) == []
    put_event(run, "mended")
    assert publish_warehouse(next_run(run, "third")).problems == ()
    assert published_title(run) == "mended"


def test_checks_of_a_program_before_this_are_run_again(run: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    update_checks(run)
    rows = run.warehouse.frame(CHECK_RESULT)
    run.warehouse.replace(CHECK_RESULT, rows.with_columns(n_offending=pl.lit(7, dtype=rows.schema["n_offending"])))
    assert update_checks(run).problems
    monkeypatch.setattr(publish, "hash_step", lambda step: f"{step} after an upgrade")
    assert update_checks(run).problems == ()


def test_a_first_file_is_published_whatever_the_checks_say(run: RunContext) -> None:
    put_event(run, "wrong", latest=NOW - timedelta(hours=1))
    assert publish_warehouse(run).problems == ()
    assert published_title(run) == "wrong"


def test_a_command_that_could_not_publish_ends_with_the_code_of_a_failed_check(run: RunContext) -> None:
    put_event(run, "right")
    publish_warehouse(run)
    put_event(run, "wrong", latest=NOW - timedelta(hours=1))
    with pytest.raises(CommandError, match="is stored") as failure:
        refuse_unpublished(publish_warehouse(next_run(run, "second")))
    assert failure.value.exit_code == EXIT_CHECK


def test_a_publication_keeps_the_one_before_it_and_says_what_it_changed(run: RunContext) -> None:
    put_event(run, "one")
    publish_warehouse(run)
    assert run.warehouse.frame(CHANGED).is_empty()
    put_event(run, "two")
    publish_warehouse(next_run(run, "second"))
    assert len(kept_files(run.settings.published_path)) == 1
    with open_reader(run.settings.published_path) as reader:
        [row] = reader.frame(CHANGED).rows(named=True)
    assert (row["table_name"], row["subject"], row["column_name"], row["n_changed"]) == ("core.event", "e", "title", 1)
    assert (row["example_before"], row["example_after"], row["run_id"]) == ("one", "two", "second")
    publish_warehouse(next_run(run, "third"))
    assert run.warehouse.frame(CHANGED)["run_id"].to_list() == ["second"], "no change is no news"


def test_tables_that_are_those_of_the_published_file_are_not_compared_with_it(run: RunContext) -> None:
    put_event(run, "one")
    assert differing_tables(run, ANSWERS) == list(ANSWERS), "nothing is on account of a first publication"
    publish_warehouse(run)
    remember_inputs(run, PUBLISH_STEP)
    assert differing_tables(run, ANSWERS) == []
    put_event(run, "two")
    assert differing_tables(run, ANSWERS) == [EVENT]
    publish_warehouse(next_run(run, "second"))
    assert run.warehouse.frame(CHANGED)["example_after"].to_list() == ["two"]


def test_a_file_put_in_the_place_of_the_published_one_is_compared_whole(run: RunContext) -> None:
    put_event(run, "one")
    publish_warehouse(run)
    earlier = run.settings.published_path.read_bytes()
    for title in ("two", "three"):
        put_event(run, title)
        publish_warehouse(next_run(run, title))
    remember_inputs(run, PUBLISH_STEP)
    run.settings.published_path.write_bytes(earlier)
    publish_warehouse(next_run(run, "fourth"))
    [row] = run.warehouse.frame(CHANGED).rows(named=True)
    assert (row["example_before"], row["example_after"], row["run_id"]) == ("one", "three", "fourth")


@pytest.mark.parametrize(
    ("before", "after", "n_added", "has_new_rule", "why"),
    [
        (1, 2, 0, False, "new_data"),
        (1, 2, 0, True, "new_data"),
        (1, 1, 0, True, "new_rule"),
        (1, 1, 0, False, "revision"),
        (None, 2, 3, False, "new_data"),
        (None, 2, 3, True, "new_rule"),
        (None, None, 0, False, "revision"),
    ],
)
def test_the_reason_of_a_change(
    before: int | None, after: int | None, n_added: int, has_new_rule: bool, why: str
) -> None:
    frame = pl.DataFrame({"as_of_before_utc": [before], "as_of_after_utc": [after], "n_added": [n_added]})
    assert frame.select(why=explain_change(has_new_rule))["why"].item() == why
