"""`aftershock events sample` and `score`: a draw for a reader, and agreement with happenings read by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from flows.commands import events
from flows.context import RunContext
from flows.event_views import GOLD_COLUMNS
from flows.jobs.news_files import import_news
from flows.steps.bundle import update_bundle
from flows.steps.events import update_events
from tests.ingest.news.news_builders import make_context, make_settings
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.news import EVENT, EVENT_SOURCE

TOLD = datetime(2026, 6, 12, 8, tzinfo=UTC)
SUED = ("Publishers sue OpenAI over training data", "OpenAI is sued by publishers over training data")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunContext]:
    """The ledger, and a suit that two houses tell and the ledger does not hold."""
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    lines = [f"{title},https://{n}.example/1,house{n},{TOLD:%Y-%m-%dT%H:%M:%SZ}\n" for n, title in enumerate(SUED)]
    (tmp_path / "news.csv").write_text("title,url,outlet,published_utc\n" + "".join(lines))
    settings = make_settings(tmp_path)
    with open_writer(settings.warehouse_path, 5) as warehouse:
        context = make_context(settings, warehouse, TOLD + timedelta(hours=1), "test")
        update_bundle(context)
        import_news(context, [tmp_path / "news.csv"], None, context.now, is_dry_run=False)
        update_events(context)
        yield context


def printed(context: RunContext, *arguments: str) -> list[dict[str, str]]:
    settings, app = context.settings, typer.Typer()
    publish(context.warehouse, settings.warehouse_path, settings.published_path)
    events.register(app)
    result = CliRunner().invoke(app, ["events", *arguments, "--format", "csv"])
    assert result.exit_code == 0, result.exception
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_a_seed_draws_the_same_detected_events_with_all_that_tells_them(context):
    warehouse = context.warehouse
    found, told = (warehouse.frame(table, where="event_id like '%sue%'") for table in (EVENT, EVENT_SOURCE))
    [event_id] = found.filter(pl.col("origin") == "detected")["event_id"]
    for table, rows in ((EVENT, found), (EVENT_SOURCE, told)):
        own = rows.filter(pl.col("event_id") == event_id)
        warehouse.merge(table, pl.concat(own.with_columns(event_id=pl.lit(f"suit-{n}")) for n in range(8)))
    drawn = printed(context, "sample", "--seed", "7", "--size", "3")
    assert drawn == printed(context, "sample", "--seed", "7", "--size", "3")
    assert {row["event_number"] for row in drawn} == {"1", "2", "3"}
    assert sorted(row["title"] for row in drawn if row["event_number"] == "1") == sorted(SUED)
    others = [printed(context, "sample", "--seed", str(seed), "--size", "3") for seed in range(4)]
    assert any(other != drawn for other in others)
    every = {row["event_id"] for row in printed(context, "sample", "--seed", "7")}
    assert every == {event_id, *(f"suit-{n}" for n in range(8))}


def test_events_are_scored_with_the_ledger_or_without_it(context, tmp_path):
    ledger = context.warehouse.frame(EVENT, where="event_id = '2025-12-11-executive-order-14365-state-laws'")
    signed = ledger.row(0, named=True)
    rows = [
        dict.fromkeys(GOLD_COLUMNS, "")
        | {"title": title, "evidence_title": title, "entities": names, "in_scope": "1", "importance": "high"}
        | {f"{end}_utc": f"{at:%Y-%m-%dT%H:%M:%SZ}" for end in ("best", "earliest", "latest")}
        | {"category": "enforcement_lawsuit", "n_outlets": "2"}
        for title, names, at in (
            (SUED[0], "openai", TOLD),
            (signed["title"], signed["entities"], signed["best_at_utc"]),
        )
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "gold.csv")
    (tmp_path / "none.csv").write_text("title\nLentil soup\n")
    files = ("score", "--events", str(tmp_path / "gold.csv"), "--nonevents", str(tmp_path / "none.csv"))

    def recall(*options: str) -> str:
        scores = printed(context, *files, *options)
        return next(row["recall"] for row in scores if row["measure"] == "recall, two houses or more")

    assert (recall(), recall("--without-ledger")) == ("1.0", "0.5")
