"""What a run leaves in Prefect to look at: its artifacts, and the assets that its steps made of which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.assets import Asset, AssetProperties

from dashboards.shell.page import event_path
from flows.freshness import Rows, inputs_of
from flows.pipeline import RunOutcome
from flows.serve.look import PAGES_FILE
from flows.settings import Settings
from warehouse.store.connection import Reader, open_reader
from warehouse.tables import claims, correlation, moves, news, prices, resilience, studies
from warehouse.tables.catalog import load_tables
from warehouse.tables.changes import CHANGED
from warehouse.tables.contract import Table
from warehouse.tables.units import number

# What the steps make, for people who follow a number upstream; steps that make nothing to look at are not named.
MADE: dict[str, tuple[Table, ...]] = {
    "prices": (prices.CANDLE,),
    "news": (news.ENTRY, news.INCIDENT),
    "events": (news.STORY, news.EVENT),
    "studies": (studies.STUDY_RESULT,),
    "resilience": (resilience.DOSE_RESPONSE,),
    "claims": (claims.CLAIM_VERDICT,),
    "correlations": (correlation.CORRELATION_PAIR,),
    "moves": (moves.LATEST_MOVE, moves.UNEXPLAINED_MOVE, moves.SHARED_MOVE),
}
PAGES = Asset(
    key="aftershock://site/pages", properties=AssetProperties(name="pages", description="The site that people read.")
)
SHOWN = 50


def step_assets(step: str) -> tuple[list[Asset], list[Asset | str]]:
    """The assets that a step makes, and those of other steps that it reads; both empty for one that makes none."""
    if step == "pages":
        return [PAGES], [_asset(table) for tables in MADE.values() for table in tables]
    made = MADE.get(step, ())
    read = {(item.table if isinstance(item, Rows) else item).name for item in inputs_of().get(step, ())}
    upstream = [table for name, tables in MADE.items() if name != step for table in tables if table.name in read]
    return [_asset(table) for table in made], [_asset(table) for table in upstream] if made else []


def _asset(table: Table) -> Asset:
    key = f"aftershock://{table.name.replace('.', '/')}"
    return Asset(key=key, properties=AssetProperties(name=table.name, description=table.description))


def leave_artifacts(settings: Settings, outcome: RunOutcome) -> None:
    """What the run changed, how far the series reach, new events with their pages, and failed sources with remedies."""
    create_markdown_artifact(changes_markdown(outcome), key="aftershock-run", description="What this run changed")
    sources = [_source_row(line) for line in outcome.source_problems]
    create_table_artifact(sources, key="aftershock-sources", description="Sources that failed, and what to do")
    if settings.published_path.exists():
        with open_reader(settings.published_path) as reader:
            (coverage,) = reader.query("coverage_summary", asset_id=None)["words"]
            create_markdown_artifact(coverage, key="aftershock-coverage", description="How far prices reach")
            told = events_markdown(reader, outcome.run_id, pages_address(settings.home))
        create_markdown_artifact(told, key="aftershock-events", description="Events that this run found")


def _source_row(line: str) -> dict[str, Any]:
    source, _, words = line.partition(":")
    fault, _, remedy = words.strip().partition(";")
    return {"source": source, "fault": fault, "what to do": remedy.strip() or "tried again by the next run"}


def events_markdown(reader: Reader, run_id: str, address: str) -> str:
    """The events that the run added to the published file, with links to their pages."""
    if not reader.has(CHANGED):
        return "No new event."
    is_new = "table_name = 'core.event' and column_name = 'row' and n_added > 0 and run_id = $run"
    ids = reader.frame(CHANGED, is_new, "subject", run=run_id)["subject"]
    found = reader.frame(load_tables()[news.EVENT.name], order_by="best_at_utc desc").filter(
        pl.col("event_id").is_in(ids.implode())
    )
    lines = [
        f"- [{title}]({address}{event_path(event_id)})"
        for event_id, title in found.select("event_id", "title").head(SHOWN).iter_rows()
    ]
    return "\n".join(lines) or "No new event."


def pages_address(home: Path) -> str:
    """Where the pages are served, with its slash; their folder where they are not."""
    file = home / PAGES_FILE
    return file.read_text(encoding="utf-8").strip() if file.is_file() else f"{(home / 'site').as_uri()}/"


def changes_markdown(outcome: RunOutcome) -> str:
    """What a run changed and which sources failed, in Markdown."""
    lines = [
        f"Run {outcome.run_id}: {outcome.n_changed} rows changed",
        "",
        "| step | rows | detail | s |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {s.name} | {s.report.n_changed} | {s.report.detail} | {number(s.seconds, 1)} |" for s in outcome.steps
    ]
    problems = [*outcome.source_problems, *outcome.check_problems]
    return "\n".join([*lines, "", *(f"- {line}" for line in problems)])
