"""What one new story leaves behind is what a run over the whole record would have found."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.context import RunContext
from flows.jobs.maintenance import DERIVED, forget_derived
from flows.jobs.news_files import import_news
from flows.pipeline import STEPS, run_pipeline
from flows.settings import Settings
from tests.paths import shared
from warehouse.store.connection import open_writer
from warehouse.store.upsert import NOT_COMPARED
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT

pytestmark = pytest.mark.slow  # three runs over the record

_LEFT_OUT = ("checks", "publish", "pages")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
NO_PAGES = [name for name, _ in STEPS if name not in _LEFT_OUT]
STORY = """title,url,outlet,published_utc,first_seen_utc
US orders Nvidia to halt chip exports to allied cloud providers,https://one.example/n,One,2026-06-20T10:00:00Z,2026-06-20T10:00:00Z
US orders Nvidia to halt chip exports to cloud providers of allies,https://two.example/n,Two,2026-06-20T10:20:00Z,2026-06-20T10:20:00Z
"""

Frames = dict[str, pl.DataFrame]


def run(settings: Settings) -> Frames:
    """Every derived table after a run, sorted by key, without what only says when a row was written."""
    run_pipeline(settings, NOW, say=lambda _line: None, names=NO_PAGES)
    with open_writer(settings.warehouse_path, 5.0) as warehouse:
        return {
            table.name: warehouse.frame(table, order_by=", ".join(table.key)).drop(NOT_COMPARED, strict=False)
            for table in DERIVED
        }


def read_news(settings: Settings, file: Path) -> None:
    with open_writer(settings.warehouse_path, 5.0) as warehouse:
        context = RunContext(settings, warehouse, "test", NOW, lambda _line: None)
        report = import_news(context, [file], None, NOW, is_dry_run=False)
    assert report["n_new"].sum() > 0


@pytest.fixture(scope="module")
def passes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frames, Frames, Frames]:
    """Derived tables of the shipped record with two weeks of headlines: before the story, after it, and all anew."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home, None, True, 5.0, None, None)
    weeks = pl.col("first_seen_utc").is_between(datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 6, 24, tzinfo=UTC))
    headlines = pl.read_parquet(shared("data", "news", "headlines.parquet")).filter(weeks)
    headlines.write_parquet(home / "headlines.parquet")
    (home / "story.csv").write_text(STORY)
    run_pipeline(settings, NOW, say=lambda _line: None, names=["bundle", "prices"])
    read_news(settings, home / "headlines.parquet")
    before = run(settings)
    read_news(settings, home / "story.csv")
    after = run(settings)
    with open_writer(settings.warehouse_path, 5.0) as warehouse:
        forget_derived(warehouse)
    return before, after, run(settings)


def test_every_table_is_to_the_bit_what_a_run_from_scratch_gives(passes: tuple[Frames, Frames, Frames]) -> None:
    before, after, anew = passes
    assert after[EVENT.name].height == before[EVENT.name].height + 1
    assert {name for name, frame in after.items() if not frame.equals(anew[name])} == set()
    assert sum(frame.height for frame in after.values()) > 1000


def test_the_story_rewrites_no_row_of_an_event_that_it_does_not_touch(passes: tuple[Frames, Frames, Frames]) -> None:
    before, after, _ = passes
    [new] = set(after[EVENT.name]["event_id"]) - set(before[EVENT.name]["event_id"])
    by_event = [frame[STUDY_RESULT.name].filter(pl.col("event_id").is_not_null()) for frame in (before, after)]
    changed = by_event[1].join(by_event[0], on=by_event[0].columns, how="anti", nulls_equal=True)
    touched = set(changed["event_id"])
    assert new in touched
    assert len(touched) < by_event[0]["event_id"].n_unique() / 2
